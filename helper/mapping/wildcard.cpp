#include "mapping/wildcard.h"

#include <string_view>
#include <vector>

namespace airlift {

namespace {

struct Element {
  enum class Kind { kOne, kAny, kSet } kind = Kind::kSet;
  std::vector<std::string> set;  // characters, in UTF-8
};

std::string TakeCharacter(const std::string& text, size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
  const std::string character = text.substr(at, length);
  at += character.size();
  return character;
}

std::vector<Element> Parse(const std::string& pattern) {
  std::vector<Element> elements;
  for (size_t at = 0; at < pattern.size();) {
    if (pattern[at] == '%' || pattern[at] == '_') {
      elements.push_back({pattern[at++] == '%' ? Element::Kind::kAny : Element::Kind::kOne, {}});
      continue;
    }
    Element element;
    const size_t close = pattern[at] == '[' ? pattern.find(']', at + 2) : std::string::npos;
    if (close == std::string::npos) {
      element.set.push_back(TakeCharacter(pattern, at));
    } else {
      for (++at; at < close;) element.set.push_back(TakeCharacter(pattern, at));
      at = close + 1;
    }
    elements.push_back(std::move(element));
  }
  return elements;
}

bool Accepts(const Element& element, const std::string& character) {
  if (element.kind == Element::Kind::kOne) return true;
  for (const std::string& each : element.set)
    if (each == character) return true;
  return false;
}

}  // namespace

bool MatchesWildcard(const std::string& pattern, const std::string& name) {
  const std::vector<Element> elements = Parse(pattern);
  std::vector<std::string> characters;
  for (size_t at = 0; at < name.size();) characters.push_back(TakeCharacter(name, at));
  // On a mismatch the last % takes one character more: never more than length of name times length of pattern steps.
  size_t e = 0, c = 0, after_any = std::string::npos, resume_at = 0;
  while (c < characters.size()) {
    if (e < elements.size() && elements[e].kind == Element::Kind::kAny) {
      after_any = ++e;
      resume_at = c;
    } else if (e < elements.size() && Accepts(elements[e], characters[c])) {
      ++e;
      ++c;
    } else if (after_any != std::string::npos) {
      e = after_any;
      c = ++resume_at;
    } else {
      return false;
    }
  }
  while (e < elements.size() && elements[e].kind == Element::Kind::kAny) ++e;
  return e == elements.size();
}

bool HasWildcard(const std::string& pattern) {
  for (const Element& element : Parse(pattern))
    if (element.kind != Element::Kind::kSet || element.set.size() != 1) return true;
  return false;
}

std::string WithoutBrackets(const std::string& pattern) {
  std::string name;
  for (const Element& element : Parse(pattern))
    if (!element.set.empty()) name += element.set.front();
  return name;
}

}  // namespace airlift
