#include "base/terminal.h"

#include <fmt/format.h>

namespace airlift {

namespace {

// Of the UTF-8 sequence at the start of `text`; 0 where there is none. Overlong forms and surrogates do not matter
// here.
size_t SequenceLength(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const size_t length = first < 0x80   ? 1
                        : first < 0xc2 ? 0
                        : first < 0xe0 ? 2
                        : first < 0xf0 ? 3
                        : first < 0xf5 ? 4
                                       : 0;
  if (length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  return length;
}

unsigned CodePoint(std::string_view sequence) {
  constexpr unsigned kFirstByteMask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
  unsigned point = static_cast<unsigned char>(sequence[0]) & kFirstByteMask[sequence.size()];
  for (const char c : sequence.substr(1)) point = point << 6 | (static_cast<unsigned char>(c) & 0x3f);
  return point;
}

bool IsControl(unsigned point) {
  return (point < 0x20 && point != '\n' && point != '\t') || (point >= 0x7f && point < 0xa0);
}

bool TurnsText(unsigned point) { return (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069); }

}  // namespace

std::string Inert(std::string_view text) {
  std::string inert;
  inert.reserve(text.size());
  while (!text.empty()) {
    const size_t length = SequenceLength(text);
    const std::string_view sequence = text.substr(0, length == 0 ? 1 : length);
    text.remove_prefix(sequence.size());
    const unsigned point = length == 0 ? static_cast<unsigned char>(sequence[0]) : CodePoint(sequence);
    if (length == 0 || IsControl(point)) {
      inert += fmt::format("\\x{:02x}", point);
    } else if (TurnsText(point)) {
      inert += fmt::format("\\u{:04x}", point);
    } else {
      inert += sequence;
    }
  }
  return inert;
}

void PrintText(std::string_view text) { fmt::print("{}", Inert(text)); }

std::string Hanging(std::string_view text, std::string_view indent) {
  std::string hanging;
  for (const char c : text) {
    hanging += c;
    if (c == '\n') hanging += indent;
  }
  return hanging;
}

}  // namespace airlift
