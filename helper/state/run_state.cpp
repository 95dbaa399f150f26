#include "state/run_state.h"

#include <fmt/format.h>

#include "queue/task_kind.h"
#include "schema/entry_store.h"

namespace airlift {

namespace {

using nlohmann::json;

// Raised whenever the tables below change shape.
constexpr int kStateVersion = 2;

// `prepare` may have made the schema for its own table.
constexpr const char* kStateDdl = R"(
CREATE SCHEMA IF NOT EXISTS airlift_state;
COMMENT ON SCHEMA airlift_state IS 'state of a pg_airlift migration; drop it when the migration is over';
CREATE TABLE airlift_state.run (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  state_version int NOT NULL,
  source_identity text NOT NULL,
  source_database text NOT NULL,
  stage text NOT NULL,
  attempts int NOT NULL DEFAULT 1,
  snapshot text NOT NULL DEFAULT '',
  snapshot_lsn text NOT NULL DEFAULT '',
  source_is_read boolean NOT NULL DEFAULT false,
  verify boolean NOT NULL,
  into_existing boolean NOT NULL,
  verdict text,
  started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  finished_at timestamptz
);
CREATE TABLE airlift_state.relation (
  relation int PRIMARY KEY,
  definition jsonb NOT NULL
);
)";

constexpr struct {
  Stage stage;
  const char* name;
} kStageNames[] = {{Stage::kSchema, "schema"},
                   {Stage::kLoad, "load"},
                   {Stage::kPostData, "post-data"},
                   {Stage::kFinished, "finished"}};

Stage StageFromName(const std::string& name) {
  for (const auto& entry : kStageNames)
    if (name == entry.name) return entry.stage;
  throw Error("unknown stage \"" + name + "\" in airlift_state.run");
}

Verdict VerdictFromName(const std::string& name) {
  for (const Verdict verdict : {Verdict::kVerified, Verdict::kDiffers})
    if (name == VerdictName(verdict)) return verdict;
  return Verdict::kNotVerified;
}

std::string KindList(const Connection& target, const std::vector<std::string>& kinds) {
  std::string list;
  for (const std::string& kind : kinds) list += (list.empty() ? "" : ", ") + target.QuoteLiteral(kind);
  return list;
}

}  // namespace

const char* StageName(Stage stage) {
  for (const auto& entry : kStageNames)
    if (stage == entry.stage) return entry.name;
  return "";
}

std::optional<RunRecord> RunState::Find() {
  if (target_.Query("SELECT pg_catalog.to_regclass('airlift_state.run') IS NOT NULL").Boolean(0, 0) == false)
    return std::nullopt;
  const Result version = target_.Query("SELECT state_version FROM airlift_state.run");
  if (version.rows() == 0) return std::nullopt;
  if (version.Integer(0, 0) != kStateVersion)
    throw Error("the state in schema airlift_state of the target was written by another version of pg_airlift", {},
                "Finish with that version, or drop schema airlift_state and start over with an empty target.");
  const Result result = target_.Query(
      "SELECT source_identity, source_database, stage, attempts, snapshot, snapshot_lsn, started_at, verify, verdict, "
      "source_is_read, into_existing FROM airlift_state.run");
  RunRecord run;
  run.source_identity = result.Text(0, 0);
  run.source_database = result.Text(0, 1);
  run.stage = StageFromName(result.Text(0, 2));
  run.attempts = static_cast<int>(result.Integer(0, 3));
  run.snapshot = result.Text(0, 4);
  run.snapshot_lsn = result.Text(0, 5);
  run.started_at = result.Text(0, 6);
  run.verify = result.Boolean(0, 7);
  run.source_is_read = result.Boolean(0, 9);
  run.into_existing = result.Boolean(0, 10);
  if (!result.IsNull(0, 8)) run.verdict = VerdictFromName(result.Text(0, 8));
  return run;
}

void RunState::Create(const RunRecord& run) {
  Transaction transaction(target_);
  target_.Execute(kStateDdl);
  target_.Execute(TaskTableDdl(kLoadQueue));
  target_.Execute(kSchemaStateDdl);
  target_.Query(
      "INSERT INTO airlift_state.run (state_version, source_identity, source_database, stage, snapshot, snapshot_lsn, "
      "verify, into_existing) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
      {std::to_string(kStateVersion), run.source_identity, run.source_database, StageName(run.stage), run.snapshot,
       run.snapshot_lsn, run.verify ? "true" : "false", run.into_existing ? "true" : "false"});
  transaction.Commit();
}

void RunState::Drop() {
  const Result tables = target_.Query(
      "SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, c.relname), ', ') "
      "FILTER (WHERE c.relname NOT LIKE 'prepare\\_%'), "
      "pg_catalog.count(*) FILTER (WHERE c.relname LIKE 'prepare\\_%') "
      "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE n.nspname = 'airlift_state' AND c.relkind = 'r'");
  if (tables.Integer(0, 1) == 0) {
    target_.Execute("DROP SCHEMA IF EXISTS airlift_state CASCADE");
  } else if (!tables.IsNull(0, 0)) {
    target_.Execute("DROP TABLE " + tables.Text(0, 0) + " CASCADE");
  }
}

void RunState::SetStage(Stage stage) { target_.Query("UPDATE airlift_state.run SET stage = $1", {StageName(stage)}); }

void RunState::StartAttempt(const std::string& snapshot, const std::string& lsn) {
  target_.Query(
      "UPDATE airlift_state.run SET attempts = attempts + 1, snapshot = $1, snapshot_lsn = $2, source_is_read = false",
      {snapshot, lsn});
}

