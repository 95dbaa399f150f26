#include "replicate/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "audit/audit_state.h"
#include "base/format.h"
#include "pg/identifier.h"
#include "queue/task_kind.h"
#include "replicate/admin_route.h"
#include "replicate/subscription.h"
#include "report/result.h"
#include "slots/slot.h"
#include "state/driver_lock.h"
#include "state/run_state.h"
#include "state/seen_source.h"
#include "state/swapped_sides.h"

namespace airlift {

namespace {

constexpr int kErrorCountsSince = 15;
constexpr int kConflictsSince = 18;
constexpr int kShownTables = 20;
constexpr int kShownDdl = 50;
constexpr size_t kSamplesKept = 600;
constexpr auto kFirstInterval = std::chrono::seconds(1);
// A subscription that nobody hears from: longer than wal_receiver_status_interval and a restarting worker take.
constexpr double kSilentSeconds = 30;
// Less than an hour until the disk of the WAL is full, or less than this free, is worth a night's sleep.
constexpr double kDiskFullSoon = 3600;
constexpr int64_t kLittleDisk = int64_t{1} << 30;

double Now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::optional<double> OptionalNumber(const Result& result, int row, int column) {
  return result.IsNull(row, column) ? std::nullopt : std::optional(std::stod(result.Text(row, column)));
}

std::optional<int64_t> OptionalInteger(const Result& result, int row, int column) {
  return result.IsNull(row, column) ? std::nullopt : std::optional(result.Integer(row, column));
}

// Null where the side cannot be reached.
std::unique_ptr<Connection> TryConnect(const ConnInfo& info, Side side, MigrationStatus& status) {
  try {
    return std::make_unique<Connection>(info.With("application_name", "pg_airlift status"), side);
  } catch (const SqlError& error) {
    status.unknown.push_back(error.what());
    return nullptr;
  }
}

// --- the load
// ---------------------------------------------------------------------------------------------------------

std::optional<LoadStatus> ReadLoad(Connection& target) {
  const auto run = RunState(target).Find();
  if (!run) return std::nullopt;
  LoadStatus load;
  load.stage = StageName(run->stage);
  load.verdict = run->verdict ? VerdictName(*run->verdict) : "";
  const Result totals = target.Query(
      "SELECT pg_catalog.count(*) FILTER (WHERE t.state = 'done'), pg_catalog.count(*), "
      "pg_catalog.sum(t.row_count) FILTER (WHERE t.kind = $1)::bigint, "
      "pg_catalog.sum(t.byte_count) FILTER (WHERE t.kind = $1)::bigint, "
      "pg_catalog.sum(t.weight) FILTER (WHERE t.kind = $1 AND t.state = 'done')::bigint, "
      "pg_catalog.sum(t.weight) FILTER (WHERE t.kind = $1)::bigint, "
      "EXTRACT(epoch FROM COALESCE(r.finished_at, pg_catalog.clock_timestamp()) - r.started_at), "
      "EXTRACT(epoch FROM pg_catalog.max(t.finished_at) FILTER (WHERE t.kind = $1) - r.started_at) "
      "FROM airlift_state.run r LEFT JOIN airlift_state.task t ON true GROUP BY r.started_at, r.finished_at",
      {kCopyTask});
  load.tasks_done = totals.Integer(0, 0);
  load.tasks = totals.Integer(0, 1);
  load.rows = totals.Integer(0, 2);
  load.bytes = totals.Integer(0, 3);
  load.weight_done = totals.Integer(0, 4);
  load.weight = totals.Integer(0, 5);
  load.seconds = std::stod(totals.Text(0, 6));
  const double copying = load.weight_done < load.weight ? load.seconds : OptionalNumber(totals, 0, 7).value_or(0);
  if (copying > 0 && load.bytes > 0) load.bytes_per_second = static_cast<double>(load.bytes) / copying;
  if (load.weight_done > 0 && load.weight_done < load.weight)
    load.seconds_left =
        copying * static_cast<double>(load.weight - load.weight_done) / static_cast<double>(load.weight_done);
  const Result tables = target.Query(
      fmt::format(
          "SELECT r.definition ->> 'schema', r.definition ->> 'name', pg_catalog.count(*) FILTER (WHERE t.state = "
          "'done'), pg_catalog.count(*), pg_catalog.sum(t.row_count) FILTER (WHERE t.kind = $1)::bigint, "
          "pg_catalog.sum(t.byte_count) FILTER (WHERE t.kind = $1)::bigint "
          "FROM airlift_state.task t JOIN airlift_state.relation r USING (relation) "
          "GROUP BY r.relation, r.definition HAVING pg_catalog.bool_or(t.state <> 'done') "
          "ORDER BY pg_catalog.sum(t.weight) DESC LIMIT {}",
          kShownTables),
      {kCopyTask});
  for (int row = 0; row < tables.rows(); ++row)
    load.unfinished.push_back({DisplayName(tables.Text(row, 0), tables.Text(row, 1)), tables.Integer(row, 2),
                               tables.Integer(row, 3), tables.Integer(row, 4), tables.Integer(row, 5)});
  return load;
}

// --- subscriptions
// ----------------------------------------------------------------------------------------------------

void ReadConflicts(Connection& subscriber, StreamStatus& stream) {
  const Result result = subscriber.Query(
      "SELECT f.key, f.value FROM pg_catalog.pg_stat_subscription_stats s "
      "CROSS JOIN LATERAL pg_catalog.jsonb_each_text(pg_catalog.to_jsonb(s)) f "
      "WHERE s.subname = $1 AND f.key LIKE 'confl\\_%' AND f.value <> '0' ORDER BY 1",
      {stream.record.name});
  for (int row = 0; row < result.rows(); ++row)
    stream.conflicts[result.Text(row, 0).substr(std::string("confl_").size())] = result.Integer(row, 1);
}

void ReadSubscription(Connection& subscriber, StreamStatus& stream) {
  const Result result = subscriber.Query(
      "SELECT s.subenabled, w.pid, w.received_lsn, w.latest_end_lsn, "
      "EXTRACT(epoch FROM pg_catalog.clock_timestamp() - w.last_msg_receipt_time) "
      "FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid "
      "LEFT JOIN pg_catalog.pg_stat_subscription w ON w.subid = s.oid AND w.relid IS NULL AND w.pid IS NOT NULL "
      "WHERE d.datname = pg_catalog.current_database() AND s.subname = $1 ORDER BY w.received_lsn IS NULL LIMIT 1",
      {stream.record.name});
  if (result.rows() == 0) return;
  stream.exists = true;
  stream.is_enabled = result.Boolean(0, 0);
  stream.worker_pid = result.Integer(0, 1);
  stream.received_lsn = result.Text(0, 2);
  stream.latest_end_lsn = result.Text(0, 3);
  stream.last_message_seconds = OptionalNumber(result, 0, 4);
  if (subscriber.server_major() < kErrorCountsSince) return;
  const Result errors = subscriber.Query(
      "SELECT apply_error_count, sync_error_count FROM pg_catalog.pg_stat_subscription_stats WHERE subname = $1",
      {stream.record.name});
  if (errors.rows() > 0) {
    stream.apply_errors = errors.Integer(0, 0);
    stream.sync_errors = errors.Integer(0, 1);
  }
  if (subscriber.server_major() >= kConflictsSince) ReadConflicts(subscriber, stream);
}

// --- slots
// ------------------------------------------------------------------------------------------------------------

// A subscriber that has been silent for longer than it reports of itself (wal_receiver_status_interval, 10 s) is at
// least that far behind, whatever its last word was.
constexpr const char* kSlotQuery = R"(
SELECT s.active, s.wal_status, s.confirmed_flush_lsn,
       GREATEST(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.confirmed_flush_lsn), 0)::bigint,
       GREATEST(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn), 0)::bigint,
       s.safe_wal_size,
       EXTRACT(epoch FROM GREATEST(r.flush_lag, CASE WHEN pg_catalog.clock_timestamp() - r.reply_time > '12 s'
         THEN pg_catalog.clock_timestamp() - r.reply_time END)),
       pg_catalog.to_jsonb(s) ->> 'invalidation_reason',
       pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), '0/0')::bigint
