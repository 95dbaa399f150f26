// A worker: two connections that take tasks from the queue until none is left.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "catalog/relation.h"
#include "preflight/move_options.h"
#include "progress/progress.h"
#include "queue/worker_pool.h"
#include "report/result.h"
#include "state/run_state.h"

namespace airlift {

struct ArchiveSource;

// What all workers of a run share; constant while they run.
struct RunContext {
  MoveOptions options;
  std::string snapshot_id;  // "" when nothing is left to be read from the source
  bool source_has_extension = false;
  const ArchiveSource* archive = nullptr;  // where the rows come from, instead of a source
  bool with_large_objects = true;
  std::vector<Relation> relations;
  std::vector<LoadSettingUse> session_settings;  // of every worker's session on the target
  Progress* progress = nullptr;
  bool is_guest = false;                       // in a run that another process drives
  std::atomic<int64_t>* tasks_done = nullptr;  // counted where not null
};

class Worker : public QueueWorker {
 public:
  Worker(const RunContext& context, int number);

  bool RunOneTask() override;
  bool IsOver() override;

  Connection& target() { return *target_; }
  // Opened when first needed.
  Connection& source();
  const RunContext& context() const { return context_; }

 private:
  std::unique_ptr<Connection> OpenTarget() const;
  // Opens anew what a value of hundreds of megabytes has left with buffers of that size.
  void DropLargeBuffers();

  const RunContext& context_;
  const std::string application_name_;
  std::unique_ptr<Connection> target_;
  std::unique_ptr<Connection> source_;
  ClaimCursor cursor_;
};

// Runs `context.options.jobs` workers until every task is done; `tick` is called now and then from this thread. Throws
// Error with all failures when a task failed; the other workers finish the task they are at, and what is done stays
// done.
void RunQueue(const RunContext& context, const std::function<void()>& tick);

}  // namespace airlift
