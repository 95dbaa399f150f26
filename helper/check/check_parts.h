// The parts of a check, each a row of a table.
#pragma once

#include "check/check.h"

namespace airlift {

struct CheckPart {
  const char* name;
  bool (*is_wanted)(const CheckConfig& config);
  // Throws Error where it cannot tell.
  PartResult (*run)(const CheckConfig& config);
};

const std::vector<CheckPart>& CheckParts();

}  // namespace airlift
