// A migration's status for people, for programs, and for Prometheus (text format 0.0.4).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "replicate/status.h"

namespace airlift {

std::string StatusText(const MigrationStatus& status);
nlohmann::json StatusJson(const MigrationStatus& status);
std::string StatusPrometheus(const MigrationStatus& status);

}  // namespace airlift
