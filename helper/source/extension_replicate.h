// What the extension on the source does for a replication: it holds the snapshot of a slot beyond our life, and keeps a
// record of DDL.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace airlift {

struct HeldSnapshot {
  int64_t id = 0;
  std::string snapshot;
  std::string slot;
  std::string lsn;
  std::string held_until;
};

// False where the source has no extension, one that is too old, or not the right to use it.
bool ExtensionHoldsSnapshots(Connection& source);
// Creates the slot as well. Waits for the transactions that are running now; `waiting` is called now and then. No slot
// is left where it throws.
HeldSnapshot HoldSnapshot(Connection& source, const std::string& slot, const std::function<void()>& waiting);
std::vector<HeldSnapshot> HeldSnapshots(Connection& source);
void ReleaseSnapshot(Connection& source, int64_t id);

// Bytes free where the source keeps its WAL; nullopt where it cannot be asked.
std::optional<int64_t> WalDiskFree(Connection& source);

bool ExtensionWatchesDdl(Connection& source);
inline constexpr const char* kWatchDdlStatement = "SELECT airlift.watch_ddl()";
inline constexpr const char* kUnwatchDdlStatement = "SELECT airlift.unwatch_ddl()";

struct DdlEvent {
  std::string at;
  std::string who;
  std::string command;
  std::string object;
  std::string statement;
};
// Since a time stamp; oldest first, at most `most`.
std::vector<DdlEvent> DdlEvents(Connection& source, const std::string& since, int most);

}  // namespace airlift
