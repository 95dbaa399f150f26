#pragma once

#include <vector>

#include "preflight/preflight.h"
#include "prepare/prepare.h"

namespace airlift {

struct PrepareCheckInputs {
  Connection& source;
  Connection& target;
  const PrepareOptions& options;
};

// What must hold before the first step; all failures at once.
std::vector<PreflightProblem> CheckPrepare(const PrepareCheckInputs& inputs);
// One Error with all of them; nothing where there is none.
void ThrowPrepareProblems(const std::vector<PreflightProblem>& problems);

}  // namespace airlift
