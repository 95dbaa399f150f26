#include "replicate/status_print.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/format.h"
#include "pg/identifier.h"
#include "pg/sql_text.h"

namespace airlift {

namespace {

using nlohmann::json;

std::string Phase(const MigrationStatus& status) {
  if (status.replication) return MigrationPhaseName(status.replication->phase);
  return status.load ? "load" : "none";
}

std::string OrUnknown(const std::optional<double>& seconds) { return seconds ? FormatSeconds(*seconds) : "unknown"; }

std::string LoadText(const LoadStatus& load) {
  std::string text = fmt::format("load: {}{}, {} of {} tasks, {} rows, {}", load.stage,
                                 load.verdict.empty() ? "" : " (" + load.verdict + ")", FormatCount(load.tasks_done),
                                 FormatCount(load.tasks), FormatCount(load.rows), FormatBytes(load.bytes));
  if (load.bytes_per_second) text += fmt::format(", {}/s", FormatBytes(static_cast<int64_t>(*load.bytes_per_second)));
  if (load.seconds_left) text += ", " + FormatSeconds(*load.seconds_left) + " left to copy";
  text += "\n";
  for (const TableLoad& table : load.unfinished)
    text += fmt::format("  {}: {} of {} tasks, {} rows, {}\n", table.table, table.tasks_done, table.tasks,
                        FormatCount(table.rows), FormatBytes(table.bytes));
  return text;
}

std::string StreamText(const StreamStatus& stream) {
  std::string text = fmt::format("subscription {} (publication {}): ", DisplayName(stream.record.name),
                                 DisplayName(stream.record.publication));
  if (!stream.exists) {
    text += "does not exist yet\n";
  } else {
    text += !stream.is_enabled       ? "disabled"
            : stream.worker_pid == 0 ? "enabled, no worker"
                                     : fmt::format("running (pid {})", stream.worker_pid);
    if (!stream.received_lsn.empty())
      text += fmt::format(", received {}, reported {}", stream.received_lsn,
                          stream.latest_end_lsn.empty() ? "nothing" : stream.latest_end_lsn);
    if (stream.apply_errors)
      text += fmt::format(", errors: {} apply, {} sync", *stream.apply_errors, stream.sync_errors.value_or(0));
    for (const auto& [kind, count] : stream.conflicts) text += fmt::format(", {} conflicts {}", count, kind);
    text += "\n";
  }
  if (!stream.slot_exists) return text + fmt::format("  slot {}: does not exist\n", stream.record.slot);
  text += fmt::format("  slot {}: {}, WAL {}, lag {} ({}), retains {}", stream.record.slot,
                      stream.slot_is_active ? "active" : "inactive", stream.wal_status, FormatBytes(stream.lag_bytes),
                      OrUnknown(stream.lag_seconds), FormatBytes(stream.retained_bytes));
  if (stream.growth_per_second)
    text += fmt::format(", grows {}{}/s", *stream.growth_per_second < 0 ? "-" : "",
                        FormatBytes(static_cast<int64_t>(std::abs(*stream.growth_per_second))));
  if (stream.safe_bytes)
    text += fmt::format(", {} until it is lost{}", FormatBytes(*stream.safe_bytes),
                        stream.seconds_until_lost ? " (in " + FormatSeconds(*stream.seconds_until_lost) + ")" : "");
  return text + "\n";
}

json OrNull(const std::optional<double>& value) { return value ? json(*value) : json(); }
json OrNull(const std::optional<int64_t>& value) { return value ? json(*value) : json(); }

json StreamJson(const StreamStatus& stream) {
  return {{"subscription", stream.record.name},
          {"slot", stream.record.slot},
          {"publication", stream.record.publication},
          {"start_lsn", stream.record.start_lsn},
          {"exists", stream.exists},
          {"enabled", stream.is_enabled},
          {"worker_pid", stream.worker_pid == 0 ? json() : json(stream.worker_pid)},
          {"received_lsn", stream.received_lsn},
          {"latest_end_lsn", stream.latest_end_lsn},
          {"last_message_seconds", OrNull(stream.last_message_seconds)},
          {"apply_errors", OrNull(stream.apply_errors)},
          {"sync_errors", OrNull(stream.sync_errors)},
          {"conflicts", stream.conflicts},
          {"slot_exists", stream.slot_exists},
          {"slot_active", stream.slot_is_active},
          {"wal_status", stream.wal_status},
          {"invalidation_reason", stream.invalidation_reason},
          {"confirmed_flush_lsn", stream.confirmed_flush_lsn},
          {"lag_bytes", stream.lag_bytes},
          {"lag_seconds", OrNull(stream.lag_seconds)},
          {"retained_bytes", stream.retained_bytes},
          {"growth_bytes_per_second", OrNull(stream.growth_per_second)},
          {"safe_bytes", OrNull(stream.safe_bytes)},
          {"seconds_until_lost", OrNull(stream.seconds_until_lost)}};
}

json LoadJson(const LoadStatus& load) {
  json tables = json::array();
  for (const TableLoad& table : load.unfinished)
    tables.push_back({{"table", table.table},
                      {"tasks_done", table.tasks_done},
                      {"tasks", table.tasks},
                      {"rows", table.rows},
                      {"bytes", table.bytes}});
  return {{"stage", load.stage},
          {"verdict", load.verdict},
          {"tasks_done", load.tasks_done},
          {"tasks", load.tasks},
          {"rows", load.rows},
          {"bytes", load.bytes},
          {"seconds", load.seconds},
          {"bytes_per_second", OrNull(load.bytes_per_second)},
          {"seconds_left", OrNull(load.seconds_left)},
          {"unfinished_tables", tables}};
}

// --- Prometheus
// -------------------------------------------------------------------------------------------------------

std::string LabelValue(const std::string& value) {
  std::string escaped;
  for (const char c : value) {
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return escaped;
}

struct StreamMetric {
  const char* name;
  const char* help;
  std::optional<double> (*value)(const StreamStatus&);
};

std::optional<double> FromInteger(const std::optional<int64_t>& value) {
  return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

constexpr StreamMetric kStreamMetrics[] = {
    {"subscription_enabled", "Whether the subscription is enabled.",
     [](const StreamStatus& s) -> std::optional<double> { return s.is_enabled ? 1 : 0; }},
    {"subscription_worker_up", "Whether the subscription has a worker.",
     [](const StreamStatus& s) -> std::optional<double> { return s.worker_pid != 0 ? 1 : 0; }},
    {"subscription_apply_errors", "Errors of apply since statistics were reset.",
     [](const StreamStatus& s) { return FromInteger(s.apply_errors); }},
    {"slot_active", "Whether somebody reads from the slot.",
     [](const StreamStatus& s) -> std::optional<double> { return s.slot_is_active ? 1 : 0; }},
    {"slot_lost", "Whether the slot is gone or has lost WAL.",
     [](const StreamStatus& s) -> std::optional<double> { return !s.slot_exists || s.wal_status == "lost" ? 1 : 0; }},
    {"lag_bytes", "WAL between what the subscriber has and the end of the sender's WAL.",
     [](const StreamStatus& s) -> std::optional<double> { return static_cast<double>(s.lag_bytes); }},
    {"lag_seconds", "Age of what the subscriber lacks.", [](const StreamStatus& s) { return s.lag_seconds; }},
    {"slot_retained_bytes", "WAL that the slot keeps.",
     [](const StreamStatus& s) -> std::optional<double> { return static_cast<double>(s.retained_bytes); }},
    {"slot_growth_bytes_per_second", "Growth of that WAL.", [](const StreamStatus& s) { return s.growth_per_second; }},
    {"slot_safe_bytes", "WAL that may be written before the slot is lost.",
     [](const StreamStatus& s) { return FromInteger(s.safe_bytes); }},
    {"slot_seconds_until_lost", "Time until then at that growth.",
     [](const StreamStatus& s) { return s.seconds_until_lost; }},
};

void AddMetric(std::string& text, const char* name, const char* help, double value) {
  text +=
      fmt::format("# HELP pg_airlift_{0} {1}\n# TYPE pg_airlift_{0} gauge\npg_airlift_{0} {2}\n", name, help, value);
}

std::string AuditText(const AuditStatus& audit) {
  const StreamStatus& slot = audit.slot;
  std::string text = fmt::format("audit slot {}: {}", DisplayName(slot.record.slot),
                                 audit.verified_lsn.empty()
                                     ? "its verification has not ended"
                                     : fmt::format("verified at {} ({})", audit.verified_lsn, audit.verified_at));
  if (slot.slot_exists) text += fmt::format(", retains {} of WAL", FormatBytes(slot.retained_bytes));
  if (slot.safe_bytes) text += fmt::format(", lost after {} more", FormatBytes(*slot.safe_bytes));
  if (slot.seconds_until_lost) text += ", in " + FormatSeconds(*slot.seconds_until_lost) + " at the present growth";
  return text + "\n";
}

json AuditJson(const AuditStatus& audit) {
  const StreamStatus& slot = audit.slot;
  return {{"slot", slot.record.slot},
          {"exists", slot.slot_exists},
          {"verified_lsn", audit.verified_lsn},
          {"verified_at", audit.verified_at},
          {"wal_status", slot.wal_status},
          {"retained_bytes", slot.retained_bytes},
          {"safe_bytes", OrNull(slot.safe_bytes)},
          {"seconds_until_lost", OrNull(slot.seconds_until_lost)}};
}

}  // namespace

std::string StatusText(const MigrationStatus& status) {
  std::string text = fmt::format("phase: {}\n", Phase(status));
  if (status.load) text += LoadText(*status.load);
  if (status.tuning.Any()) text += "tuning for the load: " + status.tuning.Describe() + "\n";
  if (!status.current_lsn.empty())
    text +=
        fmt::format("{} is at {}\n", status.direction == Direction::kForward ? "source" : "target", status.current_lsn);
  for (const StreamStatus& stream : status.streams) text += StreamText(stream);
  if (status.audit) text += AuditText(*status.audit);
  if (status.wal_disk_free)
    text += fmt::format("disk of the source's WAL: {} free{}\n", FormatBytes(*status.wal_disk_free),
                        status.seconds_until_disk_full
                            ? ", full in " + FormatSeconds(*status.seconds_until_disk_full) + " at the present growth"
                            : "");
  for (const HeldSnapshot& held : status.held_snapshots)
    text += fmt::format("held snapshot {} of slot {} until {}\n", held.snapshot, held.slot, held.held_until);
  for (const DdlEvent& event : status.ddl)
    text += fmt::format("DDL at {} by {}: {} {}{}\n", event.at, DisplayName(event.who), event.command, event.object,
                        event.statement.empty() ? "" : " (" + OneLine(event.statement) + ")");
  for (const std::string& line : status.attention) text += "attention: " + line + "\n";
  for (const std::string& line : status.unknown) text += "cannot tell: " + line + "\n";
  if (status.attention.empty() && status.unknown.empty()) text += "all is well\n";
  return text;
}

json StatusJson(const MigrationStatus& status) {
  json streams = json::array(), ddl = json::array(), held = json::array();
  for (const StreamStatus& stream : status.streams) streams.push_back(StreamJson(stream));
  for (const DdlEvent& event : status.ddl)
    ddl.push_back({{"at", event.at},
                   {"who", event.who},
                   {"command", event.command},
                   {"object", event.object},
                   {"statement", event.statement}});
  for (const HeldSnapshot& snapshot : status.held_snapshots)
    held.push_back({{"id", snapshot.id},
                    {"snapshot", snapshot.snapshot},
                    {"slot", snapshot.slot},
                    {"lsn", snapshot.lsn},
                    {"held_until", snapshot.held_until}});
  return {{"command", "status"},
          {"at", status.at},
          {"phase", Phase(status)},
          {"type", status.replication ? json(status.replication->type) : json()},
          {"direction", DirectionName(status.direction)},
          {"current_lsn", status.current_lsn},
          {"load", status.load ? LoadJson(*status.load) : json()},
          {"tuning",
           {{"settings", status.tuning.settings}, {"tables", status.tuning.tables}, {"since", status.tuning.since}}},
          {"streams", streams},
          {"audit", status.audit ? AuditJson(*status.audit) : json()},
          {"wal_disk_free", OrNull(status.wal_disk_free)},
          {"seconds_until_disk_full", OrNull(status.seconds_until_disk_full)},
          {"held_snapshots", held},
          {"ddl", ddl},
          {"attention", status.attention},
          {"unknown", status.unknown},
          {"exit_status", status.ExitStatus()}};
}

std::string StatusPrometheus(const MigrationStatus& status) {
  std::string text;
  AddMetric(text, "up", "Whether the status could be told.", status.unknown.empty() ? 1 : 0);
  AddMetric(text, "attention", "Things that need attention.", static_cast<double>(status.attention.size()));
  text += fmt::format(
      "# HELP pg_airlift_phase The migration's phase.\n# TYPE pg_airlift_phase gauge\npg_airlift_phase{{phase=\"{}\"}} "
      "1\n",
      LabelValue(Phase(status)));
  if (status.wal_disk_free)
    AddMetric(text, "wal_disk_free_bytes", "Bytes free where the source keeps its WAL.",
              static_cast<double>(*status.wal_disk_free));
  AddMetric(text, "ddl_events", "DDL statements since the migration began.", static_cast<double>(status.ddl.size()));
  if (status.load) {
    AddMetric(text, "load_tasks", "Tasks of the load.", static_cast<double>(status.load->tasks));
    AddMetric(text, "load_tasks_done", "Tasks of the load that are done.",
              static_cast<double>(status.load->tasks_done));
    AddMetric(text, "load_rows", "Rows copied.", static_cast<double>(status.load->rows));
    AddMetric(text, "load_bytes", "Bytes copied.", static_cast<double>(status.load->bytes));
  }
  for (const StreamMetric& metric : kStreamMetrics) {
    std::string lines;
    for (const StreamStatus& stream : status.streams) {
      if (const auto value = metric.value(stream))
        lines += fmt::format("pg_airlift_{}{{subscription=\"{}\",slot=\"{}\"}} {}\n", metric.name,
                             LabelValue(stream.record.name), LabelValue(stream.record.slot), *value);
    }
    if (!lines.empty())
      text += fmt::format("# HELP pg_airlift_{0} {1}\n# TYPE pg_airlift_{0} gauge\n", metric.name, metric.help) + lines;
  }
  return text;
}

}  // namespace airlift
