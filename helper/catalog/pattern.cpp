#include "catalog/pattern.h"

#include <cctype>
#include <regex>

#include "base/error.h"

namespace airlift {

namespace {

void AppendLiteral(std::string& regex, char c) {
  if (std::string("^$\\.*+?()[]{}|").find(c) != std::string::npos) regex += '\\';
  regex += c;
}

bool RegexMatches(const std::string& regex, const std::string& text) {
  return std::regex_match(text, std::regex(regex, std::regex::ECMAScript));
}

}  // namespace

NamePattern ParseNamePattern(const std::string& pattern) {
  std::vector<std::string> parts(1);
  bool in_quotes = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '"') {
      if (in_quotes && i + 1 < pattern.size() && pattern[i + 1] == '"') {
        AppendLiteral(parts.back(), '"');
        ++i;
      } else {
        in_quotes = !in_quotes;
      }
    } else if (in_quotes) {
      AppendLiteral(parts.back(), c);
    } else if (c == '.') {
      parts.emplace_back();
    } else if (c == '*') {
      parts.back() += "[\\s\\S]*";
    } else if (c == '?') {
      parts.back() += "[\\s\\S]";
    } else {
      AppendLiteral(parts.back(), static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    }
  }
  if (in_quotes) throw Error("unterminated quote in name pattern: " + pattern);
  if (parts.size() > 2) throw Error("too many dots in name pattern: " + pattern, {}, "Write it as schema.table.");
  if (parts.back().empty()) throw Error("empty name in name pattern: \"" + pattern + "\"");
  return parts.size() == 1 ? NamePattern{"", parts[0]} : NamePattern{parts[0], parts[1]};
}

bool Matches(const std::vector<NamePattern>& patterns, const std::string& schema, const std::string& name) {
  if (patterns.empty()) return true;
  for (const NamePattern& pattern : patterns) {
    if (!pattern.schema_regex.empty() && !RegexMatches(pattern.schema_regex, schema)) continue;
    if (RegexMatches(pattern.name_regex, name)) return true;
  }
  return false;
}

size_t FindUnquoted(const std::string& text, char wanted, bool last) {
  size_t found = std::string::npos;
  bool is_quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') is_quoted = !is_quoted;
    if (is_quoted || text[i] != wanted) continue;
    found = i;
    if (!last) break;
  }
  return found;
}

}  // namespace airlift
