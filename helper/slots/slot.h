// Logical replication slots of pgoutput on a publisher: created with an exported snapshot, copied, dropped.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace airlift {

struct SlotFacts {
  std::string name;
  std::string plugin;
  std::string database;
  bool is_active = false;
  int64_t active_pid = 0;
  std::string confirmed_flush_lsn;  // "" while it is being created
  std::string restart_lsn;          // "" where it is lost
  std::string wal_status;           // reserved, extended, unreserved, lost
  std::string invalidation_reason;  // 17 and later, "" otherwise
  bool two_phase = false;
};
std::optional<SlotFacts> FindSlot(Connection& publisher, const std::string& name);

// Tells now and then what the creation of a slot waits for.
class SlotWait {
 public:
  // `publisher`: a connection that is free meanwhile.
  SlotWait(Connection& publisher, std::string name, std::function<void(const std::string&)> waiting);
  void Report();

 private:
  Connection& publisher_;
  const std::string name_;
  const std::function<void(const std::string&)> waiting_;
  std::chrono::steady_clock::time_point next_;
};

struct NewSlot {
  std::string lsn;       // its consistent point: what commits after it is streamed
  std::string snapshot;  // exported, shows what committed before it; valid while `holder` lives and does nothing
  std::unique_ptr<Connection> holder;
};
// Creates the slot through a replication connection. That waits for the transactions of the whole cluster that are
// running now; `waiting` gets a line about them now and then. Throws Stopped and SqlError; no slot is left then.
// `publisher` is another connection to the same server.
NewSlot CreateSlot(const ConnInfo& info, Connection& publisher, const std::string& name,
                   const std::function<void(const std::string&)>& waiting);

// A second slot at the same point, from which nothing has been consumed yet; returns that point.
std::string CopySlot(Connection& publisher, const std::string& from, const std::string& to);

// The value of output_plugin_libraries where it does not have pgoutput: no slot of it can be made or read then, since
// the minor releases of August 2026.
std::optional<std::string> RefusesPgoutput(Connection& publisher);

// The name as part of a slot's: these are of lower-case letters, digits and underscores. Room is left for an OID and
// more.
std::string SlotPart(const std::string& name);

// Ends who uses the slot and drops it. Does nothing where there is none.
void DropSlot(Connection& publisher, const std::string& name);

// What a slot that is created now has to wait for, one line each: "session 4711 (app, idle in transaction for 3:05)".
std::vector<std::string> TransactionsInTheWay(Connection& publisher);

}  // namespace airlift
