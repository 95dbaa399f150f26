#include "engine/task_runner.h"

#include <fmt/format.h>

#include "archive/data_load.h"
#include "copy/table_copy.h"
#include "digest/stream_digest.h"
#include "large_objects/large_objects.h"
#include "pg/identifier.h"
#include "queue/task_kind.h"
#include "schema/schema_mover.h"
#include "snapshot/source_snapshot.h"
#include "source/extension_client.h"
#include "tasks/plan.h"

namespace airlift {

namespace {

// A table on the target is read back in ranges of about this size, so that all workers share the largest one.
constexpr int64_t kReadBackPartBytes = int64_t{128} << 20;
constexpr int kTidRangeScanSince = 14;

// A transaction on the worker's source connection that sees the run's snapshot.
class SnapshotTransaction {
 public:
  explicit SnapshotTransaction(Worker& worker)
      : connection_(worker.source()),
        transaction_(connection_, BeginUnderSnapshot(connection_, worker.context().snapshot_id)) {}
  Connection& connection() { return connection_; }
  void Commit() { transaction_.Commit(); }

 private:
  Connection& connection_;
  Transaction transaction_;
};

const Relation& RelationOf(const Worker& worker, const Task& task) {
  return worker.context().relations.at(static_cast<size_t>(task.relation));
}

TaskOutcome Outcome(const TableDigest& digest, int64_t bytes = 0) {
  TaskOutcome outcome;
  outcome.rows = static_cast<int64_t>(digest.rows);
  outcome.bytes = bytes;
  outcome.digest = digest;
  return outcome;
}

TaskOutcome RunCopy(Worker& worker, const Task& task, StageProgress& stage) {
  if (const ArchiveSource* archive = worker.context().archive)
    return LoadTable(*archive, worker.target(), RelationOf(worker, task), task.detail, stage.meter);
  SnapshotTransaction source(worker);
  const CopyPart part{TableFromDetail(task.detail), RangeFromDetail(task.detail), task.detail.at("freeze")};
  const CopyOutcome copied =
      CopyTablePart(source.connection(), worker.target(), RelationOf(worker, task), part, stage.meter);
  RequireReadByName(source.connection(), part.table);
  source.Commit();
  TaskOutcome outcome;
  outcome.rows = copied.rows;
  outcome.bytes = copied.bytes;
  outcome.digest = copied.digest;
  return outcome;
}

TaskOutcome RunSourceDigest(Worker& worker, const Task& task, StageProgress& stage) {
  const Relation& relation = RelationOf(worker, task);
  SnapshotTransaction source(worker);
  TaskOutcome outcome;
  if (worker.context().source_has_extension && !relation.HasExpressions()) {
    const SourceDigest digest = DigestByExtension(source.connection(), relation);
    outcome = Outcome(digest.digest);
    if (!digest.is_complete) outcome.note = digest.reason;
    stage.meter.Add(outcome.rows, relation.bytes());
  } else {
    TableDigest sum;
    for (const StoredTable& table : relation.stored)
      sum.Merge(DigestRange(source.connection(), relation, table, BlockRange(), stage.meter));
    outcome = Outcome(sum);
  }
  source.Commit();
  return outcome;
}

int64_t ReadBackParts(const Worker& worker, const StoredTable& table, int target_major) {
  if (target_major < kTidRangeScanSince || worker.context().options.jobs == 1) return 1;
  return std::max<int64_t>(1, table.bytes / kReadBackPartBytes);
}

// Large tables become tasks of their own, in ranges; the rest is digested here and now.
TaskOutcome RunReadBackOfRelation(Worker& worker, const Task& task, StageProgress& stage) {
  const Relation relation = OnTarget(RelationOf(worker, task));
  Connection& target = worker.target();
  TableDigest sum;
  std::vector<Task> parts;
  for (const StoredTable& table : LoadStoredTables(target, relation.schema, relation.name)) {
    const std::vector<BlockRange> ranges =
        SplitBlocks(table.heap_blocks, ReadBackParts(worker, table, target.server_major()));
    for (const BlockRange& range : ranges) {
      if (ranges.size() == 1) {
        sum.Merge(DigestRange(target, relation, table, range, stage.meter));
        continue;
      }
      Task part{0, kReadBackTask, task.relation, table.bytes / static_cast<int64_t>(ranges.size()),
                RangeDetail(table, range)};
      part.detail["part_of"] = task.id;
      parts.push_back(std::move(part));
    }
  }
  InsertTasks(target, kLoadQueue, parts, "ready");
  stage.tasks_total += static_cast<int64_t>(parts.size());
  for (const Task& part : parts) stage.weight_total += part.weight;
  if (!parts.empty()) stage.weight_total -= task.weight;
  return Outcome(sum);
}

TaskOutcome RunReadBack(Worker& worker, const Task& task, StageProgress& stage) {
  if (!task.detail.contains("part_of")) return RunReadBackOfRelation(worker, task, stage);
  return Outcome(DigestRange(worker.target(), OnTarget(RelationOf(worker, task)), TableFromDetail(task.detail),
                             RangeFromDetail(task.detail), stage.meter));
}

TaskOutcome RunLargeObjects(Worker& worker, const Task& task, StageProgress& stage) {
  if (const ArchiveSource* archive = worker.context().archive)
    return LoadLargeObjects(*archive, worker.target(), task.detail, stage.meter);
  SnapshotTransaction source(worker);
  const LargeObjectCopyOutcome copied =
      CopyLargeObjects(source.connection(), worker.target(), BatchFromDetail(task.detail), stage.meter);
  source.Commit();
  if (worker.context().options.verify) {
    Task read_back{0, kLargeObjectReadBackTask, -1, task.weight, task.detail};
    InsertTasks(worker.target(), kLoadQueue, {read_back}, "ready");
    StageProgress& next = worker.context().progress->Stage(FindTaskKind(kLargeObjectReadBackTask).label);
    ++next.tasks_total;
    next.weight_total += task.weight;
  }
  return Outcome(copied.digest, copied.bytes);
}

TaskOutcome RunLargeObjectReadBack(Worker& worker, const Task& task, StageProgress& stage) {
  return Outcome(DigestLargeObjects(worker.target(), BatchFromDetail(task.detail), stage.meter));
}

TaskOutcome RunIndex(Worker& worker, const Task& task, StageProgress&) {
  RunIndexJob(worker.target(), task.detail.at("entry"));
  return {};
}

TaskOutcome RunAnalyze(Worker& worker, const Task& task, StageProgress&) {
  const Relation& relation = RelationOf(worker, task);
  worker.target().Execute("ANALYZE " + QualifiedName(relation.schema, relation.name));
  return {};
}

struct Runner {
  const char* kind;
  TaskOutcome (*run)(Worker&, const Task&, StageProgress&);
};

constexpr Runner kRunners[] = {
    {kCopyTask, RunCopy},
    {kSourceDigestTask, RunSourceDigest},
    {kReadBackTask, RunReadBack},
    {kIndexTask, RunIndex},
    {kAnalyzeTask, RunAnalyze},
    {kLargeObjectTask, RunLargeObjects},
    {kLargeObjectReadBackTask, RunLargeObjectReadBack},
};

}  // namespace

TaskOutcome RunTask(Worker& worker, const Task& task, StageProgress& stage) {
  for (const Runner& runner : kRunners)
    if (task.kind == runner.kind) return runner.run(worker, task, stage);
  throw Error("no worker knows tasks of kind \"" + task.kind + "\"");
}

}  // namespace airlift
