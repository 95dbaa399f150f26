// Settings of the target for the load, and how to put back what was there before.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/facts.h"
#include "settings/load_settings.h"

namespace airlift::planning {

struct ParameterAdvice {
  std::string name;
  std::string unit;
  std::optional<std::string> current;  // where a target was given and has it
  std::string value;                   // for the load, in the unit that the parameter group takes
  std::string purpose;
  std::string source;  // where that is said
  Apply apply = Apply::kDynamic;
  SettingLevel level = SettingLevel::kParameterGroup;
  bool in_cluster_group = false;  // Aurora: of the cluster's group, not the instance's
  bool only_replication = false;

  bool InSession() const { return level != SettingLevel::kParameterGroup; }  // the migrating role may set it itself
  bool IsAsWanted() const;
  std::string ValueWithUnit() const;  // for people
  std::string CurrentWithUnit() const;
};

struct ParameterInputs {
  ServerKind target_kind = ServerKind::kRds;
  const TargetFacts* target = nullptr;
  int jobs = 2;
  int target_major = 0;  // where there is no target yet; 0: not known
  ServerMemory memory;   // of the instance
  // maintenance_work_mem of the target is what pg_airlift tune made it, and tells nothing.
  bool maintenance_memory_is_tuned = false;
  bool with_replication = false;
  std::string group;          // name of the parameter group, valid
  std::string cluster_group;  // Aurora: of the cluster's; "" for the group's with "-cluster"
  std::string instance;
  std::string cluster;
};

// Rows of LoadSettings() that concern this target, but storage parameters of tables.
std::vector<ParameterAdvice> AdviseParameters(const ParameterInputs& inputs);

// `aws rds ...` lines, never run by us. `restore`: the previous values; where these are not known, the line that asks
// for them first.
std::vector<std::string> ParameterCommands(const std::vector<ParameterAdvice>& advice, const ParameterInputs& inputs,
                                           bool restore);

// SET and RESET lines for what the session of the load may set itself.
std::vector<std::string> SessionStatements(const std::vector<ParameterAdvice>& advice, bool restore);

const char* ApplyName(Apply apply);  // "dynamic", "static (reboot)", "not a parameter"

}  // namespace airlift::planning
