// The fixture of tests of `prepare` and `undo`: roles belong to the cluster, so it sees to it that none is left behind.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "support/move_test.h"

namespace airlift::test {

class PrepareCase : public MoveTest {
 protected:
  void SetUp() override;
  void TearDown() override;

  // test/data/prepare_roles.sql on the source.
  void LoadRoles();

  // pg_airlift COMMAND between the test's databases (or those of another name). What it prints is checked for
  // passwords.
  ProcessResult Run(const std::string& command, const std::vector<std::string>& more = {});
  ProcessResult RunIn(const std::string& name, const std::string& command, const std::vector<std::string>& more = {});
  nlohmann::json RunJson(const std::string& command, const std::vector<std::string>& more = {});
  nlohmann::json RunJsonIn(const std::string& name, const std::string& command, const std::vector<std::string>& more);

  // Kills it with SIGKILL after that time; its exit status, or -1 when it was killed.
  int RunAndKill(const std::string& command, const std::vector<std::string>& more, int milliseconds);
  // Again and again, a little later each time, until it ends by itself; returns the number of runs.
  int KillUntilDone(const std::string& command, const std::vector<std::string>& more);

  // "id object" of the findings that count.
  static std::vector<std::string> Findings(const nlohmann::json& result);

  // In the test's database.
  std::string Value(Cluster& cluster, const std::string& sql) { return cluster.Value(database(), sql); }

  // Everything that prepare may change in a cluster: pg_dumpall --globals-only where that program is at hand, the
  // catalogs of roles in any case, and the test database's privileges and schemas.
  std::string State(Cluster& cluster);
  // Roles that tests made, with attributes and password hashes; memberships; settings: one line each.
  std::string RolesOf(Cluster& cluster, const std::string& condition = {});
  std::string MembershipsOf(Cluster& cluster);
  std::string SettingsOf(Cluster& cluster, const std::string& database);

  // A path for a file of this test, removed at its end.
  std::string Scratch(const std::string& name);
  static std::string ReadPassword(const std::string& path);

 private:
  void DropNewRoles(Cluster& cluster, const std::set<std::string>& former);

  std::set<std::string> source_roles_, target_roles_;
  std::vector<std::string> scratch_;
};

}  // namespace airlift::test