FROM pg_catalog.pg_replication_slots s LEFT JOIN pg_catalog.pg_stat_replication r ON r.pid = s.active_pid
WHERE s.slot_name = $1)";

// Returns the end of WAL as a number of bytes.
int64_t ReadSlot(Connection& publisher, StreamStatus& stream) {
  const Result result = publisher.Query(kSlotQuery, {stream.record.slot});
  if (result.rows() == 0) return 0;
  stream.slot_exists = true;
  stream.slot_is_active = result.Boolean(0, 0);
  stream.wal_status = result.Text(0, 1);
  stream.confirmed_flush_lsn = result.Text(0, 2);
  stream.lag_bytes = result.Integer(0, 3);
  stream.retained_bytes = result.Integer(0, 4);
  stream.safe_bytes = OptionalInteger(result, 0, 5);
  stream.lag_seconds = OptionalNumber(result, 0, 6);
  stream.invalidation_reason = result.Text(0, 7);
  if (stream.lag_bytes == 0) stream.lag_seconds = 0;
  return result.Integer(0, 8);
}

// --- what needs attention
// ---------------------------------------------------------------------------------------------

void JudgeSlot(const StreamStatus& stream, const char* publisher, MigrationStatus& status) {
  const std::string slot = "slot " + DisplayName(stream.record.slot) + " of the " + publisher;
  if (!stream.slot_exists) {
    status.attention.push_back(slot +
                               " does not exist: changes are lost, and the load has to begin again "
                               "(pg_airlift migrate --restart)");
  } else if (stream.wal_status == "lost") {
    status.attention.push_back(
        slot + " has lost WAL" + (stream.invalidation_reason.empty() ? "" : " (" + stream.invalidation_reason + ")") +
        ": the load has to begin again (pg_airlift migrate --restart); raise max_slot_wal_keep_size before");
  } else if (stream.wal_status == "unreserved") {
    status.attention.push_back(slot + " is about to lose WAL: it is beyond max_slot_wal_keep_size");
  } else if (stream.exists && stream.is_enabled && !stream.slot_is_active) {
    status.attention.push_back("nobody reads from " + slot);
  }
}

