// Names of files made of names that anybody may have chosen.
#pragma once

#include <string>
#include <string_view>

namespace airlift {

// Tells people what is in the file, and is harmless in any shell and file system: letters, digits, - and _ of ASCII
// stay, every other byte becomes _. Different texts may come to the same name.
std::string SafeFileName(std::string_view text);

}  // namespace airlift
