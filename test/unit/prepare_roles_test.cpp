// The role planner: from facts of both sides to steps that a managed target accepts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prepare/role_plan.h"

namespace airlift {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kScram = "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy";
constexpr const char* kMd5 = "md50123456789abcdef0123456789abcdef";

RoleFacts Role(const std::string& name) {
  RoleFacts role;
  role.name = name;
  return role;
}

RoleFacts Login(const std::string& name, std::optional<std::string> hash = kScram) {
  RoleFacts role = Role(name);
  role.login = true;
  role.password_hash = std::move(hash);
  return role;
}

class PrepareRoles : public ::testing::Test {
 protected:
  PrepareRoles() {
    source_.major = 15;
    source_.passwords_readable = true;
    target_.major = 17;
    target_.user = "master";
    target_.database = "db";
    target_.may_create_roles = target_.may_create_databases = true;
    AddToTarget(Role("rds_replication"));
    AddToTarget(Role("pg_monitor"));
  }

  void AddToTarget(const RoleFacts& role) { target_.roles[role.name] = role; }

  PreparePart Plan() { return PlanRoles(source_, target_, options_); }

  std::vector<std::string> Statements() {
    std::vector<std::string> statements;
    for (const Step& step : Plan().steps) statements.push_back(step.sql);
    return statements;
  }
  // "id object" of what counts in the exit status.
  std::vector<std::string> Findings() {
    std::vector<std::string> found;
    for (const PrepareFinding& finding : Plan().findings)
      if (!finding.is_note) found.push_back(finding.id + " " + finding.object);
    return found;
  }
  Step StepFor(const std::string& key) {
    for (const Step& step : Plan().steps)
      if (step.key == key) return step;
    ADD_FAILURE() << "no step " << key;
    return {};
  }

