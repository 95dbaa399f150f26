// Whole clusters compared: every database of the source with that of the same name on the target.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cluster/cluster_result.h"
#include "compare/compare.h"
#include "progress/progress.h"

namespace airlift {

struct ClusterCompareOptions {
  // Of each database's comparison. Its source and target are where the inventory is read.
  CompareOptions compare;
  std::vector<std::string> include;  // --database
  std::vector<std::string> exclude;  // --exclude-database
  std::function<std::unique_ptr<Progress>()> make_progress;
  // Keeps what was found in a database; returns where.
  std::function<std::string(const RunResult&)> keep_evidence;
};

// One after another; what goes wrong in one is told in the result, and the others go on.
ClusterResult CompareCluster(const ClusterCompareOptions& options);

}  // namespace airlift
