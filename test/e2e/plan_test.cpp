// plan on real servers.
#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

#include "support/move_test.h"
#include "support/process.h"

namespace airlift::test {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

class Plan : public MoveTest {
 protected:
  void LoadShop(int rows) {
    source().PsqlFile("postgres", TestFile("data/shop_roles.sql"));
    target().PsqlFile("postgres", TestFile("data/shop_roles.sql"));
    for (const char* role : {"shop_owner", "shop_app", "shop_report"})
      target().Execute("postgres", std::string("GRANT ") + role + " TO master WITH ADMIN OPTION");
    source().PsqlFile(database(), TestFile("data/shop.sql"), {"-v", "rows=" + std::to_string(rows)});
  }

  void TearDown() override {
    MoveTest::TearDown();
    for (Cluster* cluster : {&source(), &target()})
      cluster->Execute("postgres", "DROP ROLE IF EXISTS shop_owner, shop_app, shop_report");
  }

  ProcessResult RunPlan(const std::vector<std::string>& more, bool with_target = true) {
    std::vector<std::string> arguments = {"plan", "--source", SourceConnInfo(), "--jobs", "2"};
    if (with_target) arguments.insert(arguments.end(), {"--target", TargetConnInfo()});
    arguments.insert(arguments.end(), more.begin(), more.end());
    ProcessResult result = RunHelper(arguments);
    ExpectNoPassword(result.out + result.err);
    return result;
  }

