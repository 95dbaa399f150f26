// The catalogue of checks, printed.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace airlift {

std::string CatalogueText();
// docs/checks.md is this.
std::string CatalogueMarkdown();
nlohmann::json CatalogueJson();

}  // namespace airlift
