// What goes wrong in a move: a clear error, exit status 2, nothing claimed; and the same command run again succeeds.
#include <gmock/gmock.h>
#include <signal.h>

#include <functional>
#include <sstream>
#include <string>
#include <thread>

#include "support/move_test.h"

namespace airlift::test {
namespace {

using namespace std::chrono_literals;

class Failure : public MoveTest {
 protected:
  // Enough for a copy that takes a while: five tables of some MB and one big one.
  void LoadSource(int rows = 120000) {
    source().Psql(database(),
                  "SELECT format('CREATE TABLE t%s AS SELECT g AS id, repeat(md5((g * %1$s)::text), 6) AS v FROM "
                  "generate_series(1, " +
                      std::to_string(rows) +
                      " / %1$s) g; ALTER TABLE t%1$s ADD PRIMARY KEY (id)', n) "
                      "FROM generate_series(1, 5) n \\gexec");
  }

  void ExpectFailed(const ProcessResult& result, const std::string& words) {
    EXPECT_EQ(result.status, kFailed) << result.Describe();
    EXPECT_THAT(result.err, ::testing::HasSubstr(words));
    EXPECT_EQ(result.out.find("verdict: verified"), std::string::npos) << result.out;
    ExpectNoPassword(result.out + result.err);
  }

  // Asks until it is so; false when it has not come about within ten seconds or the program has ended.
  bool WaitWhile(Process& run, const std::function<bool()>& happened) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (std::chrono::steady_clock::now() < deadline && run.IsRunning()) {
      if (happened()) return true;
      std::this_thread::sleep_for(2ms);
    }
    return false;
  }

