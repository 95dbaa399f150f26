// What `prepare` does, as data: every change is a step that knows its SQL and the SQL that takes it back.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace airlift {

// kPlanned is never stored. kStarted and kUndoing are stored for steps on the source only, while they run there:
// a step on the target and the word about it commit together.
enum class StepState { kPlanned, kStarted, kDone, kFailed, kUndoing, kUndone };
const char* StepStateName(StepState state);
StepState StepStateFromName(const std::string& name);  // throws Error

// Stands in `sql` for a password or its hash, as the last literal of the statement.
inline constexpr const char* kSecretMark = "'********'";

struct Step {
  int64_t id = 0;   // of its row, 0 before it has one
  std::string key;  // what the step makes true: "role/app", "setting/app/work_mem"
  Side side = Side::kTarget;
  std::string what;         // one line for people
  std::string sql;          // secrets left out
  std::string undo_sql;     // "" where nothing need be taken back (what was made before takes it along)
  std::string cannot_undo;  // why there is no way back; "" where there is
  StepState state = StepState::kPlanned;
  std::string error;  // the server's words where it refused
  std::string xid;    // of the source's transaction that did or undid it

  std::vector<std::string> needs;  // keys of steps without which this one makes no sense; they are undone after it
  // False: a statement that cannot run in a transaction. Then `undo_sql` can be run at any time, also where the step
  // was done half or not at all.
  bool is_transactional = true;

  // Not stored:
  std::string secret;        // takes the place of kSecretMark when the step runs
  std::string finding;       // the check that a refusal is reported under
  std::string object;        // what that finding is about
  std::string remedy;        // what to do about the refusal
  bool was_skipped = false;  // failed without a try, because a need had failed
};

// The statement to run: `sql` with the secret in its place.
std::string ExecutableSql(const Step& step);

// Something that could not be prepared, or that is worth knowing. Ids are those of the catalogue of checks where it has
// them.
struct PrepareFinding {
  std::string id;
  std::string object;
  std::string detail;
  std::string remedy;
  bool is_note = false;   // for information: does not change the exit status
  bool accepted = false;  // --accept
};

// Steps that belong together, and what was found while planning them.
struct PreparePart {
  std::vector<Step> steps;
  std::vector<PrepareFinding> findings;
};

}  // namespace airlift
