// JSON that somebody else may have written: files that are named on the command line or lie in an archive.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace airlift {

// Throws nlohmann's exceptions where the text is no JSON, and Error where it holds a zero byte, or is nested deeper
// than any document of ours: writing such a value again takes a stack frame for each level.
nlohmann::json ParseDocument(std::string_view text);

}  // namespace airlift
