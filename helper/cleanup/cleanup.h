// cleanup: the end of a migration. Everything that pg_airlift made for replicating is removed from both sides, and then
// looked for again.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "pg/conninfo.h"

namespace airlift {

struct CleanupOptions {
  ConnInfo source;
  ConnInfo target;
  std::string fallback_role;  // as for the cutover: it owns the slot of the way back
  std::string fallback_password_file;
  std::string publication = "airlift";  // where the target, and with it the record of names, is gone
  bool source_is_gone = false;
  bool target_is_gone = false;
  bool abandon = false;  // also while the source is the application's database: the migration is given up
  bool unfence = false;  // let the source be written to again
  bool dms = false;      // also what AWS DMS homogeneous migrations leave behind
  bool dry_run = false;
};

struct CleanupItem {
  std::string side;   // "source", "target"
  std::string what;   // "slot airlift_1"
  std::string state;  // "removed", "would be removed", "kept", "failed"
  std::string note;   // why
};

struct CleanupResult {
  bool dry_run = false;
  std::vector<CleanupItem> items;
  std::vector<CleanupItem> left;  // found afterwards

  // kExitDone when nothing is left but what was to be kept.
  int ExitStatus() const;
};

CleanupResult CleanUp(const CleanupOptions& options);

nlohmann::json ToJson(const CleanupResult& result);
std::string CleanupText(const CleanupResult& result);

}  // namespace airlift
