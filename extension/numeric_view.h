// Reading a numeric where it lies on disk (src/backend/utils/adt/numeric.c describes the layout; it is the same in
// every supported server version, for pg_upgrade's sake).
#pragma once

#include "image_buffer.h"
#include "varlena.h"

namespace airlift {

struct NumericView {
  uint16 sign;  // as numeric_send writes it: kNumericPositive and so on
  int weight;   // of the first digit, in powers of 10000
  int scale;    // decimal digits shown after the point
  int count;    // base-10000 digits
  const char* digits;

  int Digit(int i) const { return i >= 0 && i < count ? LoadUnaligned<int16>(digits + 2 * i) : 0; }
};

inline constexpr uint16 kNumericNegative = 0x4000;
inline constexpr uint16 kNumericShort = 0x8000;
inline constexpr uint16 kNumericSpecial = 0xC000;  // NaN; the infinities have more bits set

// `payload` is what follows the varlena header.
inline NumericView ViewNumeric(Bytes payload) {
  const uint16 header = LoadUnaligned<uint16>(payload.data);
  const uint16 form = header & kNumericSpecial;
  NumericView view;
  size_t header_size = sizeof header;
  if (header & kNumericShort) {  // a 7-bit weight and a 6-bit scale share the header with the sign
    view.weight = (header & 0x3F) - (header & 0x40);
    view.scale = (header & 0x1F80) >> 7;
    view.sign = form == kNumericSpecial ? header & 0xF000 : (header & 0x2000 ? kNumericNegative : 0);
  } else {
    view.weight = LoadUnaligned<int16>(payload.data + sizeof header);
    view.scale = header & 0x3FFF;
    view.sign = form;
    header_size += sizeof(int16);
  }
  view.digits = payload.data + header_size;
  view.count = static_cast<int>((payload.size - header_size) / sizeof(int16));
  return view;
}

// For a number that is neither NaN nor infinite: how many bytes PutNumericText may touch, and writing what numeric_out
// prints; returns where it ends.
size_t NumericTextRoom(const NumericView& number);
char* PutNumericText(char* to, const NumericView& number);

}  // namespace airlift
