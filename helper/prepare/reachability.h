// Can the replication role reach the source: from here, from the target, and by pg_hba.conf?
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "prepare/step.h"

namespace airlift {

struct ReachabilityInputs {
  Connection& source;
  Connection& target;
  const ConnInfo& source_info;  // as the user gave it
  const ConnInfo& from_target;  // host, port ... as the target reaches the source; empty: as from here
  const std::string& role;
  const std::string& password;  // "" where it is not known
  bool role_exists = true;      // false in a dry run before the role is made
};

// How the target reaches the source as that role, password and all; nullopt where the source was reached through a
// socket here and nothing better was given.
std::optional<ConnInfo> SourceFromTarget(Connection& source, const ConnInfo& from_target, const std::string& role,
                                         const std::string& password);

// What was tested comes back as notes, what failed or is missing as findings.
std::vector<PrepareFinding> TestReachability(const ReachabilityInputs& in);

}  // namespace airlift
