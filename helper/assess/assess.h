// assess: what would stop or harm a move, seen from the source, from the target, and from both.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "findings/finding.h"
#include "pg/conninfo.h"

namespace airlift {

struct AssessOptions {
  ConnInfo source;
  std::optional<ConnInfo> target;
  std::optional<TargetSet> target_kind;  // asked of the target, else RDS
  std::optional<int> target_version;     // the target's, else the source's
  StrategySet strategies = kEveryStrategy;
  bool deep = false;
  std::map<std::string, std::string> accepted;  // check id, reason
};

// Runs the whole catalogue as far as it concerns the options. Changes nothing on either side: its sessions are
// read-only. Throws Error where a server cannot be reached, or an accepted id does not exist.
AssessReport Assess(const AssessOptions& options);

}  // namespace airlift
