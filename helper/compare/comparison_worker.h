// A worker of a comparison that several processes share: it takes tables, or parts of large ones, from the queue.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "compare/comparison_state.h"
#include "compare/jobs.h"
#include "compare/row_locator.h"
#include "pace/pace.h"
#include "progress/progress.h"
#include "queue/worker_pool.h"

namespace airlift {

// What the workers of one process share.
struct ComparisonContext {
  CompareOptions options;  // connections, max_rows
  ComparisonRecord record;
  Progress* progress = nullptr;
  Pace* pace = nullptr;
  bool is_guest = false;  // in a comparison that another process drives
  std::atomic<int64_t>* tasks_done = nullptr;
};

class ComparisonWorker : public QueueWorker {
 public:
  ComparisonWorker(const ComparisonContext& context, int number);

  bool RunOneTask() override;
  bool IsOver() override;

 private:
  TaskOutcome Run(const Task& task, StageProgress& stage);
  TaskOutcome RunWholeTable(const Task& task, StageProgress& stage);
  TaskOutcome RunPart(const Task& task, StageProgress& stage);
  TaskOutcome RunJudge(const Task& task);
  void Conclude(const Task& task, const ComparedTable& table, const BucketDigests& source, const BucketDigests& target,
                TableResult result);

  const ComparisonContext& context_;
  // Claims and results; what is read has connections of its own, under the snapshots.
  Connection target_;
  ReadOnlyPair pair_;
  RowLocator locator_;
  ClaimCursor cursor_;
};

// Before the first worker: parts are read at the pace given.
void LimitReading(const ComparisonContext& context);

// A table as tasks: one, or, where it is large, its parts and their judgement. `result` is what is known of it before.
std::vector<Task> ComparisonTasks(int relation, const ComparedTable& table, uint32_t buckets, const TableResult& result,
                                  const SideFacts& facts);

// Held by the process that drives a comparison, and while others may join it.
bool TakeComparisonLock(Connection& target);
void OpenComparison(Connection& target);
bool ComparisonIsOpen(Connection& target);

}  // namespace airlift
