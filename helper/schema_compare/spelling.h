// Spellings that mean the same.
#pragma once

#include <string>
#include <string_view>

namespace airlift {

// `definition` without the double quotes around identifiers that do not need them but for being keywords: which words
// are keywords differs between major versions. String literals are left as they are.
std::string WithoutNeedlessQuotes(std::string_view definition);

// With control characters shown as \n and \xHH, so that a value cannot forge a line of a report.
std::string ShowControls(std::string_view text);

}  // namespace airlift
