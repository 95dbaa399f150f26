#include "source/extension_fence.h"

#include <fmt/format.h>

#include "pg/sql_text.h"

namespace airlift {

bool ExtensionFences(Connection& source) {
  return source.Query("SELECT pg_catalog.to_regprocedure('airlift.fence(text, interval)') IS NOT NULL").Boolean(0, 0);
}

FenceStatus ReadFence(Connection& source) {
  const Result result = source.Query("SELECT fenced, reason, fenced_at, session_is_exempt FROM airlift.fence_status()");
  if (result.rows() == 0) return {};
  return {result.Boolean(0, 0), result.Text(0, 1), result.Text(0, 2), result.Boolean(0, 3)};
}

std::string FenceStatement(const std::string& reason, double timeout_seconds) {
  return fmt::format("SELECT airlift.fence({}, pg_catalog.make_interval(secs => {}))", SqlText(reason),
                     timeout_seconds);
}

bool HasHeldSnapshots(Connection& source) {
  return source.Query("SELECT pg_catalog.to_regprocedure('airlift.held_snapshots()') IS NOT NULL").Boolean(0, 0) &&
         source.Query("SELECT FROM airlift.held_snapshots() LIMIT 1").rows() > 0;
}

void ReleaseSnapshots(Connection& source) {
  source.Query("SELECT airlift.release_snapshot(id) FROM airlift.held_snapshots()");
}

}  // namespace airlift
