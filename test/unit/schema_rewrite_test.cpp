#include "schema/rewrite.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace airlift {
namespace {

using testing::ElementsAre;

TEST(RemoveInternalOptions, DropsAStatementThatSetsNothingElse) {
  EXPECT_EQ(RemoveInternalOptions("CREATE TABLE t (a int);\nALTER TABLE ONLY t ALTER COLUMN a SET (pg_attver=1);"),
            "CREATE TABLE t (a int);");
}

TEST(RemoveInternalOptions, KeepsTheOtherOptions) {
  EXPECT_EQ(RemoveInternalOptions("ALTER FOREIGN TABLE t ALTER COLUMN a SET (pg_attver=1, n_distinct=-0.5);"),
            "ALTER FOREIGN TABLE t ALTER COLUMN a SET (n_distinct=-0.5);");
}

TEST(RemoveInternalOptions, LeavesNamesAndLiteralsAlone) {
  const std::string sql =
      "CREATE TABLE \"x SET (pg_attver=1)\" (pg_a text DEFAULT 'ALTER COLUMN a SET (pg_attver=1)');"
      "ALTER TABLE t ALTER COLUMN \" SET (pg_x=1)\" SET DEFAULT 'pg_';";
  EXPECT_EQ(RemoveInternalOptions(sql), sql);
}

TEST(RemoveRoutineClause, TakesTheOptionAndNotTheBody) {
  EXPECT_EQ(
      RemoveRoutineClause("CREATE FUNCTION f() RETURNS int\n    LANGUAGE sql LEAKPROOF\n AS 'LEAKPROOF';", "LEAKPROOF"),
      "CREATE FUNCTION f() RETURNS int\n    LANGUAGE sql  \n AS 'LEAKPROOF';");
  EXPECT_EQ(RemoveRoutineClause("CREATE FUNCTION f() RETURNS int LANGUAGE sql SUPPORT s.g COST 1 AS 'x';", "SUPPORT"),
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql   COST 1 AS 'x';");
  const std::string without = "CREATE FUNCTION leakproof(leakproof int) RETURNS int LANGUAGE sql AS 'x';";
  EXPECT_EQ(RemoveRoutineClause(without, "LEAKPROOF"), without);
}

TEST(RemoveSetClause, TakesTheNamedParameterWithAllItsValues) {
  const std::string sql =
      "CREATE FUNCTION f() RETURNS void LANGUAGE sql SET search_path TO 'a', 'b' SET my.x TO '1' AS 'SET my.x TO 2';";
  EXPECT_EQ(RemoveSetClause(sql, "search_path"),
            "CREATE FUNCTION f() RETURNS void LANGUAGE sql   SET my.x TO '1' AS 'SET my.x TO 2';");
  EXPECT_EQ(RemoveSetClause(sql, "MY.x"),
            "CREATE FUNCTION f() RETURNS void LANGUAGE sql SET search_path TO 'a', 'b'   AS 'SET my.x TO 2';");
  EXPECT_EQ(RemoveSetClause(sql, "other"), sql);
}

TEST(UseIndexForConstraint, ReplacesColumnsAndKeepsTheRest) {
  EXPECT_EQ(*UseIndexForConstraint("ALTER TABLE ONLY s.t\n    ADD CONSTRAINT \"t; x\" PRIMARY KEY (a, \"DEFERRABLE\");"
                                   "\nALTER TABLE s.t CLUSTER ON \"t; x\";"),
            "ALTER TABLE ONLY s.t\n    ADD CONSTRAINT \"t; x\" PRIMARY KEY USING INDEX \"t; x\";"
            "\nALTER TABLE s.t CLUSTER ON \"t; x\";");
  EXPECT_EQ(*UseIndexForConstraint("ALTER TABLE t ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b) WITH "
                                   "(fillfactor='70') DEFERRABLE INITIALLY DEFERRED;"),
            "ALTER TABLE t ADD CONSTRAINT u UNIQUE USING INDEX u DEFERRABLE INITIALLY DEFERRED;");
}

TEST(UseIndexForConstraint, RefusesOtherConstraints) {
  EXPECT_FALSE(UseIndexForConstraint("ALTER TABLE t ADD CONSTRAINT x EXCLUDE USING gist (c WITH &&);"));
  EXPECT_FALSE(UseIndexForConstraint("CREATE INDEX i ON t (a);"));
}

TEST(SplitValidation, SeparatesTheLookAtTheRows) {
  const auto split = SplitValidation(
      "ALTER TABLE ONLY t\n    ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u(b) ON DELETE "
      "CASCADE DEFERRABLE;\n");
  ASSERT_TRUE(split);
  EXPECT_EQ(split->add_sql,
            "ALTER TABLE ONLY t\n    ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u(b) ON DELETE CASCADE DEFERRABLE "
            "NOT VALID;");
  EXPECT_EQ(split->validate_sql, "ALTER TABLE ONLY t\n    VALIDATE CONSTRAINT c;");
}

TEST(SplitValidation, LeavesUnvalidatedOnesAsTheyAre) {
  EXPECT_FALSE(SplitValidation("ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u(b) NOT VALID;"));
  EXPECT_FALSE(SplitValidation("ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (a) REFERENCES u(b) NOT ENFORCED;"));
}

TEST(RenameDatabase, RenamesTheDatabaseOnly) {
  EXPECT_EQ(
      RenameDatabase("ALTER DATABASE \"A\" SET x TO 'DATABASE \"A\"'; ALTER ROLE \"A\" IN DATABASE \"A\" SET y TO 1;",
                     "A", "b"),
      "ALTER DATABASE \"b\" SET x TO 'DATABASE \"A\"'; ALTER ROLE \"A\" IN DATABASE \"b\" SET y TO 1;");
}

TEST(GrantStatements, TurnAuthorizationIntoARole) {
  const auto grants = GrantStatements(
      "REVOKE ALL ON t FROM a;\nSET SESSION AUTHORIZATION \"O\";\nGRANT SELECT ON t TO b;\nRESET SESSION "
      "AUTHORIZATION;\nGRANT ALL ON t TO c;");
  EXPECT_THAT(grants, ElementsAre("REVOKE ALL ON t FROM a;", "SET ROLE \"O\";\nGRANT SELECT ON t TO b;\nRESET ROLE;",
                                  "\nGRANT ALL ON t TO c;"));
  EXPECT_THAT(IndependentStatements(grants[0] + grants[1] + grants[2]), testing::SizeIs(3));
  EXPECT_THAT(GrantorRoles(grants[1]), ElementsAre("O"));
}

TEST(ServerOfUserMapping, FindsTheServer) {
  EXPECT_EQ(ServerOfUserMapping("CREATE USER MAPPING FOR \"SERVER x\" SERVER \"S\"\"1\" OPTIONS (\"user\" 'u');"),
            "S\"1");
}

TEST(IndexOfConstraint, IsTheIndexThatTheConstraintTakesOver) {
  EXPECT_EQ(IndexOfConstraint("ALTER TABLE ONLY s.t\n    ADD CONSTRAINT t_pkey PRIMARY KEY (a, \"b)\");"),
            "CREATE UNIQUE INDEX t_pkey ON s.t USING btree (a, \"b)\")");
  EXPECT_EQ(IndexOfConstraint("ALTER TABLE t ADD CONSTRAINT c UNIQUE NULLS NOT DISTINCT (a) INCLUDE (b, c) "
                              "WITH (fillfactor='70') DEFERRABLE INITIALLY DEFERRED;ALTER TABLE t CLUSTER ON c;"),
            "CREATE UNIQUE INDEX c ON t USING btree (a) INCLUDE (b, c) NULLS NOT DISTINCT WITH (fillfactor='70')");
  for (const char* other : {"ALTER TABLE t ADD CONSTRAINT c PRIMARY KEY (a, valid WITHOUT OVERLAPS);",
                            "ALTER TABLE t ADD CONSTRAINT c EXCLUDE USING gist (r WITH &&);",
                            "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);", "CREATE INDEX i ON t (a);", ""})
    EXPECT_EQ(IndexOfConstraint(other), std::nullopt) << other;
}

}  // namespace
}  // namespace airlift
