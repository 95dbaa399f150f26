// Options of the commands that replicate.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "replicate/replication_options.h"

namespace airlift {

struct ReplicationArguments {
  ReplicationOptions replication;
  std::string from_target;

  ReplicationOptions Options() const;
};

void AddReplicationOptions(CLI::App& app, ReplicationArguments& arguments);
void AddAuditOption(CLI::App& app, ReplicationArguments& arguments);
void AddStartPoint(CLI::App& app, ReplicationArguments& arguments);

// Runs kChangesOnly and prints what came of it.
int ReplicateChanges(const ConnInfo& source, const ConnInfo& target, const ReplicationOptions& options, bool dry_run,
                     bool quiet);

}  // namespace airlift
