#include "plan/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "plan/aws_name.h"

namespace airlift::planning {

namespace {

using Inputs = ParameterInputs;

constexpr int64_t kMegabyte = int64_t{1} << 20;
constexpr int64_t kGigabyte = int64_t{1} << 30;
constexpr size_t kParametersPerCall = 20;  // ModifyDBParameterGroup takes no more

// Half of what the shared buffers leave, shared out over the jobs, at most 2 GB.
std::string MaintenanceWorkMem(const Inputs& in) {
  const int64_t share = (in.memory_bytes * 3 / 4) / 2 / std::max(1, in.jobs);
  return std::to_string(std::clamp(share, 64 * kMegabyte, 2 * kGigabyte) / 1024);
}
std::string ParallelMaintenance(const Inputs& in) { return in.jobs >= 4 ? "1" : "2"; }
std::string MaxWalSize(const Inputs&) { return "16384"; }
std::string Zero(const Inputs&) { return "0"; }
std::string One(const Inputs&) { return "1"; }
std::string Off(const Inputs&) { return "off"; }
std::string Replica(const Inputs&) { return "replica"; }
std::string HalfAnHour(const Inputs&) { return "1800"; }
std::string WalBuffers(const Inputs&) { return "8192"; }
std::string DecodingMemory(const Inputs&) { return "262144"; }
std::string ReplicationWorkers(const Inputs& in) { return std::to_string(std::max(4, 2 * (1 + in.jobs))); }
std::string SyncWorkers(const Inputs& in) { return std::to_string(std::max(2, in.jobs)); }
std::string WorkerProcesses(const Inputs& in) { return std::to_string(std::max(8, 2 * (1 + in.jobs) + 12)); }
std::string Slots(const Inputs& in) { return std::to_string(std::max(20, 2 * (1 + in.jobs))); }
std::string Senders(const Inputs& in) { return std::to_string(std::max(20, 2 * (1 + in.jobs))); }
std::string WalCompression(const Inputs&) { return "on"; }

struct Row {
  const char* name;
  const char* unit;  // of the parameter group
  std::string (*value)(const Inputs&);
  Apply on_rds;
  Apply on_aurora;
  bool in_session;
  bool in_cluster_group;  // on Aurora
  bool only_replication;
  const char* purpose;
  bool at_least = false;  // a higher value is as good, and is left alone
};

// RDS user guide, "importing data" and the parameter lists of RDS and Aurora.
constexpr Row kRows[] = {
    {"maintenance_work_mem", "kB", MaintenanceWorkMem, Apply::kDynamic, Apply::kDynamic, true, false, false,
     "index builds sort in memory; jobs times this must fit"},
    {"max_parallel_maintenance_workers", "", ParallelMaintenance, Apply::kDynamic, Apply::kDynamic, true, false, false,
     "parallel index builds, shared out over the jobs"},
    {"synchronous_commit", "", Off, Apply::kDynamic, Apply::kDynamic, true, false, false,
     "commits of the load need not wait for the disk; the load is proved afterwards"},
    {"session_replication_role", "", Replica, Apply::kDynamic, Apply::kDynamic, true, false, false,
     "triggers and foreign keys rest in the sessions of a load into existing tables"},
    {"statement_timeout", "ms", Zero, Apply::kDynamic, Apply::kDynamic, true, false, false,
     "long COPY and index builds"},
    {"idle_in_transaction_session_timeout", "ms", Zero, Apply::kDynamic, Apply::kDynamic, true, false, false,
     "sessions that wait for the other side"},
    {"lock_timeout", "ms", Zero, Apply::kDynamic, Apply::kDynamic, true, false, false,
     "foreign keys wait for their tables"},
    {"max_wal_size", "MB", MaxWalSize, Apply::kDynamic, Apply::kAbsent, false, false, false, "fewer checkpoints", true},
    {"checkpoint_timeout", "s", HalfAnHour, Apply::kDynamic, Apply::kAbsent, false, false, false, "fewer checkpoints",
     true},
    {"wal_compression", "", WalCompression, Apply::kDynamic, Apply::kAbsent, false, false, false,
     "less WAL, where vCPU are to spare"},
    {"wal_buffers", "8kB", WalBuffers, Apply::kStatic, Apply::kAbsent, false, false, false,
     "64 MB; only worth a reboot on a busy load", true},
    {"autovacuum", "", Zero, Apply::kDynamic, Apply::kDynamic, false, true, false,
     "not beside the load; ANALYZE is part of it. Must come back on"},
    {"rds.logical_replication", "", One, Apply::kStatic, Apply::kStatic, false, true, true,
     "wal_level = logical on the target, for the way back"},
    {"max_logical_replication_workers", "", ReplicationWorkers, Apply::kStatic, Apply::kStatic, false, true, true,
     "apply and synchronisation workers", true},
    {"max_sync_workers_per_subscription", "", SyncWorkers, Apply::kDynamic, Apply::kDynamic, false, true, true,
     "tables that a subscription copies at once", true},
    {"max_worker_processes", "", WorkerProcesses, Apply::kStatic, Apply::kStatic, false, true, true,
     "replication workers, parallel workers and autovacuum together", true},
    {"max_replication_slots", "", Slots, Apply::kStatic, Apply::kStatic, false, true, true,
     "origins of subscriptions (before 18), and slots for the way back", true},
    {"max_wal_senders", "", Senders, Apply::kStatic, Apply::kStatic, false, true, true,
     "the way back reads from the target", true},
    {"logical_decoding_work_mem", "kB", DecodingMemory, Apply::kDynamic, Apply::kDynamic, false, true, true,
     "large transactions are decoded in memory", true},
    {"wal_receiver_timeout", "ms", Zero, Apply::kDynamic, Apply::kDynamic, false, true, true,
     "a busy source is not taken for a dead one"},
    {"idle_replication_slot_timeout", "", Zero, Apply::kDynamic, Apply::kDynamic, false, true, true,
     "slots for the way back are not dropped (18 and later)"},
    {"max_slot_wal_keep_size", "MB", [](const Inputs&) { return std::string("-1"); }, Apply::kDynamic, Apply::kDynamic,
     false, true, true, "slots for the way back are not lost"},
};

bool IsAtLeast(const std::string& current, const std::string& wanted) {
  return std::atoll(current.c_str()) >= std::atoll(wanted.c_str());
}

ParameterAdvice Advise(const Row& row, const Inputs& inputs, const Setting* current) {
  ParameterAdvice advice;
  advice.name = row.name;
  advice.unit = row.unit;
  advice.value = row.value(inputs);
  advice.purpose = row.purpose;
  advice.apply = inputs.target_kind == ServerKind::kAurora ? row.on_aurora : row.on_rds;
  advice.in_session = row.in_session;
  advice.in_cluster_group = inputs.target_kind == ServerKind::kAurora && row.in_cluster_group;
  advice.only_replication = row.only_replication;
  if (current == nullptr) return advice;
  advice.current = current->value;
  if (row.at_least && IsAtLeast(current->value, advice.value)) advice.value = current->value;
  return advice;
}

bool IsAsWanted(const ParameterAdvice& advice) {
  if (!advice.current) return false;
  const bool off = advice.value == "0" || advice.value == "off";
  return *advice.current == advice.value || (off && *advice.current == "off");
}

// A parameter group takes numbers for switches.
std::string GroupValue(const std::string& value) { return value == "on" ? "1" : value == "off" ? "0" : value; }

std::string ModifyCommand(const std::vector<const ParameterAdvice*>& items, const std::string& group, bool cluster,
                          bool restore) {
  std::string command =
      cluster ? "aws rds modify-db-cluster-parameter-group --db-cluster-parameter-group-name " + ShellQuote(group)
              : "aws rds modify-db-parameter-group --db-parameter-group-name " + ShellQuote(group);
  command += " --parameters";
  for (const ParameterAdvice* item : items) {
    command += " " + ShellQuote(fmt::format("ParameterName={},ParameterValue={},ApplyMethod={}", item->name,
                                            GroupValue(restore ? *item->current : item->value),
                                            item->apply == Apply::kStatic ? "pending-reboot" : "immediate"));
  }
  return command;
}

std::string AskCommand(const std::vector<const ParameterAdvice*>& items, const std::string& group, bool cluster) {
  std::string names;
  for (const ParameterAdvice* item : items) names += fmt::format("{}'{}'", names.empty() ? "" : ",", item->name);
  return fmt::format(
      "aws rds describe-db-{0}parameters --db-{0}parameter-group-name {1} --output table --query {2}",
      cluster ? "cluster-" : "", ShellQuote(group),
      ShellQuote("Parameters[?contains([" + names + "], ParameterName)].[ParameterName,ParameterValue,Source]"));
}

using Items = std::vector<const ParameterAdvice*>;

Items GroupItems(const std::vector<ParameterAdvice>& advice, bool cluster) {
  Items items;
  for (const ParameterAdvice& each : advice) {
    if (each.apply == Apply::kAbsent || each.in_session || each.in_cluster_group != cluster || IsAsWanted(each))
      continue;
    items.push_back(&each);
  }
  return items;
}

bool AnyStatic(const Items& items) {
  return std::any_of(items.begin(), items.end(), [](const ParameterAdvice* i) { return i->apply == Apply::kStatic; });
}

}  // namespace

const char* ApplyName(Apply apply) {
  switch (apply) {
    case Apply::kDynamic:
      return "dynamic";
    case Apply::kStatic:
      return "static (reboot)";
    case Apply::kAbsent:
      break;
  }
  return "not a parameter";
}

std::string ParameterAdvice::ValueWithUnit() const {
  if (unit.empty()) return value;
  const bool is_multiple = unit[0] >= '0' && unit[0] <= '9';  // "8kB"
  return value + (is_multiple ? " x " : "") + unit;
}

std::vector<ParameterAdvice> AdviseParameters(const ParameterInputs& inputs) {
  std::vector<ParameterAdvice> advice;
  for (const Row& row : kRows) {
    if (row.only_replication && !inputs.with_replication) continue;
    const Setting* current = inputs.target == nullptr ? nullptr : FindSetting(inputs.target->settings, row.name);
    if (inputs.target != nullptr && !inputs.target->may_set_replication_role &&
        std::string_view(row.name) == "session_replication_role")
      continue;
    const bool is_rds_own = std::string_view(row.name).substr(0, 4) == "rds.";
    if (inputs.target != nullptr && current == nullptr && !is_rds_own) continue;  // this version has no such parameter
    ParameterAdvice each = Advise(row, inputs, current);
    if (each.apply != Apply::kAbsent) advice.push_back(std::move(each));
  }
  return advice;
}

std::vector<std::string> ParameterCommands(const std::vector<ParameterAdvice>& advice, const ParameterInputs& inputs,
                                           bool restore) {
  std::vector<std::string> commands;
  for (const bool cluster : {true, false}) {
    const Items all = GroupItems(advice, cluster);
    Items known;
    Items unknown;
    for (const ParameterAdvice* item : all) (item->current ? known : unknown).push_back(item);
    const std::string group = cluster ? inputs.group + "-cluster" : inputs.group;
    if (!unknown.empty() && !restore) {
      commands.push_back("# keep the answer: it is what must be put back");
      commands.push_back(AskCommand(unknown, group, cluster));
    }
    const Items& changed = restore ? known : all;
    for (size_t at = 0; at < changed.size(); at += kParametersPerCall) {
      const auto begin = changed.begin() + static_cast<std::ptrdiff_t>(at);
      const auto count = static_cast<std::ptrdiff_t>(std::min(kParametersPerCall, changed.size() - at));
      commands.push_back(ModifyCommand({begin, begin + count}, group, cluster, restore));
    }
    for (const ParameterAdvice* item : unknown)
      if (restore)
        commands.push_back("# " + item->name + ": the value that describe-db-parameters gave before the load");
    if (AnyStatic(all))
      commands.push_back("aws rds reboot-db-instance --db-instance-identifier " + ShellQuote(inputs.instance));
  }
  return commands;
}

std::vector<std::string> SessionStatements(const std::vector<ParameterAdvice>& advice, bool restore) {
  std::vector<std::string> statements;
  for (const ParameterAdvice& each : advice) {
    if (!each.in_session || IsAsWanted(each)) continue;
    statements.push_back(restore ? fmt::format("RESET {};", each.name)
                                 : fmt::format("SET {} = '{}{}';", each.name, each.value, each.unit));
  }
  return statements;
}

}  // namespace airlift::planning
