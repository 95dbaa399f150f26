// A queue of tasks in schema airlift_state of the target, shared by any number of workers on any number of hosts.
//
// A task is claimed with FOR UPDATE SKIP LOCKED and held by that row lock for the length of the task's one transaction:
// when a worker dies, the server rolls back work and claim together.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "digest.h"
#include "pg/connection.h"

namespace airlift {

// What tells one queue from another, all without their schema.
struct QueueTables {
  const char* task;
  const char* relation;  // a row for each relation, its key column named "relation"
  const char* awaited;   // SQL about a task "awaited": true where its relation's waiting tasks wait for it
};

struct Task {
  int64_t id = 0;
  std::string kind;
  int relation = -1;  // index of the run's relation, -1 for none
  int64_t weight = 0;
  nlohmann::json detail;
  bool waits_for_copy = false;  // not ready before the awaited tasks of its relation are done
};

struct TaskOutcome {
  int64_t rows = 0;
  int64_t bytes = 0;
  std::optional<TableDigest> digest;
  std::string note;  // why a digest cannot stand for the whole table; "" otherwise
};

// CREATE TABLE and CREATE INDEX of the tasks; the relations' table exists.
std::string TaskTableDdl(const QueueTables& queue);

// What is left of the way through the queue: where the last claim was, so that the next need not step over the remains
// of all tasks done before. As long as any session holds an old snapshot, the server cannot clear them away, and each
// claim would cost as much as all claims before it.
class ClaimCursor {
 private:
  friend std::optional<Task> ClaimTask(Connection& target, const QueueTables& queue, ClaimCursor& cursor);

  using Clock = std::chrono::steady_clock;

  bool is_set_ = false;
  std::string priority_, weight_, id_;
  Clock::time_point searched_;     // from the top, the last time
  Clock::duration search_cost_{};  // what that took
};

// The next ready task, locked by the caller's open transaction; nullopt when none is free. In the order of priority and
// weight, but for tasks made ready behind the cursor's back: these are found soon after.
std::optional<Task> ClaimTask(Connection& target, const QueueTables& queue, ClaimCursor& cursor);
// Marks the task done in the caller's open transaction. Where it is an awaited one, readies what waited for it and its
// like.
void FinishTask(Connection& target, const QueueTables& queue, const Task& task, const TaskOutcome& outcome,
                bool is_awaited);
// More tasks, in the caller's open transaction: how a task cuts itself into parts.
void InsertTasks(Connection& target, const QueueTables& queue, const std::vector<Task>& tasks, const char* state);
bool EverythingIsDone(Connection& target, const QueueTables& queue);

// Columns of a digest as parameters.
Parameter DigestParameter(const std::optional<TableDigest>& digest);
Parameter DigestRowsParameter(const std::optional<TableDigest>& digest);

// INSERT ... VALUES in batches; `values(i)` gives row i.
template <typename Values>
void InsertInBatches(Connection& target, const std::string& into, size_t count, Values values) {
  constexpr size_t kInsertBatch = 500;
  for (size_t start = 0; start < count; start += kInsertBatch) {
    std::string sql = "INSERT INTO " + into + " VALUES ";
    for (size_t i = start; i < std::min(count, start + kInsertBatch); ++i) sql += (i > start ? ", " : "") + values(i);
    target.Execute(sql);
  }
}

}  // namespace airlift
