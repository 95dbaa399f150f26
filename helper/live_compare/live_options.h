// What a comparison under replication may do, and for how long.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace airlift {

struct LiveOptions {
  // Of the target; empty: all of its database that read from slots of the source's database.
  std::vector<std::string> subscriptions;
  // For the target to reach a position of the source, and for rows to hold still.
  std::chrono::milliseconds max_wait = std::chrono::minutes(5);
  // A table without a key whose rows will not hold still is locked against writing while the target catches up.
  bool lock_keyless = false;
};

}  // namespace airlift