  SourceRoles source_;
  TargetRoles target_;
  RolePlanOptions options_;
};

TEST_F(PrepareRoles, CreatesWithAllowedAttributesOnly) {
  RoleFacts role = Login("app");
  role.inherit = false;
  role.createdb = role.createrole = true;
  role.connection_limit = 5;
  role.valid_until = "2030-01-01 00:00:00+00";
  source_.roles = {role};
  EXPECT_THAT(Statements(), ElementsAre("CREATE ROLE \"app\" LOGIN NOINHERIT CREATEDB CREATEROLE CONNECTION LIMIT 5 "
                                        "VALID UNTIL '2030-01-01 00:00:00+00'",
                                        "GRANT \"app\" TO CURRENT_USER WITH SET TRUE, INHERIT TRUE",
                                        "ALTER ROLE \"app\" PASSWORD '********'"));
  EXPECT_THAT(Findings(), IsEmpty());
}

// The words alone are refused to a role that is no superuser, whatever they say.
TEST_F(PrepareRoles, NeverSaysWhatOnlySuperusersMaySay) {
  RoleFacts everything = Login("everything");
  everything.superuser = everything.replication = everything.bypassrls = everything.createdb = true;
  source_.roles = {everything, Role("nothing")};
  for (const std::string& statement : Statements())
    for (const char* word : {"SUPERUSER", "REPLICATION", "BYPASSRLS", "GRANTED BY"})
      EXPECT_THAT(statement, Not(HasSubstr(word)));
}

TEST_F(PrepareRoles, ListsWhatTheTargetDoesNotGive) {
  RoleFacts superuser = Role("etl"), bypass = Role("auditor");
  superuser.superuser = bypass.bypassrls = true;
  source_.roles = {superuser, bypass, Role("rds_fan"), Role("master")};
  EXPECT_THAT(Findings(), ElementsAre("role.reserved_name rds_fan", "role.reserved_name master", "role.superuser etl",
                                      "role.bypassrls auditor"));
  EXPECT_THAT(Statements(), Not(Contains(HasSubstr("rds_fan"))));
}

TEST_F(PrepareRoles, LeavesTheServersOwnRolesAlone) {
  RoleFacts bootstrap = Role("postgres"), predefined = Role("pg_monitor");
  bootstrap.is_bootstrap = bootstrap.superuser = predefined.is_predefined = true;
  source_.roles = {bootstrap, predefined, Login("replicator")};
  options_.left_alone = {"replicator"};
  EXPECT_THAT(Statements(), IsEmpty());
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(PrepareRoles, GrantsReplicationByMembership) {
  RoleFacts role = Role("repl");
  role.replication = true;
  source_.roles = {role};
  EXPECT_THAT(Statements(), Contains("GRANT rds_replication TO \"repl\""));
  target_.roles.erase("rds_replication");
  EXPECT_THAT(Statements(), Not(Contains(HasSubstr("rds_replication"))));
  EXPECT_THAT(Findings(), ElementsAre("role.replication repl"));
}

TEST_F(PrepareRoles, GrantsItselfSinceVersion16Only) {
  source_.roles = {Role("app")};
  EXPECT_THAT(Statements(), Contains(HasSubstr("TO CURRENT_USER")));
  target_.major = 15;
  EXPECT_THAT(Statements(), ElementsAre("CREATE ROLE \"app\""));
}

TEST_F(PrepareRoles, CompletesAnExistingRoleAndTakesNothingAway) {
  RoleFacts existing = Role("app");
  existing.createdb = existing.can_act = true;
  AddToTarget(existing);
  RoleFacts wanted = Login("app");
  wanted.connection_limit = 3;
  source_.roles = {wanted};
  EXPECT_THAT(Statements(), ElementsAre("ALTER ROLE \"app\" LOGIN CONNECTION LIMIT 3"));
  EXPECT_EQ(StepFor("attributes/app").undo_sql, "ALTER ROLE \"app\" NOLOGIN CONNECTION LIMIT -1");
}

TEST_F(PrepareRoles, PlansNothingWhereAllIsThere) {
  RoleFacts role = Login("app");
  role.can_act = true;
  AddToTarget(role);
  source_.roles = {role};
  source_.settings = target_.settings = {{"app", false, "work_mem", "64MB"}};
  EXPECT_THAT(Statements(), IsEmpty());
  EXPECT_THAT(Findings(), IsEmpty());
}

TEST_F(PrepareRoles, GivesAPasswordOnlyToRolesOfItsOwn) {
  source_.roles = {Login("app")};
  AddToTarget(Login("app"));
  EXPECT_THAT(Statements(), Not(Contains(HasSubstr("PASSWORD"))));
  options_.done = {"role/app"};  // created by a prepare that was killed before the password
  EXPECT_THAT(Statements(), Contains(HasSubstr("PASSWORD")));
  options_.done = {"role/app", "password/app"};
  EXPECT_THAT(Statements(), Not(Contains(HasSubstr("PASSWORD"))));
}

TEST_F(PrepareRoles, KeepsSecretsOutOfWhatIsStored) {
  source_.roles = {Login("app"), Login("old", kMd5)};
  for (const Step& step : Plan().steps) {
    const std::string stored = step.key + step.what + step.sql + step.undo_sql + step.remedy + step.object;
    EXPECT_THAT(stored, Not(HasSubstr("SCRAM")));
    EXPECT_THAT(stored, Not(HasSubstr("md50")));
  }
  EXPECT_EQ(ExecutableSql(StepFor("password/app")), std::string("ALTER ROLE \"app\" PASSWORD '") + kScram + "'");
}

TEST_F(PrepareRoles, PutsTheSecretInItsPlaceEvenIfTheNameHoldsTheMark) {
  source_.roles = {Login("a'********'b")};
  EXPECT_EQ(ExecutableSql(StepFor("password/a'********'b")),
            std::string("ALTER ROLE \"a'********'b\" PASSWORD '") + kScram + "'");
}

TEST_F(PrepareRoles, TellsHashesFromPasswordsInClear) {
  EXPECT_TRUE(IsPasswordHash(kScram));
  EXPECT_TRUE(IsPasswordHash(kMd5));
  for (const char* text : {"", "secret", "md5", "md5zz23456789abcdef0123456789abcdef", "SCRAM-SHA-256$x",
                           "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2'; DROP"})
    EXPECT_FALSE(IsPasswordHash(text)) << text;
  source_.roles = {Login("app", "in the clear")};
  EXPECT_THAT(Findings(), ElementsAre("role.password_hidden app"));
}

TEST_F(PrepareRoles, SaysWhichRolesStayWithoutAPassword) {
  source_.passwords_readable = false;
  source_.roles = {Login("app", std::nullopt), Role("group")};
  EXPECT_THAT(Findings(), ElementsAre("role.password_hidden app"));
  EXPECT_THAT(RolesWithoutReadablePassword(source_, target_, {}), ElementsAre("app"));
  options_.new_verifiers["app"] = kScram;
  EXPECT_THAT(Findings(), IsEmpty());
  EXPECT_EQ(StepFor("password/app").secret, kScram);
}

TEST_F(PrepareRoles, ReportsMd5WhereTheTargetRefusesIt) {
  source_.roles = {Login("old", kMd5)};
  EXPECT_THAT(Findings(), IsEmpty());
  target_.accepts_md5 = false;
  EXPECT_THAT(Findings(), ElementsAre("role.md5 old"));
}

TEST_F(PrepareRoles, GrantsMembershipsWithTheOptionsThatBothSidesKnow) {
  source_.roles = {Role("a"), Role("b")};
  source_.memberships = {{"a", "b", true, {true, std::nullopt, std::nullopt}, std::nullopt}};
  EXPECT_THAT(Statements(), Contains("GRANT \"a\" TO \"b\" WITH ADMIN OPTION"));
  source_.major = 16;
  source_.memberships[0].options = {false, false, true};
  EXPECT_THAT(Statements(), Contains("GRANT \"a\" TO \"b\" WITH ADMIN FALSE, INHERIT FALSE, SET TRUE"));
  target_.major = 15;
  EXPECT_THAT(Statements(), Contains("GRANT \"a\" TO \"b\""));
}

TEST_F(PrepareRoles, CompletesAMembershipAndPutsItsOptionsBack) {
  source_.roles = {Role("a"), Role("b")};
  source_.memberships = {{"a", "b", true, {false, true, true}, std::nullopt}};
  target_.memberships = {{"a", "b", true, {true, false, true}, MembershipOptions{true, false, true}}};
  const Step step = StepFor("membership/a/b");
  EXPECT_EQ(step.sql, "GRANT \"a\" TO \"b\" WITH ADMIN TRUE, INHERIT TRUE, SET TRUE");
  EXPECT_EQ(step.undo_sql, "GRANT \"a\" TO \"b\" WITH ADMIN TRUE, INHERIT FALSE, SET TRUE");
  // Of another grantor: the grant adds a row, and taking it back removes that row alone.
  target_.memberships[0].own.reset();
  EXPECT_EQ(StepFor("membership/a/b").undo_sql, "REVOKE \"a\" FROM \"b\"");
}

TEST_F(PrepareRoles, NeverGrantsAccessToTheServersFiles) {
  source_.roles = {Role("etl")};
  source_.memberships = {{"pg_read_server_files", "etl", true, {}, std::nullopt},
                         {"pg_monitor", "etl", true, {}, std::nullopt}};
  AddToTarget(Role("pg_read_server_files"));
  EXPECT_THAT(Statements(), Contains("GRANT \"pg_monitor\" TO \"etl\""));
  EXPECT_THAT(Statements(), Not(Contains(HasSubstr("pg_read_server_files"))));
  EXPECT_THAT(Findings(), ElementsAre("role.server_files etl"));
}

TEST_F(PrepareRoles, SetsQuotedListsElementByElement) {
  source_.roles = {Role("app")};
  source_.settings = {{"app", false, "search_path", "\"$user\", \"odd, name\", public"},
                      {"app", true, "my.text", "it's \\ here"},
                      {std::nullopt, true, "work_mem", "64MB"},
                      {std::nullopt, false, "work_mem", "32MB"}};
  const std::vector<std::string> statements = Statements();
  EXPECT_THAT(statements, Contains("ALTER ROLE \"app\" SET \"search_path\" TO '$user', 'odd, name', 'public'"));
  EXPECT_THAT(statements, Contains("ALTER ROLE \"app\" IN DATABASE \"db\" SET \"my.text\" TO E'it''s \\\\ here'"));
  EXPECT_THAT(statements, Contains("ALTER DATABASE \"db\" SET \"work_mem\" TO '64MB'"));
  EXPECT_THAT(statements, Contains("ALTER ROLE ALL SET \"work_mem\" TO '32MB'"));
}

TEST_F(PrepareRoles, KeepsSettingsThatItDidNotMake) {
  source_.roles = {Role("app")};
  source_.settings = {{"app", false, "work_mem", "64MB"}};
  target_.settings = {{"app", false, "work_mem", "8MB"}};
  EXPECT_THAT(Statements(), Not(Contains(HasSubstr("work_mem"))));
  options_.done = {"setting/role app//work_mem"};
  const Step step = StepFor("setting/role app//work_mem");
  EXPECT_EQ(step.undo_sql, "ALTER ROLE \"app\" SET \"work_mem\" TO '8MB'");
}

TEST_F(PrepareRoles, NamesCannotForgeLinesOrEndTheirQuotes) {
  source_.roles = {Role("a\"; DROP ROLE x; --"), Role("two\nlines")};
  const std::vector<std::string> statements = Statements();
  EXPECT_THAT(statements, Contains("CREATE ROLE \"a\"\"; DROP ROLE x; --\""));
  EXPECT_THAT(statements, Contains("CREATE ROLE U&\"two\\000alines\""));
  for (const Step& step : Plan().steps) EXPECT_THAT(step.sql + step.what + step.object, Not(HasSubstr("\n")));
}

}  // namespace
}  // namespace airlift
