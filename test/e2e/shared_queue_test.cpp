// Work that several processes share, and that goes on after one of them died: compare --resume, and pg_airlift worker
// with it and with migrate.
#include <gmock/gmock.h>
#include <signal.h>

#include <functional>
#include <iostream>
#include <thread>

#include "queue/task_kind.h"
#include "state/run_state.h"
#include "support/move_test.h"

namespace airlift::test {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;

class SharedQueue : public MoveTest {
 protected:
  static constexpr int kTables = 16;

  // Tables of all kinds of keys on both sides, the same.
  void FillBothSides() {
    const std::string script =
        "SELECT format('CREATE TABLE t%s AS SELECT g AS id, repeat(md5((g * %1$s)::text), 4) AS v "
        "FROM generate_series(1, 2000) g', n) FROM generate_series(1, " +
        std::to_string(kTables) +
        ") n \\gexec\n"
        "ALTER TABLE t1 ADD PRIMARY KEY (id);\n";
    source().Psql(database(), script);
    target().Psql(database(), "SET ROLE master;\n" + script);
  }

  bool WaitUntil(const std::function<bool()>& happened) {
    const auto deadline = std::chrono::steady_clock::now() + 30s;
    while (std::chrono::steady_clock::now() < deadline) {
      if (happened()) return true;
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }

  int TablesDone() {
    if (target().Value(database(), "SELECT to_regclass('airlift_state.comparison_table')") == "") return -1;
    return std::stoi(
        target().Value(database(), "SELECT count(*) FROM airlift_state.comparison_table WHERE result IS NOT NULL"));
  }

  std::unique_ptr<Process> StartCompare(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"--resume", "--data-only", "--jobs", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return StartHelper(Arguments("compare", arguments));
  }
  std::unique_ptr<Process> StartWorker(const std::string& jobs = "1", const std::string& rate = "1GB") {
    return StartHelper({"worker", "--source", SourceConnInfo(), "--target", TargetConnInfo(), "--jobs", jobs, "--wait",
                        "30s", "--max-rate", rate});
  }
  static int TasksDone(const ProcessResult& worker) { return std::stoi(worker.out); }

  // Starts a comparison so slow that it is in the midst of its tables; about two of them a second.
  std::unique_ptr<Process> StartSlowly() {
    auto run = StartCompare({"--max-rate", "600kB"});
    EXPECT_TRUE(WaitUntil([&] { return TablesDone() > 2; }));
    return run;
  }

  void ExpectNothingLeft() {
    EXPECT_EQ(target().Value(database(), "SELECT to_regnamespace('airlift_state') IS NULL"), "t");
    EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), "0");
  }

  json TablesWithOwnSnapshot() const {
    json tables = json::array();
    const json evidence = Evidence();
    for (const json& table : evidence["tables"])
      if (table.contains("snapshot_taken_at")) tables.push_back(table["table"]);
    return tables;
  }
};

TEST_F(SharedQueue, ComparesAsWithout) {
  FillBothSides();
  target().Execute(database(), "UPDATE t1 SET v = 'changed' WHERE id IN (7, 8); DELETE FROM t2 WHERE id = 5");
  target().Execute(database(), "DROP TABLE t3; ALTER TABLE t4 RENAME v TO w");
  ASSERT_EQ(Airlift("compare", {"--data-only"}).status, kDiffers);
  const json plain = Evidence()["tables"];
  for (const char* jobs : {"1", "4"}) {
    const ProcessResult shared = Airlift("compare", {"--data-only", "--resume", "--jobs", jobs});
    EXPECT_EQ(shared.status, kDiffers) << shared.Describe();
    EXPECT_EQ(Evidence()["tables"], plain) << jobs;
    ExpectNothingLeft();
  }
}

TEST_F(SharedQueue, WithoutTheOptionNothingIsWritten) {
  FillBothSides();
  ASSERT_EQ(Airlift("compare", {"--data-only"}).status, kVerified);
  EXPECT_EQ(target().Value(database(), "SELECT to_regnamespace('airlift_state') IS NULL"), "t");
}

