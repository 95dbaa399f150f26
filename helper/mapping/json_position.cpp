#include "mapping/json_position.h"

#include <algorithm>

namespace airlift {

int LineAt(std::string_view text, size_t byte) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(byte, text.size()));
  return 1 + static_cast<int>(std::count(text.begin(), end, '\n'));
}

std::vector<int> LinesOfRules(std::string_view text) {
  std::vector<int> lines;
  int line = 1, depth = 0;
  bool in_rules = false, expects_element = false;
  std::string_view last_string;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\n') ++line;
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ':') continue;
    if (in_rules && depth == 2 && expects_element && c != ']') {
      lines.push_back(line);
      expects_element = false;
    }
    if (c == '"') {
      const size_t start = ++at;
      for (; at < text.size() && text[at] != '"'; ++at)
        if (text[at] == '\\') ++at;
      last_string = text.substr(start, at - start);
    } else if (c == '{' || c == '[') {
      ++depth;
      if (depth == 2 && c == '[' && last_string == "rules") in_rules = expects_element = true;
    } else if (c == '}' || c == ']') {
      if (depth == 2) in_rules = false;
      --depth;
    } else if (c == ',' && depth == 2 && in_rules) {
      expects_element = true;
    }
  }
  return lines;
}

}  // namespace airlift
