#include "slots/slot.h"

#include <fmt/format.h>

#include <chrono>

#include "base/fault_point.h"
#include "base/format.h"
#include "base/patience.h"
#include "pg/identifier.h"

namespace airlift {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kInvalidationReasonSince = 17;
constexpr int kTwoPhaseSince = 14;
constexpr size_t kLongestSlotName = 63;
constexpr auto kFirstReport = std::chrono::seconds(3);
constexpr auto kNextReport = std::chrono::seconds(15);
constexpr auto kDropPatience = std::chrono::seconds(30);
constexpr auto kPause = std::chrono::milliseconds(100);

constexpr const char* kInTheWayQuery = R"(
SELECT pg_catalog.format('session %s (%s, database %s, %s)', a.pid, COALESCE(a.usename, a.backend_type), a.datname, a.state),
       EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::bigint AS age
FROM pg_catalog.pg_stat_activity a
WHERE a.backend_xid IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid()
UNION ALL
SELECT pg_catalog.format('prepared transaction %L (%s, database %s)', p.gid, p.owner, p.database),
       EXTRACT(epoch FROM pg_catalog.clock_timestamp() - p.prepared)::bigint
FROM pg_catalog.pg_prepared_xacts p
ORDER BY age DESC)";

// A slot whose creation was cut short goes with its session, which may live a moment longer.
void DropUnfinished(Connection& publisher, const std::string& name) noexcept {
  try {
    DropSlot(publisher, name);
  } catch (const std::exception&) {
    // A rerun finds it, for its name is recorded.
  }
}

}  // namespace

SlotWait::SlotWait(Connection& publisher, std::string name, std::function<void(const std::string&)> waiting)
    : publisher_(publisher), name_(std::move(name)), waiting_(std::move(waiting)), next_(Clock::now() + kFirstReport) {}

void SlotWait::Report() {
  if (Clock::now() < next_) return;
  next_ = Clock::now() + kNextReport;
  std::string text = fmt::format("slot {} waits for transactions that began before it", name_);
  for (const std::string& line : TransactionsInTheWay(publisher_)) text += "\n  " + line;
  waiting_(text);
}

std::optional<std::string> RefusesPgoutput(Connection& publisher) {
  const Result refused = publisher.Query(
      "SELECT s.setting FROM pg_catalog.pg_settings s WHERE s.name = 'output_plugin_libraries' AND 'pgoutput' <> ALL "
      "(SELECT pg_catalog.btrim(item, E' \t\"') FROM pg_catalog.regexp_split_to_table(s.setting, ',') AS item)");
  if (refused.rows() == 0) return std::nullopt;
  return refused.Text(0, 0);
}

std::optional<SlotFacts> FindSlot(Connection& publisher, const std::string& name) {
  const int major = publisher.server_major();
  const Result result = publisher.Query(
      fmt::format("SELECT plugin, database, active, active_pid, confirmed_flush_lsn, restart_lsn, wal_status, {}, {} "
                  "FROM pg_catalog.pg_replication_slots WHERE slot_name = $1",
                  major >= kInvalidationReasonSince ? "invalidation_reason" : "NULL",
                  major >= kTwoPhaseSince ? "two_phase" : "false"),
      {name});
  if (result.rows() == 0) return std::nullopt;
  return SlotFacts{name,
                   result.Text(0, 0),
                   result.Text(0, 1),
                   result.Boolean(0, 2),
                   result.Integer(0, 3),
                   result.Text(0, 4),
                   result.Text(0, 5),
                   result.Text(0, 6),
                   result.Text(0, 7),
                   result.Boolean(0, 8)};
}

NewSlot CreateSlot(const ConnInfo& info, Connection& publisher, const std::string& name,
                   const std::function<void(const std::string&)>& waiting) {
  NewSlot slot;
  slot.holder = std::make_unique<Connection>(
      info.With("replication", "database").With("application_name", "pg_airlift slot"), publisher.side());
  Connection& connection = *slot.holder;
  try {
    const std::string command =
        fmt::format("CREATE_REPLICATION_SLOT {} LOGICAL pgoutput EXPORT_SNAPSHOT", QuoteIdentifier(name));
    if (PQsendQuery(connection.get(), command.c_str()) != 1)
      throw SqlError(publisher.side(), "08006", PQerrorMessage(connection.get()), {}, {});
    SlotWait wait(publisher, name, waiting);
    const Result result = connection.TakeResult([&] { wait.Report(); });
    slot.lsn = result.Text(0, 1);
    slot.snapshot = result.Text(0, 2);
  } catch (...) {
    slot.holder.reset();
    DropUnfinished(publisher, name);
    throw;
  }
  return slot;
}

std::string SlotPart(const std::string& name) {
  std::string part;
  for (const char c : name) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    part += is_letter ? c : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : '_';
  }
  return part.substr(0, kLongestSlotName - 24);
}

std::string CopySlot(Connection& publisher, const std::string& from, const std::string& to) {
  publisher.Query("SELECT pg_catalog.pg_copy_logical_replication_slot($1, $2)", {from, to});
  const auto copy = FindSlot(publisher, to);
  return copy ? copy->confirmed_flush_lsn : std::string();
}

void DropSlot(Connection& publisher, const std::string& name) {
  Patience patience(kDropPatience, "the session that uses slot " + DisplayName(name));
  for (;;) {
    const auto slot = FindSlot(publisher, name);
    if (!slot) return;
    try {
      if (slot->active_pid != 0) {
        publisher.Query("SELECT pg_catalog.pg_terminate_backend($1)", {std::to_string(slot->active_pid)});
      } else {
        publisher.Query("SELECT pg_catalog.pg_drop_replication_slot($1)", {name});
        ReachFaultPoint(FaultPoint::kSlotDropped);
        return;
      }
    } catch (const SqlError& error) {
      // 55006: somebody took it in between; 42704: it went by itself.
      if ((error.sqlstate() != "55006" && error.sqlstate() != "42704") || patience.IsOver()) throw;
    }
    if (patience.IsOver())
      throw Error(
          fmt::format("{}: slot {} is in use by session {}", SideName(publisher.side()), name, slot->active_pid), {},
          "End that session, and run the same command again.");
    patience.Pause(kPause);
  }
}

std::vector<std::string> TransactionsInTheWay(Connection& publisher) {
  const Result result = publisher.Query(kInTheWayQuery);
  std::vector<std::string> lines;
  for (int row = 0; row < result.rows(); ++row)
    lines.push_back(result.Text(row, 0) + " for " + FormatSeconds(static_cast<double>(result.Integer(row, 1))));
  return lines;
}

}  // namespace airlift
