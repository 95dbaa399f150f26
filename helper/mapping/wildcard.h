// Names as AWS DMS matches them in table mappings: % for any characters, _ for one, [ab] for one of a set ([_] and [%]
// are those characters themselves). Case counts.
#pragma once

#include <string>

namespace airlift {

bool MatchesWildcard(const std::string& pattern, const std::string& name);
bool HasWildcard(const std::string& pattern);
// A pattern without wildcards as the name it stands for: "a[_]b" is a_b.
std::string WithoutBrackets(const std::string& pattern);

}  // namespace airlift