  // How many sessions of the program on that side run a COPY now.
  bool IsCopying(Cluster& cluster) {
    return cluster.Value(database(),
                         "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                         "state = 'active' AND query ~ '^COPY' AND pid <> pg_backend_pid()") != "0";
  }

  void TerminateCopy(Cluster& cluster) {
    cluster.Execute(database(),
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND query ~ '^COPY' AND pid <> pg_backend_pid()");
  }

  // The same command again finishes the work, or says that it was finished before; then a comparison must agree.
  void ExpectRerunVerifies(const std::vector<std::string>& more = {}) {
    const ProcessResult again = Airlift("migrate", more);
    if (again.status != kVerified) ExpectFailed(again, "finished already");
    const ProcessResult compared = Airlift("compare");
    EXPECT_EQ(compared.status, kVerified) << compared.Describe();
    ExpectSameContents();
  }
};

// Rows that TRUNCATE takes away are gone for older snapshots, too: between a copy and its digest, or between two parts.
TEST_F(Failure, TablesThatAreTruncatedMeanwhile) {
  source().Psql(database(),
                "SELECT format('CREATE TABLE s%s AS SELECT generate_series(1, 20000) AS a', n) "
                "FROM generate_series(1, 40) n \\gexec\n"
                "CREATE TABLE still AS SELECT generate_series(1, 1000) AS a");
  const std::string all =
      source().Value(database(), "SELECT 'TRUNCATE ' || string_agg('s' || n, ', ') FROM generate_series(1, 40) n");
  int started_over = 0;
  for (int i = 0; i < 10 && started_over == 0; ++i) {
    source().Psql(database(),
                  "SELECT format('INSERT INTO s%s SELECT generate_series(1, 20000)', n) FROM generate_series(1, 40) n "
                  "\\gexec");
    const auto run = StartHelper(Arguments("migrate", {"--restart"}));
    EXPECT_TRUE(WaitWhile(*run, [&] {
      return target().Value(database(), "SELECT to_regclass('airlift_state.task') IS NOT NULL") == "t" &&
             target().Value(database(),
                            "SELECT count(*) >= 5 FROM airlift_state.task WHERE kind = 'copy' AND state = "
                            "'done'") == "t";
    }));
    source().Execute(database(), all);
    const ProcessResult result = run->Wait();
    EXPECT_EQ(result.status, kVerified) << result.Describe();
    if (result.err.find("was truncated or rewritten on the source") != std::string::npos) ++started_over;
    EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM still"), "1000");
  }
  EXPECT_GT(started_over, 0);
}

// Without the extension a copy is proved by the stream it was read from, and two parts that were read before and after
// a TRUNCATE prove each other nothing.
class FailureWithoutExtension : public Failure {
 protected:
  bool WithExtension() const override { return false; }

  static void ExpectStopped(Process& process) { EXPECT_TRUE(AwaitFaultPoint(process)) << process.Wait().Describe(); }
};

TEST_F(FailureWithoutExtension, ATableTornByATruncateIsNeverVerifiedByARerun) {
  source().Psql(database(),
                "CREATE TABLE torn AS SELECT g AS a, repeat('x', 100) AS b FROM generate_series(1, 50000) g; "
                "VACUUM ANALYZE torn");
  const std::vector<std::string> options = {"--jobs", "1", "--split-size", "1MB"};
  const auto run = StartHelperWithFaults("task.committed:2,run.source-read:1", Arguments("migrate", options));
  ExpectStopped(*run);
  EXPECT_EQ(target().Value(database(), "SELECT count(*) > 0 FROM torn"), "t");
  source().Execute(database(), "TRUNCATE torn; INSERT INTO torn SELECT g, 'new' FROM generate_series(1, 1000) g");
  run->Signal(SIGCONT);
  ExpectStopped(*run);
  EXPECT_EQ(
      target().Value(database(), "SELECT count(*) FROM airlift_state.task WHERE kind = 'copy' AND state <> 'done'"),
      "0");
  run->Signal(SIGKILL);
  run->Wait();
  const ProcessResult again = Airlift("migrate", options);
  EXPECT_EQ(again.status, kVerified) << again.Describe();
  EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM torn"), "1000") << again.Describe();
  ExpectSameContents();
}

// A table that takes the name of another is what COPY reads, whatever the snapshot; of its rows the snapshot shows
// none.
TEST_F(FailureWithoutExtension, ATableReplacedMeanwhileIsToldAndNotVerified) {
  source().Psql(database(), "CREATE TABLE t AS SELECT generate_series(1, 1000) AS a");
  const auto run = StartHelperWithFaults("run.planned:1", Arguments("migrate"));
  ExpectStopped(*run);
  source().Psql(
      database(),
      "BEGIN; CREATE TABLE new_t AS SELECT a + 1 AS a FROM t; DROP TABLE t; ALTER TABLE new_t RENAME TO t; COMMIT");
  run->Signal(SIGCONT);
  ExpectFailed(run->Wait(), "table public.t was dropped, renamed or replaced");
  ExpectFailed(Airlift("migrate"), "table public.t was dropped, renamed or replaced");
  const ProcessResult again = Airlift("migrate", {"--restart"});
  EXPECT_EQ(again.status, kVerified) << again.Describe();
  ExpectSameContents();
}

TEST_F(FailureWithoutExtension, ASourceThatIsLostBeforeItWasAskedForTruncatedTables) {
  source().Psql(database(), "CREATE TABLE t AS SELECT generate_series(1, 1000) AS a");
  const auto run = StartHelperWithFaults("run.source-read:1", Arguments("migrate"));
  ExpectStopped(*run);
  source().Execute("postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + database() +
                                   "' AND application_name LIKE 'pg_airlift%'");
  run->Signal(SIGCONT);
  ExpectFailed(run->Wait(), "source");
  const ProcessResult again = Airlift("migrate");
  EXPECT_EQ(again.status, kVerified) << again.Describe();
  ExpectSameContents();
}

// TRUNCATE of a table takes along those that inherit from it, whose copies may be the ones that stay.
TEST_F(FailureWithoutExtension, AParentThatStartsOverLeavesItsHeirsAlone) {
  source().Psql(database(),
                "CREATE TABLE parent (a int); CREATE TABLE heir (b int) INHERITS (parent); "
                "INSERT INTO parent SELECT generate_series(1, 100); INSERT INTO heir SELECT g, g FROM "
                "generate_series(1, 1000) g");
  const auto run = StartHelperWithFaults("run.source-read:1", Arguments("migrate"));
  ExpectStopped(*run);
  EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM airlift_state.task WHERE state <> 'done'"), "0");
  run->Signal(SIGKILL);
  run->Wait();
  source().Execute(database(), "UPDATE ONLY parent SET a = -a WHERE a = 7");
  const ProcessResult again = Airlift("migrate");
  EXPECT_EQ(again.status, kVerified) << again.Describe();
  EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM heir"), "1000") << again.Describe();
  ExpectSameContents();
}

// To older snapshots a table that was rewritten is empty, though nobody took its rows away.
TEST_F(FailureWithoutExtension, ATableRewrittenMeanwhileIsToldAndNotVerified) {
  source().Psql(
      database(),
      "CREATE TABLE t AS SELECT g AS a, g::text AS b FROM generate_series(1, 1000) g; "
      "CREATE TABLE without_toast AS SELECT generate_series(1, 1000) AS a; ALTER TABLE without_toast SET UNLOGGED; "
      "CREATE TABLE cut AS SELECT 'before' AS a; CREATE TABLE small_cut AS SELECT 1 AS a; CREATE TABLE vacuumed AS "
      "SELECT g, g::text AS b FROM generate_series(1, 1000) g");
  for (const auto& [rewriting, table] :
       {std::pair("ALTER TABLE t ALTER COLUMN a TYPE int USING a + 1", "t"),
        std::pair("ALTER TABLE without_toast SET LOGGED", "without_toast"),
        // As pg_repack does it.
        std::pair("CREATE TABLE new_file AS SELECT * FROM without_toast;\n"
                  "UPDATE pg_class c SET relfilenode = o.relfilenode FROM pg_class o WHERE (c.relname, o.relname) IN "
                  "(('without_toast', 'new_file'), ('new_file', 'without_toast'));\nDROP TABLE new_file",
                  "without_toast")}) {
    const auto run = StartHelperWithFaults("run.planned:1", Arguments("migrate", {"--restart"}));
    ExpectStopped(*run);
    source().Psql(database(), rewriting);
    run->Signal(SIGCONT);
    ExpectFailed(run->Wait(), std::string("table public.") + table + " was rewritten");
  }
  const auto again = StartHelperWithFaults("run.source-read:1", Arguments("migrate", {"--restart"}));
  ExpectStopped(*again);
  // Neither hides rows that are there: they are gone in truth, or still shown.
  source().Psql(database(),
                "TRUNCATE cut, small_cut; INSERT INTO cut VALUES ('after'); INSERT INTO small_cut VALUES (2);\nVACUUM "
                "FULL vacuumed");
  again->Signal(SIGCONT);
  const ProcessResult result = again->Wait();
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  for (const char* table : {"t", "without_toast", "vacuumed"})
    EXPECT_EQ(target().Value(database(), std::string("SELECT count(*) FROM ") + table), "1000") << table;
}

TEST_F(Failure, AWrongPassword) {
  ProcessResult result = RunHelper({"migrate", "--source", SourceConnInfo(), "--target",
                                    target().Login(database(), "master", "wrong-s3cret").ToString()});
  ExpectFailed(result, "password authentication failed");
}

TEST_F(Failure, AnUnreachableHost) {
  const ConnInfo nowhere = target().Login(database(), "master", kMasterPassword).With("port", "1");
  ExpectFailed(RunHelper({"migrate", "--source", SourceConnInfo(), "--target", nowhere.ToString()}), "onnect");
  ExpectFailed(RunHelper({"compare", "--source", nowhere.ToString(), "--target", TargetConnInfo()}), "onnect");
}

TEST_F(Failure, BothSidesAreToldAtOnce) {
  const ConnInfo nowhere = target().Login(database(), "master", kMasterPassword).With("port", "1");
  const ProcessResult result = RunHelper({"migrate", "--source", nowhere.ToString(), "--target", nowhere.ToString()});
  ExpectFailed(result, "source");
}

TEST_F(Failure, AnUnknownDatabase) {
  ExpectFailed(RunHelper({"compare", "--source", SourceConnInfo("no such"), "--target", TargetConnInfo()}), "no such");
}

TEST_F(Failure, WrongArguments) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{},
                                                    {"migrate"},
                                                    {"nonsense"},
                                                    {"migrate", "--source", "x"},
                                                    {"migrate", "--jobs", "-1"},
                                                    {"compare", "--source", "password='s3cret", "--target", "x"}}) {
    const ProcessResult result = RunHelper(arguments);
    EXPECT_EQ(result.status, kFailed) << result.Describe();
    EXPECT_NE(result.err, "");
    ExpectNoPassword(result.out + result.err);
  }
}