// Conflicts that apply passes over: a row that should have been there was not. Those of other kinds either stop the
// worker until they are mended, or say that a row was last written by the load.
constexpr const char* kSilentConflicts[] = {"update_missing", "delete_missing"};

void JudgeSubscription(const StreamStatus& stream, const char* subscriber, MigrationStatus& status) {
  const std::string name = "subscription " + DisplayName(stream.record.name) + " of the " + subscriber;
  if (!stream.exists) {
    status.attention.push_back(name + " does not exist: run pg_airlift migrate (or replicate) again");
    return;
  }
  const std::string errors =
      stream.apply_errors.value_or(0) > 0 ? fmt::format(" ({} errors of apply)", *stream.apply_errors) : "";
  std::string conflicts, passed_over;
  for (const auto& [kind, count] : stream.conflicts) conflicts += fmt::format(", {} {}", count, kind);
  for (const char* kind : kSilentConflicts)
    if (const auto found = stream.conflicts.find(kind); found != stream.conflicts.end())
      passed_over += fmt::format(", {} {}", found->second, kind);
  if (!stream.is_enabled) {
    status.attention.push_back(
        fmt::format("{} is disabled{}{}: the server's log has the reason (\"logical replication\" ... \"finished at "
                    "LSN\"); mend it, "
                    "then run pg_airlift replicate",
                    name, errors, conflicts));
  } else if (stream.worker_pid == 0) {
    status.attention.push_back(name + " has no worker" + errors + conflicts + ": the server's log has the reason");
  } else if (stream.last_message_seconds.value_or(0) > kSilentSeconds) {
    status.attention.push_back(
        fmt::format("{} has heard nothing for {}", name, FormatSeconds(*stream.last_message_seconds)));
  } else if (!passed_over.empty()) {
    status.attention.push_back(name + " met conflicts" + passed_over + ": rows differ, see pg_airlift compare");
  }
}

bool StreamsShouldRun(const MigrationStatus& status) {
  if (!status.replication) return false;
  const MigrationPhase phase = status.replication->phase;
  return phase == MigrationPhase::kReplicating || phase == MigrationPhase::kCuttingOver ||
         phase == MigrationPhase::kOpen || phase == MigrationPhase::kFallingBack;
}

void JudgeAudit(const AuditStatus& audit, MigrationStatus& status) {
  const std::string slot = "audit slot " + DisplayName(audit.slot.record.slot);
  const char* const then = ": the cutover will compare every row; pg_airlift compare --audit-slot makes a new one";
  if (!audit.slot.slot_exists) {
    status.attention.push_back(slot + " does not exist" + then);
  } else if (audit.slot.wal_status == "lost") {
    status.attention.push_back(slot + " has lost WAL" + then);
  } else if (audit.slot.wal_status == "unreserved") {
    status.attention.push_back(slot + " is about to lose WAL: it is beyond max_slot_wal_keep_size");
  }
}

