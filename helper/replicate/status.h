// What a migration does now, collected from both sides: the load's progress, subscriptions, slots, lag, DDL. Printers
// are in status_print.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pg/conninfo.h"
#include "source/extension_replicate.h"
#include "state/replication_state.h"
#include "tune/tuning_steps.h"

namespace airlift {

struct TableLoad {
  std::string table;
  int64_t tasks_done = 0;
  int64_t tasks = 0;
  int64_t rows = 0;
  int64_t bytes = 0;  // copied
};

struct LoadStatus {
  std::string stage;    // schema, load, post-data, finished
  std::string verdict;  // once finished
  int64_t tasks_done = 0;
  int64_t tasks = 0;
  int64_t rows = 0;
  int64_t bytes = 0;        // copied
  int64_t weight_done = 0;  // of copies, in bytes as the catalogs estimate them
  int64_t weight = 0;
  double seconds = 0;  // since the run began
  std::optional<double> bytes_per_second;
  std::optional<double> seconds_left;  // of the copy
  std::vector<TableLoad> unfinished;   // tables that are being loaded or wait for it, largest first
};

struct StreamStatus {
  SubscriptionRecord record;
  // The subscription, on the side that applies.
  bool exists = false;
  bool is_enabled = false;
  int64_t worker_pid = 0;  // 0: no worker
  std::string received_lsn;
  std::string latest_end_lsn;
  std::optional<double> last_message_seconds;  // since the last message
  std::optional<int64_t> apply_errors;         // since statistics were reset; 15 and later
  std::optional<int64_t> sync_errors;
  std::map<std::string, int64_t> conflicts;  // by kind, where there are any; 18 and later
  // The slot, on the side that sends.
  bool slot_exists = false;
  bool slot_is_active = false;
  std::string wal_status;
  std::string invalidation_reason;
  std::string confirmed_flush_lsn;
  int64_t lag_bytes = 0;
  std::optional<double> lag_seconds;
  int64_t retained_bytes = 0;
  std::optional<int64_t> safe_bytes;         // until max_slot_wal_keep_size takes WAL away; nullopt: never
  std::optional<double> growth_per_second;   // of retained WAL, bytes
  std::optional<double> seconds_until_lost;  // at that growth
};

// The slot that keeps what changed since the last full verification.
struct AuditStatus {
  std::string verified_lsn;  // "" while the verification has not ended
  std::string verified_at;
  StreamStatus slot;  // of the fields, those of slots
};

struct MigrationStatus {
  std::string at;  // of this host's clock, UTC
  std::optional<ReplicationRecord> replication;
  std::optional<LoadStatus> load;
  StandingTuning tuning;
  bool is_driven = false;  // a process works on it now
  Direction direction = Direction::kForward;
  std::string current_lsn;  // of the side that sends; "" where it cannot be asked
  std::vector<StreamStatus> streams;
  std::optional<AuditStatus> audit;
  // Where the side that sends keeps its WAL; nullopt where it cannot be asked (needs the extension there).
  std::optional<int64_t> wal_disk_free;
  std::optional<double> seconds_until_disk_full;  // at the growth of the slot that grows fastest
  std::vector<HeldSnapshot> held_snapshots;
  std::vector<DdlEvent> ddl;
  std::vector<std::string> attention;  // what somebody should look at
  std::vector<std::string> unknown;    // what could not be asked

  // kExitDone: all is well; kExitFindings: something needs attention; kExitFailed: cannot tell.
  int ExitStatus() const;
};

// Keeps what rates and ages are computed from between two collections.
class StatusCollector {
 public:
  StatusCollector(ConnInfo source, ConnInfo target)
      : source_info_(std::move(source)), target_info_(std::move(target)) {}

  // Never throws for a side that cannot be reached: that is `unknown`. A first collection takes a second, to know
  // rates.
  MigrationStatus Collect();

 private:
  struct Sample {
    double at = 0;  // seconds, of a steady clock
    int64_t position = 0;
    int64_t retained = 0;
  };

  // For a target that knows of no migration; "" where that is not why.
  std::string HintOfSwappedSides(Connection& target) const;
  void CollectFrom(Connection& source, Connection& target, MigrationStatus& status);
  void ReadAudit(Connection& source, Connection& target, MigrationStatus& status);
  void AddRates(StreamStatus& stream, int64_t position);

  const ConnInfo source_info_;
  const ConnInfo target_info_;
  std::map<std::string, std::vector<Sample>> samples_;  // by slot
};

// Drops the slots that retain more than `most` bytes of WAL, and disables their subscriptions first; returns a line for
// each. The migration has to begin anew then: it protects the disk of the side that sends.
std::vector<std::string> DropSlotsBeyond(const ConnInfo& source, const ConnInfo& target, const MigrationStatus& status,
                                         int64_t most);

}  // namespace airlift
