#include "prepare/step_store.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "base/patience.h"
#include "model/state_schema.h"

namespace airlift {

namespace {

#define PREPARE_STEP AIRLIFT_STATE_SCHEMA ".prepare_step"
#define PREPARE_ACCEPTED AIRLIFT_STATE_SCHEMA ".prepare_accepted"

constexpr const char* kDdl =
    "CREATE SCHEMA IF NOT EXISTS " AIRLIFT_STATE_SCHEMA
    ";"
    "CREATE TABLE IF NOT EXISTS " PREPARE_STEP R"( (
  step_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  key text NOT NULL,
  side text NOT NULL CHECK (side IN ('source', 'target')),
  what text NOT NULL,
  sql text NOT NULL,
  undo_sql text NOT NULL,
  needs jsonb NOT NULL,
  is_transactional boolean NOT NULL,
  cannot_undo text NOT NULL,
  state text NOT NULL CHECK (state IN ('started', 'done', 'failed', 'undoing', 'undone')),
  error text NOT NULL,
  source_identity text NOT NULL,
  source_xid text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);)"
    "CREATE TABLE IF NOT EXISTS " PREPARE_ACCEPTED R"( (
  check_id text PRIMARY KEY,
  reason text NOT NULL,
  accepted_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);)"
    "COMMENT ON TABLE " PREPARE_STEP " IS 'what pg_airlift prepare did; pg_airlift undo takes it back'";

constexpr auto kLockPatience = std::chrono::seconds(15);
constexpr auto kLockPause = std::chrono::milliseconds(100);

Side SideFromName(const std::string& name) { return name == SideName(Side::kSource) ? Side::kSource : Side::kTarget; }

bool TableExists(Connection& target, const char* table) {
  return target.Query("SELECT pg_catalog.to_regclass($1) IS NOT NULL", {table}).Boolean(0, 0);
}

}  // namespace

StepStore::~StepStore() {
  if (!is_locked_) return;
  try {
    target_.Query("SELECT pg_catalog.pg_advisory_unlock(20262, 1)");
  } catch (...) {
    // The lock ends with the session at the latest.
  }
}

void StepStore::Lock() {
  Patience patience(kLockPatience, "another pg_airlift that records steps on this target database");
  while (!target_.Query("SELECT pg_catalog.pg_try_advisory_lock(20262, 1)").Boolean(0, 0)) {
    if (patience.IsOver())
      throw Error("another pg_airlift prepare or undo works on this target database", {}, "Wait until it has ended.");
    patience.Pause(kLockPause);
  }
  is_locked_ = true;
}

bool StepStore::Exists() { return TableExists(target_, PREPARE_STEP); }

void StepStore::Create() {
  if (Exists() && TableExists(target_, PREPARE_ACCEPTED)) return;
  Transaction transaction(target_);
  target_.Execute(kDdl);
  transaction.Commit();
}

std::vector<Step> StepStore::Load() {
  std::vector<Step> steps;
  if (!Exists()) return steps;
  const Result result = target_.Query(
      "SELECT step_id, key, side, what, sql, undo_sql, cannot_undo, state, error, source_xid, source_identity, "
      "needs, is_transactional "
      "FROM " PREPARE_STEP " ORDER BY step_id");
  for (int row = 0; row < result.rows(); ++row) {
    Step step;
    step.id = result.Integer(row, 0);
    step.key = result.Text(row, 1);
    step.side = SideFromName(result.Text(row, 2));
    step.what = result.Text(row, 3);
    step.sql = result.Text(row, 4);
    step.undo_sql = result.Text(row, 5);
    step.cannot_undo = result.Text(row, 6);
    step.state = StepStateFromName(result.Text(row, 7));
    step.error = result.Text(row, 8);
    step.xid = result.Text(row, 9);
    step.needs = nlohmann::json::parse(result.Text(row, 11)).get<std::vector<std::string>>();
    step.is_transactional = result.Boolean(row, 12);
    if (step.side == Side::kSource && !source_identity_.empty() && result.Text(row, 10) != source_identity_)
      throw Error("the target holds steps that were done on another source", "For example: " + step.what + ".",
                  "Give that source, and undo them first.");
    steps.push_back(std::move(step));
  }
  return steps;
}

void StepStore::Insert(Step& step) {
  target_.Query("DELETE FROM " PREPARE_STEP " WHERE key = $1 AND state IN ('failed', 'undone')", {step.key});
  const Result result =
      target_.Query("INSERT INTO " PREPARE_STEP
                    " (key, side, what, sql, undo_sql, cannot_undo, state, error, source_identity, source_xid, needs, "
                    "is_transactional) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING step_id",
                    {step.key, SideName(step.side), step.what, step.sql, step.undo_sql, step.cannot_undo,
                     StepStateName(step.state), step.error, source_identity_, step.xid,
                     nlohmann::json(step.needs).dump(), step.is_transactional ? "true" : "false"});
  step.id = result.Integer(0, 0);
}

void StepStore::Update(const Step& step) {
  target_.Query("UPDATE " PREPARE_STEP
                " SET state = $2, error = $3, source_xid = $4, recorded_at = pg_catalog.clock_timestamp() "
                "WHERE step_id = $1",
                {std::to_string(step.id), StepStateName(step.state), step.error, step.xid});
}

void StepStore::Remove(const Step& step) {
  target_.Query("DELETE FROM " PREPARE_STEP " WHERE step_id = $1", {std::to_string(step.id)});
}

void StepStore::Accept(const std::map<std::string, std::string>& reasons) {
  for (const auto& [id, reason] : reasons)
    target_.Query("INSERT INTO " PREPARE_ACCEPTED
                  " (check_id, reason) VALUES ($1, $2) ON CONFLICT (check_id) DO UPDATE SET reason = EXCLUDED.reason, "
                  "accepted_at = EXCLUDED.accepted_at",
                  {id, reason});
}

std::map<std::string, std::string> StepStore::Accepted() {
  std::map<std::string, std::string> accepted;
  if (!TableExists(target_, PREPARE_ACCEPTED)) return accepted;
  const Result result = target_.Query("SELECT check_id, reason FROM " PREPARE_ACCEPTED);
  for (int row = 0; row < result.rows(); ++row) accepted[result.Text(row, 0)] = result.Text(row, 1);
  return accepted;
}

void StepStore::DropWhenUndone() {
  if (!Exists()) return;
  Transaction transaction(target_);
  const Result left = target_.Query("SELECT FROM " PREPARE_STEP " WHERE state NOT IN ('undone', 'failed') LIMIT 1");
  if (left.rows() > 0) return;
  Drop();
  transaction.Commit();
}

void StepStore::DropWhenEmpty() {
  if (!Exists()) return;
  Transaction transaction(target_);
  const Result left =
      target_.Query("SELECT EXISTS (SELECT FROM " PREPARE_STEP ") OR EXISTS (SELECT FROM " PREPARE_ACCEPTED ")");
  if (left.Boolean(0, 0)) return;
  Drop();
  transaction.Commit();
}

void StepStore::Drop() {
  target_.Execute("DROP TABLE IF EXISTS " PREPARE_STEP ", " PREPARE_ACCEPTED);
  const Result others = target_.Query(
      "SELECT FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.to_regnamespace('" AIRLIFT_STATE_SCHEMA
      "') LIMIT 1");
  if (others.rows() == 0) target_.Execute("DROP SCHEMA " AIRLIFT_STATE_SCHEMA);
}

}  // namespace airlift
