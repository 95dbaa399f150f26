// The memory of a comparison that may be stopped and resumed, and that other processes may join: tables of its own in
// schema airlift_state of the target.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compare/compare.h"
#include "compare/jobs.h"
#include "compare/table_digests.h"
#include "pg/connection.h"
#include "queue/task_queue.h"
#include "report/result.h"

namespace airlift {

inline constexpr QueueTables kComparisonQueue{"comparison_task", "comparison_table", "NOT awaited.waits_for_copy"};

// What every worker of a comparison must know.
struct ComparisonRecord {
  std::string source_identity;
  nlohmann::json options;  // what decides the result; the same command again has the same
  ReadOnlyPair::Snapshots snapshots;
  std::string snapshot_lsn;
  std::string snapshot_taken_at;
  uint64_t max_rows = 0;
  SideFacts facts;
};

class ComparisonState {
 public:
  explicit ComparisonState(Connection& target) : target_(target) {}

  bool IsThere();
  // The comparison in progress, if any. Throws Error when another version of this program left it.
  std::optional<ComparisonRecord> Find();
  // Makes the tables for a new one.
  void Create();
  // Drops them, and the schema where nothing else is in it.
  void Drop();

  // Results of finished tables by schema and name.
  std::map<std::pair<std::string, std::string>, TableResult> FinishedTables();
  // Begins an attempt, in one transaction: tables by number, those without a result with tasks. Entries are asked for
  // one after the other, and only some hundreds are held at a time.
  struct Entry {
    const TableResult* result = nullptr;  // null: to be compared
    std::vector<Task> tasks;
  };
  void StartAttempt(const ComparisonRecord& record, size_t tables, const std::function<Entry(size_t)>& entry);
  // Gives `take` the results of tables number 0 to `tables`; throws Error where one is missing.
  void ReadResults(size_t tables, const std::function<void(size_t, TableResult)>& take);

 private:
  Connection& target_;
};

// In the caller's transaction: the result of table number `relation`.
void StoreTableResult(Connection& target, int relation, const TableResult& result);
// What a part of a table gave: digests in hexadecimal, or nothing where it could not be read.
void StorePartDigests(Connection& target, const Task& task, const std::optional<std::string>& digests);
struct StoredPart {
  bool is_source = false;
  std::optional<std::string> digests;
  std::string note;
};
// Those of all parts of a table; they are dropped from the state.
std::vector<StoredPart> TakePartDigests(Connection& target, int relation);

}  // namespace airlift
