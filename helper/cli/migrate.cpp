// migrate: the whole move, every row proved. restore: the same without the proof.
#include <fmt/format.h>

#include <memory>

#include "base/format.h"
#include "base/terminal.h"
#include "cli/cluster_arguments.h"
#include "cli/command.h"
#include "cli/options.h"
#include "cli/replication_arguments.h"
#include "cli/selection_arguments.h"
#include "cluster/cluster_move.h"
#include "engine/move.h"
#include "replicate/replication.h"
#include "restore/restore.h"
#include "restore/script.h"

namespace airlift {

namespace {

struct MoveArguments {
  ConnectionOptions connections;
  OutputOptions output;
  MoveOptions move;
  ReplicationArguments replication;
  SelectionArguments selection;
  ClusterArguments cluster;
  std::string split_size;
  std::string maintenance_memory;
  std::string toast_compression = "lz4";
  bool no_verify = false;
  bool allow_refused = false;
};

void AddMoveOptions(CLI::App& app, MoveArguments& arguments) {
  AddConnectionOptions(app, arguments.connections);
  AddOutputOptions(app, arguments.output);
  AddSelectionOptions(app, arguments.selection);
  app.add_flag("--dry-run", arguments.move.dry_run, "print what would be done, as SQL and programs; change nothing")
      ->excludes(app.get_option("--json"));
  app.add_flag("--into-existing", arguments.move.into_existing,
               "the target may hold other objects; tables that are there already must be empty");
  app.add_flag("--restart", arguments.move.restart,
               "where a former run of this move is recorded: drop everything in the target database, and begin anew");
  app.add_flag("--allow-refused", arguments.allow_refused,
               "exit 0 even when the target refused some objects, as long as all data is verified");
  app.add_option("--split-size", arguments.split_size,
                 "copy tables larger than this in parts of this size (default: only a table that would be the last)")
      ->type_name("SIZE");
  app.add_option("--maintenance-memory", arguments.maintenance_memory,
                 "memory of the target for all index builds together (default: half of its shared_buffers)")
      ->type_name("SIZE");
  app.add_option("--toast-compression", arguments.toast_compression,
                 "compression of large values while loading: lz4 (default, where the target has it), pglz, or server "
                 "for the target's own setting; columns with a method of their own keep it")
      ->check(CLI::IsMember({"lz4", "pglz", "server"}))
      ->type_name("METHOD");
  app.add_option("--pg-bindir", arguments.move.pg_bindir, "where to find pg_dump (default: PATH and the usual places)")
      ->type_name("DIR");
}

// What replicates after the move; null for a full load.
std::unique_ptr<Replication> MakeCompanion(const MoveArguments& arguments, Progress& progress) {
  if (arguments.replication.replication.type == kFullLoad) return nullptr;
  return std::make_unique<Replication>(arguments.move.source, arguments.move.target, arguments.replication.Options(),
                                       progress);
}

// What does not concern the source.
void FinishOptions(MoveArguments& arguments) {
  MoveOptions& move = arguments.move;
  move.target = arguments.connections.TargetInfo();
  move.jobs = arguments.connections.jobs;
  move.selection = arguments.replication.replication.selection = arguments.selection.Rules();
  move.toast_compression = arguments.toast_compression == "server" ? "" : arguments.toast_compression;
  if (!arguments.split_size.empty()) move.split_bytes = ParseSize(arguments.split_size);
  if (!arguments.maintenance_memory.empty()) move.maintenance_memory = ParseSize(arguments.maintenance_memory);
}

int RunArchiveRestore(MoveArguments& arguments, const ArchiveOptions& archive) {
  FinishOptions(arguments);
  if (!arguments.move.selection.rules.empty())
    throw Error("parts of an archive cannot be selected", {}, "Restore all of it, or move from the source itself.");
  arguments.move.verify = !arguments.no_verify;
  const bool is_script = IsPlainScript(archive.path);
  if (arguments.move.dry_run)
    return PrintDescription((is_script ? DescribeScriptRestore : DescribeArchiveRestore)(archive, arguments.move));
  arguments.output.RequirePlace();
  const auto progress = arguments.output.MakeProgress();
  RunResult result = (is_script ? RestoreScript : RestoreArchive)(archive, arguments.move, *progress);
  progress->Stop();
  result.allow_refused = arguments.allow_refused;
  return arguments.output.Present(std::move(result), arguments.move.target);
}

int RunMoveCommand(MoveArguments& arguments) {
  MoveOptions& move = arguments.move;
  FinishOptions(arguments);
  move.source = arguments.connections.SourceInfo();
  move.admin_function = arguments.replication.replication.admin_function;
  if (arguments.replication.replication.type == kChangesOnly)
    return ReplicateChanges(move.source, move.target, arguments.replication.Options(), move.dry_run,
                            arguments.output.quiet);
  if (move.dry_run) {
    Progress silent(ProgressStyle::kQuiet);
    return PrintDescription(DescribeMove(move, MakeCompanion(arguments, silent).get()));
  }
  arguments.output.RequirePlace();
  const auto progress = arguments.output.MakeProgress();
  const auto companion = MakeCompanion(arguments, *progress);
  RunResult result = RunMove(move, *progress, companion.get());
  progress->Stop();
  result.allow_refused = arguments.allow_refused;
  return arguments.output.Present(std::move(result), arguments.move.target);
}

int RunClusterCommand(MoveArguments& arguments) {
  if (arguments.replication.replication.type != kFullLoad)
    throw Error("--all-databases is for full loads", "Replication is set up for one database at a time.",
                "Give --type full-load-and-cdc for each database, without --all-databases.");
  FinishOptions(arguments);
  RefuseSelection(arguments.move.selection);
  ClusterOptions options;
  options.move = arguments.move;
  options.move.source = ClusterInfo(arguments.connections.SourceInfo());
  options.move.target = ClusterInfo(arguments.move.target);
  options.include = arguments.cluster.include;
  options.exclude = arguments.cluster.exclude;
  options.move.admin_function = arguments.replication.replication.admin_function;
  options.locales = ParseLocaleMap(arguments.cluster.locales);
  options.with_roles = !arguments.cluster.no_roles;
  options.globals = arguments.cluster.globals;
  options.new_passwords = arguments.cluster.new_passwords;
  options.allow_refused = arguments.allow_refused;
  options.make_progress = [&] { return arguments.output.MakeProgress(); };
  if (arguments.move.dry_run) {
    fmt::print("{}", DescribeClusterMove(options));
    return kExitDone;
  }
  ClusterEvidence evidence(arguments.output, "migrate");
  options.keep_evidence = [&](const RunResult& result) { return evidence.Keep(result); };
  return evidence.Present(MoveCluster(options));
}

}  // namespace

std::function<int()> SetupMigrate(CLI::App& app) {
  auto arguments = std::make_shared<MoveArguments>();
  AddMoveOptions(app, *arguments);
  app.add_option(
         "--type", arguments->replication.replication.type,
         "full-load; full-load-and-cdc: then replicate what the application writes, from the load's snapshot on; "
         "cdc: the changes alone, as pg_airlift replicate")
      ->check(CLI::IsMember({kFullLoad, kFullLoadAndChanges, kChangesOnly}))
      ->type_name("TYPE")
      ->capture_default_str();
  AddReplicationOptions(app, arguments->replication);
  AddStartPoint(app, arguments->replication);
  AddAuditOption(app, arguments->replication);
  app.add_flag("--no-verify", arguments->no_verify, "do not read back and compare; the verdict is \"not verified\"");
  AddClusterMoveOptions(app, arguments->cluster);
  return [arguments] {
    arguments->move.verify = !arguments->no_verify;
    if (arguments->cluster.all) return RunClusterCommand(*arguments);
    if (arguments->replication.replication.audit_slot &&
        (arguments->no_verify || arguments->replication.replication.type != kFullLoadAndChanges))
      throw Error(
          "--audit-slot begins with a load that is verified", {},
          "Give --type full-load-and-cdc without --no-verify; or make it later: pg_airlift compare --audit-slot.");
    return RunMoveCommand(*arguments);
  };
}

std::function<int()> SetupRestore(CLI::App& app) {
  auto arguments = std::make_shared<MoveArguments>();
  auto archive = std::make_shared<ArchiveOptions>();
  AddMoveOptions(app, *arguments);
  CLI::Option* source = app.get_option("--source")->required(false);
  app.add_option(
         "-a,--archive", archive->path,
         "restore this archive of pg_dump (directory, custom format or tar; a plain script through psql) instead of "
         "reading a source")
      ->type_name("PATH");
  app.add_option("--manifest", archive->manifest,
                 "what proves the archive's rows (default: the manifest in it, or PATH.manifest.json)")
      ->type_name("FILE");
  app.add_option("--manifest-key", archive->manifest_key,
                 "restore only what a manifest signed with this key (Ed25519, PEM, public) speaks of")
      ->type_name("PUBKEY");
  app.add_flag("--no-verify", arguments->no_verify, "with --archive: do not read back and compare with the manifest");
  return [arguments, archive, source] {
    if (!archive->path.empty()) return RunArchiveRestore(*arguments, *archive);
    if (source->empty())
      throw Error("neither a source nor an archive is given", {}, "Give --source, or --archive PATH.");
    arguments->move.verify = false;
    return RunMoveCommand(*arguments);
  };
}

}  // namespace airlift
