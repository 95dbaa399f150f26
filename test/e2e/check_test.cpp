// Checks on a schedule: `pg_airlift check` beside the target, airlift.run_checks under a real pg_cron in the source.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "support/extension_test.h"
#include "support/move_test.h"

namespace airlift::test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Check : public MoveTest {
 protected:
  void SetUp() override {
    MoveTest::SetUp();
    constexpr const char* kTable =
        "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, 'v' || g FROM generate_series(1, 1000) "
        "g;";
    source().Psql(database(), kTable);
    target().Psql(database(), std::string("SET ROLE master;") + kTable);
    config_ = evidence_path_ + ".conf";
    textfile_ = evidence_path_ + ".prom";
  }
  void TearDown() override {
    for (const std::string& path : {config_, config_ + ".lock", textfile_}) unlink(path.c_str());
    MoveTest::TearDown();
  }

  ProcessResult RunWith(const std::string& sections, const std::vector<std::string>& more = {}) {
    std::ofstream(config_) << "[check]\nname = nightly\nsource = " << SourceConnInfo()
                           << "\ntarget = " << TargetConnInfo() << "\ntextfile = " << textfile_ << "\n"
                           << sections;
    std::vector<std::string> arguments = {"check", "--config", config_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProcessResult result = RunHelper(arguments);
    ExpectNoPassword(result.out + result.err);
    return result;
  }

  std::string config_, textfile_;
};

TEST_F(Check, IsSilentWhileAllIsWell) {
  source().Execute(database(), "CALL airlift.run_checks()");
  const char* sections = "[comparison]\ndata_only = on\n[source_runs]\n";
  source().Execute(database(), "INSERT INTO airlift.check_profile (profile, assess) VALUES ('default', false)");
  source().Execute(database(), "CALL airlift.run_checks()");
  const ProcessResult result = RunWith(sections);
  EXPECT_EQ(result.status, 0) << result.Describe();
  EXPECT_THAT(result.out + result.err, IsEmpty());
  EXPECT_THAT(ReadFile(textfile_), HasSubstr("pg_airlift_check_status{check=\"nightly\",part=\"comparison\"} 0\n"));
  const ProcessResult told = RunWith(sections, {"--verbose"});
  EXPECT_THAT(told.out, StartsWith("pg_airlift check nightly: ok\n"));
  const ProcessResult json = RunWith(sections, {"--json"});
  EXPECT_EQ(nlohmann::json::parse(json.out).at("parts").size(), 2) << json.Describe();
}

TEST_F(Check, OneMessageWhereSomethingDiffers) {
  target().Execute(database(), "UPDATE t SET v = 'other' WHERE id = 500");
  const ProcessResult result = RunWith("[comparison]\ndata_only = on\n");
  EXPECT_EQ(result.status, 1) << result.Describe();
  EXPECT_THAT(result.out, StartsWith("pg_airlift check nightly: comparison findings\n\n"));
  EXPECT_THAT(result.out, HasSubstr("public.t"));
  EXPECT_THAT(result.out, HasSubstr("id = '500'"));
  EXPECT_THAT(result.err, IsEmpty());
  EXPECT_THAT(ReadFile(textfile_), HasSubstr("part=\"comparison\"} 1\n"));
}

TEST_F(Check, TheMessageIsToldAlsoWhereTheTextfileCannotBeWritten) {
  target().Execute(database(), "UPDATE t SET v = 'other' WHERE id = 500");
  textfile_ = "/nonexistent/check.prom";
  const ProcessResult result = RunWith("[comparison]\ndata_only = on\n");
  EXPECT_EQ(result.status, 2) << result.Describe();
  EXPECT_THAT(result.out, HasSubstr("id = '500'"));
  EXPECT_THAT(result.err, HasSubstr("/nonexistent/check.prom"));
}

TEST_F(Check, ASampleMayBeWell) {
  EXPECT_EQ(RunWith("[comparison]\ndata_only = on\nsample = 50%\n").status, 0);
  target().Execute(database(), "UPDATE t SET v = 'other'");
  EXPECT_EQ(RunWith("[comparison]\ndata_only = on\nsample = 50%\n").status, 1);
}

TEST_F(Check, WhatCannotBeAskedIsAFailureAndTheRestIsDone) {
  ProcessResult result = RunWith("[comparison]\ndata_only = on\n[replication]\n[source_runs]\n");
  EXPECT_EQ(result.status, 2) << result.Describe();
  EXPECT_THAT(result.out, StartsWith("pg_airlift check nightly: replication failed, source_runs failed\n"));
  EXPECT_THAT(result.out, HasSubstr("comparison: ok: verified"));
  EXPECT_THAT(result.out, HasSubstr("no run of profile \"default\" is recorded"));

  source().Execute(database(), "CALL airlift.run_checks()");
  source().Execute(database(), "UPDATE airlift.check_run SET started_at = started_at - interval '2 hours'");
  result = RunWith("[source_runs]\nmax_age = 1h\n");
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.out, HasSubstr("the last run is older than"));
  source().Execute(database(),
                   "UPDATE airlift.check_run SET state = 'failed', verdict = 'failed', error = 'interrupted'");
  result = RunWith("[source_runs]\n");
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.out, HasSubstr("interrupted"));
}

