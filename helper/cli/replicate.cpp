// replicate: the changes alone, into a target that has schema and data already, or what a killed migrate left to do.
#include <fmt/format.h>

#include <memory>

#include "base/terminal.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/replication_arguments.h"
#include "cli/selection_arguments.h"
#include "replicate/replication.h"

namespace airlift {

namespace {

struct ReplicateArguments {
  ConnectionOptions connections;
  ReplicationArguments replication;
  SelectionArguments selection;
  bool dry_run = false;
  bool quiet = false;
};

}  // namespace

std::function<int()> SetupReplicate(CLI::App& app) {
  auto arguments = std::make_shared<ReplicateArguments>();
  AddSideOptions(app, arguments->connections);
  AddReplicationOptions(app, arguments->replication);
  AddStartPoint(app, arguments->replication);
  AddSelectionOptions(app, arguments->selection);
  app.add_flag("--dry-run", arguments->dry_run, "print what would be done; change nothing");
  app.add_flag("-q,--quiet", arguments->quiet, "no progress, and no output when all is well");
  return [arguments] {
    ReplicationOptions options = arguments->replication.Options();
    options.type = kChangesOnly;
    options.selection = arguments->selection.Rules();
    return ReplicateChanges(arguments->connections.SourceInfo(), arguments->connections.TargetInfo(), options,
                            arguments->dry_run, arguments->quiet);
  };
}

int ReplicateChanges(const ConnInfo& source, const ConnInfo& target, const ReplicationOptions& options, bool dry_run,
                     bool quiet) {
  Progress progress(quiet ? ProgressStyle::kQuiet : ProgressStyle::kLines);
  Replication replication(source, target, options, progress);
  if (dry_run) return PrintDescription(replication.DescribeChangesOnly());
  const std::vector<std::string> lines = replication.RunChangesOnly();
  progress.Stop();
  if (!quiet)
    for (const std::string& line : lines) PrintText(line + "\n");
  return kExitDone;
}

}  // namespace airlift
