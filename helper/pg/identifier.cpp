#include "pg/identifier.h"

#include <fmt/format.h>

#include <algorithm>

namespace airlift {

namespace {

bool IsPlain(std::string_view name) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && std::all_of(name.begin(), name.end(), plain);
}

}  // namespace

std::string QuoteIdentifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string QualifiedName(std::string_view schema, std::string_view name) {
  return QuoteIdentifier(schema) + "." + QuoteIdentifier(name);
}

std::string DisplayName(std::string_view name) {
  if (IsPlain(name)) return std::string(name);
  std::string shown;
  for (const char c : QuoteIdentifier(name)) {
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

std::string DisplayName(std::string_view schema, std::string_view name) {
  return DisplayName(schema) + "." + DisplayName(name);
}

}  // namespace airlift
