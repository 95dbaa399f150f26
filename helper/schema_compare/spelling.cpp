#include "schema_compare/spelling.h"

#include <fmt/format.h>

#include <algorithm>

namespace airlift {

namespace {

bool IsPlainIdentifier(std::string_view name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::all_of(name.begin(), name.end(), plain);
}

// The position behind the quote that closes the one at `open`; doubled quotes are part of what is quoted.
size_t EndOfQuoted(std::string_view text, size_t open) {
  const char quote = text[open];
  for (size_t i = open + 1; i < text.size(); ++i) {
    if (text[i] != quote) continue;
    if (i + 1 == text.size() || text[i + 1] != quote) return i + 1;
    ++i;
  }
  return text.size();
}

}  // namespace

std::string WithoutNeedlessQuotes(std::string_view definition) {
  std::string spelled;
  for (size_t at = 0; at < definition.size();) {
    const char c = definition[at];
    if (c != '\'' && c != '"') {
      spelled += c;
      ++at;
      continue;
    }
    const size_t end = EndOfQuoted(definition, at);
    const std::string_view quoted = definition.substr(at, end - at);
    const std::string_view inner = quoted.size() >= 2 ? quoted.substr(1, quoted.size() - 2) : quoted;
    spelled += c == '"' && IsPlainIdentifier(inner) ? inner : quoted;
    at = end;
  }
  return spelled;
}

std::string ShowControls(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      shown += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      shown += fmt::format("\\x{:02x}", byte);
    } else {
      shown += c;
    }
  }
  return shown;
}

}  // namespace airlift
