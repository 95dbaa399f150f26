#include "settings/load_settings.h"

#include <algorithm>

namespace airlift {

namespace {

using Inputs = LoadSettingInputs;

constexpr const char* kRdsImport = "RDS user guide, importing data";
constexpr const char* kRdsParameters = "RDS user guide, parameters";
constexpr const char* kManual = "PostgreSQL manual, populating a database";
constexpr const char* kManualClient = "PostgreSQL manual, client connection defaults";
constexpr const char* kManualReplication = "PostgreSQL manual, logical replication configuration";
constexpr const char* kManualVacuum = "PostgreSQL manual, storage parameters of tables";
constexpr const char* kBlueGreen = "RDS user guide, best practices of blue/green deployments";

std::string MaintenanceMemory(const Inputs& in) {
  const int64_t bytes = MaintenanceWorkMem(in.memory, in.jobs, in.maintenance_work_mem);
  return bytes == 0 ? "" : std::to_string(bytes / 1024);
}

// A value beyond the usual 8 tells of many processors.
std::string ParallelMaintenance(const Inputs& in) {
  return std::to_string(
      ParallelMaintenanceWorkers(in.max_parallel_workers, in.jobs, in.max_parallel_workers > 8 ? 8 : 2));
}

// A subscription has a worker for itself and one for each table that it copies; twice as many leave room for others.
int ReplicationConnections(const Inputs& in) { return 2 * (1 + in.jobs); }

template <int least>
std::string AtLeastReplicationConnections(const Inputs& in) {
  return std::to_string(std::max(least, ReplicationConnections(in)));
}
std::string SyncWorkers(const Inputs& in) { return std::to_string(std::max(2, in.jobs)); }
std::string WorkerProcesses(const Inputs& in) { return std::to_string(std::max(8, ReplicationConnections(in) + 12)); }

std::string MaxWalSize(const Inputs&) { return "16384"; }
std::string Zero(const Inputs&) { return "0"; }
std::string One(const Inputs&) { return "1"; }
std::string NoLimit(const Inputs&) { return "-1"; }
std::string On(const Inputs&) { return "on"; }
std::string Off(const Inputs&) { return "off"; }
std::string Replica(const Inputs&) { return "replica"; }
std::string HalfAnHour(const Inputs&) { return "1800"; }
std::string WalBuffers(const Inputs&) { return "8192"; }
std::string DecodingMemory(const Inputs&) { return "262144"; }

constexpr auto kSession = SettingLevel::kSession;
constexpr auto kRole = SettingLevel::kRole;
constexpr auto kTable = SettingLevel::kTable;
constexpr auto kGroup = SettingLevel::kParameterGroup;
constexpr auto kDynamic = Apply::kDynamic;
constexpr auto kStatic = Apply::kStatic;
constexpr auto kAbsent = Apply::kAbsent;

// Columns after the value: in a parameter group of RDS, of Aurora; cluster's group, only for replication, at least.
// fsync and full_page_writes are not among them, and must not be: what they save is not worth a cluster.
constexpr LoadSetting kRows[] = {
    {"maintenance_work_mem", kRole, "kB", MaintenanceMemory, kDynamic, kDynamic, false, false, false,
     "index builds sort in memory; jobs times this must fit", kRdsImport},
    {"max_parallel_maintenance_workers", kRole, "", ParallelMaintenance, kDynamic, kDynamic, false, false, false,
     "parallel index builds, shared out over the jobs", kManual},
    {"synchronous_commit", kRole, "", Off, kDynamic, kDynamic, false, false, false,
     "commits of the load need not wait for the disk; the load is proved afterwards", kRdsImport},
    {"statement_timeout", kRole, "ms", Zero, kDynamic, kDynamic, false, false, false, "long COPY and index builds",
     kManualClient},
    {"idle_in_transaction_session_timeout", kRole, "ms", Zero, kDynamic, kDynamic, false, false, false,
     "sessions that wait for the other side", kManualClient},
    {"idle_session_timeout", kRole, "ms", Zero, kDynamic, kDynamic, false, false, false,
     "sessions that wait for the other side", kManualClient, 14},
    {"transaction_timeout", kRole, "ms", Zero, kDynamic, kDynamic, false, false, false, "long COPY and index builds",
     kManualClient, 17},
    {"lock_timeout", kRole, "ms", Zero, kDynamic, kDynamic, false, false, false, "foreign keys wait for their tables",
     kManualClient},
    {"session_replication_role", kSession, "", Replica, kDynamic, kDynamic, false, false, false,
     "triggers and foreign keys rest in the sessions of a load into existing tables", kRdsParameters},
    {"autovacuum_enabled", kTable, "", Off, kAbsent, kAbsent, false, false, false,
     "not beside the load of a table; ANALYZE is part of the load. Must come back on", kManualVacuum},
    {"max_wal_size", kGroup, "MB", MaxWalSize, kDynamic, kAbsent, false, false, true, "fewer checkpoints", kRdsImport},
    {"checkpoint_timeout", kGroup, "s", HalfAnHour, kDynamic, kAbsent, false, false, true, "fewer checkpoints",
     kRdsImport},
    {"wal_compression", kGroup, "", On, kDynamic, kAbsent, false, false, false, "less WAL, where vCPU are to spare",
     kRdsParameters},
    {"wal_buffers", kGroup, "8kB", WalBuffers, kStatic, kAbsent, false, false, true,
     "64 MB; only worth a reboot on a busy load", kRdsImport},
    {"autovacuum", kGroup, "", Zero, kDynamic, kDynamic, true, false, false,
     "not beside the load; ANALYZE is part of it. Must come back on", kRdsImport},
    {"rds.logical_replication", kGroup, "", One, kStatic, kStatic, true, true, false,
     "wal_level = logical on the target, for the way back", kRdsParameters},
    {"max_logical_replication_workers", kGroup, "", AtLeastReplicationConnections<4>, kStatic, kStatic, true, true,
     true, "apply and synchronisation workers", kManualReplication},
    {"max_sync_workers_per_subscription", kGroup, "", SyncWorkers, kDynamic, kDynamic, true, true, true,
     "tables that a subscription copies at once", kManualReplication},
    {"max_worker_processes", kGroup, "", WorkerProcesses, kStatic, kStatic, true, true, true,
     "replication workers, parallel workers and autovacuum together", kManualReplication},
    {"max_replication_slots", kGroup, "", AtLeastReplicationConnections<20>, kStatic, kStatic, true, true, true,
     "origins of subscriptions (before 18), and slots for the way back", kManualReplication},
    {"max_wal_senders", kGroup, "", AtLeastReplicationConnections<20>, kStatic, kStatic, true, true, true,
     "the way back reads from the target", kManualReplication},
    {"logical_decoding_work_mem", kGroup, "kB", DecodingMemory, kDynamic, kDynamic, true, true, true,
     "large transactions are decoded in memory", kManualReplication},
    {"wal_receiver_timeout", kGroup, "ms", Zero, kDynamic, kDynamic, true, true, false,
     "a busy source is not taken for a dead one", kBlueGreen},
    {"idle_replication_slot_timeout", kGroup, "", Zero, kDynamic, kDynamic, true, true, false,
     "slots for the way back are not dropped", kManualReplication, 18},
    {"max_slot_wal_keep_size", kGroup, "MB", NoLimit, kDynamic, kDynamic, true, true, false,
     "slots for the way back are not lost", kManualReplication},
};

}  // namespace

const char* SettingLevelName(SettingLevel level) {
  switch (level) {
    case SettingLevel::kSession:
      return "session";
    case SettingLevel::kRole:
      return "role";
    case SettingLevel::kTable:
      return "table";
    case SettingLevel::kParameterGroup:
      break;
  }
  return "parameter group";
}

std::span<const LoadSetting> LoadSettings() { return kRows; }

}  // namespace airlift
