#include "engine/worker.h"

#include <fmt/format.h>

#include <chrono>
#include <mutex>
#include <thread>

#include "engine/task_runner.h"
#include "state/task_kind.h"

namespace airlift {

namespace {

constexpr auto kIdlePause = std::chrono::milliseconds(20);
constexpr auto kTickPause = std::chrono::milliseconds(50);
constexpr int kAttemptsPerTask = 3;

// Deadlocks and serialization failures: the transaction may be tried again as it is.
bool MayTryAgain(const SqlError& error) { return error.IsClass("40"); }

// Failures of all workers, and whether they should stop.
class Failures {
 public:
  void Add(const std::string& report) {
    const std::lock_guard lock(mutex_);
    reports_.push_back(report);
    failed_ = true;
  }
  bool any() const { return failed_; }
  std::string Joined() {
    const std::lock_guard lock(mutex_);
    std::string joined;
    for (const std::string& report : reports_) joined += (joined.empty() ? "" : "\n") + report;
    return joined;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> reports_;
  std::atomic<bool> failed_{false};
};

bool EverythingIsDone(Connection& target) {
  return !target.Query("SELECT EXISTS (SELECT FROM airlift_state.task WHERE state <> 'done')").Boolean(0, 0);
}

void RunWorker(const RunContext& context, int number, Failures& failures) {
  try {
    Worker worker(context, number);
    while (!failures.any()) {
      CheckStop();
      if (worker.RunOneTask()) continue;
      if (EverythingIsDone(worker.target())) return;
      // Another worker is at the last tasks that can be done now; what it finishes may ready more.
      std::this_thread::sleep_for(kIdlePause);
    }
  } catch (const Stopped&) {
    failures.Add("");
  } catch (const Error& error) {
    failures.Add(error.Report());
  } catch (const std::exception& error) {
    failures.Add(error.what());
  }
}

std::string TaskLabel(const RunContext& context, const Task& task) {
  if (task.relation >= 0)
    return task.kind + " of " + context.relations[static_cast<size_t>(task.relation)].display_name();
  return task.kind + (task.detail.contains("label") ? " " + task.detail["label"].get<std::string>() : "");
}

}  // namespace

Worker::Worker(const RunContext& context, int number)
    : context_(context), application_name_(fmt::format("pg_airlift worker {}", number)), target_(OpenTarget()) {}

std::unique_ptr<Connection> Worker::OpenTarget() const {
  auto target =
      std::make_unique<Connection>(context_.options.target.With("application_name", application_name_), Side::kTarget);
  // Losing the last commits of a load to a crash of the target only means doing those tasks again.
  target->Execute("SET synchronous_commit = off");
  if (!context_.options.toast_compression.empty())
    target->Execute("SET default_toast_compression = '" + context_.options.toast_compression + "'");
  return target;
}

void Worker::DropLargeBuffers() {
  if (source_ && source_->HoldsLargeBuffer()) source_.reset();
  if (target_->HoldsLargeBuffer()) target_ = OpenTarget();
}

Connection& Worker::source() {
  if (!source_) {
    source_ = std::make_unique<Connection>(context_.options.source.With("application_name", application_name_),
                                           Side::kSource);
  }
  return *source_;
}

bool Worker::RunOneTask() {
  DropLargeBuffers();
  for (int attempt = 1;; ++attempt) {
    Transaction transaction(*target_);
    const std::optional<Task> task = ClaimTask(*target_);
    if (!task) return false;
    const TaskKind& kind = FindTaskKind(task->kind);
    StageProgress& stage = context_.progress->Stage(kind.label);
    context_.progress->TaskStarted(stage);
    try {
      const TaskOutcome outcome = RunTask(*this, *task, stage);
      FinishTask(*target_, *task, outcome, task->kind == kCopyTask);
      transaction.Commit();
      context_.progress->TaskDone(stage, task->weight);
      return true;
    } catch (const Stopped&) {
      throw;
    } catch (const SqlError& error) {
      if (MayTryAgain(error) && attempt < kAttemptsPerTask) continue;
      throw Error(TaskLabel(context_, *task) + ": " + error.what(), error.detail(), error.hint());
    } catch (const Error& error) {
      throw Error(TaskLabel(context_, *task) + ": " + error.what(), error.detail(), error.hint());
    }
  }
}

void RunQueue(const RunContext& context, const std::function<void()>& tick) {
  Failures failures;
  std::atomic<int> running{context.options.jobs};
  std::vector<std::jthread> threads;
  for (int number = 1; number <= context.options.jobs; ++number) {
    threads.emplace_back([&, number] {
      RunWorker(context, number, failures);
      --running;
    });
  }
  std::string tick_failure;
  while (running > 0) {
    std::this_thread::sleep_for(kTickPause);
    if (!tick_failure.empty()) continue;
    try {
      tick();
    } catch (const Error& error) {
      tick_failure = error.Report();
      failures.Add(tick_failure);
    }
  }
  threads.clear();
  CheckStop();
  if (failures.any())
    throw Error(failures.Joined(), {}, "Everything finished so far is kept: run the same command again to go on.");
}

}  // namespace airlift
