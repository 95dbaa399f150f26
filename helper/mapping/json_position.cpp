#include "mapping/json_position.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace airlift {

namespace {

constexpr std::string_view kBlanks = " \t\r\n";

// The end of the string that begins at `at`, behind its closing quote.
size_t EndOfString(std::string_view text, size_t at) {
  for (++at; at < text.size() && text[at] != '"'; ++at)
    if (text[at] == '\\') ++at;
  return std::min(at + 1, text.size());
}

// Where each element of "rules" begins, up to the end of `text`.
struct Rules {
  std::vector<size_t> starts;
  bool is_within = false;  // the text ends within the last one
};

Rules FindRules(std::string_view text) {
  Rules rules;
  int depth = 0;
  bool in_rules = false, expects_element = false;
  std::string_view last_string;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (kBlanks.find(c) != std::string_view::npos || c == ':') continue;
    if (in_rules && depth == 2 && expects_element && c != ']') {
      rules.starts.push_back(at);
      expects_element = false;
    }
    if (c == '"') {
      const size_t end = EndOfString(text, at);
      last_string = text.substr(at, end - at);
      at = end - 1;
    } else if (c == '{' || c == '[') {
      ++depth;
      if (depth == 2 && c == '[' && last_string == "\"rules\"") in_rules = expects_element = true;
    } else if (c == '}' || c == ']') {
      if (depth == 2) in_rules = false;
      --depth;
    } else if (c == ',' && depth == 2 && in_rules) {
      expects_element = true;
    }
  }
  rules.is_within = in_rules && depth > 2 && !rules.starts.empty();
  return rules;
}

// The value of the first "rule-id" in `text`; "" where there is none.
std::string RuleId(std::string_view text) {
  constexpr std::string_view kKey = "\"rule-id\"";
  size_t at = text.find(kKey);
  if (at == std::string_view::npos) return {};
  at = text.find_first_not_of(kBlanks, at + kKey.size());
  if (at == std::string_view::npos || text[at] != ':') return {};
  at = text.find_first_not_of(kBlanks, at + 1);
  if (at == std::string_view::npos) return {};
  const size_t end = text[at] == '"' ? EndOfString(text, at) : text.find_first_not_of("0123456789", at);
  const nlohmann::json value = nlohmann::json::parse(text.substr(at, end - at), nullptr, false);
  return value.is_string() ? value.get<std::string>() : value.is_number() ? value.dump() : std::string();
}

}  // namespace

int LineAt(std::string_view text, size_t byte) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(byte, text.size()));
  return 1 + static_cast<int>(std::count(text.begin(), end, '\n'));
}

std::vector<int> LinesOfRules(std::string_view text) {
  std::vector<int> lines;
  int line = 1;
  size_t counted = 0;
  for (const size_t start : FindRules(text).starts) {
    line += LineAt(text.substr(counted), start - counted) - 1;
    counted = start;
    lines.push_back(line);
  }
  return lines;
}

std::string PlaceOf(std::string_view text, size_t byte) {
  const std::string line = "line " + std::to_string(LineAt(text, byte));
  const std::string_view before = text.substr(0, byte);
  const Rules rules = FindRules(before);
  const std::string id = rules.is_within ? RuleId(before.substr(rules.starts.back())) : std::string();
  return id.empty() ? line : line + ", rule " + id;
}

std::optional<RepeatedKey> FindRepeatedKey(std::string_view text) {
  std::vector<std::set<std::string>> keys;  // of the lists and objects that are open
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '{' || c == '[') keys.emplace_back();
    if (c == '}' || c == ']') keys.pop_back();
    if (c != '"') continue;
    const size_t end = EndOfString(text, at);
    const size_t next = text.find_first_not_of(kBlanks, end);
    if (next != std::string_view::npos && text[next] == ':') {
      const auto key = nlohmann::json::parse(text.substr(at, end - at)).get<std::string>();
      if (!keys.back().insert(key).second) return RepeatedKey{key, at};
    }
    at = end - 1;
  }
  return std::nullopt;
}

}  // namespace airlift