// What was begun, and ends only when its command is run again.
void JudgeAbandoned(MigrationStatus& status) {
  if (status.is_driven) return;
  const auto phase = status.replication ? std::optional(status.replication->phase) : std::nullopt;
  if (phase == MigrationPhase::kCuttingOver) {
    status.attention.push_back(
        "a cutover was begun, and nobody works on it: run it again, or pg_airlift cutover --abort takes it back");
  } else if (phase == MigrationPhase::kFallingBack) {
    status.attention.push_back(
        "a fallback was begun, and nobody works on it: run it again, or pg_airlift fallback --abort takes it back");
  } else if (status.load && status.load->stage != "finished") {
    status.attention.push_back(
        std::string("the load is not finished, and nobody works on it: run the same command again") +
        (phase ? "; its slots keep WAL on the source, pg_airlift cleanup --abandon gives it up" : ""));
  } else if (phase == MigrationPhase::kPreparing) {
    status.attention.push_back(
        "replication is not started, and nobody works on it: run the same command again; its slots keep WAL on the "
        "source, "
        "pg_airlift cleanup --abandon gives it up");
  }
}

void Judge(MigrationStatus& status) {
  JudgeAbandoned(status);
  if (status.audit) JudgeAudit(*status.audit, status);
  const bool forward = status.direction == Direction::kForward;
  for (const StreamStatus& stream : status.streams) {
    if (!stream.record.start_lsn.empty()) JudgeSlot(stream, forward ? "source" : "target", status);
    if (StreamsShouldRun(status)) JudgeSubscription(stream, forward ? "target" : "source", status);
  }
  if (status.wal_disk_free &&
      (*status.wal_disk_free < kLittleDisk || status.seconds_until_disk_full.value_or(kDiskFullSoon) < kDiskFullSoon))
    status.attention.push_back(
        fmt::format("the disk of the source's WAL has {} left{}", FormatBytes(*status.wal_disk_free),
                    status.seconds_until_disk_full
                        ? ": full in " + FormatSeconds(*status.seconds_until_disk_full) + " at the present growth"
                        : ""));
  if (!status.ddl.empty())
    status.attention.push_back(fmt::format(
        "{} DDL statements since the migration began, which are not replicated: run them on the target, then ALTER "
        "SUBSCRIPTION ... REFRESH PUBLICATION WITH (copy_data = false) for new tables",
        status.ddl.size()));
  if (status.load && status.load->stage == "finished" && status.load->verdict == "differs")
    status.attention.push_back("the load ended with the verdict \"differs\"");
  if (status.load && status.load->stage == "finished" && status.tuning.Any())
    status.attention.push_back("the load is finished, and its tuning still stands: pg_airlift tune --reset");
}

}  // namespace

int MigrationStatus::ExitStatus() const {
  if (!unknown.empty()) return kExitFailed;
  return attention.empty() ? kExitDone : kExitFindings;
}

void StatusCollector::AddRates(StreamStatus& stream, int64_t position) {
  std::vector<Sample>& samples = samples_[stream.record.slot];
  samples.push_back({Now(), position, stream.retained_bytes});
  if (samples.size() > kSamplesKept) samples.erase(samples.begin());
  // Over the last minute at least, where there is as much: WAL comes in bursts.
  const Sample& last = samples.back();
  const auto first =
      std::find_if(samples.begin(), samples.end(), [&](const Sample& sample) { return last.at - sample.at <= 60; });
  if (last.at - first->at > 0.5) {
    stream.growth_per_second = static_cast<double>(last.retained - first->retained) / (last.at - first->at);
    if (stream.safe_bytes && *stream.growth_per_second > 0)
      stream.seconds_until_lost = std::max(0.0, static_cast<double>(*stream.safe_bytes) / *stream.growth_per_second);
  }
  // Since when the sender has had what the subscriber lacks: the youngest sample that it has caught up with tells.
  if (stream.lag_bytes == 0 || stream.lag_seconds) return;
  const int64_t confirmed = position - stream.lag_bytes;
  for (auto sample = samples.rbegin(); sample != samples.rend(); ++sample) {
    if (sample->position > confirmed) continue;
    stream.lag_seconds = last.at - sample->at;
    return;
  }
}

void ReadWalDisk(Connection& source, MigrationStatus& status) {
  status.wal_disk_free = WalDiskFree(source);
  double growth = 0;
  for (const StreamStatus& stream : status.streams) growth = std::max(growth, stream.growth_per_second.value_or(0));
  if (status.wal_disk_free && growth > 0)
    status.seconds_until_disk_full = static_cast<double>(*status.wal_disk_free) / growth;
}

void StatusCollector::ReadAudit(Connection& source, Connection& target, MigrationStatus& status) {
  const auto record = AuditState(target).Find();
  if (!record) return;
  AuditStatus audit;
  if (record->is_verified) audit.verified_lsn = record->lsn;
  audit.verified_at = record->verified_at;
  audit.slot.record.slot = record->slot;
  const int64_t position = ReadSlot(source, audit.slot);
  if (audit.slot.slot_exists) AddRates(audit.slot, position);
  status.audit = std::move(audit);
}

