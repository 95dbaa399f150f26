#include "compare/comparison_worker.h"

#include <fmt/format.h>

#include "queue/task_kind.h"
#include "report/table_json.h"
#include "tasks/plan.h"

namespace airlift {

namespace {

using nlohmann::json;

constexpr const char* kLostDriver = "the process that drives the comparison has ended";

DigestPart PartFrom(const Task& task) {
  DigestPart part;
  part.side = task.kind == kCompareSourceTask ? Side::kSource : Side::kTarget;
  part.by_extension = task.detail.at("by_extension");
  if (!part.by_extension) {
    part.stored = TableFromDetail(task.detail.at("part"));
    part.range = RangeFromDetail(task.detail.at("part"));
  }
  part.weight = task.weight;
  return part;
}

}  // namespace

std::vector<Task> ComparisonTasks(int relation, const ComparedTable& table, uint32_t buckets, const TableResult& result,
                                  const SideFacts& facts) {
  const json detail = {{"table", ToJson(table)}, {"buckets", buckets}};
  const int64_t weight = table.source.bytes() + table.target.bytes();
  const std::vector<DigestPart> parts = PartsOf(table, facts);
  std::vector<Task> tasks;
  Task whole{0, kCompareTableTask, relation, weight, detail};
  whole.detail["result"] = ToJson(result);
  const bool is_small = table.source.stored.size() + table.target.stored.size() >= parts.size();
  if (is_small) return {whole};
  whole.kind = kJudgeTableTask;
  whole.waits_for_copy = true;
  tasks.push_back(whole);
  for (const DigestPart& part : parts) {
    Task task{0, part.side == Side::kSource ? kCompareSourceTask : kCompareTargetTask, relation, part.weight, detail};
    task.detail["by_extension"] = part.by_extension;
    if (!part.by_extension) task.detail["part"] = RangeDetail(part.stored, part.range);
    tasks.push_back(std::move(task));
  }
  return tasks;
}

bool TakeComparisonLock(Connection& target) {
  if (!target.Query("SELECT pg_catalog.pg_try_advisory_lock(20260, 2)").Boolean(0, 0)) return false;
  // Whoever holds the lock is alone: these sessions are nobody's.
  target.Query(
      "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity "
      "WHERE datname = pg_catalog.current_database() AND usename = current_user "
      "AND application_name LIKE 'pg\\_airlift comparison worker %'");
  return true;
}

void OpenComparison(Connection& target) { target.Query("SELECT pg_catalog.pg_advisory_lock(20260, 4)"); }

bool ComparisonIsOpen(Connection& target) {
  return target
      .Query(
          "SELECT EXISTS (SELECT FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database "
          "WHERE d.datname = pg_catalog.current_database() AND l.locktype = 'advisory' AND l.classid = 20260 "
          "AND l.objid = 4 AND l.granted)")
      .Boolean(0, 0);
}

ComparisonWorker::ComparisonWorker(const ComparisonContext& context, int number)
    : context_(context),
      target_(context.options.target.With("application_name", fmt::format("pg_airlift comparison worker {}", number)),
              Side::kTarget),
      pair_(context.options.source, context.options.target, context.record.snapshots),
      locator_(context.options, context.record.snapshots, *context.progress, context.record.facts, *context.pace,
               nullptr) {
  // Losing the last commits to a crash of the target only means doing those tasks again.
  target_.Execute("SET synchronous_commit = off");
  if (context_.is_guest) NoticeLostPeer(target_);
}

void LimitReading(const ComparisonContext& context) {
  for (const auto& [kind, side] : {std::pair(kCompareSourceTask, Side::kSource), {kCompareTargetTask, Side::kTarget}})
    context.progress->Stage(FindTaskKind(kind).label).meter.limit = context.pace->LimitOf(side);
}

bool ComparisonWorker::IsOver() {
  // In this order: a driver that is done closes the queue, and drops it once the result is written.
  const bool is_open = ComparisonIsOpen(target_);
  if (!ComparisonState(target_).IsThere() || EverythingIsDone(target_, kComparisonQueue)) return true;
  if (!is_open) throw Error(kLostDriver, {}, "Run pg_airlift compare --resume again to go on.");
  return false;
}

bool ComparisonWorker::RunOneTask() {
  if (context_.is_guest && !ComparisonState(target_).IsThere()) return false;
  Transaction transaction(target_);
  const std::optional<Task> task = ClaimTask(target_, kComparisonQueue, cursor_);
  if (!task) return false;
  StageProgress& stage = context_.progress->Stage(FindTaskKind(task->kind).label);
  context_.progress->TaskStarted(stage);
  const TaskOutcome outcome = Run(*task, stage);
  const bool is_part = task->kind == kCompareSourceTask || task->kind == kCompareTargetTask;
  FinishTask(target_, kComparisonQueue, *task, outcome, is_part);
  transaction.Commit();
  context_.progress->TaskDone(stage, task->weight);
  if (context_.tasks_done != nullptr) ++*context_.tasks_done;
  pair_.Refresh();
  return true;
}

TaskOutcome ComparisonWorker::Run(const Task& task, StageProgress& stage) {
  if (task.kind == kCompareTableTask) return RunWholeTable(task, stage);
  if (task.kind == kJudgeTableTask) return RunJudge(task);
  return RunPart(task, stage);
}

TaskOutcome ComparisonWorker::RunWholeTable(const Task& task, StageProgress& stage) {
  const ComparedTable table = ComparedTableFromJson(task.detail.at("table"));
  const uint32_t buckets = task.detail.at("buckets");
  TableResult result = TableResultFromJson(task.detail.at("result"));
  BucketDigests sides[2] = {BucketDigests(buckets), BucketDigests(buckets)};
  for (const DigestPart& part : PartsOf(table, context_.record.facts)) {
    Meter meter;
    meter.limit = context_.pace->LimitOf(part.side);
    try {
      const PartDigests made = DigestOf(pair_.Get(part.side), table, part, buckets, *context_.pace, meter);
      stage.meter.Add(meter.rows, meter.bytes);
      sides[part.side == Side::kTarget].Merge(made.digests);
      if (!made.reason.empty()) result.reason = made.reason;
    } catch (const SqlError& error) {
      if (!IsOfOneTable(error)) throw;
      pair_.Reset(part.side);
      result.source.reset();
      result.target.reset();
      result.reason = error.what();
    }
  }
  Conclude(task, table, sides[0], sides[1], std::move(result));
  return {};
}

TaskOutcome ComparisonWorker::RunPart(const Task& task, StageProgress& stage) {
  const ComparedTable table = ComparedTableFromJson(task.detail.at("table"));
  const DigestPart part = PartFrom(task);
  TaskOutcome outcome;
  std::optional<std::string> digests;
  try {
    const PartDigests made =
        DigestOf(pair_.Get(part.side), table, part, task.detail.at("buckets"), *context_.pace, stage.meter);
    digests = made.digests.ToHex();
    outcome.note = made.reason;
  } catch (const SqlError& error) {
    if (!IsOfOneTable(error)) throw;
    pair_.Reset(part.side);
    outcome.note = error.what();
  }
  StorePartDigests(target_, task, digests);
  return outcome;
}

TaskOutcome ComparisonWorker::RunJudge(const Task& task) {
  const uint32_t buckets = task.detail.at("buckets");
  TableResult result = TableResultFromJson(task.detail.at("result"));
  BucketDigests sides[2] = {BucketDigests(buckets), BucketDigests(buckets)};
  for (const StoredPart& part : TakePartDigests(target_, task.relation)) {
    if (!part.note.empty()) result.reason = part.note;
    if (part.digests) {
      sides[part.is_source ? 0 : 1].Merge(BucketDigests::FromHex(*part.digests, buckets));
    } else {
      result.source.reset();
      result.target.reset();
    }
  }
  Conclude(task, ComparedTableFromJson(task.detail.at("table")), sides[0], sides[1], std::move(result));
  return {};
}

void ComparisonWorker::Conclude(const Task& task, const ComparedTable& table, const BucketDigests& source,
                                const BucketDigests& target, TableResult result) {
  if (result.source) result.source = source.Total();
  if (result.target) result.target = target.Total();
  Judge(result);
  if (result.verdict == Verdict::kDiffers && context_.options.max_rows > 0)
    locator_.LocateOne({&table, source.Differing(target), &result}, pair_);
  result.snapshot_lsn = context_.record.snapshot_lsn;
  result.snapshot_taken_at = context_.record.snapshot_taken_at;
  StoreTableResult(target_, task.relation, result);
}

}  // namespace airlift
