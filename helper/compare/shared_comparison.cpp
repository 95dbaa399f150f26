#include "compare/shared_comparison.h"

#include <fmt/format.h>

#include "base/format.h"
#include "compare/comparison_worker.h"
#include "pg/identifier.h"
#include "queue/task_kind.h"
#include "report/table_json.h"
#include "snapshot/source_snapshot.h"

namespace airlift {

namespace {

using nlohmann::json;

// The same table with the same columns and rows, as far as the catalogs and the options say.
bool IsOfSame(const TableResult& finished, const TableResult& now) {
  return finished.columns == now.columns && finished.left_out_columns == now.left_out_columns &&
         finished.condition == now.condition;
}

void AddTotals(Progress& progress, const std::vector<Task>& tasks) {
  for (const Task& task : tasks) {
    StageProgress& stage = progress.Stage(FindTaskKind(task.kind).label);
    ++stage.tasks_total;
    stage.weight_total += task.weight;
  }
}

void Work(const ComparisonContext& context) {
  LimitReading(context);
  RunWorkers(
      context.options.jobs, [&](int number) { return std::make_unique<ComparisonWorker>(context, number); }, [] {});
}

}  // namespace

json ComparisonFingerprint(const CompareOptions& options, const ComparedSelection& selection) {
  const SubsetOptions& subset = options.subset;
  return {{"selection", selection.Fingerprint()},
          {"exclude_columns", subset.exclude_columns},
          {"where", subset.where},
          {"sample_percent", subset.sample_percent ? json(*subset.sample_percent) : json()},
          {"ignore_extra_columns", subset.ignore_extra_columns},
          {"max_rows", options.max_rows}};
}

SharedComparison::SharedComparison(const CompareOptions& options, Progress& progress)
    : progress_(progress), options_(options), target_(options.target, Side::kTarget), state_(target_) {
  if (!TakeComparisonLock(target_))
    throw Error("another process compares into the state of this target", {},
                "Wait for it, or join it with pg_airlift worker.");
}

int64_t SharedComparison::Run(ComparisonRecord record, const std::vector<TablePair>& tables, Pace& pace) {
  if (options_.restart) state_.Drop();
  const std::optional<ComparisonRecord> former = options_.restart ? std::nullopt : state_.Find();
  if (former && (former->options != record.options || former->source_identity != record.source_identity))
    throw Error("a comparison of another source, or with other options, is in progress on this target", {},
                "Give the same options to go on with it, or --restart to begin anew.");
  if (!former) {
    state_.Drop();
    state_.Create();
  }
  auto finished = former ? state_.FinishedTables() : std::map<std::pair<std::string, std::string>, TableResult>();
  int64_t kept = 0;
  state_.StartAttempt(record, tables.size(), [&](size_t i) {
    const TableResult& result = *tables[i].result;
    const auto found = finished.find({result.schema, result.name});
    if (found != finished.end() && IsOfSame(found->second, result)) {
      ++kept;
      return ComparisonState::Entry{&found->second, {}};
    }
    ComparisonState::Entry entry{
        nullptr, ComparisonTasks(static_cast<int>(i), *tables[i].table, tables[i].buckets, result, record.facts)};
    AddTotals(progress_, entry.tasks);
    return entry;
  });
  finished.clear();
  if (former) progress_.Note(fmt::format("going on: {} tables are compared already", FormatCount(kept)));
  OpenComparison(target_);
  ComparisonContext context{options_, std::move(record), &progress_, &pace};
  Work(context);
  state_.ReadResults(tables.size(), [&](size_t i, TableResult result) { *tables[i].result = std::move(result); });
  return kept;
}

void ForgetComparison(const ConnInfo& target) {
  Connection connection(target, Side::kTarget);
  ComparisonState(connection).Drop();
}

std::optional<int64_t> JoinComparison(const CompareOptions& options, Progress& progress) {
  Connection target(options.target, Side::kTarget);
  if (!ComparisonIsOpen(target)) return std::nullopt;
  const std::optional<ComparisonRecord> record = ComparisonState(target).Find();
  if (!record) return std::nullopt;
  Connection source(options.source, Side::kSource);
  if (ReadServerFacts(source).identity != record->source_identity)
    throw Error("the comparison in progress on the target is of another source than the one given");
  std::atomic<int64_t> tasks_done{0};
  Pace pace(options.pace, options.source, progress);
  ComparisonContext context{options, *record, &progress, &pace, true, &tasks_done};
  context.options.max_rows = record->max_rows;
  Work(context);
  return tasks_done;
}

}  // namespace airlift
