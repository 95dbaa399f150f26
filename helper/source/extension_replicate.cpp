#include "source/extension_replicate.h"

#include "source/extension_client.h"

namespace airlift {

namespace {

// Long enough for a load; a helper that never comes back must not keep the source from vacuuming for ever.
constexpr const char* kMaxHold = "3 days";

bool HasFunction(Connection& source, const char* signature) {
  if (!FindExtension(source)) return false;
  const Result result = source.Query("SELECT pg_catalog.to_regprocedure($1)", {signature});
  if (result.IsNull(0, 0)) return false;
  return source.Query("SELECT pg_catalog.has_function_privilege($1, 'EXECUTE')", {signature}).Boolean(0, 0);
}

}  // namespace

bool ExtensionHoldsSnapshots(Connection& source) {
  return HasFunction(source, "airlift.hold_snapshot(text, interval, interval)");
}

HeldSnapshot HoldSnapshot(Connection& source, const std::string& slot, const std::function<void()>& waiting) {
  const std::string call = "SELECT id, snapshot, slot_name, lsn FROM airlift.hold_snapshot(" +
                           source.QuoteLiteral(slot) + ", max_hold => '" + kMaxHold + "', wait => NULL)";
  if (PQsendQuery(source.get(), call.c_str()) != 1)
    throw SqlError(source.side(), "08006", PQerrorMessage(source.get()), {}, {});
  const Result result = source.TakeResult(waiting);
  return {result.Integer(0, 0), result.Text(0, 1), result.Text(0, 2), result.Text(0, 3), {}};
}

std::vector<HeldSnapshot> HeldSnapshots(Connection& source) {
  std::vector<HeldSnapshot> snapshots;
  if (!ExtensionHoldsSnapshots(source)) return snapshots;
  const Result result = source.Query(
      "SELECT id, snapshot, slot_name, lsn, held_until FROM airlift.held_snapshots() WHERE snapshot IS NOT NULL");
  for (int row = 0; row < result.rows(); ++row)
    snapshots.push_back(
        {result.Integer(row, 0), result.Text(row, 1), result.Text(row, 2), result.Text(row, 3), result.Text(row, 4)});
  return snapshots;
}

void ReleaseSnapshot(Connection& source, int64_t id) {
  source.Query("SELECT airlift.release_snapshot($1)", {std::to_string(id)});
}

std::optional<int64_t> WalDiskFree(Connection& source) {
  if (!HasFunction(source, "airlift.wal_disk_free()")) return std::nullopt;
  return source.Query("SELECT airlift.wal_disk_free()").Integer(0, 0);
}

bool ExtensionWatchesDdl(Connection& source) { return HasFunction(source, "airlift.watch_ddl()"); }

std::vector<DdlEvent> DdlEvents(Connection& source, const std::string& since, int most) {
  std::vector<DdlEvent> events;
  if (!HasFunction(source, "airlift.ddl_events(timestamptz)")) return events;
  const Result result = source.Query(
      "SELECT at, who, command, COALESCE(object, ''), COALESCE(statement, '') FROM airlift.ddl_events($1) "
      "ORDER BY id LIMIT $2",
      {since, std::to_string(most)});
  for (int row = 0; row < result.rows(); ++row)
    events.push_back(
        {result.Text(row, 0), result.Text(row, 1), result.Text(row, 2), result.Text(row, 3), result.Text(row, 4)});
  return events;
}

}  // namespace airlift
