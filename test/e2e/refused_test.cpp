// A source full of what a managed target refuses: the move ends with the list of what could not come along, by reason,
// and with everything else verified.
#include <gmock/gmock.h>

#include <set>

#include "support/hostile_case.h"
#include "support/move_test.h"

namespace airlift::test {
namespace {

class Refused : public MoveTest {
 protected:
  void Load() {
    if (source().Value("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'refused_owner'") == "0")
      source().PsqlFile("postgres", TestFile("data/refused_roles.sql"));
    source().PsqlFile(database(), TestFile("data/refused.sql"));
  }

  // A database with a subscription cannot be dropped.
  void TearDown() override {
    source().Execute(database(), "DROP SUBSCRIPTION IF EXISTS upstream");
    MoveTest::TearDown();
  }

  // The objects that were left out, "KIND object".
  std::set<std::string> LeftOut() {
    std::set<std::string> objects;
    const nlohmann::json evidence = Evidence();
    for (const auto& entry : evidence.at("left_out")) {
      EXPECT_NE(entry.at("reason"), "") << entry;
      objects.insert(entry.at("kind").get<std::string>() + " " + entry.at("object").get<std::string>());
    }
    return objects;
  }
};

TEST_F(Refused, EndsWithAListAndTheRestVerified) {
  Load();
  const ProcessResult result = Airlift("migrate");
  // Not 1: the rows of a table that could not be made are not verified.
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  for (const char* table : {"plain", "child", "of_super"}) {
    EXPECT_EQ(EvidenceOf("app", table).at("verdict"), "verified") << table;
    EXPECT_EQ(target().Value(database(), std::string("SELECT count(*) FROM app.") + table),
              source().Value(database(), std::string("SELECT count(*) FROM app.") + table));
  }
  EXPECT_EQ(target().Value(database(), "SELECT count FROM app.counted"), "1000");
  EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM pg_largeobject_metadata"), "1");
  EXPECT_EQ(target().Value(database(), "SELECT tgenabled FROM pg_trigger WHERE tgname = 'touch'"), "A");
}

TEST_F(Refused, EveryRefusedObjectIsNamedWithAReason) {
  Load();
  const ProcessResult result = Airlift("migrate");
  const std::set<std::string> left_out = LeftOut();
  std::string all;
  for (const std::string& object : left_out) all += object + "\n";
  for (const char* name :
       {"file_fdw", "files", "passwd", "over_foreign", "app_wrapper", "c_function", "internal_function", "leakproof",
        "base", "of_base", "over_base", "template", "second_heap", "refused_event", "all_tables", "upstream"}) {
    EXPECT_THAT(all, ::testing::HasSubstr(name));
    EXPECT_THAT(result.out, ::testing::HasSubstr(name));
  }
  for (const char* moved : {"app.plain\n", "app.child\n", "app.touch"})
    EXPECT_THAT(all, ::testing::Not(::testing::HasSubstr("TABLE " + std::string(moved))));
}

// Rows of a table that could not be made are missing: that is never "verified".
TEST_F(Refused, ATableThatCouldNotComeAlongIsNotVerified) {
  Load();
  const ProcessResult result = Airlift("migrate");
  EXPECT_NE(FinalVerdict(result), "verified") << result.Describe();
  const nlohmann::json evidence = Evidence();
  for (const auto& entry : evidence.at("tables")) {
    if (entry.at("table") == "of_base") {
      EXPECT_NE(entry.at("verdict"), "verified");
    }
  }
  EXPECT_NE(Airlift("compare").status, kVerified);
}

TEST_F(Refused, AllowRefusedAcceptsTheListButNoMissingRows) {
  source().Psql(database(),
                "CREATE FUNCTION internal_function(int) RETURNS int LANGUAGE internal STRICT IMMUTABLE AS "
                "'int4abs'; CREATE TABLE t AS SELECT 1 AS a");
  EXPECT_EQ(Airlift("migrate").status, kDiffers);
  target().DropDatabase(database());
  target().CreateDatabase(database(), "OWNER master");
  EXPECT_EQ(Airlift("migrate", {"--allow-refused"}).status, kVerified);
}

TEST_F(Refused, OurOwnExtensionStaysOnTheSource) {
  source().Psql(database(), "CREATE TABLE t AS SELECT 1 AS a");
  ExpectVerifiedMove();
  EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM pg_namespace WHERE nspname = 'airlift'"), "0");
}

TEST_F(Refused, TheHostileDatabase) {
  LoadHostileRoles(source());
  LoadHostileSchema(source());
  const ProcessResult result = RunHelper(
      {"migrate", "--source", SourceConnInfo("nasty"), "--target", TargetConnInfo(), "--evidence", evidence_path_});
  EXPECT_EQ(result.status, kDiffers) << result.Describe();
  for (const char* table : {"t1", "nopk", "child", "tsp", "rls", "roleowned"})
    EXPECT_EQ(EvidenceOf("app", table).at("verdict"), "verified") << table;
}

}  // namespace
}  // namespace airlift::test
