// tune: sets for a load what the migrating role may set on the target, records what was there before, puts it back; and
// tells what is for the parameter group.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pg/conninfo.h"
#include "plan/parameters.h"
#include "tune/tuning_steps.h"

namespace airlift {

enum class TuneMode { kShow, kApply, kReset };
const char* TuneModeName(TuneMode mode);  // "show", "apply", "reset"

struct TuneOptions {
  ConnInfo target;
  TuneMode mode = TuneMode::kShow;
  bool dry_run = false;
  int jobs = 2;
  int64_t memory = 0;               // bytes, of the instance; 0: told from its shared_buffers
  std::vector<std::string> tables;  // patterns; empty: all
  bool with_tables = true;
  bool with_replication = false;  // parameters of replication, too
  std::optional<planning::ServerKind> kind;
  std::string parameter_group;
  std::string cluster_parameter_group;
  std::string instance;
};

// A setting of the role, or a table.
struct TuneItem {
  SettingLevel level = SettingLevel::kRole;
  std::string name;
  std::string now;     // what a new session of the role gets; of a table, autovacuum_enabled
  std::string wanted;  // "" for what is only put back
  // "as wanted", "to do", "set", "stands" (set by a former run), "refused", "to be put back", "put back"
  std::string state;
  std::string note;  // the server's words where it refused
  std::string purpose;
  std::string source;
  std::string sql;
  std::string undo_sql;
};

struct TuneResult {
  TuneMode mode = TuneMode::kShow;
  bool dry_run = false;
  ServerFacts target;
  planning::ServerKind kind = planning::ServerKind::kOtherManaged;
  RoleInDatabase where;
  ServerMemory memory;
  int jobs = 2;
  std::vector<TuneItem> items;
  int tables_of_others = 0;  // which the role may not change
  std::vector<planning::ParameterAdvice> advice;
  planning::ParameterInputs inputs;
  StandingTuning standing;  // afterwards

  // kExitFindings where the target refused something.
  int ExitStatus() const;
};

TuneResult Tune(const TuneOptions& options);

}  // namespace airlift
