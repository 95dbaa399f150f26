// What goes to a person's screen. Names and messages come from servers: none of their bytes may act on a terminal or
// turn the text around, whoever made them.
#pragma once

#include <string>
#include <string_view>

namespace airlift {

// Control characters other than newline and tab, and bytes that are not UTF-8, as \xHH; characters that change the
// direction of writing as \uHHHH.
std::string Inert(std::string_view text);

// Writes Inert(text) to stdout.
void PrintText(std::string_view text);

// Lines after the first, indented: a message of several lines cannot pass for a line of the report that quotes it.
std::string Hanging(std::string_view text, std::string_view indent = "      ");

}  // namespace airlift