TEST_F(Failure, UsageIsToldWithTheWayOut) {
  const std::string command = RunHelper({"migrat", "--source", "x"}).err;
  EXPECT_NE(command.find("error: \"migrat\" is no command"), std::string::npos) << command;
  const std::string missing = RunHelper({"status"}).err;
  EXPECT_NE(missing.find("--source is required"), std::string::npos) << missing;
  EXPECT_NE(missing.find("PG_AIRLIFT_SOURCE"), std::string::npos) << missing;
  const std::string extra = RunHelper({"status", "-s", "x", "-t", "y", "postgres://u:s3cret@h/d", "--nonsense"}).err;
  EXPECT_NE(extra.find("not expected: "), std::string::npos) << extra;
  EXPECT_NE(extra.find("--nonsense"), std::string::npos) << extra;
  ExpectNoPassword(extra);
}

// A result that cannot be written is told before hours of work, not behind them.
TEST_F(Failure, AFileThatCannotBeMadeIsToldBeforeAnythingIsBegun) {
  source().Execute(database(), "CREATE TABLE t AS SELECT 1 AS a");
  for (const char* option : {"--evidence", "--html"})
    ExpectFailed(RunHelper({"migrate", "--source", SourceConnInfo(), "--target", TargetConnInfo(), option,
                            "/nonexistent/result"}),
                 "no file can be made in directory \"/nonexistent\"");
  ExpectFailed(Airlift("compare", {"--repair", "/nonexistent/repair.sql"}), "/nonexistent/repair.sql");
  ExpectFailed(Airlift("migrate", {"--pg-bindir", "/nonexistent"}), "directory \"/nonexistent\" only");
  EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM pg_namespace WHERE nspname = 'airlift_state'"), "0");
}