void StatusCollector::CollectFrom(Connection& source, Connection& target, MigrationStatus& status) {
  const bool forward = status.direction == Direction::kForward;
  Connection& publisher = forward ? source : target;
  Connection& subscriber = forward ? target : source;
  status.current_lsn = publisher.Query("SELECT pg_catalog.pg_current_wal_lsn()").Text(0, 0);
  const std::vector<SubscriptionRecord> records = ReplicationState(target).Subscriptions(status.direction);
  if (samples_.empty() && !records.empty()) {
    for (const SubscriptionRecord& record : records) {
      StreamStatus first;
      first.record = record;
      const int64_t position = ReadSlot(publisher, first);
      AddRates(first, position);
    }
    std::this_thread::sleep_for(kFirstInterval);
  }
  for (const SubscriptionRecord& record : records) {
    StreamStatus stream;
    stream.record = record;
    ReadSubscription(subscriber, stream);
    const int64_t position = ReadSlot(publisher, stream);
    if (stream.slot_exists) AddRates(stream, position);
    status.streams.push_back(std::move(stream));
  }
  if (forward) {
    const std::string change = FindTimelineChange(source, target, SinceWhen::kLast);
    if (!change.empty()) status.attention.push_back(change);
  }
  if (forward) ReadAudit(source, target, status);
  if (forward) ReadWalDisk(source, status);
  status.held_snapshots = HeldSnapshots(source);
  status.ddl = DdlEvents(source, status.replication->started_at, kShownDdl);
}

std::string StatusCollector::HintOfSwappedSides(Connection& target) const {
  try {
    Connection source(source_info_, Side::kSource);
    return AreSwapped(source, target) ? std::string("; ") + kSwappedSides : "";
  } catch (const Stopped&) {
    throw;
  } catch (const Error&) {
    return {};
  }
}

MigrationStatus StatusCollector::Collect() {
  MigrationStatus status;
  status.at = UtcNow();
  const auto target = TryConnect(target_info_, Side::kTarget, status);
  if (!target) return status;
  try {
    status.load = ReadLoad(*target);
    status.replication = ReplicationState(*target).Find();
    status.tuning = FindStandingTuning(*target);
    status.is_driven = IsDriven(*target);
    if (!status.load && !status.replication) {
      status.unknown.push_back("the target holds no migration: schema airlift_state has nothing of one" +
                               HintOfSwappedSides(*target));
      return status;
    }
    if (!status.replication) {
      Judge(status);
      return status;
    }
    const MigrationPhase phase = status.replication->phase;
    if (phase == MigrationPhase::kOpen || phase == MigrationPhase::kFallingBack) status.direction = Direction::kReverse;
    if (const auto source = TryConnect(source_info_, Side::kSource, status)) CollectFrom(*source, *target, status);
    Judge(status);
  } catch (const SqlError& error) {
    status.unknown.push_back(error.what());
  }
  return status;
}

std::vector<std::string> DropSlotsBeyond(const ConnInfo& source_info, const ConnInfo& target_info,
                                         const MigrationStatus& status, int64_t most) {
  std::vector<std::string> lines;
  const bool forward = status.direction == Direction::kForward;
  for (const StreamStatus& stream : status.streams) {
    if (!stream.slot_exists || stream.retained_bytes <= most) continue;
    try {
      // The side that lacks disk comes first; the other one may be what is gone.
      Connection subscriber(forward ? target_info : source_info, forward ? Side::kTarget : Side::kSource);
      if (SubscriptionExists(subscriber, stream.record.name))
        DisableSubscription(subscriber, AdminRoute(forward ? status.replication->admin_function : ""),
                            stream.record.name);
    } catch (const SqlError& error) {
      lines.push_back(std::string("could not disable the subscription: ") + error.what());
    }
    Connection publisher(forward ? source_info : target_info, forward ? Side::kSource : Side::kTarget);
    DropSlot(publisher, stream.record.slot);
    lines.push_back(fmt::format("dropped slot {}, which retained {} of WAL: the migration has to begin anew",
                                stream.record.slot, FormatBytes(stream.retained_bytes)));
  }
  if (status.audit && status.audit->slot.slot_exists && status.audit->slot.retained_bytes > most) {
    Connection source(source_info, Side::kSource);
    DropSlot(source, status.audit->slot.record.slot);
    lines.push_back(fmt::format("dropped audit slot {}, which retained {} of WAL: the cutover will compare every row",
                                status.audit->slot.record.slot, FormatBytes(status.audit->slot.retained_bytes)));
  }
  return lines;
}

}  // namespace airlift
