#include "base/file_name.h"

#include <cctype>

namespace airlift {

std::string SafeFileName(std::string_view text) {
  std::string safe;
  for (const char c : text) safe += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' ? c : '_';
  return safe;
}

}  // namespace airlift
