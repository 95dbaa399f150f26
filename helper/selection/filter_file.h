// Files of pg_dump --filter (PostgreSQL 17): one "include|exclude KIND PATTERN" to a line.
#pragma once

#include <string>
#include <string_view>

#include "selection/selection_rules.h"

namespace airlift {

// The origin of a rule that a filter file has begins so.
inline constexpr std::string_view kFilterFile = "filter file ";

// Adds the lines of `text` to `rules`. Comments begin with #, a quoted name may go over several lines, and within one
// \n stands for a newline and \\ for a backslash. `name` is the file's, for messages. Throws Error that names the line.
void ParseFilterFile(std::string_view text, const std::string& name, SelectionRules& rules);

// Reads the file, or standard input for "-".
void ReadFilterFile(const std::string& path, SelectionRules& rules);

}  // namespace airlift