TEST_F(SharedQueue, StoppedByCtrlCItGoesOn) {
  FillBothSides();
  auto run = StartSlowly();
  run->Signal(SIGINT);
  const ProcessResult stopped = run->Wait();
  EXPECT_EQ(stopped.status, kFailed) << stopped.Describe();
  EXPECT_EQ(stopped.out.find("verdict: verified"), std::string::npos);
  const int done = TablesDone();
  ASSERT_GT(done, 2);
  ASSERT_LT(done, kTables);
  const ProcessResult again = StartCompare()->Wait();
  EXPECT_EQ(again.status, kVerified) << again.Describe();
  EXPECT_THAT(again.err, HasSubstr("going on: " + std::to_string(done) + " tables are compared already"));
  EXPECT_EQ(static_cast<int>(TablesWithOwnSnapshot().size()), done);
  EXPECT_THAT(Evidence()["notes"].get<std::vector<std::string>>(), Contains(HasSubstr("resumed: ")));
  ExpectNothingLeft();
}

TEST_F(SharedQueue, KilledItGoesOnAndWhatChangedMeanwhileIsFound) {
  FillBothSides();
  auto run = StartSlowly();
  run->Signal(SIGKILL);
  run->Wait();
  ASSERT_LT(TablesDone(), kTables);
  // All tables that were not finished: they must not stand under the former snapshot.
  const std::string unfinished = target().Value(
      database(),
      "SELECT min(detail #>> '{table,source,name}') FROM airlift_state.comparison_task WHERE state <> 'done'");
  const std::string finished = target().Value(
      database(), "SELECT min(result ->> 'table') FROM airlift_state.comparison_table WHERE result IS NOT NULL");
  target().Execute(database(), "DELETE FROM " + unfinished + " WHERE id = 1");
  const ProcessResult other = Airlift("compare", {"--resume", "--data-only", "--table", "t1"});
  EXPECT_EQ(other.status, kFailed) << other.Describe();
  EXPECT_THAT(other.err, HasSubstr("with other options, is in progress"));
  const ProcessResult again = StartCompare()->Wait();
  EXPECT_EQ(again.status, kDiffers) << again.Describe();
  EXPECT_EQ(EvidenceOf("public", unfinished)["differences"]["missing_on_target"], 1);
  EXPECT_EQ(EvidenceOf("public", finished)["verdict"], "verified");
  ExpectNothingLeft();
}

TEST_F(SharedQueue, RestartForgetsWhatWasDone) {
  FillBothSides();
  auto run = StartSlowly();
  run->Signal(SIGKILL);
  run->Wait();
  const ProcessResult again = StartCompare({"--restart"})->Wait();
  EXPECT_EQ(again.status, kVerified) << again.Describe();
  EXPECT_EQ(TablesWithOwnSnapshot().size(), 0u);
}

TEST_F(SharedQueue, AWorkerJoinsAComparison) {
  FillBothSides();
  auto run = StartSlowly();
  EXPECT_EQ(Airlift("compare", {"--resume", "--data-only"}).status, kFailed) << "two drivers";
  const ProcessResult joined = StartWorker()->Wait();
  EXPECT_EQ(joined.status, 0) << joined.Describe();
  EXPECT_GT(TasksDone(joined), kTables / 2) << "what was left is the quick one's: " << joined.out;
  const ProcessResult driven = run->Wait();
  EXPECT_EQ(driven.status, kVerified) << driven.Describe();
  EXPECT_EQ(TablesWithOwnSnapshot().size(), 0u);
  ExpectNothingLeft();
}

TEST_F(SharedQueue, ALostWorkersTaskIsTakenOver) {
  FillBothSides();
  auto run = StartSlowly();
  auto worker = StartWorker("2", "100kB");
  ASSERT_TRUE(WaitUntil([&] {
    return target().Value(database(),
                          "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE "
                          "'pg_airlift comparison worker _' AND state = 'idle in transaction'") == "3";
  }));
  worker->Signal(SIGKILL);
  worker->Wait();
  const ProcessResult driven = run->Wait();
  EXPECT_EQ(driven.status, kVerified) << driven.Describe();
  EXPECT_EQ(Evidence()["tables"].size(), static_cast<size_t>(kTables));
}

TEST_F(SharedQueue, AWorkerWhoseDriverDiesSaysSo) {
  FillBothSides();
  auto run = StartSlowly();
  auto worker = StartWorker("1", "600kB");
  ASSERT_TRUE(WaitUntil([&] {
    return target().Value(database(),
                          "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE "
                          "'pg_airlift comparison worker _'") == "2";
  }));
  run->Signal(SIGKILL);
  run->Wait();
  // What it can do under the snapshots that it has, it may do; then it must not wait for ever.
  const ProcessResult left = worker->Wait();
  EXPECT_FALSE(left.timed_out);
  EXPECT_EQ(StartCompare()->Wait().status, kVerified);
  ExpectNothingLeft();
}

