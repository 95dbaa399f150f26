#include "prepare/step_runner.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "base/fault_point.h"
#include "base/patience.h"
#include "schema/sql_lexer.h"

namespace airlift {

namespace {

constexpr auto kSourcePatience = std::chrono::seconds(30);
constexpr auto kSourcePause = std::chrono::milliseconds(200);
constexpr auto kLockPatience = std::chrono::seconds(10);
constexpr auto kLockPause = std::chrono::milliseconds(50);

// An application that holds a lock must not queue behind us.
constexpr const char* kBeginOnSource = "BEGIN; SET LOCAL lock_timeout = '10s'";

constexpr const char* kUndefinedObject = "42704";
constexpr const char* kUndefinedTable = "42P01";
constexpr const char* kInvalidSchema = "3F000";
constexpr const char* kLockNotAvailable = "55P03";

// What is to be taken back is gone.
bool IsGone(const SqlError& error) {
  return error.sqlstate() == kUndefinedObject || error.sqlstate() == kUndefinedTable ||
         error.sqlstate() == kInvalidSchema;
}

std::string Reason(const SqlError& error) {
  return error.detail().empty() ? error.primary() : error.primary() + " (" + error.detail() + ")";
}

// The server's answer to a function of the extension: what it could not do is a row, not an error.
std::optional<std::string> ReportedFailure(const Result& result) {
  const int state = PQfnumber(result.get(), "state"), error = PQfnumber(result.get(), "error");
  if (state < 0 || error < 0) return std::nullopt;
  for (int row = 0; row < result.rows(); ++row)
    for (const char* bad : {"failed", "blocked", "to do"})
      if (result.Text(row, state) == bad) return result.Text(row, error);
  return std::nullopt;
}

struct Refusal {
  std::string reason;
  bool is_gone = false;
  bool is_locked = false;
};

// Within the open transaction, which stays usable where the server refuses.
std::optional<Refusal> Try(Connection& connection, const std::vector<std::string>& statements) {
  connection.Execute("SAVEPOINT pg_airlift_step");
  try {
    for (const std::string& statement : statements) {
      if (const auto failure = ReportedFailure(connection.Query(statement))) {
        connection.Execute("ROLLBACK TO SAVEPOINT pg_airlift_step");
        return Refusal{*failure};
      }
    }
  } catch (const SqlError& error) {
    if (connection.IsBroken() || error.IsClass("08") || error.IsClass("53") || error.IsClass("57")) throw;
    connection.Execute("ROLLBACK TO SAVEPOINT pg_airlift_step");
    return Refusal{Reason(error), IsGone(error), error.sqlstate() == kLockNotAvailable};
  }
  connection.Execute("RELEASE SAVEPOINT pg_airlift_step");
  return std::nullopt;
}

// Where a statement does not wait for its locks, we do: without any of them.
std::optional<Refusal> TryOnSource(Connection& source, const std::string& sql) {
  Patience patience(kLockPatience, "a lock that another session of the source holds");
  while (true) {
    const auto refusal = Try(source, SplitStatements(sql));
    if (!refusal || !refusal->is_locked || patience.IsOver()) return refusal;
    patience.Pause(kLockPause);
  }
}

void Settled(Step& step, StepState state, const std::optional<Refusal>& refusal) {
  step.state = state;
  step.error = refusal ? refusal->reason : "";
}

}  // namespace

void StepRunner::Do(Step& step) {
  for (const std::string& need : step.needs) {
    if (failed_.count(need) == 0) continue;
    step.state = StepState::kFailed;
    step.error = "not tried: what it needs could not be done";
    step.was_skipped = true;
    failed_.insert(step.key);
    return;
  }
  step.side == Side::kTarget ? DoOnTarget(step) : DoOnSource(step);
  if (step.state == StepState::kFailed) failed_.insert(step.key);
}

void StepRunner::DoOnTarget(Step& step) {
  if (dry_run_) {
    const auto refusal = Try(target_, {ExecutableSql(step)});
    return Settled(step, refusal ? StepState::kFailed : StepState::kPlanned, refusal);
  }
  Transaction transaction(target_);
  const auto refusal = Try(target_, {ExecutableSql(step)});
  Settled(step, refusal ? StepState::kFailed : StepState::kDone, refusal);
  store_.Insert(step);
  transaction.Commit();
}

void StepRunner::DoOnSource(Step& step) {
  if (dry_run_) return;
  if (!step.is_transactional) return DoOutsideTransaction(step);
  Transaction transaction(*source_, kBeginOnSource);
  step.xid = source_->Query("SELECT pg_catalog.pg_current_xact_id()").Text(0, 0);
  step.state = StepState::kStarted;
  store_.Insert(step);
  ReachFaultPoint(FaultPoint::kStepStarted);
  const auto refusal = TryOnSource(*source_, ExecutableSql(step));
  if (!refusal) transaction.Commit();
  ReachFaultPoint(FaultPoint::kStepExecuted);
  Settled(step, refusal ? StepState::kFailed : StepState::kDone, refusal);
  store_.Update(step);
}

void StepRunner::ExecuteOutsideTransaction(const std::string& sql) {
  source_->Execute(fmt::format("SET lock_timeout = '{:.0f}ms'", outside_timeout_ * 1000));
  try {
    source_->Execute(sql);
  } catch (const SqlError&) {
    if (!source_->IsBroken()) source_->Execute("RESET lock_timeout");
    throw;
  }
  source_->Execute("RESET lock_timeout");
}

// What is left half done, and cannot be removed at once either, stays recorded as started: the next run removes it.
void StepRunner::DoOutsideTransaction(Step& step) {
  step.state = StepState::kStarted;
  store_.Insert(step);
  try {
    ReachFaultPoint(FaultPoint::kStepStarted);
    ExecuteOutsideTransaction(step.sql);
    ReachFaultPoint(FaultPoint::kStepExecuted);
    Settled(step, StepState::kDone, std::nullopt);
    return store_.Update(step);
  } catch (const SqlError& error) {
    if (source_->IsBroken()) throw;
    step.error = Reason(error);
  }
  UndoOutsideTransaction(step, StepState::kFailed);
  step.state = StepState::kFailed;
}

void StepRunner::Undo(Step& step) {
  if (!step.cannot_undo.empty()) {
    step.error = step.cannot_undo;
  } else if (needed_.count(step.key) > 0) {
    step.error = "not tried: what was made on top of it could not be undone";
  } else {
    step.side == Side::kTarget ? UndoOnTarget(step) : UndoOnSource(step);
  }
  if (step.state != StepState::kUndone && !step.error.empty()) needed_.insert(step.needs.begin(), step.needs.end());
}

void StepRunner::UndoOnTarget(Step& step) {
  std::optional<Transaction> transaction;
  if (!dry_run_) transaction.emplace(target_);
  const auto refusal = step.undo_sql.empty() ? std::nullopt : Try(target_, {step.undo_sql});
  const bool is_undone = !refusal || refusal->is_gone;
  if (is_undone && dry_run_) return;
  Settled(step, is_undone ? StepState::kUndone : StepState::kDone, refusal);
  if (dry_run_) return;
  store_.Update(step);
  transaction->Commit();
}

void StepRunner::UndoOnSource(Step& step) {
  if (dry_run_) return;
  if (!step.is_transactional) step.error.clear();
  if (!step.is_transactional) return UndoOutsideTransaction(step, StepState::kUndone);
  Transaction transaction(*source_, kBeginOnSource);
  step.xid = source_->Query("SELECT pg_catalog.pg_current_xact_id()").Text(0, 0);
  step.state = StepState::kUndoing;
  store_.Update(step);
  const auto refusal = step.undo_sql.empty() ? std::nullopt : TryOnSource(*source_, step.undo_sql);
  const bool is_undone = !refusal || refusal->is_gone;
  transaction.Commit();
  ReachFaultPoint(FaultPoint::kStepUndone);
  Settled(step, is_undone ? StepState::kUndone : StepState::kDone, refusal);
  store_.Update(step);
}

void StepRunner::UndoOutsideTransaction(Step& step, StepState afterwards) {
  try {
    ExecuteOutsideTransaction(step.undo_sql);
    step.state = afterwards;
    if (afterwards == StepState::kUndone) step.error.clear();
  } catch (const SqlError& error) {
    if (source_->IsBroken()) throw;
    step.error += (step.error.empty() ? "" : "; what it left could not be removed yet: ") + Reason(error);
  }
  store_.Update(step);
}

bool StepRunner::CommittedOnSource(const std::string& xid) {
  Patience patience(kSourcePatience, "transaction " + xid + " of an earlier run on the source");
  for (;;) {
    const std::string status =
        source_->Query("SELECT COALESCE(pg_catalog.pg_xact_status($1::pg_catalog.xid8), 'committed')", {xid})
            .Text(0, 0);
    // NULL is a transaction so old that its fate is forgotten. It is taken for done: to take back what is not there
    // does no harm.
    if (status != "in progress") return status == "committed";
    if (patience.IsOver())
      throw Error("a session of an earlier run is still at work on the source", "Its transaction is " + xid + ".",
                  "Wait until it has ended, or end it with pg_terminate_backend().");
    patience.Pause(kSourcePause);
  }
}

void StepRunner::Settle(std::vector<Step>& steps) {
  for (Step& step : steps) {
    if (step.state == StepState::kStarted || step.state == StepState::kUndoing) SettleOne(step);
  }
}

void StepRunner::SettleOne(Step& step) {
  if (!step.is_transactional) {
    step.error.clear();
    if (!dry_run_) UndoOutsideTransaction(step, StepState::kUndone);
    return;
  }
  const bool committed = CommittedOnSource(step.xid);
  const bool was_undoing = step.state == StepState::kUndoing;
  step.state = committed == was_undoing ? StepState::kUndone : StepState::kDone;
  if (!dry_run_) store_.Update(step);
}

}  // namespace airlift
