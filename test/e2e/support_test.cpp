// The harness itself: a test that rests on a broken harness proves nothing.
#include "support/move_test.h"
#include "support/oracle.h"

namespace airlift::test {
namespace {

class Harness : public MoveTest {};

constexpr const char* kSchema =
    "CREATE TABLE a (id int PRIMARY KEY, v text); INSERT INTO a VALUES (1, 'x'), (2, NULL), (3, '');"
    "CREATE SEQUENCE s; SELECT setval('s', 7, false);";

TEST_F(Harness, TheTargetsRoleIsNoSuperuser) {
  const auto master = target().Connect(target().Login(database(), "master", kMasterPassword));
  EXPECT_FALSE(master->Query("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").Boolean(0, 0));
  EXPECT_THROW(master->Query("SELECT * FROM pg_authid"), SqlError);
  EXPECT_THROW(master->Query("ALTER SYSTEM SET work_mem = '8MB'"), SqlError);
}

TEST_F(Harness, TheTargetOffersOnlyAllowedExtensions) {
  const auto master = target().Connect(target().Login(database(), "master", kMasterPassword));
  master->Execute("CREATE EXTENSION hstore");
  EXPECT_THROW(master->Execute("CREATE EXTENSION file_fdw"), SqlError);
  EXPECT_THROW(master->Execute("CREATE EXTENSION pg_airlift"), SqlError);
}

TEST_F(Harness, AWrongPasswordIsRefusedOverTcp) {
  EXPECT_THROW(target().Connect(target().Login(database(), "master", "wrong")), SqlError);
}

TEST_F(Harness, TheOracleSeesEqualAsEqual) {
  source().Execute(database(), kSchema);
  target().Execute(database(), std::string(kSchema) + "UPDATE a SET v = v WHERE id = 1");  // another physical order
  EXPECT_EQ(FirstDifference(source(), database(), target(), database()), "");
  EXPECT_EQ(FirstSchemaDifference(source(), database(), target(), database()), "");
}

TEST_F(Harness, TheOracleSeesEveryKindOfDifference) {
  source().Execute(database(), std::string(kSchema) + "SELECT lo_from_bytea(100, 'x')");
  for (const char* change :
       {"UPDATE a SET v = '' WHERE id = 2", "DELETE FROM a WHERE id = 1", "INSERT INTO a VALUES (4, 'y')",
        "SELECT setval('s', 7, true)", "CREATE TABLE b ()", "SELECT lo_put(100, 0, 'y')"}) {
    target().DropDatabase(database());
    target().CreateDatabase(database(), "OWNER master");
    target().Execute(database(), std::string(kSchema) + "SELECT lo_from_bytea(100, 'x');" + change);
    EXPECT_NE(FirstDifference(source(), database(), target(), database()), "") << change;
  }
}

TEST_F(Harness, TheOracleSeesADifferenceOfDefinitions) {
  source().Execute(database(), kSchema);
  target().Execute(database(), std::string(kSchema) + "CREATE INDEX ON a (v)");
  EXPECT_NE(FirstSchemaDifference(source(), database(), target(), database()), "");
}

TEST_F(Harness, AProgramThatHangsIsEnded) {
  ProcessOptions options;
  options.limit = std::chrono::seconds(1);
  const ProcessResult result = RunProcess({"sleep", "60"}, options);
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.status, 128 + 9);
}

}  // namespace
}  // namespace airlift::test