TEST_F(Check, TheSourceTellsWhatItsRunsFound) {
  source().Execute(database(), "INSERT INTO airlift.check_profile (profile, assess) VALUES ('default', false)");
  source().Execute(database(), "CALL airlift.run_checks()");
  source().Execute(database(), "CALL airlift.run_checks()");
  // As if rows had changed without a write (sql/checks.sql has a true case; it takes a while).
  source().Execute(database(), "UPDATE airlift.check_result SET digest = airlift.hash_bytes('other') WHERE run_id = 2");
  source().Execute(database(), "UPDATE airlift.check_run SET verdict = 'findings' WHERE id = 2");
  const ProcessResult result = RunWith("[source_runs]\n");
  EXPECT_EQ(result.status, 1) << result.Describe();
  EXPECT_THAT(result.out, HasSubstr("changed without a recorded write  public.t"));
}

TEST_F(Check, AnAssessmentCountsBySeverity) {
  source().Execute(database(), "CREATE UNLOGGED TABLE fleeting (id int PRIMARY KEY)");
  const ProcessResult result = RunWith("[assessment]\nseverity = info\nwith_target = off\n");
  EXPECT_EQ(result.status, 1) << result.Describe();
  EXPECT_THAT(result.out, HasSubstr("fleeting"));
}

TEST_F(Check, RunsNeverOverlap) {
  ASSERT_EQ(RunWith("[comparison]\ndata_only = on\n").status, 0);
  const int fd = open((config_ + ".lock").c_str(), O_RDWR);
  ASSERT_EQ(flock(fd, LOCK_EX | LOCK_NB), 0);
  const ProcessResult result = RunWith("[comparison]\ndata_only = on\n");
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("this check is running already"));
  close(fd);
  EXPECT_EQ(RunWith("[comparison]\ndata_only = on\n").status, 0);
}

TEST_F(Check, AMistakeInTheFileIsNamed) {
  const ProcessResult result = RunWith("[comparison]\ntables = t\n");
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr(config_ + ":7: unknown setting \"tables\" of section [comparison]"));
  EXPECT_EQ(RunHelper({"check", "--config", "/nonexistent.conf"}).status, 2);
}

TEST_F(Check, RunsSurviveADump) {
  source().Execute(database(),
                   "INSERT INTO airlift.check_profile (profile, assess, tables) VALUES ('p', false, '{t}')");
  source().Execute(database(), "CALL airlift.run_checks('p')");
  const std::string all =
      "SELECT string_agg(r::text, E'\\n' ORDER BY 1) FROM (SELECT r FROM airlift.check_run r) r "
      "UNION ALL SELECT string_agg(c::text, E'\\n') FROM airlift.check_result c "
      "UNION ALL SELECT p::text FROM airlift.check_profile p";
  const std::string before = source().Psql(database(), all);
  const std::string restored = database() + "_restored";
  CreateOnSource(restored);
  const std::string dump =
      RunOrThrow({source().bindir() + "/pg_dump", "-d", source().Superuser(database()).ToString()});
  source().Psql(restored, dump);
  EXPECT_EQ(source().Psql(restored, all), before);
  source().Execute(restored, "CALL airlift.run_checks('p')");
  EXPECT_EQ(source().Value(restored, "SELECT count(*) FROM airlift.check_drift('p')"), "0");
  EXPECT_EQ(source().Value(restored, "SELECT max(id) FROM airlift.check_run"), "2");
}

// pg_cron's shortest interval is a minute.
TEST(CheckUnderPgCron, ARunBeginsByItself) {
  Cluster server(Side::kSource,
                 {"shared_preload_libraries=pg_cron", "cron.database_name=postgres", "cron.use_background_workers=on"});
  server.Psql("postgres",
              "CREATE EXTENSION pg_airlift; CREATE EXTENSION pg_cron; CREATE TABLE t (id int PRIMARY KEY);"
              "INSERT INTO t VALUES (1); INSERT INTO airlift.check_profile (profile, assess) VALUES ('default', false);"
              "SELECT cron.schedule('airlift', '* * * * *', 'CALL airlift.run_checks()')");
  std::string run;
  for (int i = 0; i < 800 && run.empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    run =
        server.Psql("postgres", "SELECT verdict, tables >= 1 FROM airlift.check_run WHERE state = 'finished' LIMIT 1");
  }
  EXPECT_EQ(run, "ok|t\n") << server.LogTail();
  std::string status;
  for (int i = 0; i < 100 && status.empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    status = server.Psql("postgres",
                         "SELECT status FROM cron.job_run_details WHERE status IN ('succeeded', 'failed') LIMIT 1");
  }
  EXPECT_EQ(status, "succeeded\n") << server.Psql("postgres", "SELECT * FROM cron.job_run_details");
}

}  // namespace
}  // namespace airlift::test
