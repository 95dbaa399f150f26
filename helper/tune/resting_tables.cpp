#include "tune/resting_tables.h"

#include <fmt/format.h>

#include <map>

#include "base/format.h"
#include "prepare/step_runner.h"
#include "prepare/step_store.h"
#include "tune/tuning_steps.h"

namespace airlift {

namespace {

// Below this a vacuum is over before it hinders anybody.
constexpr int64_t kLargeBytes = int64_t{16} << 20;
constexpr const char* kLockTimeout = "SET lock_timeout = '10s'";

using TableName = std::pair<std::string, std::string>;

std::map<TableName, int64_t> LargeTables(const std::vector<Relation>& relations) {
  std::map<TableName, int64_t> large;
  for (const Relation& relation : relations) {
    if (relation.is_missing_on_target || relation.is_extension_configuration) continue;
    for (const StoredTable& table : relation.stored)
      if (table.bytes >= kLargeBytes) large[{table.schema, table.name}] = table.bytes;
  }
  return large;
}

bool IsOfALoad(const Step& step) { return step.key.rfind(kLoadTables, 0) == 0 && step.state == StepState::kDone; }

}  // namespace

RestingTables::RestingTables(ConnInfo target, const std::vector<Relation>& relations) : target_(std::move(target)) {
  large_ = LargeTables(relations).size();
  if (large_ == 0) return;
  is_resting_ = true;
  try {
    Rest(relations);
  } catch (const Stopped&) {
    throw;
  } catch (const Error& error) {
    refusal_ = error.what();
  }
}

RestingTables::~RestingTables() {
  try {
    PutBack();
  } catch (...) {
    // Recorded: see above.
  }
}

void RestingTables::Rest(const std::vector<Relation>& relations) {
  Connection target(target_, Side::kTarget);
  target.Execute(kLockTimeout);
  StepStore store(target, "");
  store.Lock();
  store.Create();
  std::map<std::string, Step> standing;
  for (Step& step : store.Load())
    if (IsOfALoad(step)) standing.emplace(step.key, step);
  StepRunner runner(nullptr, target, store, false);
  const auto large = LargeTables(relations);
  for (const TunableTable& table : ReadTunableTables(target)) {
    if (!large.contains({table.schema, table.name})) continue;
    Step step = TableStep(kLoadTables, table);
    const auto former = standing.find(step.key);
    if (table.IsAtRest()) {
      ++resting_;  // since a run that was killed, or by somebody's wish
      continue;
    }
    // Of a table of that name that was dropped since.
    if (former != standing.end()) store.Remove(former->second);
    if (!table.is_owned) {
      refusal_ = "must be owner of table " + table.schema + "." + table.name;
      continue;
    }
    runner.Do(step);
    if (step.state == StepState::kDone) {
      ++resting_;
    } else {
      refusal_ = step.error;
      store.Remove(step);
    }
  }
}

std::string RestingTables::PutBack() {
  if (!is_resting_) return {};
  is_resting_ = false;
  const StopPause pause;
  Connection target(target_, Side::kTarget);
  target.Execute(kLockTimeout);
  StepStore store(target, "");
  store.Lock();
  StepRunner runner(nullptr, target, store, false);
  std::string failure;
  for (Step& step : store.Load()) {
    if (!IsOfALoad(step)) continue;
    runner.Undo(step);
    if (step.state == StepState::kUndone) {
      store.Remove(step);
    } else {
      failure = step.what + ": " + step.error;
    }
  }
  store.DropWhenEmpty();
  return failure;
}

std::optional<LoadSettingUse> RestingTables::Use() const {
  if (large_ == 0) return std::nullopt;
  return LoadSettingUse{
      "autovacuum_enabled",
      fmt::format("off for {} of {} tables of {} and more", resting_, large_, FormatBytes(kLargeBytes)),
      "as each table had it", resting_ == 0 ? refusal_ : std::string()};
}

}  // namespace airlift
