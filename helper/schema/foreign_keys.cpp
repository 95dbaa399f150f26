#include "schema/foreign_keys.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "schema/entry_runner.h"

namespace airlift {

namespace {

// The foreign keys of one table: validating two of them at once would only make one wait for the other.
using Group = std::vector<SchemaEntry>;

std::vector<Group> PendingByTable(EntryStore& store) {
  std::map<uint32_t, Group> tables;
  int64_t after = 0;
  while (true) {
    auto batch = store.Pending(RestorePhase::kValidate, after, EntryRunner::kBatch * 10);
    if (batch.empty()) break;
    after = batch.back().entry;
    for (SchemaEntry& entry : batch) tables[entry.table_oid].push_back(std::move(entry));
  }
  std::vector<Group> groups;
  for (auto& [table, group] : tables) groups.push_back(std::move(group));
  std::stable_sort(groups.begin(), groups.end(),
                   [](const Group& a, const Group& b) { return a[0].weight > b[0].weight; });
  return groups;
}

void Validate(Connection& connection, const SchemaEntry& entry) {
  EntryStore store(connection);
  EntryOutcome outcome{entry.entry, EntryState::kDone, "", false};
  Transaction transaction(connection);
  connection.Execute("SAVEPOINT airlift_validate");
  try {
    connection.Execute(entry.sql);
  } catch (const SqlError& error) {
    if (!IsRefusal(error)) throw;
    connection.Execute("ROLLBACK TO SAVEPOINT airlift_validate");
    outcome.state = EntryState::kLeftOut;
    outcome.reason = kNotValidated + RefusalReason(error);
  }
  store.Save({outcome});
  transaction.Commit();
}

// Hands out groups to workers until none is left or one of them fails.
class Queue {
 public:
  explicit Queue(std::vector<Group> groups) : groups_(std::move(groups)) {}

  size_t size() const { return groups_.size(); }

  void Work(Connection& connection) {
    for (size_t index = next_++; index < groups_.size() && !failed_; index = next_++)
      for (const SchemaEntry& entry : groups_[index]) Validate(connection, entry);
  }

  void Fail(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    if (!failed_) error_ = std::move(error);
    failed_ = true;
  }
  void Rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  const std::vector<Group> groups_;
  std::atomic<size_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::exception_ptr error_;
};

}  // namespace

void ValidateForeignKeys(Connection& target, const ConnInfo& target_info, int jobs) {
  EntryStore store(target);
  Queue queue(PendingByTable(store));
  if (queue.size() == 0) return;
  std::vector<std::jthread> helpers;
  for (int i = 1; i < std::min<int>(jobs, static_cast<int>(queue.size())); ++i) {
    helpers.emplace_back([&] {
      try {
        Connection connection(target_info, Side::kTarget);
        queue.Work(connection);
      } catch (...) {
        queue.Fail(std::current_exception());
      }
    });
  }
  try {
    queue.Work(target);
  } catch (...) {
    queue.Fail(std::current_exception());
  }
  helpers.clear();
  queue.Rethrow();
}

}  // namespace airlift
