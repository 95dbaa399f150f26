// Tuning as recorded steps (prepare/step.h): each knows the statement that puts back exactly what was there, and is
// recorded in the transaction that does it, so that a kill at any moment leaves nothing that could not be put back.
// pg_airlift undo and cleanup take them back, too.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "prepare/step.h"

namespace airlift {

inline constexpr const char* kTuneSteps = "tune/";             // all of them
inline constexpr const char* kTuneSettings = "tune/setting/";  // by pg_airlift tune
inline constexpr const char* kTuneTables = "tune/table/";      // by pg_airlift tune
inline constexpr const char* kLoadTables = "tune/load/";       // by a load, while it runs

bool IsTuning(const Step& step);

// What is stored for a role in a database, by name.
using StoredSettings = std::map<std::string, std::string>;
StoredSettings ReadStoredSettings(Connection& target);  // of the session's user in its database

struct RoleInDatabase {
  std::string role;
  std::string database;
};
RoleInDatabase ReadRoleInDatabase(Connection& target);

// `before`: what is stored now; nullopt where nothing is.
Step SettingStep(const RoleInDatabase& where, const std::string& name, const std::string& value,
                 const std::optional<std::string>& before);

// An ordinary table, and whether its autovacuum_enabled is set ("" where it is not).
struct TunableTable {
  std::string schema;
  std::string name;
  std::optional<std::string> autovacuum;
  bool is_owned = false;  // by a role whose rights the session's user has

  bool IsAtRest() const;  // autovacuum does not touch it
};
// Of the database, without those of pg_airlift, of extensions and of other sessions.
std::vector<TunableTable> ReadTunableTables(Connection& target);

// `prefix`: kTuneTables or kLoadTables.
Step TableStep(const char* prefix, const TunableTable& table);

// What of the tuning stands.
struct StandingTuning {
  int settings = 0;
  int tables = 0;
  std::string since;  // "" where nothing stands

  bool Any() const { return settings + tables > 0; }
  std::string Describe() const;  // "6 settings of the migrating role and autovacuum off for 12 tables, since ..."
};
StandingTuning FindStandingTuning(Connection& target);

// A line for the end of a report; nullopt where nothing stands.
std::optional<std::string> NoteOfStandingTuning(Connection& target);

}  // namespace airlift
