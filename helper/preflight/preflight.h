// What must hold before anything is changed. All failures are found and told at once, not the first only.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.h"
#include "preflight/move_options.h"
#include "selection/selection.h"

namespace airlift {

struct PreflightProblem {
  std::string message;  // like an Error's
  std::string detail;
  std::string hint;
  bool is_blocker = true;  // false: a warning
};

struct PreflightInputs {
  Connection& source;
  Connection& target;
  const MoveOptions& options;
  bool resumes = false;                  // the target holds this run's state: it may be anything but empty
  const Selection* selection = nullptr;  // null: everything
};

std::vector<PreflightProblem> RunPreflight(const PreflightInputs& inputs);

// What concerns the target alone: for a load whose source is no server.
struct TargetInputs {
  Connection& target;
  const MoveOptions& options;
  bool resumes = false;
};
std::vector<PreflightProblem> RunTargetPreflight(const TargetInputs& inputs);

// A standby, or a session that may only read.
void CheckTakesWrites(Connection& target, std::vector<PreflightProblem>& problems);

// Those that stand in the way, as one report; "" for none.
std::string Blockers(const std::vector<PreflightProblem>& problems);

// All of them as SQL comments; "" for none.
std::string ProblemComments(const std::vector<PreflightProblem>& problems);

// What a dry run prints.
struct Description {
  std::string text;
  bool is_blocked = false;  // the run itself would refuse to begin
};

// True when both connections reach the same database, whatever addresses they were given: a lock taken through one is
// seen through the other.
bool IsSameDatabase(Connection& source, Connection& target);

// Objects in the database that a move into it would have to step around, "kind name" each, a few of them. A function
// of the service's own, `ignored_function`, is not counted.
std::vector<std::string> ExistingObjects(Connection& target, const std::string& ignored_function = {});

}  // namespace airlift
