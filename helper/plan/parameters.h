// Settings of the target for the load, and how to put back what was there before.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/facts.h"

namespace airlift::planning {

enum class Apply { kDynamic, kStatic, kAbsent };  // in a parameter group of that kind of target

struct ParameterAdvice {
  std::string name;
  std::string unit;
  std::optional<std::string> current;  // where a target was given and has it
  std::string value;                   // for the load, in the unit that the parameter group takes
  std::string purpose;
  Apply apply = Apply::kDynamic;
  bool in_session = false;        // the migrating role may set it itself
  bool in_cluster_group = false;  // Aurora: of the cluster's group, not the instance's
  bool only_replication = false;

  std::string ValueWithUnit() const;  // for people
};

struct ParameterInputs {
  ServerKind target_kind = ServerKind::kRds;
  const TargetFacts* target = nullptr;
  int jobs = 2;
  int64_t memory_bytes = 0;  // of the instance
  bool with_replication = false;
  std::string group;  // name of the parameter group, valid
  std::string instance;
  std::string cluster;
};

std::vector<ParameterAdvice> AdviseParameters(const ParameterInputs& inputs);

// `aws rds ...` lines, never run by us. `restore`: the previous values; where these are not known, the line that asks
// for them first.
std::vector<std::string> ParameterCommands(const std::vector<ParameterAdvice>& advice, const ParameterInputs& inputs,
                                           bool restore);

// SET and RESET lines for what the session of the load may set itself.
std::vector<std::string> SessionStatements(const std::vector<ParameterAdvice>& advice, bool restore);

const char* ApplyName(Apply apply);  // "dynamic", "static (reboot)", "not a parameter"

}  // namespace airlift::planning
