#include "state/seen_source.h"

#include <fmt/format.h>

#include "model/state_schema.h"
#include "report/result.h"

namespace airlift {

namespace {

constexpr const char* kTable = AIRLIFT_STATE_SCHEMA ".seen_source";

// The control file learns of a promotion with the next checkpoint only; the name of the WAL file has it at once.
constexpr const char* kTimeline =
    "SELECT CASE WHEN pg_catalog.pg_is_in_recovery() "
    "THEN (SELECT timeline_id FROM pg_catalog.pg_control_checkpoint()) "
    "ELSE ('x' || pg_catalog.left(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_insert_lsn()), 8))"
    "::pg_catalog.bit(32)::pg_catalog.int4 END";

constexpr const char* kHint =
    "Its replication slots, and changes that it had not sent on, may be missing: pg_airlift compare tells.";

bool IsRemembered(Connection& target) {
  return !target.Query(fmt::format("SELECT pg_catalog.to_regclass('{}')", kTable)).IsNull(0, 0);
}

}  // namespace

int TimelineOf(Connection& source) {
  try {
    return static_cast<int>(source.Query(kTimeline).Integer(0, 0));
  } catch (const SqlError& error) {
    if (error.IsClass("08") || error.IsClass("57")) throw;
    return 0;
  }
}

std::string FindTimelineChange(Connection& source, Connection& target, SinceWhen since) {
  const std::string identity = ReadServerFacts(source).identity;
  const int timeline = TimelineOf(source);
  if (identity.empty() || timeline == 0 || !IsRemembered(target)) return {};
  const Result seen = target.Query(fmt::format("SELECT identity, timeline, seen_at FROM {} ORDER BY visit {} LIMIT 1",
                                               kTable, since == SinceWhen::kLast ? "DESC" : "ASC"));
  if (seen.rows() == 0 || seen.Text(0, 0) != identity || seen.Integer(0, 1) == timeline) return {};
  return fmt::format(
      "the source is on timeline {} and was on {} at {}: a standby was promoted, or a backup restored. {}", timeline,
      seen.Integer(0, 1), seen.Text(0, 2), kHint);
}

void RememberSource(Connection& source, Connection& target) {
  const std::string identity = ReadServerFacts(source).identity;
  const int timeline = TimelineOf(source);
  if (identity.empty() || timeline == 0) return;
  target.Execute(
      fmt::format("CREATE TABLE IF NOT EXISTS {} (visit bigint GENERATED ALWAYS AS IDENTITY, identity text NOT NULL, "
                  "timeline int NOT NULL, seen_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp())",
                  kTable));
  target.Query(fmt::format("INSERT INTO {0} (identity, timeline) SELECT $1::text, $2::int WHERE NOT EXISTS "
                           "(SELECT FROM (SELECT identity, timeline FROM {0} ORDER BY visit DESC LIMIT 1) last "
                           "WHERE last.identity = $1::text AND last.timeline = $2::int)",
                           kTable),
               {identity, std::to_string(timeline)});
}

void RequireSameServer(Connection& connection, const std::string& identity_before, int timeline_before) {
  const std::string identity = ReadServerFacts(connection).identity;
  const int timeline = TimelineOf(connection);
  if (identity == identity_before && timeline == timeline_before) return;
  throw Error(fmt::format("the {} is another server than before the connection was lost", SideName(connection.side())),
              fmt::format("Its identity is {} and was {}, its timeline {} and was {}.", identity, identity_before,
                          timeline, timeline_before),
              "Where a standby was promoted, run pg_airlift status and pg_airlift compare before you go on.");
}

}  // namespace airlift