  json PlanAsJson(const std::vector<std::string>& more, int status = 0, bool with_target = true) {
    std::vector<std::string> arguments = {"--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    if (std::find(more.begin(), more.end(), "--sample-seconds") == more.end())
      arguments.insert(arguments.end(), {"--sample-seconds", "1"});
    const ProcessResult result = RunPlan(arguments, with_target);
    EXPECT_EQ(result.status, status) << result.Describe();
    return json::parse(result.out, nullptr, false);
  }

  static std::string Chosen(const json& plan) {
    for (const json& strategy : plan.at("strategies"))
      if (strategy.at("state") == "chosen") return strategy.at("name");
    return {};
  }
};

TEST_F(Plan, PredictsWhatTheMoveOfTheDemoDatabaseTakes) {
  LoadShop(20000);
  const json plan = PlanAsJson({});
  ASSERT_TRUE(plan.is_object());
  EXPECT_EQ(Chosen(plan), "streamed-load");
  ExpectVerifiedMove();
  double took = 0;
  const json evidence = Evidence();
  for (const auto& [stage, seconds] : evidence.at("seconds").items()) took += seconds.get<double>();
  const double predicted = plan.at("estimate").at("total_seconds");
  const double ratio = predicted / took;
  printf("predicted %.2f s, took %.2f s, ratio %.2f\n", predicted, took, ratio);
  RecordProperty("ratio", std::to_string(ratio));
  // No assertion on a clock where tests share a machine; the second tier below asserts.
  EXPECT_GT(predicted, 0);
}

// The promise is a factor of two. The best of three runs, since the machine may be busy with something else in one.
TEST_F(Plan, SlowPredictsWithinAFactorOfTwo) {
  LoadShop(60000);
  std::vector<double> ratios;
  for (int run = 0; run < 3; ++run) {
    const double predicted = PlanAsJson({"--sample-seconds", "3"}).at("estimate").at("total_seconds");
    target().DropDatabase(database());
    target().CreateDatabase(database(), "OWNER master");
    ExpectVerifiedMove({"--jobs", "2"});
    double took = 0;
    const json evidence = Evidence();
    for (const auto& [stage, seconds] : evidence.at("seconds").items()) took += seconds.get<double>();
    ratios.push_back(predicted / took);
    printf("predicted %.2f s, took %.2f s, ratio %.2f\n", predicted, took, ratios.back());
    target().DropDatabase(database());
    target().CreateDatabase(database(), "OWNER master");
  }
  EXPECT_THAT(ratios, ::testing::Contains(::testing::AllOf(::testing::Ge(0.5), ::testing::Le(2.0))));
}

TEST_F(Plan, LeavesNothingBehindAndChangesNothing) {
  LoadShop(500);
  const std::string state =
      "SELECT (SELECT count(*) FROM pg_class) + (SELECT count(*) FROM pg_replication_slots) + "
      "(SELECT count(*) FROM pg_publication), (SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) FROM pg_stat_user_tables)";
  const std::string before =
      source().Psql(database(), state) + target().Psql(database(), "SELECT count(*) FROM pg_class");
  PlanAsJson({});
  EXPECT_EQ(source().Psql(database(), state) + target().Psql(database(), "SELECT count(*) FROM pg_class"), before);
}

TEST_F(Plan, MeasuresOnBothSidesAndSaysWhatItAssumes) {
  LoadShop(20000);
  const json measured = PlanAsJson({}).at("rates");
  for (const char* rate : {"copy", "source_digest", "read_back", "index"})
    EXPECT_TRUE(measured.at(rate).at("measured").get<bool>()) << rate;
  const json assumed = PlanAsJson({}, 0, false).at("rates");
  EXPECT_TRUE(assumed.at("copy").at("measured").get<bool>());
  EXPECT_FALSE(assumed.at("read_back").at("measured").get<bool>());
  EXPECT_FALSE(assumed.at("index").at("measured").get<bool>());
  const json nothing = PlanAsJson({"--sample-seconds", "0"}).at("rates");
  EXPECT_FALSE(nothing.at("copy").at("measured").get<bool>());
}

TEST_F(Plan, SamplesEveryTypeAndHostileNames) {
  source().PsqlFile(database(), TestFile("data/all_types.sql"));
  source().PsqlFile(database(), TestFile("data/hostile_names.sql"));
  const json plan = PlanAsJson({});
  ASSERT_TRUE(plan.is_object());
  for (const json& note : plan.at("notes")) EXPECT_THAT(note.get<std::string>(), Not(HasSubstr("no sample")));
  const ProcessResult text = RunPlan({"--sample-seconds", "0.2"});
  EXPECT_EQ(text.status, 0) << text.Describe();
  EXPECT_THAT(text.out, Not(HasSubstr("\nverdict: verified"))) << "a name forged a line";
}

TEST_F(Plan, OfALimitThatNothingKeepsExitsWithOne) {
  source().Execute(database(), "CREATE TABLE t (id int PRIMARY KEY)");
  const json plan = PlanAsJson({"--max-downtime", "0.01s"}, 1);
  EXPECT_EQ(Chosen(plan), "");
  EXPECT_EQ(plan.at("findings").at(0).at("severity"), "blocker");
}

TEST_F(Plan, TellsWhatReplicationNeedsFirst) {
  source().Execute(database(),
                   "CREATE TABLE no_key (a int); INSERT INTO no_key VALUES (1); UPDATE no_key SET a = 2;"
                   "CREATE UNLOGGED TABLE fast (id int PRIMARY KEY);"
                   "CREATE TABLE odd (j json); ALTER TABLE odd REPLICA IDENTITY FULL");
  source().Execute("postgres", "SELECT pg_sleep(1.2)");  // until the counters are seen by others
  const json plan = PlanAsJson({});
  std::string prepare;
  for (const json& strategy : plan.at("strategies"))
    if (strategy.at("name") == "load-and-replication") prepare = strategy.at("prepare").dump();
  EXPECT_THAT(prepare, HasSubstr("public.no_key"));
  EXPECT_THAT(prepare, HasSubstr("public.fast"));
  EXPECT_THAT(prepare, HasSubstr("public.odd"));
}

TEST_F(Plan, ForSomeTablesIsAFilteredCopy) {
  source().Execute(database(), "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY)");
  const json plan = PlanAsJson({"--table", "a"});
  EXPECT_EQ(Chosen(plan), "filtered-copy");
  EXPECT_EQ(plan.at("tables").size(), 1U);
  EXPECT_EQ(RunPlan({"--table", "none"}).status, kFailed);
}

TEST_F(Plan, FromAnRdsSourceTheRunbooksAreOpen) {
  source().Execute("postgres", "DROP ROLE IF EXISTS rds_superuser; CREATE ROLE rds_superuser");
  source().Execute(database(), "CREATE TABLE t (id int PRIMARY KEY)");
  // Not that of the test's target: a snapshot needs the same major version on both sides.
  const std::string major = std::to_string(source().Connect("postgres")->server_major());
  const json plan = PlanAsJson(
      {"--target-kind", "aurora", "--target-version", major, "--identifier-prefix", "mig-1", "--region", "eu-west-1"},
      0, false);
  source().Execute("postgres", "DROP ROLE rds_superuser");
  EXPECT_EQ(plan.at("source").at("kind"), "rds");
  for (const json& runbook : plan.at("runbooks")) {
    EXPECT_TRUE(runbook.at("applies").get<bool>()) << runbook;
    EXPECT_THAT(runbook.dump(), HasSubstr("--db-cluster-identifier mig-1-cluster"));
  }
}

TEST_F(Plan, ABadIdentifierIsRefusedWithTheRule) {
  for (const std::string name : {"-x", "a--b", "a;b", "9a"}) {
    const ProcessResult result = RunPlan({"--identifier-prefix=" + name});
    EXPECT_EQ(result.status, kFailed);
    EXPECT_THAT(result.err, HasSubstr("not a valid AWS identifier"));
    EXPECT_EQ(result.out, "");
  }
}

TEST_F(Plan, ARoleThatMayOnlyReadIsEnough) {
  source().Execute(database(), "CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 1000) g");
  source().Execute("postgres", "DROP ROLE IF EXISTS plan_reader");
  source().Execute("postgres", std::string("CREATE ROLE plan_reader LOGIN PASSWORD '") + kMasterPassword + "'");
  source().Execute(database(), "GRANT SELECT ON t TO plan_reader");
  const ProcessResult result =
      RunHelper({"plan", "--source", source().Login(database(), "plan_reader", kMasterPassword).ToString(), "--target",
                 TargetConnInfo(), "--sample-seconds", "0.5"});
  EXPECT_EQ(result.status, 0) << result.Describe();
  source().Execute(database(), "DROP OWNED BY plan_reader");
  source().Execute("postgres", "DROP ROLE plan_reader");
}

TEST_F(Plan, ALockedTableDoesNotHoldItUpForEver) {
  source().Execute(database(), "CREATE TABLE t (id int PRIMARY KEY)");
  const auto session = source().Connect(database());
  session->Execute("BEGIN");
  session->Execute("LOCK TABLE t");
  const ProcessResult result = RunPlan({"--sample-seconds", "0.5"});
  EXPECT_FALSE(result.timed_out);
  session->Rollback();
}

}  // namespace
}  // namespace airlift::test
