// What the user asked for, for the commands that replicate.
#pragma once

#include <string>

#include "pg/conninfo.h"
#include "selection/selection_rules.h"

namespace airlift {

inline constexpr const char* kFullLoad = "full-load";
inline constexpr const char* kFullLoadAndChanges = "full-load-and-cdc";
inline constexpr const char* kChangesOnly = "cdc";

struct ReplicationOptions {
  std::string type = kFullLoad;
  std::string publication = "airlift";
  std::string role = "airlift_replication";
  std::string password_file;
  ConnInfo from_target;  // how the target reaches the source, where it is not as from here
  int groups = 1;
  SelectionRules selection;    // without rules: what is recorded on the target
  std::string admin_function;  // see replicate/admin_route.h
  bool two_phase = false;
  bool audit_slot = false;          // one more slot, which tells later what changed since the load was verified
  std::string start_point = "now";  // of kChangesOnly: now, slot:NAME, or an LSN
};

}  // namespace airlift
