// Where in a JSON text something stands, for messages: the parser keeps no positions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace airlift {

// From 1.
int LineAt(std::string_view text, size_t byte);

// The line in which each element of the document's list "rules" begins.
std::vector<int> LinesOfRules(std::string_view text);

// "line 7, rule 3"; without the rule where `byte` is in none, or before its rule-id. The text need not be valid from
// there on.
std::string PlaceOf(std::string_view text, size_t byte);

// A key that stands twice in an object: which of them counts is anybody's guess. The text is valid JSON.
struct RepeatedKey {
  std::string key;
  size_t byte = 0;
};
std::optional<RepeatedKey> FindRepeatedKey(std::string_view text);

}  // namespace airlift
