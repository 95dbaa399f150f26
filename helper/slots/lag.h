// How far the subscribers of a server's slots are behind its current position.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace airlift {

struct SlotLag {
  std::string slot;
  bool exists = false;
  bool is_active = false;
  std::string confirmed_flush_lsn;
  int64_t bytes = 0;              // of WAL between what the subscriber has on disk and the server's end of WAL
  std::optional<double> seconds;  // age of what is missing; 0 where nothing is; nullopt where the server cannot tell
};

// The end of the WAL that decoding can reach now.
std::string CurrentLsn(Connection& publisher);
// In the order of `slots`.
std::vector<SlotLag> ReadLag(Connection& publisher, const std::vector<std::string>& slots);

}  // namespace airlift
