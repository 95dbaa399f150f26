// The fixture of tests of `assess`: runs it, looks into its JSON, runs the SQL that it offers.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "support/move_test.h"

namespace airlift::test {

class AssessCase : public MoveTest {
 protected:
  using Ids = std::set<std::string>;

  // The JSON of an assessment of `source`, with findings of every severity. What it prints is checked for passwords.
  nlohmann::json Run(const std::string& source, const std::vector<std::string>& more = {});
  // Of the test's database, with the target.
  nlohmann::json RunBoth(const std::vector<std::string>& more = {});

  static nlohmann::json FindingsOf(const nlohmann::json& report, const std::string& id);
  static Ids IdsIn(const nlohmann::json& report);

  // Runs one kind of SQL ("fix_sql", "undo_sql") of all findings, as a user would: by psql, statement by statement.
  static void RunSql(Cluster& cluster, const std::string& database, const nlohmann::json& findings, const char* kind);

  // Settings with which every check of a setting fires, as far as a server like that one has them.
  static std::vector<std::string> BadSettings(const Cluster& like);
  // What ALTER SYSTEM, ALTER ROLE and ALTER DATABASE left behind.
  static std::string StoredSettings(const Cluster& cluster);
};

}  // namespace airlift::test
