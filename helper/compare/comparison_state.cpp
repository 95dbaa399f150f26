#include "compare/comparison_state.h"

#include <fmt/format.h>

#include "queue/task_kind.h"
#include "report/table_json.h"

namespace airlift {

namespace {

using nlohmann::json;

// Raised whenever the tables below, or the documents in them, change shape.
constexpr int kVersion = 1;
// Tables whose documents are in memory at the same time.
constexpr size_t kTablesAtATime = 500;

constexpr const char* kDdl = R"(
CREATE SCHEMA IF NOT EXISTS airlift_state;
CREATE TABLE airlift_state.comparison (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  state_version int NOT NULL,
  record json NOT NULL,
  attempts int NOT NULL DEFAULT 1,
  started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
CREATE TABLE airlift_state.comparison_table (
  relation int PRIMARY KEY,
  result json
);
)";

json ToJson(const ComparisonRecord& record) {
  return {{"source_identity", record.source_identity},
          {"options", record.options},
          {"source_snapshot", record.snapshots.source},
          {"target_snapshot", record.snapshots.target},
          {"snapshot_lsn", record.snapshot_lsn},
          {"snapshot_taken_at", record.snapshot_taken_at},
          {"max_rows", record.max_rows},
          {"source_has_extension", record.facts.source_has_extension},
          {"source_major", record.facts.source_major},
          {"target_major", record.facts.target_major}};
}

ComparisonRecord RecordFrom(const json& document) {
  ComparisonRecord record;
  record.source_identity = document.at("source_identity");
  record.options = document.at("options");
  record.snapshots = {document.at("source_snapshot"), document.at("target_snapshot")};
  record.snapshot_lsn = document.at("snapshot_lsn");
  record.snapshot_taken_at = document.at("snapshot_taken_at");
  record.max_rows = document.at("max_rows");
  record.facts = {document.at("source_has_extension"), document.at("source_major"), document.at("target_major")};
  return record;
}

}  // namespace

bool ComparisonState::IsThere() {
  return target_.Query("SELECT pg_catalog.to_regclass('airlift_state.comparison') IS NOT NULL").Boolean(0, 0);
}

std::optional<ComparisonRecord> ComparisonState::Find() {
  if (!IsThere()) return std::nullopt;
  const Result found = target_.Query("SELECT state_version, record FROM airlift_state.comparison");
  if (found.rows() == 0) return std::nullopt;
  if (found.Integer(0, 0) != kVersion)
    throw Error("the comparison in schema airlift_state of the target was begun by another version of pg_airlift", {},
                "Finish with that version, or give --restart to begin anew.");
  return RecordFrom(json::parse(found.View(0, 1)));
}

void ComparisonState::Create() {
  Transaction transaction(target_);
  target_.Execute(kDdl);
  target_.Execute(TaskTableDdl(kComparisonQueue));
  target_.Execute("ALTER TABLE airlift_state.comparison_task ADD digests bytea");
  transaction.Commit();
}

void ComparisonState::Drop() {
  Transaction transaction(target_);
  target_.Execute(
      "DROP TABLE IF EXISTS airlift_state.comparison_task, airlift_state.comparison_table, airlift_state.comparison");
  const Result others = target_.Query(
      "SELECT FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.to_regnamespace('airlift_state') LIMIT 1");
  if (others.rows() == 0) target_.Execute("DROP SCHEMA IF EXISTS airlift_state");
  transaction.Commit();
}

std::map<std::pair<std::string, std::string>, TableResult> ComparisonState::FinishedTables() {
  std::map<std::pair<std::string, std::string>, TableResult> finished;
  const Result stored =
      target_.Query("SELECT result FROM airlift_state.comparison_table WHERE result IS NOT NULL ORDER BY relation");
  for (int row = 0; row < stored.rows(); ++row) {
    TableResult result = TableResultFromJson(json::parse(stored.View(row, 0)));
    finished.emplace(std::pair(result.schema, result.name), std::move(result));
  }
  return finished;
}

void ComparisonState::StartAttempt(const ComparisonRecord& record, size_t tables,
                                   const std::function<Entry(size_t)>& entry) {
  Transaction transaction(target_);
  target_.Execute("TRUNCATE airlift_state.comparison_task, airlift_state.comparison_table");
  target_.Query(
      "INSERT INTO airlift_state.comparison (state_version, record) VALUES ($1, $2) "
      "ON CONFLICT (only_row) DO UPDATE SET record = EXCLUDED.record, attempts = comparison.attempts + 1",
      {std::to_string(kVersion), ToJson(record).dump()});
  for (size_t start = 0; start < tables; start += kTablesAtATime) {
    std::vector<std::string> results;
    std::vector<Task> ready, waiting;
    for (size_t i = start; i < std::min(tables, start + kTablesAtATime); ++i) {
      Entry made = entry(i);
      results.push_back(made.result == nullptr ? "NULL" : target_.QuoteLiteral(ToJson(*made.result).dump()));
      for (Task& task : made.tasks) (task.waits_for_copy ? waiting : ready).push_back(std::move(task));
    }
    InsertInBatches(target_, "airlift_state.comparison_table (relation, result)", results.size(),
                    [&](size_t i) { return fmt::format("({}, {})", start + i, results[i]); });
    InsertTasks(target_, kComparisonQueue, ready, "ready");
    InsertTasks(target_, kComparisonQueue, waiting, "waiting");
  }
  transaction.Commit();
  target_.Execute("ANALYZE airlift_state.comparison_table; ANALYZE airlift_state.comparison_task");
}

void ComparisonState::ReadResults(size_t tables, const std::function<void(size_t, TableResult)>& take) {
  for (size_t start = 0; start < tables; start += kTablesAtATime) {
    const size_t end = std::min(tables, start + kTablesAtATime);
    const Result stored = target_.Query(
        "SELECT relation, result FROM airlift_state.comparison_table "
        "WHERE relation >= $1 AND relation < $2 AND result IS NOT NULL ORDER BY relation",
        {std::to_string(start), std::to_string(end)});
    if (static_cast<size_t>(stored.rows()) != end - start)
      throw Error(fmt::format("{} of {} tables have no result", end - start - stored.rows(), end - start));
    for (int row = 0; row < stored.rows(); ++row)
      take(static_cast<size_t>(stored.Integer(row, 0)), TableResultFromJson(json::parse(stored.View(row, 1))));
  }
}

void StoreTableResult(Connection& target, int relation, const TableResult& result) {
  target.Query("UPDATE airlift_state.comparison_table SET result = $2 WHERE relation = $1",
               {std::to_string(relation), ToJson(result).dump()});
}

void StorePartDigests(Connection& target, const Task& task, const std::optional<std::string>& digests) {
  target.Query("UPDATE airlift_state.comparison_task SET digests = $2 WHERE task_id = $1",
               {std::to_string(task.id), digests});
}

std::vector<StoredPart> TakePartDigests(Connection& target, int relation) {
  std::vector<StoredPart> parts;
  const Parameters parameters = {std::to_string(relation), kCompareSourceTask, kCompareTargetTask};
  const Result stored = target.Query(
      "SELECT kind = $2, digests, note FROM airlift_state.comparison_task WHERE relation = $1 AND kind IN ($2, $3)",
      parameters);
  for (int row = 0; row < stored.rows(); ++row)
    parts.push_back({stored.Boolean(row, 0), stored.OptionalText(row, 1), stored.Text(row, 2)});
  target.Query("UPDATE airlift_state.comparison_task SET digests = NULL WHERE relation = $1 AND kind IN ($2, $3)",
               parameters);
  return parts;
}

}  // namespace airlift
