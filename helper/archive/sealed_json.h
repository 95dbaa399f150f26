// JSON documents that tell whether somebody has changed them since they were written.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace airlift {

// Adds "manifest_digest", over everything else, and writes the file at once.
void WriteSealed(nlohmann::json value, const std::string& path, const std::string& what);

// Throws Error where the text is no JSON, or not what was written.
nlohmann::json ParseSealed(const std::string& text);

}  // namespace airlift
