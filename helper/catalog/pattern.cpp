#include "catalog/pattern.h"

#include <cctype>
#include <map>
#include <regex>

#include "base/error.h"

namespace airlift {

namespace {

constexpr char32_t kReplacement = 0xFFFD;

// Names are UTF-8, and a pattern's "?" stands for a character, not for a byte.
std::wstring Decode(const std::string& text) {
  std::wstring decoded;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 0;
    if (length == 0 || i + length > text.size()) {
      decoded += static_cast<wchar_t>(kReplacement);
      ++i;
      continue;
    }
    uint32_t character = length == 1 ? lead : lead & (0x7FU >> length);
    for (size_t k = 1; k < length; ++k) character = character << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3FU);
    decoded += static_cast<wchar_t>(character);
    i += length;
  }
  return decoded;
}

// PostgreSQL's "." matches every character, that of <regex> no line end. A dot of ours comes from * or ?, others are
// escaped.
std::wstring WithWideDots(const std::wstring& regex) {
  std::wstring wide;
  for (size_t i = 0; i < regex.size(); ++i) {
    if (regex[i] == L'\\' && i + 1 < regex.size()) {
      wide += regex[i];
      wide += regex[++i];
    } else if (regex[i] == L'.') {
      wide += L"[\\s\\S]";
    } else {
      wide += regex[i];
    }
  }
  return wide;
}

// Numbers of repetitions and of groups: <regex> counts beyond the range of an int without noticing. PostgreSQL's end at
// 255.
bool HasHugeNumber(const std::wstring& regex) {
  constexpr size_t kMostDigits = 3;
  const auto is_huge_at = [&](size_t at) {
    const size_t end = std::min(regex.find_first_not_of(L"0123456789", at), regex.size());
    return end > at + kMostDigits;
  };
  bool in_braces = false;
  for (size_t i = 0; i < regex.size(); ++i) {
    if (regex[i] == L'\\') {
      if (is_huge_at(++i)) return true;
      continue;
    }
    in_braces = regex[i] == L'{' || (in_braces && regex[i] != L'}');
    if (in_braces && is_huge_at(i + 1)) return true;
  }
  return false;
}

const std::wregex& Compiled(const std::string& regex) {
  thread_local std::map<std::string, std::wregex> compiled;
  const auto found = compiled.find(regex);
  if (found != compiled.end()) return found->second;
  const std::wstring wide = WithWideDots(Decode(regex));
  if (HasHugeNumber(wide)) throw Error("a number in a name pattern is too large: " + regex);
  try {
    return compiled.emplace(regex, std::wregex(wide, std::regex::ECMAScript)).first->second;
  } catch (const std::regex_error&) {
    throw Error("name pattern is not a regular expression: " + regex, {},
                "Quote names that hold one of [ ] ( ) { } | + ^ \\.");
  }
}

bool RegexMatches(const std::string& regex, const std::string& text) {
  return std::regex_match(Decode(text), Compiled(regex));
}

}  // namespace

NamePattern ParseNamePattern(const std::string& pattern) {
  constexpr std::string_view kSpecial = "|*+?()[]{}.^$\\";
  std::vector<std::string> parts(1);
  bool in_quotes = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '"') {
      if (in_quotes && i + 1 < pattern.size() && pattern[i + 1] == '"') {
        parts.back() += '"';
        ++i;
      } else {
        in_quotes = !in_quotes;
      }
    } else if (in_quotes) {
      if (kSpecial.find(c) != std::string_view::npos) parts.back() += '\\';
      parts.back() += c;
    } else if (c == '.') {
      parts.emplace_back();
    } else if (c == '*') {
      parts.back() += ".*";
    } else if (c == '?') {
      parts.back() += '.';
    } else if (c == '$' || (c == '[' && i + 1 < pattern.size() && pattern[i + 1] == ']')) {
      parts.back() += '\\';  // as psql: a name of an array type
      parts.back() += c;
    } else {
      parts.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  if (in_quotes) throw Error("unterminated quote in name pattern: " + pattern);
  if (parts.size() > 2) throw Error("too many dots in name pattern: " + pattern, {}, "Write it as schema.table.");
  if (parts.front().empty() && parts.size() == 2) throw Error("empty schema in name pattern: \"" + pattern + "\"");
  if (parts.back().empty()) throw Error("empty name in name pattern: \"" + pattern + "\"");
  return parts.size() == 1 ? NamePattern{"", parts[0]} : NamePattern{parts[0], parts[1]};
}

std::string TakeDatabase(std::string& pattern, int parts) {
  int dots = 0;
  std::string name;
  size_t end = std::string::npos;
  bool in_quotes = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c == '"') {
      const bool is_doubled = in_quotes && i + 1 < pattern.size() && pattern[i + 1] == '"';
      if (!is_doubled) in_quotes = !in_quotes;
      if (!is_doubled) continue;
      ++i;
    } else if (c == '.' && !in_quotes) {
      if (++dots == 1) end = i;
      continue;
    }
    if (dots == 0) name += in_quotes ? c : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  if (dots != parts) return {};
  pattern.erase(0, end + 1);
  return name;
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
