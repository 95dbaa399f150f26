#include "engine/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "engine/existing_keys.h"
#include "engine/worker.h"
#include "queue/task_kind.h"
#include "schema/entry_store.h"
#include "settings/load_memory.h"
#include "state/driver_lock.h"
#include "tune/load_session.h"

namespace airlift {

namespace {

// Sessions of a driver that died may still build an index or hold a table's lock, until they notice that nobody
// listens. Whoever holds the driver's lock is alone, so that these are nobody's.
void EndOrphans(Connection& target, Progress& progress) {
  const Result ended = target.Query(
      "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity "
      "WHERE datname = pg_catalog.current_database() AND usename = current_user "
      "AND application_name LIKE 'pg\\_airlift worker %'");
  if (ended.rows() > 0)
    progress.Note(fmt::format("ended {} sessions that a former run left on the target", ended.rows()));
}

}  // namespace

void TakeDriverLock(Connection& target, Progress& progress) {
  TakeDriverLock(target);
  EndOrphans(target, progress);
}

std::string OfferedCompression(Connection& target, const std::string& method, Progress& progress) {
  if (method.empty()) return {};
  const Result offered = target.Query(
      "SELECT FROM pg_catalog.pg_settings WHERE name = 'default_toast_compression' AND $1 = ANY (enumvals)", {method});
  if (offered.rows() > 0) return method;
  progress.Note("the target does not offer " + method + ": large values are compressed as it is set");
  return {};
}

int64_t MaintenanceWorkMemKb(Connection& target, const MoveOptions& options) {
  if (options.maintenance_memory > 0) return std::max<int64_t>(1024, options.maintenance_memory / 1024 / options.jobs);
  const Result result = target.Query(
      "SELECT setting::bigint * 1024, (SELECT setting::bigint * 8192 FROM pg_catalog.pg_settings WHERE name = "
      "'shared_buffers'), EXISTS (SELECT FROM pg_catalog.pg_proc WHERE proname = 'aurora_version') "
      "FROM pg_catalog.pg_settings WHERE name = 'maintenance_work_mem'");
  const ServerMemory memory = MemoryOf(0, result.Integer(0, 1), result.Boolean(0, 2));
  return MaintenanceWorkMem(memory, options.jobs, result.Integer(0, 0)) / 1024;
}

std::vector<LoadSettingUse> SessionSettings(Connection& target, const MoveOptions& options, Progress& progress) {
  LoadSessionOptions session;
  session.jobs = options.jobs;
  session.maintenance_work_mem_kb = MaintenanceWorkMemKb(target, options);
  session.toast_compression = options.toast_compression;
  // As the load began: neither a resumed one nor a worker that joins need be told again.
  const auto load = EntryStore(target).FindLoad();
  session.into_existing = options.into_existing || (load && load->into_existing);
  std::vector<LoadSettingUse> settings = ProbeLoadSettings(target, session);
  for (const LoadSettingUse& setting : settings)
    if (!setting.refusal.empty())
      progress.Note(fmt::format("the load goes without {} = {}: {}", setting.name, setting.value, setting.refusal));
  return settings;
}

void EndTuning(Connection& target, RestingTables& resting, const RunContext& context, RunResult& result) {
  result.load_settings = context.session_settings;
  if (const auto use = resting.Use()) result.load_settings.push_back(*use);
  if (const std::string failure = resting.PutBack(); !failure.empty()) {
    context.progress->Note(failure);
    result.notes.push_back("autovacuum is still off: " + failure);
  }
  if (!UsesReplicaRole(context.session_settings)) return;
  for (SchemaFinding& finding : ProveExistingForeignKeys(target, context.relations))
    result.schema_differences.push_back(std::move(finding));
}

void AddIndexTasks(const std::vector<Relation>& relations, const std::vector<IndexJob>& jobs,
                   std::vector<Task>& tasks) {
  std::unordered_map<uint32_t, int> relation_of;
  for (size_t i = 0; i < relations.size(); ++i) {
    relation_of[relations[i].oid] = static_cast<int>(i);
    for (const StoredTable& table : relations[i].stored) relation_of[table.oid] = static_cast<int>(i);
  }
  for (const IndexJob& job : jobs) {
    const auto found = relation_of.find(job.table_oid);
    Task task{0,
              kIndexTask,
              found == relation_of.end() ? -1 : found->second,
              job.weight,
              {{"entry", job.entry}, {"label", job.label}}};
    task.waits_for_copy = task.relation >= 0 && !relations[static_cast<size_t>(task.relation)].stored.empty() &&
                          !relations[static_cast<size_t>(task.relation)].is_missing_on_target;
    tasks.push_back(std::move(task));
  }
}

void ShowTotals(Connection& target, Progress& progress) {
  const Result result = target.Query(
      "SELECT kind, pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE state = 'done'), "
      "pg_catalog.sum(weight)::bigint, pg_catalog.sum(weight) FILTER (WHERE state = 'done')::bigint "
      "FROM airlift_state.task GROUP BY kind");
  for (const TaskKind& kind : kTaskKinds) {
    for (int row = 0; row < result.rows(); ++row) {
      if (result.Text(row, 0) != kind.name) continue;
      StageProgress& stage = progress.Stage(kind.label);
      stage.tasks_total = result.Integer(row, 1);
      stage.tasks_done = result.Integer(row, 2);
      stage.weight_total = result.Integer(row, 3);
      stage.weight_done = result.Integer(row, 4);
    }
  }
}

}  // namespace airlift
