// Whole clusters: roles once, then every database by a run of its own, one after another.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cluster/cluster_result.h"
#include "cluster/database_creation.h"
#include "preflight/move_options.h"
#include "progress/progress.h"

namespace airlift {

struct ClusterOptions {
  // Of each database's move. Its source and target are where the inventory is read and roles are made.
  MoveOptions move;
  std::vector<std::string> include;  // --database
  std::vector<std::string> exclude;  // --exclude-database
  LocaleMap locales;
  bool with_roles = true;
  std::string globals;        // file of pg_dumpall that the roles are read from; "" for the source
  std::string new_passwords;  // as PrepareOptions
  bool allow_refused = false;
  std::function<std::unique_ptr<Progress>()> make_progress;
  // Keeps what a database's run found; returns where.
  std::function<std::string(const RunResult&)> keep_evidence;
};

// Runs, or goes on with, the move of a cluster. Throws Error with all that stands in the way before anything is
// changed; after that what goes wrong in one database is told in the result, and the others go on.
ClusterResult MoveCluster(const ClusterOptions& options);

// What MoveCluster would do, as SQL and comments. Changes nothing.
std::string DescribeClusterMove(const ClusterOptions& options);

}  // namespace airlift
