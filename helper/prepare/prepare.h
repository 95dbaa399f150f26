// prepare: what has to stand on both sides before a move, done in steps that `undo` takes back.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pg/conninfo.h"
#include "prepare/step.h"
#include "report/result.h"

namespace airlift {

struct PrepareOptions {
  ConnInfo source;
  ConnInfo target;
  bool roles = false;
  std::string globals;            // file of pg_dumpall --globals-only that roles are read from; "" for the source
  bool database_settings = true;  // with the roles: those of the connected database
  bool replica_identity = false;
  std::string publication;                  // name; "" for none
  std::string replication_role;             // name; "" for none
  std::vector<std::string> tables;          // patterns for replica identity and publication; all when empty
  std::vector<std::string> exclude_tables;  // patterns for the publication
  int publication_groups = 1;
  bool via_partition_root = false;
  std::string row_filters, column_lists;        // of the publication, see PublicationRequest
  std::string new_passwords;                    // file; "" for none
  std::string password_file;                    // of the replication role
  ConnInfo from_target;                         // how the target reaches the source, where it is not as from here
  std::map<std::string, std::string> accepted;  // findings by id, with the reason
  double lock_timeout = 2;                      // seconds: see docs/prepare-command.md
  bool dry_run = false;

  bool AsksForNothing() const { return !roles && !replica_identity && publication.empty() && replication_role.empty(); }
};

struct PrepareResult {
  std::string command;  // "prepare" or "undo"
  bool dry_run = false;
  ServerFacts source;
  ServerFacts target;
  std::vector<Step> steps;
  size_t done_before = 0;  // steps of earlier runs that stand
  std::vector<PrepareFinding> findings;

  // kExitDone, or kExitFindings where something could not be done.
  int ExitStatus() const;
};

// Throws Error with all that is missing, before anything is changed. Without any part asked for, a dry run of those
// that need no name.
PrepareResult Prepare(PrepareOptions options);

struct UndoOptions {
  ConnInfo source;
  ConnInfo target;
  double lock_timeout = 2;  // seconds; dropping an index waits 60 times as long
  bool dry_run = false;
};

// Takes back what prepare did, last first. What cannot be taken back stays recorded, with the reason.
PrepareResult Undo(const UndoOptions& options);

}  // namespace airlift