TEST_F(Failure, SourceAndTargetAreTheSameDatabase) {
  target().Execute(database(), "CREATE TABLE t AS SELECT 1 AS a");
  const ProcessResult result = RunHelper({"migrate", "--source", target().Superuser(database()).ToString(), "--target",
                                          TargetConnInfo(), "--into-existing"});
  ExpectFailed(result, "same database");
}

TEST_F(Failure, ATargetThatIsNotEmpty) {
  source().Execute(database(), "CREATE TABLE t AS SELECT 1 AS a");
  target().Execute(database(), "CREATE SCHEMA mine CREATE TABLE kept (a int)");
  ExpectFailed(Airlift("migrate"), "empty");
  EXPECT_EQ(target().Value(database(), "SELECT to_regclass('public.t')"), "") << "it was refused and yet written to";
  EXPECT_EQ(Airlift("migrate", {"--into-existing"}).status == kFailed, false);
  EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM t"), "1");
  EXPECT_EQ(target().Value(database(), "SELECT to_regclass('mine.kept') IS NOT NULL"), "t");
}

// Eight bytes of a bigint are a double precision, too; and a move that is resumed makes all large objects anew.
TEST_F(Failure, IntoExistingRefusesOtherTypesAndLargeObjects) {
  source().Psql(database(), "CREATE TABLE t AS SELECT 5::bigint AS a, 'x'::text AS b");
  target().Psql(database(),
                "CREATE DOMAIN whole AS bigint; CREATE TABLE t (a double precision, b varchar); "
                "ALTER TABLE t OWNER TO master; ALTER DOMAIN whole OWNER TO master; "
                "SELECT lo_from_bytea(999, 'mine'); ALTER LARGE OBJECT 999 OWNER TO master");
  ExpectFailed(Airlift("migrate", {"--into-existing"}), "column a of table public.t is of another type on the target");
  EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM t"), "0");
  target().Execute(database(), "ALTER TABLE t ALTER a TYPE whole");
  ExpectFailed(Airlift("migrate", {"--into-existing"}), "the target holds large objects already");
  EXPECT_EQ(target().Value(database(), "SELECT lo_get(999)"), "\\x6d696e65");
  target().Execute(database(), "SELECT lo_unlink(999)");
  const ProcessResult moved = Airlift("migrate", {"--into-existing", "--allow-refused"});
  EXPECT_EQ(FinalVerdict(moved), "verified") << moved.Describe();
  EXPECT_EQ(target().Value(database(), "SELECT a FROM t"), "5");
}

