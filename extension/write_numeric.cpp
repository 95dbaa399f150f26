#include "numeric_view.h"
#include "value_codec.h"

namespace airlift {

namespace {

constexpr struct DigitPairs {
  char text[200];
  constexpr DigitPairs() : text() {
    for (int i = 0; i < 100; ++i) {
      text[2 * i] = static_cast<char>('0' + i / 10);
      text[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
  }
} kDigitPairs;

char* PutFourDigits(char* to, int digit) {
  memcpy(to, kDigitPairs.text + 2 * (digit / 100), 2);
  memcpy(to + 2, kDigitPairs.text + 2 * (digit % 100), 2);
  return to + 4;
}

// Without leading zeros, but at least one character.
char* PutLeadingDigit(char* to, int digit) {
  char four[4];
  PutFourDigits(four, digit);
  const int skipped = digit >= 1000 ? 0 : digit >= 100 ? 1 : digit >= 10 ? 2 : 3;
  memcpy(to, four + skipped, 4 - skipped);
  return to + 4 - skipped;
}

char* PutIntegerPart(char* to, const NumericView& number) {
  if (number.weight < 0) {
    *to = '0';
    return to + 1;
  }
  to = PutLeadingDigit(to, number.Digit(0));
  for (int i = 1; i <= number.weight; ++i) to = PutFourDigits(to, number.Digit(i));
  return to;
}

char* PutFraction(char* to, const NumericView& number) {
  *to++ = '.';
  char* const end = to + number.scale;
  for (int i = number.weight + 1; to < end; ++i) to = PutFourDigits(to, number.Digit(i));
  return end;
}

}  // namespace

size_t NumericTextRoom(const NumericView& number) {
  const size_t integer_digits = number.weight < 0 ? 1 : 4 * (number.weight + 1);
  return integer_digits + number.scale + 8;  // sign, point, and up to 3 digits behind the scale
}

char* PutNumericText(char* to, const NumericView& number) {
  if (number.sign == kNumericNegative) *to++ = '-';
  to = PutIntegerPart(to, number);
  return number.scale > 0 ? PutFraction(to, number) : to;
}

// As numeric_send: digit count, weight, sign and scale, then the digits, 16 bits each.
void WriteNumeric(ImageBuffer& out, Datum value, ValueCodec&) {
  const Payload payload = GetPayload(value);
  const NumericView number = ViewNumeric(payload.bytes);
  const size_t size = 8 + 2 * static_cast<size_t>(number.count);
  char* to = out.Reserve(4 + size);
  StoreBigEndian32(to, static_cast<uint32_t>(size));
  StoreBigEndian16(to + 4, number.count);
  StoreBigEndian16(to + 6, number.weight);
  StoreBigEndian16(to + 8, number.sign);
  StoreBigEndian16(to + 10, number.scale);
  to += 12;
  for (int i = 0; i < number.count; ++i, to += 2) StoreBigEndian16(to, LoadUnaligned<uint16>(number.digits + 2 * i));
  out.Advance(4 + size);
  payload.Free();
}

}  // namespace airlift
