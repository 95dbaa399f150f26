// What is set on a target for a load, as a table: a setting is a row, with its value as a function of memory and jobs.
#pragma once

#include <span>
#include <string>

#include "settings/load_memory.h"

namespace airlift {

// Where a setting is made, from the narrowest place on.
enum class SettingLevel {
  kSession,         // by the sessions of the load alone; never stored
  kRole,            // also for the migrating role in the target database, so that every tool of it has it
  kTable,           // a storage parameter of the tables that are loaded
  kParameterGroup,  // by whoever runs the instance
};
const char* SettingLevelName(SettingLevel level);  // "session", "role", "table", "parameter group"

enum class Apply { kDynamic, kStatic, kAbsent };  // in a parameter group of that kind of target

struct LoadSettingInputs {
  ServerMemory memory;
  int64_t maintenance_work_mem = 0;  // bytes, as it is now; 0: not known
  int max_parallel_workers = 0;      // 0: not known
  int jobs = 2;
};

struct LoadSetting {
  const char* name;
  SettingLevel level;
  const char* unit;  // of the value, as a parameter group takes it
  // "": leave it as it is.
  std::string (*value)(const LoadSettingInputs&);
  Apply on_rds;
  Apply on_aurora;
  bool in_cluster_group;  // on Aurora: of the cluster's group, not the instance's
  bool only_replication;
  bool at_least;  // a higher value is as good, and is left alone
  const char* purpose;
  const char* source;
  int since = 0;  // the first major version that has it
};

std::span<const LoadSetting> LoadSettings();

}  // namespace airlift
