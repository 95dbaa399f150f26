// An assessment for people and for programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "findings/finding.h"

namespace airlift {

// Grouped by severity and check, the remedy once per check; long lists are cut, and say so.
std::string AssessText(const AssessReport& report, Severity severity);

nlohmann::json AssessJson(const AssessReport& report, Severity severity);

}  // namespace airlift