TEST_F(Failure, RestartIsNoLeaveToLoadIntoATargetThatIsNotEmpty) {
  source().Execute(database(), "CREATE TABLE kept AS SELECT 1 AS a");
  target().Psql(database(), "SET ROLE master; CREATE TABLE kept AS SELECT 2 AS a");
  ExpectFailed(Airlift("migrate", {"--restart"}), "is not empty");
  ExpectFailed(Airlift("restore", {"--restart"}), "is not empty");
  EXPECT_EQ(target().Value(database(), "SELECT string_agg(a::text, ' ') FROM kept"), "2");
}

TEST_F(Failure, RestartDropsNothingThatWasThereBefore) {
  source().Execute(database(), "CREATE TABLE t AS SELECT 1 AS a");
  target().Psql(database(), "SET ROLE master; CREATE TABLE kept AS SELECT 2 AS a");
  ASSERT_EQ(Airlift("migrate", {"--into-existing"}).status == kFailed, false);
  for (const std::vector<std::string>& more : {std::vector<std::string>{"--restart"}, {"--restart", "--into-existing"}})
    ExpectFailed(Airlift("migrate", more), "--into-existing");
  EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM kept, t"), "1");
}

TEST_F(Failure, DryRunOfWhatWouldBeRefusedFails) {
  target().Execute(database(), "CREATE TABLE t AS SELECT 1 AS a");
  const ProcessResult result = Airlift("migrate", {"--dry-run"});
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_NE(result.out.find("-- pre-flight failure: the target database is not empty"), std::string::npos);
}

TEST_F(Failure, DryRunWritesNothing) {
  LoadSource(100);
  const std::string before =
      target().Psql(database(), "SELECT count(*) FROM pg_class; SELECT count(*) FROM pg_namespace");
  const ProcessResult result = Airlift("migrate", {"--dry-run"});
  EXPECT_EQ(result.status, 0) << result.Describe();
  EXPECT_NE(result.out, "");
  EXPECT_EQ(target().Psql(database(), "SELECT count(*) FROM pg_class; SELECT count(*) FROM pg_namespace"), before);
}

TEST_F(FailureWithoutExtension, ALoadThatNobodyWorksOnIsToldByStatus) {
  source().Psql(database(), "CREATE TABLE t AS SELECT generate_series(1, 1000) AS a");
  const auto run = StartHelperWithFaults("run.planned:1", Arguments("migrate"));
  ExpectStopped(*run);
  const std::vector<std::string> arguments = {"status", "--source", SourceConnInfo(), "--target", TargetConnInfo()};
  ProcessResult status = RunHelper(arguments);
  EXPECT_EQ(status.status, 0) << status.Describe();
  run->Signal(SIGKILL);
  run->Wait();
  // The server takes a moment to notice.
  for (int i = 0; i < 100 && status.status == 0; ++i) {
    std::this_thread::sleep_for(100ms);
    status = RunHelper(arguments);
  }
  EXPECT_EQ(status.status, kDiffers) << status.Describe();
  EXPECT_NE(status.out.find("nobody works on it"), std::string::npos) << status.Describe();
}

TEST_F(Failure, ALockHeldOnASourceTable) {
  LoadSource(1000);
  const auto holder = source().Connect(database());
  Transaction lock(*holder);
  holder->Execute("LOCK TABLE t3 IN ACCESS EXCLUSIVE MODE");
  auto run = StartHelper(Arguments("migrate"));
  std::this_thread::sleep_for(3s);
  if (run->IsRunning()) {
    // It may wait for the lock, and then must go on when it is released.
    holder->Execute("COMMIT");
    const ProcessResult result = run->Wait();
    EXPECT_EQ(result.status, kVerified) << result.Describe();
    ExpectSameContents();
  } else {
    ExpectFailed(run->Wait(), "lock");
    holder->Execute("COMMIT");
    ExpectRerunVerifies();
  }
}

