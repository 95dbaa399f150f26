#include "cutover/source_fence.h"

#include <fmt/format.h>

#include <chrono>

#include "base/patience.h"
#include "replicate/guard.h"
#include "source/extension_fence.h"

namespace airlift {

namespace {

constexpr const char* kGuardSchema = "airlift_fence";

// A managed service's own superuser sessions may not be ended by its customers; a guard holds them as well.
constexpr const char* kOtherSessions =
    "FROM pg_catalog.pg_stat_activity a JOIN pg_catalog.pg_roles r ON r.oid = a.usesysid "
    "WHERE a.datname = pg_catalog.current_database() AND a.pid <> pg_catalog.pg_backend_pid() "
    "AND a.backend_type = 'client backend' "
    "AND (NOT r.rolsuper OR (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user))";

}  // namespace

void EndClientSessions(Connection& connection, double timeout_seconds) {
  // Those that begin from now on meet the fence, and would make this a race against clients that connect again.
  const std::string now = connection.Query("SELECT pg_catalog.clock_timestamp()::pg_catalog.text").Text(0, 0);
  Patience patience(std::chrono::milliseconds(static_cast<int64_t>(timeout_seconds * 1000)),
                    fmt::format("sessions of the {} to end", SideName(connection.side())));
  for (;;) {
    const Result left = connection.Query(std::string("SELECT pg_catalog.pg_terminate_backend(a.pid), a.pid ") +
                                             kOtherSessions + " AND a.backend_start <= $1::pg_catalog.timestamptz",
                                         {now});
    if (left.rows() == 0) return;
    if (patience.IsOver())
      throw Error(fmt::format("{}: {} sessions did not end in time", SideName(connection.side()), left.rows()),
                  "For example process " + left.Text(0, 1) + ".", "End them by hand, or give a longer --timeout.");
    patience.Pause(std::chrono::milliseconds(50));
  }
}

SourceFence::SourceFence(Connection& source) : source_(source), by_extension_(ExtensionFences(source)) {}

bool SourceFence::IsUp() { return by_extension_ ? ReadFence(source_).is_up : Guard(source_, kGuardSchema).IsClosed(); }

std::string SourceFence::RaiseStatement(const std::string& reason, double timeout_seconds) const {
  return by_extension_ ? FenceStatement(reason, timeout_seconds)
                       : fmt::format("CREATE TRIGGER {} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON each table",
                                     kGuardTrigger);
}

std::string SourceFence::LiftStatement() const {
  return by_extension_ ? kUnfenceStatement : fmt::format("DROP TRIGGER {} ON each table", kGuardTrigger);
}

void SourceFence::Raise(const std::string& reason, double timeout_seconds) {
  if (by_extension_) {
    source_.Query(FenceStatement(reason, timeout_seconds));
  } else {
    RaiseGuard(reason, timeout_seconds);
  }
}

void SourceFence::RaiseGuard(const std::string& reason, double timeout_seconds) {
  Guard guard(source_, kGuardSchema);
  const GuardOutcome outcome = guard.Close(reason, static_cast<int>(timeout_seconds * 1000));
  if (!outcome.refused.empty()) {
    guard.Remove();
    throw Error(fmt::format("source: could not guard {} tables against writes", outcome.refused.size()),
                fmt::format("For example {}: {}.", outcome.refused[0].first, outcome.refused[0].second),
                "End the sessions that hold locks, or use a role that owns the tables.");
  }
  EndClientSessions(source_, timeout_seconds);
}

void SourceFence::Lift() {
  if (by_extension_) {
    source_.Query(kUnfenceStatement);
  } else {
    Guard(source_, kGuardSchema).Remove();
    source_.Execute(std::string("DROP SCHEMA IF EXISTS ") + kGuardSchema);
  }
}

void SourceFence::Enter() {
  if (by_extension_ && ReadFence(source_).is_up) source_.Query(kEnterFenceStatement);
}

}  // namespace airlift
