// Options that make a comparison go easy on the servers.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "pace/pace.h"

namespace airlift {

struct PaceArguments {
  std::string max_rate;
  std::optional<int64_t> pause_above_sessions;
  std::string pause_above_lag;

  // Throws Error where a size cannot be read.
  PaceOptions Options() const;
};
void AddPaceOptions(CLI::App& app, PaceArguments& arguments);

}  // namespace airlift
