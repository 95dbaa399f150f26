// One database of a cluster: whatever goes wrong in it is told in its outcome, and the next one follows.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cluster/cluster_result.h"
#include "cluster/database_choice.h"
#include "progress/progress.h"

namespace airlift {

// Calls `work` unless a stop was requested or comes meanwhile; then result.was_stopped is set. `place` is for people:
// "3 of 20".
DatabaseOutcome DoDatabase(const DatabaseFacts& database, const std::string& place,
                           const std::function<std::unique_ptr<Progress>()>& make_progress, ClusterResult& result,
                           const std::function<void(Progress&, DatabaseOutcome&)>& work);

DatabaseOutcome LeaveOutDatabase(const DatabaseChoice& choice);

// What ChooseDatabases must know of the source besides its databases.
ChoiceInputs ReadChoiceInputs(Connection& source, const ConnInfo& info, const std::vector<DatabaseFacts>& databases);

}  // namespace airlift
