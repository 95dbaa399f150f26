// The guard: a statement trigger on every table that refuses writes, for a server where we may not load a library.
//
// It needs no superuser, only the tables' owners. CREATE TRIGGER takes a SHARE ROW EXCLUSIVE lock, so it waits for
// every transaction that has written to the table, and once it has committed nobody writes any more, whatever
// privileges they have. The apply workers of a subscription run as session_replication_role = replica, where such a
// trigger does not fire. Not covered: sequences, large objects, DDL, and sessions that may set session_replication_role
// themselves.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "pg/connection.h"

namespace airlift {

// Trigger and function names: what comparisons of schemas leave out.
inline constexpr const char* kGuardTrigger = "airlift_guard";

struct GuardOutcome {
  int64_t tables = 0;
  // Tables that could not be guarded, with the server's words.
  std::vector<std::pair<std::string, std::string>> refused;
};

class Guard {
 public:
  // The schema that holds the guard's function; it is created where it is missing.
  Guard(Connection& connection, std::string schema) : connection_(connection), schema_(std::move(schema)) {}

  // Refuses writes to every user table of the database from now on. `reason` is part of the error that a writer sees.
  // Waits at most `lock_timeout_ms` for each batch of tables' writers to end.
  GuardOutcome Close(const std::string& reason, int lock_timeout_ms = 10000);
  // Lets writes pass on all tables at once: one catalog change, however many tables there are.
  void Open();
  // Removes triggers and function; afterwards nothing is left. In batches.
  void Remove();

  bool Exists();
  bool IsClosed();

 private:
  std::vector<std::string> GuardedTables();
  void ReplaceFunction(const std::string& body);

  Connection& connection_;
  std::string schema_;
};

}  // namespace airlift
