#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "prepare/prepare.h"

namespace airlift {

// For people. A dry run reads as a commented SQL script.
std::string PrepareText(const PrepareResult& result);
// For programs.
nlohmann::ordered_json PrepareJson(const PrepareResult& result);

}  // namespace airlift