TEST_F(Failure, TheTargetsTemporaryFileLimit) {
  LoadSource();
  source().Psql(database(), "CREATE MATERIALIZED VIEW sorted AS SELECT v FROM t1 ORDER BY md5(v)");
  target().Execute("postgres", "ALTER DATABASE " + database() + " SET temp_file_limit = '64kB'");
  const ProcessResult result = Airlift("migrate");
  target().Execute("postgres", "ALTER DATABASE " + database() + " RESET temp_file_limit");
  ExpectFailed(result, "temp_file_limit");
  ExpectRerunVerifies();
}

TEST_F(Failure, ATableThatTheSourceRoleMayNotRead) {
  source().Psql(database(), "CREATE ROLE poor_reader LOGIN PASSWORD 'poor-s3cret'; CREATE TABLE t AS SELECT 1 AS a");
  const ProcessResult result =
      RunHelper({"migrate", "--source", source().Login(database(), "poor_reader", "poor-s3cret").ToString(), "--target",
                 TargetConnInfo()});
  source().Execute(database(), "DROP OWNED BY poor_reader; DROP ROLE poor_reader");
  ExpectFailed(result, "may not read table public.t");
}

TEST_F(Failure, ABackendOfTheSourceIsTerminatedInMidCopy) {
  LoadSource();
  auto run = StartHelper(Arguments("migrate"));
  ASSERT_TRUE(WaitWhile(*run, [&] { return IsCopying(source()); })) << run->Wait().Describe();
  TerminateCopy(source());
  const ProcessResult result = run->Wait();
  // It may try again by itself; what it must not do is to claim more than is true.
  if (result.status != kVerified) ExpectFailed(result, "source");
  ExpectRerunVerifies();
}

TEST_F(Failure, ABackendOfTheTargetIsTerminatedInMidCopy) {
  LoadSource();
  auto run = StartHelper(Arguments("migrate"));
  ASSERT_TRUE(WaitWhile(*run, [&] { return IsCopying(target()); })) << run->Wait().Describe();
  TerminateCopy(target());
  const ProcessResult result = run->Wait();
  if (result.status != kVerified) ExpectFailed(result, "target");
  ExpectRerunVerifies();
}

TEST_F(Failure, TheProgramIsKilledInMidCopyAndRunAgain) {
  LoadSource();
  auto run = StartHelper(Arguments("migrate", {"--split-size", "2MB"}));
  ASSERT_TRUE(WaitWhile(*run, [&] { return IsCopying(target()); })) << run->Wait().Describe();
  run->Signal(SIGKILL);
  EXPECT_EQ(run->Wait().status, 128 + SIGKILL);
  ExpectRerunVerifies({"--split-size", "2MB"});
}

// Wherever it dies, the next run must end well: ten moments over the whole run.
TEST_F(Failure, TheProgramIsKilledAtAnyMoment) {
  LoadSource(30000);
  for (int moment = 1; moment <= (SlowTests() ? 40 : 10); ++moment) {
    auto run = StartHelper(Arguments("migrate"));
    std::this_thread::sleep_for(moment * 60ms);
    run->Signal(SIGKILL);
    run->Wait();
  }
  ExpectRerunVerifies();
}

TEST_F(Failure, CtrlCStopsInOrderAndARerunGoesOn) {
  LoadSource();
  auto run = StartHelper(Arguments("migrate"));
  ASSERT_TRUE(WaitWhile(*run, [&] { return IsCopying(source()); })) << run->Wait().Describe();
  run->Signal(SIGINT);
  const ProcessResult result = run->Wait();
  if (result.status != kVerified) ExpectFailed(result, "stopped");
  EXPECT_EQ(source().Value("postgres", "SELECT count(*) FROM pg_stat_activity WHERE datname = '" + database() + "'"),
            "0");
  ExpectRerunVerifies();
}

TEST_F(Failure, TheTargetRestartsInMidCopy) {
  LoadSource();
  auto run = StartHelper(Arguments("migrate"));
  ASSERT_TRUE(WaitWhile(*run, [&] { return IsCopying(target()); })) << run->Wait().Describe();
  target().Stop("immediate");
  const ProcessResult result = run->Wait();
  target().Start();
  ExpectFailed(result, "target");
  ExpectRerunVerifies();
}

