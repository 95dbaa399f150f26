#include "tune/load_session.h"

#include <fmt/format.h>

#include <algorithm>

#include "pg/batch.h"
#include "settings/load_memory.h"

namespace airlift {

namespace {

constexpr const char* kReplicaRole = "session_replication_role";

struct Wanted {
  std::string name;
  std::string value;
};

// As a new session has it, with its unit.
std::string ServersValue(Connection& target, const std::string& name) {
  const Result result = target.Query(
      "SELECT reset_val || COALESCE(CASE WHEN unit ~ '^[0-9]' THEN ' x ' || unit ELSE unit END, '') "
      "FROM pg_catalog.pg_settings WHERE name = $1",
      {name});
  return result.rows() == 0 ? std::string() : result.Text(0, 0);
}

// So that the index builds together do not ask for more workers than the server starts; never more than it is set to.
void ShareParallelWorkers(Connection& target, int jobs, std::vector<Wanted>& wanted) {
  const Result result = target.Query(
      "SELECT pg_catalog.current_setting('max_parallel_workers'), "
      "pg_catalog.current_setting('max_parallel_maintenance_workers')");
  const int now = static_cast<int>(result.Integer(0, 1));
  const int share = ParallelMaintenanceWorkers(static_cast<int>(result.Integer(0, 0)), jobs, now);
  if (share < now) wanted.push_back({"max_parallel_maintenance_workers", std::to_string(share)});
}

std::vector<Wanted> WantedSettings(Connection& target, const LoadSessionOptions& options) {
  // Losing the last commits of a load to a crash of the target only means doing those tasks again; the verdict's
  // commit is synchronous (RunState::Finish).
  std::vector<Wanted> wanted = {{"synchronous_commit", "off"}};
  if (options.maintenance_work_mem_kb > 0)
    wanted.push_back({"maintenance_work_mem", fmt::format("{}kB", options.maintenance_work_mem_kb)});
  ShareParallelWorkers(target, options.jobs, wanted);
  if (!options.toast_compression.empty()) wanted.push_back({"default_toast_compression", options.toast_compression});
  // In a new database triggers and foreign keys are made after the load. Where they are there already, they rest, and
  // the foreign keys are proved afterwards (engine/existing_keys.h).
  if (options.into_existing) wanted.push_back({kReplicaRole, "replica"});
  return wanted;
}

std::string SetStatement(const char* set, const std::string& name, const std::string& value) {
  return fmt::format("{} {} = '{}'", set, name, value);
}

}  // namespace

std::vector<LoadSettingUse> ProbeLoadSettings(Connection& target, const LoadSessionOptions& options) {
  const std::vector<Wanted> wanted = WantedSettings(target, options);
  const Transaction rolled_back(target);
  std::vector<LoadSettingUse> settings;
  for (const Wanted& each : wanted) {
    LoadSettingUse use{each.name, each.value, ServersValue(target, each.name), {}};
    if (const auto refusal = TryStatement(target, SetStatement("SET LOCAL", each.name, each.value)))
      use.refusal = *refusal;
    settings.push_back(std::move(use));
  }
  return settings;
}

void ApplyLoadSettings(Connection& target, const std::vector<LoadSettingUse>& settings) {
  std::string sql;
  for (const LoadSettingUse& each : settings)
    if (each.refusal.empty()) sql += SetStatement("SET", each.name, each.value) + ";";
  if (!sql.empty()) target.Execute(sql);
}

bool UsesReplicaRole(const std::vector<LoadSettingUse>& settings) {
  return std::any_of(settings.begin(), settings.end(),
                     [](const LoadSettingUse& each) { return each.name == kReplicaRole && each.refusal.empty(); });
}

}  // namespace airlift
