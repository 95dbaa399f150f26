#include "base/error.h"

namespace airlift {

namespace {

// Names and messages come from servers; on a terminal none of their bytes may act. C1 control characters are two bytes
// in UTF-8.
void AppendInert(std::string& report, const std::string& text) {
  constexpr char kHex[] = "0123456789abcdef";
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    const bool is_c1 = byte == 0xc2 && next >= 0x80 && next < 0xa0;
    if (is_c1 || (byte < 0x20 && byte != '\n' && byte != '\t') || byte == 0x7f) {
      const unsigned char shown = is_c1 ? next : byte;
      report += "\\x";
      report += kHex[shown >> 4];
      report += kHex[shown & 15];
      i += is_c1 ? 1 : 0;
    } else {
      report += text[i];
    }
  }
}

}  // namespace

std::string Error::Report() const {
  std::string report;
  AppendInert(report, what());
  if (!detail_.empty()) AppendInert(report, "\nDETAIL:  " + detail_);
  if (!hint_.empty()) AppendInert(report, "\nHINT:  " + hint_);
  return report;
}

}  // namespace airlift
