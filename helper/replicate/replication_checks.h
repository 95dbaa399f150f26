// What must hold before anything is replicated; all of it is found and told at once.
#pragma once

#include <vector>

#include "preflight/preflight.h"
#include "replicate/replication_options.h"
#include "selection/selection.h"

namespace airlift {

struct ReplicationCheckInputs {
  Connection& source;
  Connection& target;
  const ConnInfo& source_info;
  const ReplicationOptions& options;
  // Slots and subscriptions that this replication made before: they are counted as there, not as needed.
  std::vector<std::string> slots;
  const Selection& selection;
};

void CheckReplication(const ReplicationCheckInputs& inputs, std::vector<PreflightProblem>& problems);

// For changes alone: the tables whose changes would come must be on the target.
void CheckTablesAreLoaded(const ReplicationCheckInputs& inputs, std::vector<PreflightProblem>& problems);

// Tables that no publication can hold, quoted as patterns that match them alone.
std::vector<std::string> UnloggedTables(Connection& source);

}  // namespace airlift
