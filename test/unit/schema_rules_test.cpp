#include "schema/rules.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "schema/client_program.h"

namespace airlift {
namespace {

SqlError ServerError(const std::string& sqlstate, const std::string& message = "refused") {
  return SqlError(Side::kTarget, sqlstate, message, {}, {});
}

TEST(IsRefusal, TellsTheObjectsFaultFromTheServersTrouble) {
  for (const char* sqlstate : {"42501", "0A000", "22023", "3F000", "2BP01", "58P01", "23505", "55000", "55P02"})
    EXPECT_TRUE(IsRefusal(ServerError(sqlstate))) << sqlstate;
  for (const char* sqlstate :
       {"08006", "53100", "53200", "57014", "57P01", "58030", "XX000", "40P01", "55P03", "25P02"})
    EXPECT_FALSE(IsRefusal(ServerError(sqlstate))) << sqlstate;
}

SchemaEntry Function(const std::string& sql) {
  SchemaEntry entry;
  entry.kind = "FUNCTION";
  entry.schema = "s";
  entry.name = "f()";
  entry.sql = sql;
  return entry;
}

TEST(FindRemedy, KnowsWhatAFunctionMayLose) {
  const auto entry =
      Function("CREATE FUNCTION s.f() RETURNS int LANGUAGE sql LEAKPROOF SET log_statement TO 'all' AS 'x';");
  const auto leakproof = FindRemedy(entry, ServerError("42501", "only superuser can define a leakproof function"));
  ASSERT_TRUE(leakproof);
  EXPECT_EQ(leakproof->sql.find("LEAKPROOF"), std::string::npos);
  const auto parameter =
      FindRemedy(entry, ServerError("42501", "permission denied to set parameter \"log_statement\""));
  ASSERT_TRUE(parameter);
  EXPECT_EQ(parameter->sql.find("SET log_statement"), std::string::npos);
  EXPECT_NE(parameter->change.find("log_statement"), std::string::npos);
  EXPECT_FALSE(FindRemedy(entry, ServerError("42501", "permission denied for language internal")));
}

TEST(FindRemedy, AddsAForeignKeyWithoutValidationWhereRowsDisagree) {
  SchemaEntry entry;
  entry.kind = "FK CONSTRAINT";
  entry.sql = "ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u(b);";
  const auto remedy = FindRemedy(entry, ServerError("23503", "insert or update violates"));
  ASSERT_TRUE(remedy);
  EXPECT_NE(remedy->sql.find("NOT VALID"), std::string::npos);
}

TEST(EntryLabel, CannotForgeALine) {
  SchemaEntry entry;
  entry.kind = "TABLE";
  entry.schema = "s";
  entry.name = "a\nverified";
  EXPECT_EQ(EntryLabel(entry), "s.\"a\\nverified\"");
  entry.kind = "COMMENT";
  entry.name = "TABLE \"a\nb\"";
  EXPECT_EQ(EntryLabel(entry), "TABLE \"a\\nb\" in schema s");
}

TEST(ParseProgramVersion, ReadsReleasesAndPrereleases) {
  EXPECT_EQ(ParseProgramVersion("pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n"), 150020);
  EXPECT_EQ(ParseProgramVersion("pg_dump (PostgreSQL) 18beta1\n"), 180000);
  EXPECT_EQ(ParseProgramVersion("something else"), 0);
  EXPECT_EQ(ParseProgramVersion("pg_dump (PostgreSQL) devel"), 0);
  EXPECT_EQ(ParseProgramVersion("pg_dump (PostgreSQL) 2147483647.1"), 0);
}

TEST(ChooseProgram, PrefersTheNewestThatTheTargetUnderstands) {
  const std::vector<ClientProgram> all = {
      {"13", 130020}, {"15a", 150004}, {"15b", 150020}, {"17", 170011}, {"18", 180006}};
  EXPECT_EQ(ChooseProgram(all, 13, 15).path, "15b");
  EXPECT_EQ(ChooseProgram(all, 15, 18).path, "18");
  EXPECT_EQ(ChooseProgram(all, 16, 16).path, "17");
  EXPECT_EQ(ChooseProgram(all, 15, 16).path, "15b");
  EXPECT_THROW(ChooseProgram(all, 19, 19), Error);
  EXPECT_THROW(ChooseProgram({}, 15, 15), Error);
}

}  // namespace
}  // namespace airlift
