#include "pace/load_watch.h"

#include <fmt/format.h>

#include <chrono>

#include "base/format.h"

namespace airlift {

namespace {

constexpr double kInterval = 1;

constexpr const char* kSessionsQuery =
    "SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend' "
    "AND state = 'active' AND pid <> pg_catalog.pg_backend_pid() AND application_name NOT LIKE 'pg\\_airlift%'";

// Of every receiver, standby or subscription; on a standby, of itself.
constexpr const char* kLagQuery =
    "SELECT COALESCE(GREATEST("
    "CASE WHEN pg_catalog.pg_is_in_recovery() THEN "
    "pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_last_wal_receive_lsn(), pg_catalog.pg_last_wal_replay_lsn()) END, "
    "(SELECT pg_catalog.max(pg_catalog.pg_wal_lsn_diff(CASE WHEN pg_catalog.pg_is_in_recovery() "
    "THEN pg_catalog.pg_last_wal_replay_lsn() ELSE pg_catalog.pg_current_wal_lsn() END, r.replay_lsn)) "
    "FROM pg_catalog.pg_stat_replication r)), 0)::pg_catalog.int8";

double Now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::unique_ptr<Connection> Open(const ConnInfo& source) {
  return std::make_unique<Connection>(source.With("application_name", "pg_airlift load watch"), Side::kSource);
}

}  // namespace

LoadWatch::LoadWatch(const LoadLimits& limits, const ConnInfo& source, Progress& progress)
    : limits_(limits),
      source_info_(source.With("application_name", "pg_airlift load watch")),
      progress_(progress),
      asked_at_(Now() - kInterval) {
  if (!limits_.IsSet()) return;
  source_ = Open(source_info_);
  const Result sees =
      source_->Query("SELECT pg_catalog.pg_has_role(current_user, 'pg_read_all_stats', 'USAGE'), current_user");
  if (!sees.Boolean(0, 0))
    throw Error("source: the role may not see what other sessions do, so that nothing can be watched", {},
                "GRANT pg_monitor TO the role " + sees.Text(0, 1) + ", or leave out --pause-above-...");
}

std::string LoadWatch::Reason() {
  if (source_->IsBroken()) source_ = Open(source_info_);
  if (limits_.sessions) {
    const int64_t sessions = source_->Query(kSessionsQuery).Integer(0, 0);
    if (sessions > *limits_.sessions)
      return fmt::format("active sessions on the source: {}, more than {}", sessions, *limits_.sessions);
  }
  if (limits_.lag) {
    const int64_t lag = source_->Query(kLagQuery).Integer(0, 0);
    if (lag > *limits_.lag)
      return fmt::format("replication lags {} behind, more than {}", FormatBytes(lag), FormatBytes(*limits_.lag));
  }
  return {};
}

bool LoadWatch::IsBusy() {
  if (!limits_.IsSet()) return false;
  const std::lock_guard lock(mutex_);
  const double now = Now();
  if (now - asked_at_ < kInterval) return is_busy_;
  asked_at_ = now;
  const std::string reason = Reason();
  if (!reason.empty() && !is_busy_) {
    ++pauses_;
    paused_at_ = now;
    progress_.Note("paused: " + reason);
  } else if (reason.empty() && is_busy_) {
    paused_seconds_ += now - paused_at_;
    progress_.Note("going on after a pause of " + FormatSeconds(now - paused_at_));
  }
  is_busy_ = !reason.empty();
  return is_busy_;
}

}  // namespace airlift
