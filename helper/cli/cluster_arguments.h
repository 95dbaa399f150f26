// Options of the commands that take all databases of a cluster, and what these commands show at the end.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "cluster/cluster_result.h"
#include "selection/selection_rules.h"

namespace airlift {

struct ClusterArguments {
  bool all = false;
  std::vector<std::string> include, exclude;
  std::vector<std::string> locales;
  bool no_roles = false;
  std::string globals;
  std::string new_passwords;
};

// --all-databases, --database, --exclude-database.
CLI::Option* AddClusterOptions(CLI::App& app, ClusterArguments& arguments);
// And what a move of a cluster needs besides.
void AddClusterMoveOptions(CLI::App& app, ClusterArguments& arguments);

// Throws Error: tables are chosen for one database at a time.
void RefuseSelection(const SelectionRules& selection);

// The database that a cluster's inventory is read from where none is given: "postgres".
ConnInfo ClusterInfo(const ConnInfo& info);

// The evidence files of a cluster: one for each database, beside the common one.
class ClusterEvidence {
 public:
  // `command` names the files where --evidence gives no name.
  ClusterEvidence(const OutputOptions& output, const std::string& command);

  // Writes the file of one database; returns its path.
  std::string Keep(const RunResult& result);
  // Writes the common file, prints text or JSON, returns the exit status.
  int Present(const ClusterResult& result) const;

 private:
  const OutputOptions& output_;
  std::string path_;  // of the common file
  std::vector<std::string> names_;
};

}  // namespace airlift
