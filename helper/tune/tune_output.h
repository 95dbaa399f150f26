// What tune found and did, for people and for programs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tune/tune.h"

namespace airlift {

std::string TuneText(const TuneResult& result);
nlohmann::ordered_json TuneJson(const TuneResult& result);

}  // namespace airlift
