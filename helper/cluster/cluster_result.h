// What became of each database of a cluster: the common report.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/verdict.h"
#include "prepare/prepare.h"
#include "report/result.h"

namespace airlift {

// kKept: verified by an earlier run, and not moved again. kCompared, kMissing: by compare, which moves nothing.
enum class DatabaseFate { kMoved, kKept, kCompared, kMissing, kFailed, kLeftOut, kNotReached };
const char* DatabaseFateName(DatabaseFate fate);

struct DatabaseOutcome {
  std::string name;
  DatabaseFate fate = DatabaseFate::kNotReached;
  std::string reason;        // of a failure, of being left out; "" else
  bool is_by_design = true;  // where it was left out
  int64_t bytes = 0;         // at the source
  double seconds = 0;
  std::vector<std::string> notes;   // of its creation
  std::optional<RunResult> result;  // of its own run
  std::string evidence;             // its file; "" where there is none

  bool IsLeftOutByDesign() const { return fate == DatabaseFate::kLeftOut && is_by_design; }
  // Of a database that was not looked at: "not verified", whatever the reason.
  Verdict DataVerdict() const;
  int ExitStatus() const;
};

struct ClusterResult {
  std::string command;  // "migrate" or "compare"
  std::string started_at;
  std::string finished_at;
  ServerFacts source;
  ServerFacts target;
  int jobs = 0;
  bool was_verified = true;
  bool allow_refused = false;
  bool was_stopped = false;
  std::optional<PrepareResult> roles;
  std::vector<DatabaseOutcome> databases;

  // Of the databases that are not left out by design; "not verified" where there are none.
  Verdict Overall() const;
  // The worst of roles and databases; kExitFailed where a verdict was asked for and there is nothing to give it on.
  int ExitStatus() const;
};

nlohmann::ordered_json ClusterJson(const ClusterResult& result);
// For people: what is not well, the table of databases, then the last line "verdict: ...".
std::string ClusterText(const ClusterResult& result);

}  // namespace airlift
