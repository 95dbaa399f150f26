#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "prepare/prepare.h"
#include "prepare/step_runner.h"
#include "prepare/step_store.h"
#include "state/replication_state.h"

namespace airlift {

namespace {

bool IsOver(const Step& step) { return step.state == StepState::kUndone || step.state == StepState::kFailed; }

bool NeedsSource(const std::vector<Step>& steps) {
  return std::any_of(steps.begin(), steps.end(),
                     [](const Step& step) { return step.side == Side::kSource && !IsOver(step); });
}

// Publication, replication role and replica identities of a migration under way are recorded as steps, too.
void RefuseWhileReplicating(Connection& target) {
  const auto replication = ReplicationState(target).Find();
  if (!replication || IsOver(replication->phase)) return;
  throw Error(fmt::format("the migration is \"{}\": it needs what prepare did", MigrationPhaseName(replication->phase)),
              "Without its publication and its replication role the changes would not arrive any more.",
              "Cut over first; or give the migration up: pg_airlift cleanup --abandon takes all of that back.");
}

void UndoAll(std::vector<Step>& steps, StepRunner& runner, PrepareResult& result) {
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const bool is_half_done = step->state == StepState::kStarted;  // and what it left could not be removed
    if (step->state != StepState::kDone && !is_half_done) continue;
    CheckStop();
    if (!is_half_done) runner.Undo(*step);
    if (!step->error.empty() && step->state != StepState::kUndone)
      result.findings.push_back({"undo.refused", step->what, step->error,
                                 "Remove what hinders it, and run undo again; or leave it as it is.", false, false});
    result.steps.push_back(*step);
  }
}

}  // namespace

PrepareResult Undo(const UndoOptions& options) {
  Connection target(options.target, Side::kTarget);
  PrepareResult result;
  result.command = "undo";
  result.dry_run = options.dry_run;
  result.target = ReadServerFacts(target);
  StepStore anywhere(target, "");
  anywhere.Lock();
  RefuseWhileReplicating(target);
  std::vector<Step> steps = anywhere.Load();
  std::unique_ptr<Connection> source;
  if (NeedsSource(steps)) {
    source = std::make_unique<Connection>(options.source, Side::kSource);
    result.source = ReadServerFacts(*source);
  }
  StepStore store(target, result.source.identity);
  steps = store.Load();
  StepRunner runner(source.get(), target, store, options.dry_run);
  runner.SetPatience(options.lock_timeout);
  runner.Settle(steps);
  {
    std::optional<Transaction> rolled_back;
    if (options.dry_run) rolled_back.emplace(target);
    UndoAll(steps, runner, result);
  }
  if (!options.dry_run) store.DropWhenUndone();
  return result;
}

}  // namespace airlift
