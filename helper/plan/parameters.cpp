#include "plan/parameters.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "plan/aws_name.h"

namespace airlift::planning {

namespace {

using Inputs = ParameterInputs;

constexpr size_t kParametersPerCall = 20;  // ModifyDBParameterGroup takes no more

bool IsAtLeast(const std::string& current, const std::string& wanted) {
  return std::strtoll(current.c_str(), nullptr, 10) >= std::strtoll(wanted.c_str(), nullptr, 10);
}

LoadSettingInputs InputsOfValues(const Inputs& inputs) {
  LoadSettingInputs values;
  values.memory = inputs.memory;
  values.jobs = inputs.jobs;
  if (inputs.target == nullptr) return values;
  if (!inputs.maintenance_memory_is_tuned)
    values.maintenance_work_mem = SettingNumber(inputs.target->settings, "maintenance_work_mem", 0) * 1024;
  values.max_parallel_workers = static_cast<int>(SettingNumber(inputs.target->settings, "max_parallel_workers", 0));
  return values;
}

ParameterAdvice Advise(const LoadSetting& row, const Inputs& inputs, const Setting* current) {
  ParameterAdvice advice;
  advice.name = row.name;
  advice.unit = row.unit;
  advice.value = row.value(InputsOfValues(inputs));
  advice.purpose = row.purpose;
  advice.source = row.source;
  advice.level = row.level;
  advice.apply = inputs.target_kind == ServerKind::kAurora ? row.on_aurora : row.on_rds;
  advice.in_cluster_group = inputs.target_kind == ServerKind::kAurora && row.in_cluster_group;
  advice.only_replication = row.only_replication;
  if (current == nullptr) return advice;
  advice.current = current->value;
  if (row.at_least && IsAtLeast(current->value, advice.value)) advice.value = current->value;
  return advice;
}

bool Concerns(const LoadSetting& row, const Inputs& inputs, const Setting* current) {
  if (row.level == SettingLevel::kTable || (row.only_replication && !inputs.with_replication)) return false;
  if (inputs.target == nullptr) return row.since <= inputs.target_major;
  if (!inputs.target->may_set_replication_role && std::string_view(row.name) == "session_replication_role")
    return false;
  const bool is_rds_own = std::string_view(row.name).substr(0, 4) == "rds.";
  return current != nullptr || is_rds_own;  // else this version has no such parameter
}

std::string WithUnit(const std::string& value, const std::string& unit) {
  if (unit.empty()) return value;
  const bool is_multiple = unit[0] >= '0' && unit[0] <= '9';  // "8kB"
  return value + (is_multiple ? " x " : "") + unit;
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
    if (each.apply == Apply::kAbsent || each.InSession() || each.in_cluster_group != cluster || each.IsAsWanted())
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

bool ParameterAdvice::IsAsWanted() const {
  if (!current) return false;
  const bool off = value == "0" || value == "off";
  return *current == value || (off && *current == "off");
}

std::string ParameterAdvice::ValueWithUnit() const { return WithUnit(value, unit); }
std::string ParameterAdvice::CurrentWithUnit() const { return current ? WithUnit(*current, unit) : "?"; }

std::vector<ParameterAdvice> AdviseParameters(const ParameterInputs& inputs) {
  std::vector<ParameterAdvice> advice;
  for (const LoadSetting& row : LoadSettings()) {
    const Setting* current = inputs.target == nullptr ? nullptr : FindSetting(inputs.target->settings, row.name);
    if (!Concerns(row, inputs, current)) continue;
    ParameterAdvice each = Advise(row, inputs, current);
    if (each.apply != Apply::kAbsent && !each.value.empty()) advice.push_back(std::move(each));
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
    const std::string cluster_group = inputs.cluster_group.empty() ? inputs.group + "-cluster" : inputs.cluster_group;
    const std::string& group = cluster ? cluster_group : inputs.group;
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
    if (!each.InSession() || each.IsAsWanted()) continue;
    statements.push_back(restore ? fmt::format("RESET {};", each.name)
                                 : fmt::format("SET {} = '{}{}';", each.name, each.value, each.unit));
  }
  return statements;
}

}  // namespace airlift::planning