void RunState::SetSourceRead() { target_.Query("UPDATE airlift_state.run SET source_is_read = true"); }

void RunState::Finish(Verdict verdict) {
  // Whoever is told the verdict may count on it: this commit makes all commits before it durable, too, which were not
  // waited for.
  target_.Execute("SET synchronous_commit = on");
  target_.Query("UPDATE airlift_state.run SET stage = $1, verdict = $2, finished_at = pg_catalog.clock_timestamp()",
                {StageName(Stage::kFinished), VerdictName(verdict)});
}

void RunState::Plan(const std::vector<Relation>& relations, const std::vector<Task>& tasks) {
  Transaction transaction(target_);
  InsertInBatches(target_, "airlift_state.relation (relation, definition)", relations.size(), [&](size_t i) {
    return fmt::format("({}, {})", i, target_.QuoteLiteral(ToJson(relations[i]).dump()));
  });
  AddTasks(tasks);
  SetStage(Stage::kLoad);
  transaction.Commit();
  target_.Execute("ANALYZE airlift_state.relation; ANALYZE airlift_state.task");
}

std::vector<Relation> RunState::LoadPlannedRelations() {
  const Result result = target_.Query("SELECT definition FROM airlift_state.relation ORDER BY relation");
  std::vector<Relation> relations;
  relations.reserve(static_cast<size_t>(result.rows()));
  for (int row = 0; row < result.rows(); ++row) relations.push_back(RelationFromJson(json::parse(result.Text(row, 0))));
  return relations;
}

std::vector<FinishedTask> RunState::FinishedTasks(const std::string& kind) {
  const Result result = target_.Query(
      "SELECT task_id, COALESCE(relation, -1), weight, detail, row_count, byte_count, digest, digest_rows, note "
      "FROM airlift_state.task WHERE kind = $1 AND state = 'done' ORDER BY task_id",
      {kind});
  std::vector<FinishedTask> finished;
  for (int row = 0; row < result.rows(); ++row) {
    FinishedTask entry;
    entry.task.id = result.Integer(row, 0);
    entry.task.kind = kind;
    entry.task.relation = static_cast<int>(result.Integer(row, 1));
    entry.task.weight = result.Integer(row, 2);
    entry.task.detail = json::parse(result.Text(row, 3));
    entry.outcome.rows = result.Integer(row, 4);
    entry.outcome.bytes = result.Integer(row, 5);
    TableDigest digest;
    const std::string uuid = result.Text(row, 6);
    if (ParseUuid(uuid.data(), uuid.size(), &digest.sum)) {
      digest.rows = static_cast<uint64_t>(result.Integer(row, 7));
      entry.outcome.digest = digest;
    }
    entry.outcome.note = result.Text(row, 8);
    finished.push_back(std::move(entry));
  }
  return finished;
}

int64_t RunState::CountUnfinished(const std::vector<std::string>& kinds) {
  const std::string filter = kinds.empty() ? "" : " AND kind IN (" + KindList(target_, kinds) + ")";
  return target_.Query("SELECT pg_catalog.count(*) FROM airlift_state.task WHERE state <> 'done'" + filter)
      .Integer(0, 0);
}

void RunState::ResetRelation(int relation) {
  target_.Query("DELETE FROM airlift_state.task WHERE relation = $1 AND detail ? 'part_of'",
                {std::to_string(relation)});
  target_.Query(
      "UPDATE airlift_state.task SET state = CASE WHEN waits_for_copy THEN 'waiting' ELSE 'ready' END, row_count = "
      "NULL, "
      "byte_count = NULL, digest = NULL, digest_rows = NULL, note = '', finished_at = NULL "
      "WHERE relation = $1 AND kind <> $2",
      {std::to_string(relation), kIndexTask});
}

void RunState::RemoveKind(const std::string& kind) {
  target_.Query("DELETE FROM airlift_state.task WHERE kind = $1", {kind});
}

std::vector<CopyState> RunState::CopyStates() {
  const Result result = target_.Query(
      "SELECT relation, pg_catalog.count(*) FILTER (WHERE kind = $1 AND state = 'done'), "
      "pg_catalog.count(*) FILTER (WHERE kind = $1 AND state <> 'done') FROM airlift_state.task "
      "WHERE relation IS NOT NULL GROUP BY relation "
      "HAVING pg_catalog.bool_or(state = 'done' AND kind <> $2) ORDER BY relation",
      {kCopyTask, kIndexTask});
  std::vector<CopyState> states;
  for (int row = 0; row < result.rows(); ++row)
    states.push_back({static_cast<int>(result.Integer(row, 0)), result.Integer(row, 1), result.Integer(row, 2)});
  return states;
}

void RunState::AddTasks(const std::vector<Task>& tasks) {
  std::vector<Task> ready, waiting;
  for (const Task& task : tasks) (task.waits_for_copy ? waiting : ready).push_back(task);
  InsertTasks(target_, kLoadQueue, ready, "ready");
  InsertTasks(target_, kLoadQueue, waiting, "waiting");
}

void RunState::FinishWithoutWork(const std::string& kind, int relation, const TaskOutcome& outcome) {
  target_.Query(
      "UPDATE airlift_state.task SET state = 'done', row_count = $3, byte_count = 0, digest = $4, digest_rows = $5, "
      "note = $6, finished_at = pg_catalog.clock_timestamp() WHERE kind = $1 AND relation = $2",
      {kind, std::to_string(relation), std::to_string(outcome.rows), DigestParameter(outcome.digest),
       DigestRowsParameter(outcome.digest), outcome.note});
}

}  // namespace airlift
