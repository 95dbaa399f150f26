// Where things stand in a JSON text: the parser tells offsets of errors only.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace airlift {

// The line, from 1, of a byte.
int LineAt(std::string_view text, size_t byte);

// The lines on which the elements of the outermost object's "rules" begin. `text` is valid JSON.
std::vector<int> LinesOfRules(std::string_view text);

}  // namespace airlift
