// The plan as a document: docs/plan.md tells its keys.
#include <nlohmann/json.hpp>

#include "plan/move_plan.h"

namespace airlift::planning {

namespace {

using nlohmann::json;

constexpr int kPlanVersion = 1;
constexpr size_t kMostCriticalTasks = 50;

template <typename T>
json OrNull(const std::optional<T>& value) {
  return value ? json(*value) : json();
}

json Server(const ServerFacts& server, ServerKind kind) {
  return {{"host", server.host},
          {"port", server.port},
          {"database", server.database},
          {"user", server.user},
          {"server_version", server.server_version},
          {"encoding", server.encoding},
          {"extension_version", server.extension_version.empty() ? json() : json(server.extension_version)},
          {"kind", ServerKindName(kind)}};
}

json Strategy(const StrategyVerdict& verdict) {
  return {{"name", verdict.name},
          {"title", verdict.title},
          {"road", verdict.road},
          {"state", verdict.is_chosen     ? "chosen"
                    : verdict.is_rejected ? "rejected"
                                          : "possible"},
          {"reasons", verdict.Texts(Effect::kSpeaksFor)},
          {"rejected_because", verdict.Texts(Effect::kRejects)},
          {"prepare", verdict.Texts(Effect::kPrepare)},
          {"loses", verdict.Texts(Effect::kLoses)},
          {"downtime_seconds", OrNull(verdict.downtime_seconds)},
          {"total_seconds", OrNull(verdict.total_seconds)}};
}

// What must be done first, and what does not fit, in the form of an assessment's findings.
json Findings(const MovePlan& plan) {
  json findings = json::array();
  const auto add = [&](const char* id, const char* severity, const std::string& detail) {
    findings.push_back({{"check_id", id},
                        {"severity", severity},
                        {"object", plan.source.server.database},
                        {"detail", detail},
                        {"remedy", ""},
                        {"fix_sql", json()},
                        {"undo_sql", json()}});
  };
  if (plan.chosen() == nullptr) add("plan.no_way", "blocker", "no way fits: see why each one was rejected");
  if (plan.chosen() != nullptr)
    for (const std::string& text : plan.chosen()->Texts(Effect::kPrepare)) add("plan.prepare", "warning", text);
  for (const std::string& text : plan.storage.problems) add("plan.storage", "blocker", text);
  if (plan.wal.slot_limit_allows == Answer::kNo || plan.wal.idle_timeout_allows == Answer::kNo)
    add("plan.wal_retention", "warning", plan.wal.notes.front());
  return findings;
}

json Storage(const StoragePlan& storage) {
  return {{"stored_bytes", storage.stored_bytes},
          {"live_bytes", storage.live_bytes},
          {"index_bytes", storage.index_bytes},
          {"large_object_bytes", storage.large_object_bytes},
          {"growth_per_day_bytes", OrNull(storage.growth_per_day)},
          {"provision_bytes", storage.provision_bytes},
          {"limit_bytes", storage.limit_bytes == 0 ? json() : json(storage.limit_bytes)},
          {"limit_source", storage.limit_source},
          {"largest_table", storage.largest_table},
          {"largest_table_bytes", storage.largest_table_bytes},
          {"problems", storage.problems},
          {"notes", storage.notes}};
}

json Wal(const MovePlan& plan) {
  return {{"measured_bytes_per_second", OrNull(plan.source.wal.measured_bytes_per_second)},
          {"interval_seconds", plan.source.wal.interval_seconds},
          {"average_bytes_per_second", OrNull(plan.source.wal.average_bytes_per_second)},
          {"pg_wal_bytes", OrNull(plan.source.wal.directory_bytes)},
          {"retained_bytes", plan.wal.retained_bytes},
          {"retained_with_margin_bytes", plan.wal.retained_with_margin},
          {"seconds", plan.wal.seconds},
          {"max_slot_wal_keep_size_allows", AnswerName(plan.wal.slot_limit_allows)},
          {"idle_replication_slot_timeout_allows", AnswerName(plan.wal.idle_timeout_allows)},
          {"disk_allows", AnswerName(plan.wal.disk_allows)},
          {"notes", plan.wal.notes}};
}

json OneRate(const Rate& rate) {
  return {{"bytes_per_second", rate.bytes_per_second}, {"measured", rate.measured}, {"how", rate.how}};
}

json RatesToJson(const MovePlan& plan) {
  json samples = json::array();
  for (const TableSample& sample : plan.rates.samples) {
    const Relation& relation = plan.source.tables[sample.table].relation;
    samples.push_back({{"schema", relation.schema},
                       {"table", relation.name},
                       {"rows", sample.rows},
                       {"stream_bytes", sample.stream_bytes},
                       {"stored_bytes", sample.stored_bytes},
                       {"copy_seconds", sample.copy_seconds},
                       {"whole_table", sample.is_whole},
                       {"digest_seconds", OrNull(sample.digest_seconds)},
                       {"read_back_seconds", OrNull(sample.read_back_seconds)},
                       {"index_seconds", OrNull(sample.index_seconds)},
                       {"index_bytes", sample.index_bytes}});
  }
  return {{"copy", OneRate(plan.rates.copy)},
          {"source_digest", OneRate(plan.rates.source_digest)},
          {"read_back", OneRate(plan.rates.read_back)},
          {"index", OneRate(plan.rates.index)},
          {"efficiency", plan.rates.efficiency},
          {"efficiency_measured", plan.rates.efficiency_measured},
          {"round_trip_seconds", plan.rates.round_trip_seconds},
          {"samples", samples}};
}

json EstimateToJson(const Estimate& estimate) {
  json phases = json::array();
  for (const EstimatedPhase& phase : estimate.phases)
    phases.push_back({{"name", phase.name}, {"seconds", phase.seconds}, {"how", phase.how}});
  json critical = json::array();
  const auto& path = estimate.load.critical_path;
  for (size_t i = path.size() > kMostCriticalTasks ? path.size() - kMostCriticalTasks : 0; i < path.size(); ++i) {
    const ScheduledTask& task = estimate.load.tasks[path[i]];
    critical.push_back({{"task", task.what}, {"begin", task.begin}, {"seconds", task.seconds}});
  }
  return {{"total_seconds", estimate.total_seconds},
          {"phases", phases},
          {"critical_path", critical},
          {"critical_path_tasks", path.size()},
          {"dump_seconds", estimate.dump_seconds},
          {"restore_seconds", estimate.restore_seconds}};
}

json Tables(const MovePlan& plan) {
  json tables = json::array();
  for (size_t i = 0; i < plan.source.tables.size(); ++i) {
    const TableFacts& table = plan.source.tables[i];
    const TableTimes& times = plan.estimate.tables[i];
    tables.push_back({{"schema", table.relation.schema},
                      {"table", table.relation.name},
                      {"rows_estimated", table.rows()},
                      {"bytes", table.bytes()},
                      {"live_bytes", table.live_bytes},
                      {"toast_bytes", table.toast_bytes},
                      {"index_bytes", table.index_bytes},
                      {"indexes", table.indexes.size()},
                      {"identity", table.identity == Identity::kKey    ? "key"
                                   : table.identity == Identity::kFull ? "full"
                                                                       : "none"},
                      {"copy_seconds", times.copy},
                      {"digest_seconds", times.source_digest},
                      {"read_back_seconds", times.read_back},
                      {"index_seconds", times.index},
                      {"total_seconds", times.total()}});
  }
  return tables;
}

json Parameters(const MovePlan& plan) {
  json items = json::array();
  for (const ParameterAdvice& advice : plan.parameters) {
    items.push_back({{"name", advice.name},
                     {"unit", advice.unit},
                     {"current", OrNull(advice.current)},
                     {"value", advice.value},
                     {"purpose", advice.purpose},
                     {"apply", ApplyName(advice.apply)},
                     {"where", advice.InSession()        ? "session"
                               : advice.in_cluster_group ? "cluster parameter group"
                                                         : "parameter group"}});
  }
  return {{"items", items},
          {"session_sql", SessionStatements(plan.parameters, false)},
          {"session_undo_sql", SessionStatements(plan.parameters, true)},
          {"commands", ParameterCommands(plan.parameters, plan.parameter_inputs, false)},
          {"undo_commands", ParameterCommands(plan.parameters, plan.parameter_inputs, true)}};
}

json Runbooks(const MovePlan& plan) {
  json runbooks = json::array();
  for (const Runbook& runbook : plan.runbooks) {
    json steps = json::array();
    for (const RunbookStep& step : runbook.steps) steps.push_back({{"title", step.title}, {"command", step.command}});
    runbooks.push_back({{"name", runbook.name},
                        {"title", runbook.title},
                        {"applies", runbook.applies},
                        {"reason", runbook.reason},
                        {"steps", steps},
                        {"rules", runbook.rules}});
  }
  return runbooks;
}

json TrialToJson(const MovePlan& plan) {
  json tables = json::array();
  for (const size_t i : plan.trial.tables) {
    const Relation& relation = plan.source.tables[i].relation;
    tables.push_back({{"schema", relation.schema}, {"table", relation.name}, {"bytes", plan.source.tables[i].bytes()}});
  }
  return {{"tables", tables},
          {"bytes", plan.trial.bytes},
          {"reason", plan.trial.reason},
          {"commands", plan.trial.commands}};
}

json Fallback(const MovePlan& plan) {
  json steps = json::array();
  for (const FallbackStep& step : plan.fallback)
    steps.push_back({{"when", step.when}, {"who", step.who}, {"what", step.what}, {"how", step.how}});
  return steps;
}

}  // namespace

json ToJson(const MovePlan& plan) {
  json strategies = json::array();
  for (const StrategyVerdict& verdict : plan.strategies) strategies.push_back(Strategy(verdict));
  return {{"plan_version", kPlanVersion},
          {"program", "pg_airlift"},
          {"program_version", AIRLIFT_VERSION},
          {"command", "plan"},
          {"started_at", plan.started_at},
          {"finished_at", plan.finished_at},
          {"source", Server(plan.source.server, plan.source.kind)},
          {"target", plan.target ? Server(plan.target->server, plan.target->kind) : json()},
          {"target_kind", ServerKindName(plan.target_kind)},
          {"target_version", plan.target_version.Text()},
          {"jobs", plan.options.jobs},
          {"max_downtime_seconds", OrNull(plan.options.max_downtime)},
          {"exit_status", plan.ExitStatus()},
          {"strategies", strategies},
          {"findings", Findings(plan)},
          {"database_bytes", plan.source.database_bytes},
          {"large_objects", plan.source.large_objects},
          {"storage", Storage(plan.storage)},
          {"instance",
           {{"vcpus", plan.instance.vcpus},
            {"memory_bytes", plan.instance.memory_bytes},
            {"example_class", plan.instance.example_class},
            {"notes", plan.instance.notes}}},
          {"wal", Wal(plan)},
          {"rates", RatesToJson(plan)},
          {"estimate", EstimateToJson(plan.estimate)},
          {"tables", Tables(plan)},
          {"parameters", Parameters(plan)},
          {"runbooks", Runbooks(plan)},
          {"trial", TrialToJson(plan)},
          {"fallback", Fallback(plan)},
          {"notes", plan.notes}};
}

}  // namespace airlift::planning
