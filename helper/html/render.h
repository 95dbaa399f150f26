// One self-contained HTML page from what `compare`, `migrate`, `restore`, `assess` or `plan` wrote as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace airlift {

// The document's "command" says what it is. No network, no external file; readable without JavaScript; every value is
// text. Throws Error when the document is none of ours.
std::string RenderHtml(const nlohmann::json& document);

}  // namespace airlift