TEST_F(Failure, TwoRunsIntoOneTargetAtOnce) {
  LoadSource(20000);
  auto first = StartHelper(Arguments("migrate"));
  auto second = StartHelper(Arguments("migrate"));
  const ProcessResult a = first->Wait(), b = second->Wait();
  // One does the work; the other refuses, joins in, or finds it done. Neither spoils it.
  EXPECT_TRUE(a.status == kVerified || b.status == kVerified) << a.Describe() << b.Describe();
  ExpectRerunVerifies();
}

TEST_F(Failure, AFinishedMoveRunAgainChangesNothing) {
  LoadSource(1000);
  ExpectVerifiedMove();
  ExpectRerunVerifies();
}

// What roles and databases say about statements and transactions that take long is for applications. One row takes the
// target two seconds, and the source waits for it in its transaction.
TEST_F(Failure, NoTimeoutOfADatabaseEndsTheMove) {
  source().Psql(database(),
                "CREATE FUNCTION nap(int) RETURNS bool LANGUAGE plpgsql AS "
                "$$ BEGIN PERFORM pg_catalog.pg_sleep($1); RETURN true; END $$;"
                "CREATE TABLE slow (a int PRIMARY KEY CHECK (nap(a))); INSERT INTO slow VALUES (2)");
  for (Cluster* cluster : {&source(), &target()})
    cluster->Psql("postgres",
                  "SELECT format('ALTER DATABASE %I SET %I = 700', '" + database() +
                      "', name) FROM pg_settings WHERE name IN ('statement_timeout', 'lock_timeout', "
                      "'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout') \\gexec");
  ASSERT_NE(source().Value("postgres",
                           "SELECT setconfig::text FROM pg_db_role_setting s JOIN pg_database d "
                           "ON d.oid = s.setdatabase WHERE d.datname = '" +
                               database() + "'"),
            "");
  const ProcessResult result = Airlift("migrate", {"--jobs", "1"});
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_EQ(FinalVerdict(result), "verified") << result.Describe();
  EXPECT_EQ(Airlift("compare").status, kVerified);
}

TEST_F(Failure, NoPasswordIsKeptAnywhere) {
  LoadSource(100);
  const ConnInfo source_login = source().Login(database(), "reader", "source-s3cret");
  source().Execute(database(), "CREATE ROLE reader LOGIN SUPERUSER PASSWORD 'source-s3cret'");
  const ProcessResult result = RunHelper(
      {"migrate", "--source", source_login.ToString(), "--target", TargetConnInfo(), "--evidence", evidence_path_});
  source().Execute(database(), "DROP ROLE reader");
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  ExpectNoPassword(result.out + result.err);
  ExpectNoPassword(ReadFile(evidence_path_));
  ExpectNoPassword(RunOrThrow({target().bindir() + "/pg_dump", "-d", target().Superuser(database()).ToString()}));
  // Statements that a server logs, and the command lines that it shows to others.
  ExpectNoPassword(source().LogTail(100000) + target().LogTail(100000));
}

// A password on the command line of a child (pg_dump) can be read by everybody on the host.
TEST_F(Failure, NoPasswordIsOnACommandLineOfAChild) {
  LoadSource(20000);
  // What else runs on this machine is none of our business: our servers' directory is in our command lines only.
  const std::string host = ConnInfo::Parse(SourceConnInfo()).Get("host");
  ASSERT_FALSE(host.empty());
  std::string seen;
  auto run = StartHelper({"migrate", "--source", SourceConnInfo(), "--target",
                          target().Login(database(), "master", "").ToStringWithoutPassword()},
                         {{"PGPASSWORD", kMasterPassword}});
  while (run->IsRunning()) {
    std::istringstream lines(RunProcess({"ps", "-eo", "args"}).out);
    for (std::string line; std::getline(lines, line);)
      if (line.find(host) != std::string::npos) seen += line + "\n";
    std::this_thread::sleep_for(10ms);
  }
  run->Wait();
  EXPECT_NE(seen.find("pg_dump"), std::string::npos);
  ExpectNoPassword(seen);
}

}  // namespace
}  // namespace airlift::test
