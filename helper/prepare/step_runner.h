// Does steps and takes them back, so that a process killed at any point leaves a state from which both go on.
//
// On the target, a step and the word about it commit together. On the source they cannot: the word "started" with the
// id of the source's transaction is committed first, then that transaction, then the word "done". What a dead process
// left in between is settled by asking the source what became of the transaction (pg_xact_status).
#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "prepare/step.h"
#include "prepare/step_store.h"

namespace airlift {

class StepRunner {
 public:
  // `source` may be null where no step is on it. In a dry run the target's steps are tried in a transaction that the
  // caller rolls back, and the source's are only shown.
  StepRunner(Connection* source, Connection& target, StepStore& store, bool dry_run)
      : source_(source), target_(target), store_(store), dry_run_(dry_run) {}

  // For statements outside of transactions (index builds), behind which nobody queues: 60 times this many seconds.
  void SetPatience(double lock_timeout) { outside_timeout_ = 60 * lock_timeout; }

  // Settles the steps that a dead process left between two states.
  void Settle(std::vector<Step>& steps);

  // Does the step; its state afterwards is kDone, kFailed, or kPlanned in a dry run that met no refusal. A step whose
  // needs failed is not tried.
  void Do(Step& step);
  // Takes a done step back: kUndone, or kDone with the reason in `error`. Not tried where a step that needs it stands.
  void Undo(Step& step);

 private:
  void DoOnTarget(Step& step);
  void DoOnSource(Step& step);
  void UndoOnTarget(Step& step);
  void UndoOnSource(Step& step);
  void DoOutsideTransaction(Step& step);
  // Where it succeeds, the state becomes `afterwards`; else it stays, with the reason.
  void UndoOutsideTransaction(Step& step, StepState afterwards);
  void SettleOne(Step& step);
  void ExecuteOutsideTransaction(const std::string& sql);
  bool CommittedOnSource(const std::string& xid);

  Connection* source_;
  Connection& target_;
  StepStore& store_;
  bool dry_run_;
  double outside_timeout_ = 120;
  std::set<std::string> failed_;
  std::set<std::string> needed_;  // by steps that could not be undone
};

}  // namespace airlift