TEST_F(SharedQueue, AWorkerJoinsAMigration) {
  source().Psql(
      database(),
      "SELECT format('CREATE TABLE t%s (id int PRIMARY KEY, v text)', n) FROM generate_series(1, 30) n \\gexec\n"
      "SELECT format('INSERT INTO t%s SELECT g, repeat(md5(g::text), 4) FROM generate_series(1, 3000) g', n) "
      "FROM generate_series(1, 30) n \\gexec\n"
      "CREATE TABLE big AS SELECT g AS id, repeat(md5(g::text), 20) AS v FROM generate_series(1, 20000) g;\n"
      "SELECT lo_from_bytea(0, 'x') FROM generate_series(1, 50)");
  auto run = StartHelper(Arguments("migrate", {"--jobs", "1"}));
  auto worker = StartWorker("2");
  const ProcessResult moved = run->Wait();
  EXPECT_EQ(moved.status, kVerified) << moved.Describe();
  const ProcessResult joined = worker->Wait();
  EXPECT_EQ(joined.status, 0) << joined.Describe();
  EXPECT_GT(TasksDone(joined), 10) << joined.out;
  ExpectSameContents();
}

TEST_F(SharedQueue, AMigrationOutlivesItsWorker) {
  source().Psql(database(),
                "SELECT format('CREATE TABLE t%s AS SELECT g AS id, repeat(md5(g::text), 20) AS v FROM "
                "generate_series(1, 20000) g', n) FROM generate_series(1, 6) n \\gexec");
  auto run = StartHelper(Arguments("migrate", {"--jobs", "1"}));
  auto worker = StartWorker("2");
  ASSERT_TRUE(WaitUntil([&] {
    return target().Value(database(),
                          "SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^pg_airlift worker' "
                          "AND query ~ '^COPY'") > "1";
  }));
  worker->Signal(SIGKILL);
  worker->Wait();
  const ProcessResult moved = run->Wait();
  EXPECT_EQ(moved.status, kVerified) << moved.Describe();
  ExpectSameContents();
}

// With a snapshot held, so that the server can clear away nothing of what is done.
TEST_F(SharedQueue, SlowATaskCostsTheSameAfterAHundredThousand) {
  constexpr int kTasks = 100000, kTenth = kTasks / 10;
  target().Execute(database(),
                   "CREATE SCHEMA airlift_state; CREATE TABLE airlift_state.relation (relation int PRIMARY KEY)");
  const auto holder = target().Connect(database());
  const auto connection = target().Connect(database());
  connection->Execute(TaskTableDdl(kLoadQueue));
  std::vector<Task> tasks;
  for (int i = 0; i < kTasks; ++i) tasks.push_back({0, kAnalyzeTask, -1, i % 100, json::object()});
  InsertTasks(*connection, kLoadQueue, tasks, "ready");
  connection->Execute("ANALYZE airlift_state.task");
  holder->Execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM airlift_state.task");
  ClaimCursor cursor;
  std::vector<double> milliseconds;
  auto began = std::chrono::steady_clock::now();
  int done = 0;
  for (; done < kTasks; ++done) {
    Transaction transaction(*connection);
    const auto task = ClaimTask(*connection, kLoadQueue, cursor);
    ASSERT_TRUE(task) << done;
    FinishTask(*connection, kLoadQueue, *task, {}, false);
    transaction.Commit();
    if ((done + 1) % kTenth != 0) continue;
    const auto now = std::chrono::steady_clock::now();
    milliseconds.push_back(std::chrono::duration<double, std::milli>(now - began).count() / kTenth);
    began = now;
  }
  EXPECT_TRUE(EverythingIsDone(*connection, kLoadQueue));
  std::string figures;
  for (const double each : milliseconds) figures += std::to_string(each) + " ";
  std::cout << "ms per task, in tenths of the queue: " << figures << std::endl;
  EXPECT_LT(milliseconds.back(), 5 * milliseconds.front()) << figures;
}

TEST_F(SharedQueue, NothingToJoinIsSaid) {
  const ProcessResult result = RunHelper({"worker", "--source", SourceConnInfo(), "--target", TargetConnInfo()});
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("no load and no comparison"));
}

}  // namespace
}  // namespace airlift::test
