// What the user asked for, for the commands that move data.
#pragma once

#include <cstdint>
#include <string>

#include "pg/conninfo.h"
#include "selection/selection_rules.h"

namespace airlift {

struct MoveOptions {
  ConnInfo source;
  ConnInfo target;
  int jobs = 2;
  bool verify = true;          // false for `restore` and --no-verify
  bool into_existing = false;  // the target may hold other objects
  std::string admin_function;  // of the target's service (replicate/admin_route.h): no content of the database
  bool restart = false;        // drop what an unfinished run left and begin anew
  // A move that has finished, and is as well verified as this one is to be, is not an error: its result is told again.
  bool keep_finished = false;
  bool dry_run = false;
  int64_t split_bytes = 0;         // tables larger than this are copied in parts; 0: decided from sizes and jobs
  int64_t maintenance_memory = 0;  // bytes for all index builds together; 0: decided from the target's settings
  // How the target compresses large values that have no method of their own: "lz4", "pglz", or "" for its own setting.
  std::string toast_compression = "lz4";
  SelectionRules selection;
  std::string pg_bindir;  // where pg_dump and pg_restore are; "" to search
};

}  // namespace airlift
