#include "state/driver_lock.h"

#include <chrono>

#include "base/patience.h"

namespace airlift {

namespace {

constexpr auto kPatience = std::chrono::seconds(5);
constexpr auto kPause = std::chrono::milliseconds(100);

}  // namespace

void TakeDriverLock(Connection& target, DriverLock lock) {
  Patience patience(kPatience, "another pg_airlift that is at work on this target");
  while (!target.Query("SELECT pg_catalog.pg_try_advisory_lock(20260, $1)", {std::to_string(lock)}).Boolean(0, 0)) {
    if (patience.IsOver())
      throw Error(lock == kClusterDriver ? "another pg_airlift is at work on this target cluster"
                                         : "another pg_airlift is at work on this target database",
                  {}, "Wait for it, or end its session (application_name pg_airlift) if it is stuck.");
    patience.Pause(kPause);
  }
}

bool IsDriven(Connection& target, DriverLock lock) {
  return target
      .Query(
          "SELECT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND classid = 20260 "
          "AND objid = $1::pg_catalog.int8::pg_catalog.oid AND objsubid = 2 AND granted AND database = "
          "(SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))",
          {std::to_string(lock)})
      .Boolean(0, 0);
}

}  // namespace airlift
