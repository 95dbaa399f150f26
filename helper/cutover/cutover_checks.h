// What must hold before the source is fenced, so that the writes do not stand still for nothing.
#pragma once

#include <vector>

#include "cutover/crossing.h"
#include "preflight/preflight.h"

namespace airlift {

struct CutoverCheckInputs {
  Connection& source;
  Connection& target;
  const CrossingOptions& options;
  const ReplicationRecord& record;
  const std::vector<SubscriptionRecord>& forward;
  bool fence_is_advisory;
};

// All problems, in the order of the checks.
std::vector<PreflightProblem> CheckCutover(const CutoverCheckInputs& in);

// The streams of one direction: subscriptions on `subscriber` run, their slots are in use and close enough.
void CheckStreams(Connection& publisher, Connection& subscriber, const std::vector<SubscriptionRecord>& streams,
                  int64_t most_lag, std::vector<PreflightProblem>& problems);

// Throws one Error with all that blocks.
void ThrowProblems(const std::vector<PreflightProblem>& problems);

}  // namespace airlift
