// compare: are two databases the same, to the row, at rest or while one is replicated to the other?
#include "compare/compare.h"

#include <charconv>
#include <cmath>
#include <memory>

#include "audit/audit_slot.h"
#include "base/duration.h"
#include "cli/cluster_arguments.h"
#include "cli/command.h"
#include "cli/html_file.h"
#include "cli/options.h"
#include "cli/pace_arguments.h"
#include "cli/selection_arguments.h"
#include "cluster/cluster_compare.h"
#include "compare/shared_comparison.h"
#include "live_compare/live_compare.h"

namespace airlift {

namespace {

struct CompareArguments {
  ConnectionOptions connections;
  OutputOptions output;
  CompareOptions compare;
  SelectionArguments selection;
  PaceArguments pace;
  ClusterArguments cluster;
  bool data_only = false;
  bool since_verified = false;
  bool audit_slot = false;
  bool is_live = false;
  std::string max_wait;
  LiveOptions live;
};

double ParsePercent(std::string text) {
  if (!text.empty() && text.back() == '%') text.pop_back();
  double percent = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), percent);
  if (status != std::errc() || end != text.data() + text.size() || !(percent > 0) || percent >= 100)
    throw CLI::ValidationError("--sample", "must be more than 0% and less than 100%");
  return percent;
}

void AddLiveOptions(CLI::App& app, CompareArguments& arguments) {
  const char* group = "While replication runs";
  app.add_flag("--since-verified", arguments.since_verified,
               "compare only the rows that changed since the last full verification, as the audit slot tells; exact "
               "where nothing is written meanwhile")
      ->group(group);
  app.add_flag("--audit-slot", arguments.audit_slot,
               "compare everything, and where it is verified and nothing was written meanwhile, keep a slot on the "
               "source that tells what changes from then on")
      ->group(group);
  CLI::Option* live =
      app.add_flag("--live", arguments.is_live,
                   "compare exactly while the target follows the source by logical replication and rows change")
          ->group(group);
  const auto add = [&](CLI::Option* option) { return option->needs(live)->group(group); };
  add(app.add_option("--subscription", arguments.live.subscriptions,
                     "of the target, which brings the changes; may be given several times (default: all of its "
                     "database that read from slots of the source's)"))
      ->type_name("NAME");
  add(app.add_option("--max-wait", arguments.max_wait,
                     "how long the target may take to reach a position of the source, and rows to hold still "
                     "(default: 5min)"))
      ->type_name("DURATION");
  add(app.add_flag("--lock-keyless", arguments.live.lock_keyless,
                   "lock a table without a key against writing until the target has caught up, at most 2 s at a time, "
                   "where nothing else proves what its rows are"));
}

int RunClusterComparison(const CompareArguments& arguments) {
  RefuseSelection(arguments.compare.selection);
  ClusterEvidence evidence(arguments.output, "compare");
  ClusterCompareOptions options;
  options.compare = arguments.compare;
  options.compare.source = ClusterInfo(options.compare.source);
  options.compare.target = ClusterInfo(options.compare.target);
  options.include = arguments.cluster.include;
  options.exclude = arguments.cluster.exclude;
  options.make_progress = [&] { return arguments.output.MakeProgress(); };
  options.keep_evidence = [&](const RunResult& result) { return evidence.Keep(result); };
  return evidence.Present(CompareCluster(options));
}

}  // namespace

std::function<int()> SetupCompare(CLI::App& app) {
  auto arguments = std::make_shared<CompareArguments>();
  AddConnectionOptions(app, arguments->connections);
  AddOutputOptions(app, arguments->output);
  AddSelectionOptions(app, arguments->selection);
  app.add_flag("--data-only", arguments->data_only, "tables only: no sequences, large objects or schema");
  CompareOptions& compare = arguments->compare;
  app.add_flag("--views", compare.with_views, "compare the row counts of views and materialized views, too");
  const char* rows = "Rows that differ";
  app.add_option(
         "--max-rows", compare.max_rows,
         "rows listed per table that differs; counts are exact all the same (default: 1000; 0: name the tables only)")
      ->group(rows);
  app.add_flag("--show-values", compare.show_values, "show the values that differ, here and in the evidence file")
      ->group(rows);
  WritesAtTheEnd(
      app.add_option("--repair", compare.repair,
                     "write SQL to this file that makes the rows of the target equal to the source's; it is never run"))
      ->type_name("FILE")
      ->group(rows);
  const char* subset = "Subsets";
  app.add_option("--exclude-column", compare.subset.exclude_columns,
                 "do not compare this column; both parts are patterns")
      ->type_name("TABLE.COLUMN")
      ->group(subset);
  app.add_option("--where", compare.subset.where,
                 "compare only the rows of this table for which an SQL condition is true")
      ->type_name("TABLE=CONDITION")
      ->group(subset);
  app.add_option_function<std::string>(
         "--sample",
         [arguments](const std::string& text) { arguments->compare.subset.sample_percent = ParsePercent(text); },
         "compare about so many percent of the rows, chosen by a hash of their keys; the verdict is never \"verified\"")
      ->type_name("N%")
      ->group(subset);
  app.add_flag("--ignore-extra-columns", compare.subset.ignore_extra_columns,
               "do not mind columns that only the target has")
      ->group(subset);
  AddLiveOptions(app, *arguments);
  const char* resumable = "Stop, resume, share";
  CLI::Option* resume =
      app.add_flag(
             "--resume", compare.resume,
             "keep finished tables in schema airlift_state of the target, and go on with them when the same command "
             "is run again; pg_airlift worker may join")
          ->group(resumable);
  app.add_flag("--restart", compare.restart, "with --resume: begin anew")->needs(resume)->group(resumable);
  for (const char* other : {"--repair", "--show-values", "--live"}) resume->excludes(app.get_option(other));
  AddPaceOptions(app, arguments->pace);
  CLI::Option* all = AddClusterOptions(app, arguments->cluster);
  for (const char* other : {"--repair", "--live", "--resume", "--since-verified", "--audit-slot"})
    all->excludes(app.get_option(other));
  return [arguments] {
    CompareOptions& compare = arguments->compare;
    if (arguments->is_live + compare.resume + arguments->since_verified + arguments->audit_slot > 1)
      throw Error("only one of --live, --resume, --since-verified and --audit-slot can be given");
    compare.source = arguments->connections.SourceInfo();
    compare.target = arguments->connections.TargetInfo();
    compare.selection = arguments->selection.Rules();
    compare.jobs = arguments->connections.jobs;
    compare.with_schema = !arguments->data_only;
    compare.pace = arguments->pace.Options();
    if (arguments->cluster.all) return RunClusterComparison(*arguments);
    arguments->output.RequirePlace();
    const auto progress = arguments->output.MakeProgress();
    if (!arguments->max_wait.empty())
      arguments->live.max_wait = std::chrono::milliseconds(std::llround(ParseDuration(arguments->max_wait) * 1000));
    RunResult result = arguments->is_live          ? CompareLive(compare, arguments->live, *progress)
                       : arguments->since_verified ? CompareSinceVerified(compare, *progress)
                       : arguments->audit_slot     ? CompareWithNewAuditSlot(compare, *progress)
                                                   : CompareDatabases(compare, *progress);
    progress->Stop();
    const int status = arguments->output.Present(std::move(result), compare.target);
    if (compare.resume) ForgetComparison(compare.target);
    return status;
  };
}

}  // namespace airlift
