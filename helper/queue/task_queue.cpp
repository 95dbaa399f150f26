#include "queue/task_queue.h"

#include <fmt/format.h>

#include "queue/task_kind.h"

namespace airlift {

namespace {

using nlohmann::json;

// A search from the top takes at most this part of the time of all claims.
constexpr int kSearchShare = 20;

std::string TaskValues(const Connection& target, const Task& task, const char* state) {
  return fmt::format("({}, '{}', {}, {}, {}, {}, {})", target.QuoteLiteral(task.kind), state,
                     FindTaskKind(task.kind).priority, task.weight,
                     task.relation < 0 ? "NULL" : std::to_string(task.relation), task.waits_for_copy ? "true" : "false",
                     target.QuoteLiteral(task.detail.dump()));
}

std::string ClaimStatement(const QueueTables& queue, const char* position) {
  return fmt::format(
      "SELECT task_id, kind, COALESCE(relation, -1), weight, detail, priority FROM airlift_state.{} "
      "WHERE state = 'ready'{} ORDER BY priority DESC, weight DESC, task_id DESC LIMIT 1 FOR UPDATE SKIP LOCKED",
      queue.task, position);
}

}  // namespace

std::string TaskTableDdl(const QueueTables& queue) {
  return fmt::format(R"(
CREATE TABLE airlift_state.{0} (
  task_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind text NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'ready', 'done')),
  priority smallint NOT NULL,
  weight bigint NOT NULL,
  relation int REFERENCES airlift_state.{1},
  waits_for_copy boolean NOT NULL,
  detail jsonb NOT NULL,
  row_count bigint,
  byte_count bigint,
  digest uuid,
  digest_rows bigint,
  note text NOT NULL DEFAULT '',
  finished_at timestamptz
);
CREATE INDEX {0}_ready ON airlift_state.{0} (priority, weight, task_id) WHERE state = 'ready';
CREATE INDEX {0}_relation ON airlift_state.{0} (relation);
)",
                     queue.task, queue.relation);
}

std::optional<Task> ClaimTask(Connection& target, const QueueTables& queue, ClaimCursor& cursor) {
  using Clock = ClaimCursor::Clock;
  const auto began = Clock::now();
  const bool from_top = !cursor.is_set_ || began - cursor.searched_ > kSearchShare * cursor.search_cost_;
  const auto search_from_top = [&] {
    const auto start = Clock::now();
    Result found = target.Query(ClaimStatement(queue, ""));
    cursor.searched_ = Clock::now();
    cursor.search_cost_ = cursor.searched_ - start;
    return found;
  };
  std::optional<Result> result;
  if (!from_top)
    result = target.Query(ClaimStatement(queue, " AND (priority, weight, task_id) < ($1, $2, $3)"),
                          {cursor.priority_, cursor.weight_, cursor.id_});
  if (!result || result->rows() == 0) result = search_from_top();
  cursor.is_set_ = result->rows() > 0;
  if (!cursor.is_set_) return std::nullopt;
  cursor.id_ = result->Text(0, 0);
  cursor.weight_ = result->Text(0, 3);
  cursor.priority_ = result->Text(0, 5);
  Task task;
  task.id = result->Integer(0, 0);
  task.kind = result->Text(0, 1);
  task.relation = static_cast<int>(result->Integer(0, 2));
  task.weight = result->Integer(0, 3);
  task.detail = json::parse(result->View(0, 4));
  return task;
}

void FinishTask(Connection& target, const QueueTables& queue, const Task& task, const TaskOutcome& outcome,
                bool is_awaited) {
  target.Query(fmt::format("UPDATE airlift_state.{} SET state = 'done', row_count = $2, byte_count = $3, digest = $4, "
                           "digest_rows = $5, note = $6, finished_at = pg_catalog.clock_timestamp() WHERE task_id = $1",
                           queue.task),
               {std::to_string(task.id), std::to_string(outcome.rows), std::to_string(outcome.bytes),
                DigestParameter(outcome.digest), DigestRowsParameter(outcome.digest), outcome.note});
  if (!is_awaited) return;
  // The relation's row lock makes two parts that end together take turns: the second sees the first one's "done".
  const std::string relation = std::to_string(task.relation);
  target.Query(fmt::format("SELECT FROM airlift_state.{} WHERE relation = $1 FOR NO KEY UPDATE", queue.relation),
               {relation});
  target.Query(fmt::format("UPDATE airlift_state.{0} SET state = 'ready' WHERE relation = $1 AND state = 'waiting' "
                           "AND NOT EXISTS (SELECT FROM airlift_state.{0} awaited WHERE awaited.relation = $1 "
                           "AND {1} AND awaited.state <> 'done')",
                           queue.task, queue.awaited),
               {relation});
}

void InsertTasks(Connection& target, const QueueTables& queue, const std::vector<Task>& tasks, const char* state) {
  InsertInBatches(
      target,
      fmt::format("airlift_state.{} (kind, state, priority, weight, relation, waits_for_copy, detail)", queue.task),
      tasks.size(), [&](size_t i) { return TaskValues(target, tasks[i], state); });
}

bool EverythingIsDone(Connection& target, const QueueTables& queue) {
  return !target.Query(fmt::format("SELECT EXISTS (SELECT FROM airlift_state.{} WHERE state <> 'done')", queue.task))
              .Boolean(0, 0);
}

Parameter DigestParameter(const std::optional<TableDigest>& digest) {
  if (!digest) return std::nullopt;
  char text[kUuidTextLength + 1];
  FormatUuid(digest->sum, text);
  return std::string(text);
}

Parameter DigestRowsParameter(const std::optional<TableDigest>& digest) {
  return digest ? Parameter(std::to_string(digest->rows)) : std::nullopt;
}

}  // namespace airlift
