// Files of pg_dumpall --globals-only read as facts about roles; what is in them beyond that, and what must stop.
#include "prepare/globals_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "prepare/role_plan.h"

namespace airlift {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kEnd = "--\n-- PostgreSQL database cluster dump complete\n--\n";

Globals Parse(const std::string& statements) { return ParseGlobals(statements + kEnd, "globals.sql"); }

// The message of the error, or "" where there is none.
std::string Refusal(const std::string& text) {
  try {
    ParseGlobals(text, "globals.sql");
  } catch (const Error& error) {
    return error.Report();
  }
  return {};
}

const RoleFacts& Role(const Globals& globals, const std::string& name) {
  for (const RoleFacts& role : globals.roles.roles)
    if (role.name == name) return role;
  throw Error("no role " + name);
}

std::vector<std::string> LeftOut(const Globals& globals) {
  std::vector<std::string> objects;
  for (const PrepareFinding& finding : globals.left_out) objects.push_back(finding.object);
  return objects;
}

TEST(GlobalsFile, RolesWithTheirAttributes) {
  const Globals globals = Parse(R"(--
-- PostgreSQL database cluster dump
--

SET default_transaction_read_only = off;

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

--
-- Roles
--

CREATE ROLE app;
ALTER ROLE app WITH NOSUPERUSER NOINHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS CONNECTION LIMIT 7 PASSWORD 'SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy' VALID UNTIL '2031-02-03 04:05:06+00';
COMMENT ON ROLE app IS E'it''s a \\ role';
CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS;
CREATE ROLE "Evil ""quoted""; DROP ROLE app; --";
ALTER ROLE "Evil ""quoted""; DROP ROLE app; --" WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
)");
  EXPECT_THAT(globals.left_out, IsEmpty());
  ASSERT_EQ(globals.roles.roles.size(), 3U);
  const RoleFacts& app = Role(globals, "app");
  EXPECT_FALSE(app.superuser);
  EXPECT_FALSE(app.inherit);
  EXPECT_TRUE(app.createrole && app.createdb && app.login && app.replication && app.bypassrls);
  EXPECT_EQ(app.connection_limit, 7);
  EXPECT_EQ(app.valid_until, "2031-02-03 04:05:06+00");
  EXPECT_EQ(app.password_hash, "SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy");
  EXPECT_EQ(app.comment, "it's a \\ role");
  EXPECT_TRUE(globals.roles.passwords_readable);
  EXPECT_TRUE(Role(globals, "postgres").is_bootstrap);
  EXPECT_FALSE(Role(globals, "Evil \"quoted\"; DROP ROLE app; --").login);
}

TEST(GlobalsFile, SettingsAsTheServerStoresThem) {
  const Globals globals = Parse(R"(CREATE ROLE app;
ALTER ROLE app SET search_path TO '$user', 'odd, "name"', 'public';
ALTER ROLE app SET work_mem TO '12MB';
ALTER ROLE app SET "my.thing" TO E'it''s \\ here';
ALTER ROLE app SET other.thing TO 'x';
ALTER ROLE app SET "DateStyle" TO 'ISO, DMY';
)");
  EXPECT_THAT(globals.left_out, IsEmpty());
  std::vector<std::string> settings;
  for (const SettingFacts& setting : globals.roles.settings) {
    EXPECT_EQ(setting.role, "app");
    EXPECT_FALSE(setting.in_database);
    settings.push_back(setting.name + " = " + setting.value);
  }
  EXPECT_THAT(settings, ElementsAre("search_path = \"$user\", \"odd, \"\"name\"\"\", public", "work_mem = 12MB",
                                    "my.thing = it's \\ here", "other.thing = x", "DateStyle = ISO, DMY"));
}

TEST(GlobalsFile, MembershipsOfBothKinds) {
  const Globals globals = Parse(R"(CREATE ROLE a;
CREATE ROLE b;
CREATE ROLE c;
ALTER ROLE c WITH NOINHERIT;
GRANT a TO b GRANTED BY postgres;
GRANT a TO c WITH ADMIN OPTION GRANTED BY postgres;
GRANT b TO c WITH INHERIT TRUE GRANTED BY postgres;
GRANT b TO c WITH ADMIN OPTION, INHERIT FALSE, SET FALSE GRANTED BY a;
GRANT pg_monitor TO a WITH INHERIT FALSE, SET FALSE GRANTED BY postgres;
)");
  EXPECT_THAT(globals.left_out, IsEmpty());
  const auto& memberships = globals.roles.memberships;
  ASSERT_EQ(memberships.size(), 4U);
  EXPECT_EQ(memberships[0].options, (MembershipOptions{false, std::nullopt, std::nullopt}));
  EXPECT_EQ(memberships[1].options, (MembershipOptions{true, std::nullopt, std::nullopt}));
  EXPECT_FALSE(memberships[1].member_inherits);
  // Two grantors: together.
  EXPECT_EQ(memberships[2].options, (MembershipOptions{true, true, true}));
  EXPECT_EQ(memberships[3].role, "pg_monitor");
  EXPECT_EQ(memberships[3].options, (MembershipOptions{false, false, false}));
}

TEST(GlobalsFile, WithoutPasswordsTheReasonIsTheFile) {
  const Globals globals = Parse("CREATE ROLE app;\nALTER ROLE app WITH LOGIN;\n");
  EXPECT_FALSE(globals.roles.passwords_readable);
  EXPECT_THAT(globals.roles.why_no_passwords, HasSubstr("without passwords"));
}

TEST(GlobalsFile, BracketsOfNewerMinorsAreNoCommands) {
  const Globals globals = Parse("\\restrict 9cO2abcXYZ\n\nCREATE ROLE app;\n\\unrestrict 9cO2abcXYZ\n\n");
  EXPECT_EQ(globals.roles.roles.size(), 1U);
  EXPECT_EQ(Parse("\\restrict k1\r\nCREATE ROLE app;\r\n\\unrestrict k1\r\n").roles.roles.size(), 1U);
}

TEST(GlobalsFile, CommandsOfPsqlStopIt) {
  for (const char* command : {"\\! touch /tmp/x", "\\i other.sql", "\\copy t FROM 'x'", "\\restrict", "\\restrict a b",
                              "\\restrict $(id)", "\\unrestrict never", "\\set x `id`", "\\"}) {
    const std::string report = Refusal("CREATE ROLE app;\n" + std::string(command) + "\n" + kEnd);
    EXPECT_THAT(report, HasSubstr("globals.sql:2: ")) << command;
  }
  EXPECT_THAT(Refusal("\\restrict a\n\\unrestrict b\n" + std::string(kEnd)), HasSubstr("globals.sql:2: "));
  EXPECT_THAT(Refusal("CREATE ROLE app \\gexec\n" + std::string(kEnd)), HasSubstr("within a statement"));
  EXPECT_THAT(Refusal("\\connect shop\n" + std::string(kEnd)), HasSubstr("--globals-only"));
}

// What CVE-2025-8714 is about: a name with a line end leaves the comment that an old pg_dumpall puts it into.
TEST(GlobalsFile, ANameThatLeftItsCommentStopsIt) {
  EXPECT_THAT(Refusal("-- User Config \"x\n\\! touch /tmp/x\n--\"\n" + std::string(kEnd)),
              HasSubstr("globals.sql:2: "));
}

TEST(GlobalsFile, BackslashesInStringsAndNamesAreNoCommands) {
  const Globals globals = Parse("CREATE ROLE \"a\n\\! id\";\nCOMMENT ON ROLE \"a\n\\! id\" IS '\n\\! id\n';\n");
  EXPECT_EQ(globals.roles.roles.front().comment, "\n\\! id\n");
  EXPECT_THAT(globals.left_out, IsEmpty());
}

TEST(GlobalsFile, CutOffFilesStopIt) {
  EXPECT_THAT(Refusal("CREATE ROLE app;\n"), HasSubstr("cut off"));
  EXPECT_THAT(Refusal("CREATE ROLE app;\nALTER ROLE app WITH LOGIN PASSW"), HasSubstr("cut off"));
  EXPECT_THAT(Refusal("CREATE ROLE app;\nCOMMENT ON ROLE app IS 'never closed;\n" + std::string(kEnd)),
              HasSubstr("cut off"));
  EXPECT_THAT(Refusal(std::string("CREATE ROLE a\0;", 15) + kEnd), HasSubstr("zero byte"));
  EXPECT_THAT(Refusal(""), HasSubstr("cut off"));
}

TEST(GlobalsFile, OtherEncodingsStopIt) {
  const std::string name = "CREATE ROLE \"\xe4\";\n";
  EXPECT_THAT(Refusal("SET client_encoding = 'LATIN1';\n" + name + kEnd), HasSubstr("its encoding is LATIN1"));
  EXPECT_EQ(Refusal("SET client_encoding = 'LATIN1';\nCREATE ROLE a;\n" + std::string(kEnd)), "");
  EXPECT_THAT(Refusal("SET standard_conforming_strings = off;\n" + std::string(kEnd)), HasSubstr("is not on"));
}

TEST(GlobalsFile, WhatHasNoPlaceIsLeftOutWithoutItsStrings) {
  const Globals globals = Parse(R"(CREATE TABLESPACE fast OWNER app LOCATION '/fast';
GRANT ALL ON TABLESPACE fast TO app;
GRANT SET ON PARAMETER log_statement TO app;
DROP ROLE gone;
SELECT pg_read_file('/etc/passwd');
ALTER USER app WITH PASSWORD 's3cret';
CREATE ROLE app WITH LOGIN PASSWORD $$s3cret$$;
ALTER ROLE app WITH UNKNOWNWORD;
)");
  EXPECT_THAT(
      LeftOut(globals),
      ElementsAre("globals.sql:1: CREATE TABLESPACE fast OWNER app", "globals.sql:2: GRANT ALL ON TABLESPACE fast",
                  "globals.sql:3: GRANT SET ON PARAMETER log_statement", "globals.sql:4: DROP ROLE gone",
                  "globals.sql:5: SELECT pg_read_file ( )", "globals.sql:6: ALTER USER app WITH PASSWORD",
                  "globals.sql:7: CREATE ROLE app WITH LOGIN", "globals.sql:8: ALTER ROLE app WITH UNKNOWNWORD"));
  for (const PrepareFinding& finding : globals.left_out)
    EXPECT_THAT(finding.object + finding.detail + finding.remedy, Not(HasSubstr("s3cret")));
  EXPECT_THAT(globals.roles.roles, IsEmpty()) << "a statement is taken as a whole or not at all";
}

TEST(GlobalsFile, ThePlanIsThatOfAManagedTarget) {
  const Globals globals = Parse(R"(CREATE ROLE app;
ALTER ROLE app WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS PASSWORD 'in the clear';
CREATE ROLE rdsish;
CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER;
GRANT pg_execute_server_program TO app GRANTED BY postgres;
)");
  TargetRoles target;
  target.major = 15;
  target.user = "master";
  target.may_create_roles = target.may_create_databases = true;
  const PreparePart plan = PlanRoles(globals.roles, target, {});
  std::vector<std::string> statements;
  for (const Step& step : plan.steps) statements.push_back(step.sql);
  EXPECT_THAT(statements, ElementsAre("CREATE ROLE \"app\" LOGIN CREATEDB CREATEROLE"));
  std::vector<std::string> findings;
  for (const PrepareFinding& finding : plan.findings) findings.push_back(finding.id);
  EXPECT_THAT(findings, ::testing::UnorderedElementsAre("role.reserved_name", "role.superuser", "role.server_files",
                                                        "role.password_hidden"));
}

}  // namespace
}  // namespace airlift
