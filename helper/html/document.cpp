#include "html/document.h"

#include <algorithm>

#include "base/format.h"
#include "pg/identifier.h"

namespace airlift::html {

namespace {

constexpr double kLargest = 9e18;  // beyond it a double does not fit an integer

}  // namespace

const json& Member(const json& object, const char* key) {
  static const json null;
  if (!object.is_object()) return null;
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

std::string TextOf(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_integer()) return FormatCount(value.get<int64_t>());
  if (value.is_number() || value.is_boolean()) return value.dump();
  return {};
}

std::string TextOf(const json& object, const char* key) { return TextOf(Member(object, key)); }

std::optional<double> NumberOf(const json& object, const char* key) {
  const json& member = Member(object, key);
  if (!member.is_number()) return std::nullopt;
  return std::clamp(member.get<double>(), -kLargest, kLargest);
}

double NumberOr(const json& object, const char* key, double otherwise) {
  return NumberOf(object, key).value_or(otherwise);
}

const json& ArrayOf(const json& object, const char* key) {
  static const json empty = json::array();
  const json& member = Member(object, key);
  return member.is_array() ? member : empty;
}

std::vector<std::string> TextsOf(const json& object, const char* key) {
  std::vector<std::string> texts;
  for (const json& each : ArrayOf(object, key)) texts.push_back(TextOf(each));
  return texts;
}

std::string BytesText(const std::optional<double>& bytes) {
  return bytes ? FormatBytes(static_cast<int64_t>(*bytes)) : std::string();
}

std::string SecondsText(const std::optional<double>& seconds) {
  return seconds ? FormatSeconds(std::max(0.0, *seconds)) : std::string();
}

std::string TableName(const json& table) { return DisplayName(TextOf(table, "schema"), TextOf(table, "table")); }

}  // namespace airlift::html
