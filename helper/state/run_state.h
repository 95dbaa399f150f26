// The run's memory: schema airlift_state of the target database.
//
// Every row that says "done" was committed in the same transaction as the work it speaks of, so a helper that dies
// leaves nothing half done, and the next one goes on. Tasks are claimed with FOR UPDATE SKIP LOCKED and held by that
// row lock for the length of the task's one transaction: when a worker dies, the server rolls back work and claim
// together.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "catalog/relation.h"
#include "digest.h"
#include "model/verdict.h"
#include "pg/connection.h"
#include "queue/task_queue.h"

namespace airlift {

// Where a run stands; the names are stored.
enum class Stage { kSchema, kLoad, kPostData, kFinished };
const char* StageName(Stage stage);

struct RunRecord {
  std::string source_identity;  // system identifier and database OID of the source
  std::string source_database;
  Stage stage = Stage::kSchema;
  int attempts = 1;
  std::string snapshot;      // of the latest attempt
  std::string snapshot_lsn;  // "" where the source is a standby
  std::string started_at;    // of the first attempt
  bool verify = true;
  std::optional<Verdict> verdict;  // once finished
  bool source_is_read = false;     // whole, and as of the snapshot: it is not needed any more
  bool into_existing = false;      // the target may hold what the run did not create
};

struct FinishedTask {
  Task task;
  TaskOutcome outcome;
};

struct CopyState {
  int relation = 0;
  int64_t parts_done = 0;
  int64_t parts_open = 0;
};

class RunState {
 public:
  explicit RunState(Connection& target) : target_(target) {}

  // The run whose state is in the target, if any. Throws Error when the state is of another version of this program.
  std::optional<RunRecord> Find();
  // Creates schema airlift_state and the run.
  void Create(const RunRecord& run);
  // Drops schema airlift_state, or all of it but the steps of `prepare`; tables that were loaded stay.
  void Drop();

  void SetStage(Stage stage);
  void StartAttempt(const std::string& snapshot, const std::string& lsn);
  void SetSourceRead();
  void Finish(Verdict verdict);

  // Relations and tasks are written once, in one transaction with stage kLoad.
  void Plan(const std::vector<Relation>& relations, const std::vector<Task>& tasks);
  std::vector<Relation> LoadPlannedRelations();

  // Done tasks of `kind`, with what came out.
  std::vector<FinishedTask> FinishedTasks(const std::string& kind);
  // Unfinished tasks of these kinds (all kinds when empty).
  int64_t CountUnfinished(const std::vector<std::string>& kinds = {});
  // How far each relation's copy is; relations that nothing was done for are left out.
  std::vector<CopyState> CopyStates();
  // Makes all tasks of `relation` but its indexes undone again; those that wait for its copy wait again.
  void ResetRelation(int relation);
  // Removes the tasks of `kind`, done or not.
  void RemoveKind(const std::string& kind);
  void AddTasks(const std::vector<Task>& tasks);
  // Records a task as done without a worker, for a digest that is known already.
  void FinishWithoutWork(const std::string& kind, int relation, const TaskOutcome& outcome);

 private:
  Connection& target_;
};

// The queue of a load; a task waits for the copy of its relation.
inline constexpr QueueTables kLoadQueue{"task", "relation", "awaited.kind = 'copy'"};

}  // namespace airlift
