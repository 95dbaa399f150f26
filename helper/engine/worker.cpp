#include "engine/worker.h"

#include <fmt/format.h>

#include "base/fault_point.h"
#include "engine/join.h"
#include "engine/task_runner.h"
#include "queue/task_kind.h"
#include "tune/load_session.h"

namespace airlift {

namespace {

constexpr int kAttemptsPerTask = 3;

// Deadlocks and serialization failures: the transaction may be tried again as it is.
bool MayTryAgain(const SqlError& error) { return error.IsClass("40"); }

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
  ApplyLoadSettings(*target, context_.session_settings);
  if (context_.is_guest) NoticeLostPeer(*target);
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

bool Worker::IsOver() {
  // In this order: a driver that is done closes the queue.
  const bool is_open = !context_.is_guest || LoadIsOpen(*target_);
  if (EverythingIsDone(*target_, kLoadQueue)) return true;
  if (!is_open) throw Error("the process that drives the load has ended", {}, "Run that command again to go on.");
  return false;
}

bool Worker::RunOneTask() {
  DropLargeBuffers();
  for (int attempt = 1;; ++attempt) {
    Transaction transaction(*target_);
    const std::optional<Task> task = ClaimTask(*target_, kLoadQueue, cursor_);
    if (!task) return false;
    ReachFaultPoint(FaultPoint::kTaskClaimed);
    const TaskKind& kind = FindTaskKind(task->kind);
    StageProgress& stage = context_.progress->Stage(kind.label);
    context_.progress->TaskStarted(stage);
    try {
      const TaskOutcome outcome = RunTask(*this, *task, stage);
      FinishTask(*target_, kLoadQueue, *task, outcome, task->kind == kCopyTask);
      ReachFaultPoint(FaultPoint::kTaskDone);
      transaction.Commit();
      ReachFaultPoint(FaultPoint::kTaskCommitted);
      context_.progress->TaskDone(stage, task->weight);
      if (context_.tasks_done != nullptr) ++*context_.tasks_done;
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
  RunWorkers(
      context.options.jobs, [&](int number) { return std::make_unique<Worker>(context, number); }, tick);
}

}  // namespace airlift
