// Transactions that may be about to show what the target has already.
//
// A commit is in the WAL, and may have reached the target, before it is visible on the source: for a moment, or, under
// synchronous replication, as long as the standby takes. Until it is visible its transaction holds the lock under which
// it wrote to the table.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "pg/connection.h"

namespace airlift {

// Waits for the end of all transactions that now hold locks for writing to the table or to its partitions. Those that
// are seen to be idle are not waited for: they have not begun to commit. Returns "" when they are gone, else what is
// left when the time is over, in words.
std::string WaitForWriters(Connection& source, uint32_t relation, std::chrono::milliseconds limit);

}  // namespace airlift
