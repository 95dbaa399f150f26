// The fence: after airlift.fence() has returned, nothing in the database changes, whoever tries and however.
#include <gmock/gmock.h>
#include <libpq/libpq-fs.h>

#include <atomic>
#include <csignal>
#include <sstream>
#include <vector>

#include "support/extension_test.h"
#include "support/process.h"

namespace airlift::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kReadOnly[] = "25006";
constexpr char kReason[] = "fenced by pg_airlift";

class Fence : public ExtensionTest {
 protected:
  void SetUp() override {
    ExtensionTest::SetUp();
    Execute(
        "CREATE TABLE t (id int PRIMARY KEY, v text);"
        "INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 1000) i;"
        "CREATE SEQUENCE s; SELECT setval('s', 7);"
        "CREATE MATERIALIZED VIEW m AS SELECT count(*) FROM t;"
        "SELECT lo_from_bytea(4242, 'content');"
        "CREATE VIEW w AS SELECT id, v FROM t;"
        "CREATE PROCEDURE writer() LANGUAGE plpgsql AS 'BEGIN COMMIT; INSERT INTO t VALUES (-1); COMMIT; END';"
        "CREATE FUNCTION sneaky() RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT nextval(''s'')';"
        "CREATE FUNCTION inserting() RETURNS void LANGUAGE sql AS 'INSERT INTO t VALUES (-2)';");
  }

  // Everything in the database, by a program that is not ours.
  std::string Contents() {
    const std::string dump =
        RunOrThrow({source().bindir() + "/pg_dump", "-d", source().Superuser(database()).ToString()});
    std::istringstream stream(dump);
    std::string kept;
    for (std::string line; std::getline(stream, line);)
      if (line.rfind("\\restrict", 0) != 0 && line.rfind("\\unrestrict", 0) != 0) kept += line + "\n";
    return kept;
  }
  std::string Settings() {
    return Value(
        "SELECT coalesce(string_agg(s.setrole::regrole || ' ' || s.setconfig::text, ';' ORDER BY s.setrole), 'none') "
        "FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase WHERE d.datname = '" +
        database() + "'");
  }
  std::string RaiseFence() { return Value("SELECT airlift.fence('test', '10 seconds')"); }
  void ExpectFenced(Connection& session) {
    EXPECT_THAT(ErrorOf(session, "INSERT INTO t VALUES (-3)"), AllOf(HasSubstr(kReadOnly), HasSubstr(kReason)));
  }
  void ExpectFenced() { ExpectFenced(*Connect()); }
  void ExpectOpen() { Execute("BEGIN; INSERT INTO t VALUES (-4); ROLLBACK"); }
};

// Each in a session of its own; all must fail with 25006.
const std::vector<std::string> kWrites = {
    "INSERT INTO t VALUES (-5)",
    "UPDATE t SET v = 'x' WHERE id = 1",
    "DELETE FROM t WHERE id = 1",
    "TRUNCATE t",
    "INSERT INTO w VALUES (-5)",
    "INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET v = 'x'",
    "WITH i AS (INSERT INTO t VALUES (-5) RETURNING id) SELECT * FROM i",
    "WITH d AS (DELETE FROM t RETURNING id) SELECT 1",
    "COPY t FROM PROGRAM 'echo 1'",
    "SELECT * FROM t WHERE id = 1 FOR UPDATE",
    "SELECT * FROM t WHERE id = 1 FOR NO KEY UPDATE",
    "SELECT * FROM t WHERE id = 1 FOR SHARE",
    "SELECT * FROM t WHERE id = 1 FOR KEY SHARE",
    "BEGIN; DECLARE c CURSOR FOR SELECT * FROM t FOR UPDATE; FETCH c; COMMIT",
    "SELECT nextval('s')",
    "SELECT setval('s', 100)",
    "SELECT setval('s', 100, false)",
    "SELECT sneaky()",
    "SELECT inserting()",
    "CALL writer()",
    "DO $$ BEGIN INSERT INTO t VALUES (-5); END $$",
    "DO $$ DECLARE n bigint; BEGIN COMMIT; n := nextval('s'); END $$",
    "DO $$ DECLARE n bigint; BEGIN ROLLBACK; SET TRANSACTION READ WRITE; n := nextval('s'); COMMIT; END $$",
    "DO $$ BEGIN COMMIT; SET TRANSACTION READ WRITE; INSERT INTO t VALUES (-5); COMMIT; END $$",
    "DO $$ DECLARE n oid; BEGIN COMMIT; n := lo_create(99); COMMIT; END $$",
    "DO $$ DECLARE n bigint; BEGIN COMMIT; FOR i IN 1..2 LOOP BEGIN n := CASE i WHEN 1 THEN 0 ELSE nextval('s') END; "
    "RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END; END LOOP; END $$",
    "DO $$ BEGIN EXECUTE 'INSERT INTO t VALUES (-5)'; END $$",
    "PREPARE p AS INSERT INTO t VALUES (-5); EXECUTE p",
    "EXPLAIN ANALYZE INSERT INTO t VALUES (-5)",
    "CREATE TABLE n (i int)",
    "CREATE TEMP TABLE n (i int)",
    "CREATE TABLE n AS SELECT * FROM t",
    "SELECT * INTO n FROM t",
    "ALTER TABLE t ADD COLUMN n int",
    "ALTER SEQUENCE s RESTART",
    "DROP TABLE t",
    "CREATE INDEX ON t (v)",
    "COMMENT ON TABLE t IS 'x'",
    "GRANT SELECT ON t TO PUBLIC",
    "CREATE ROLE written_under_a_fence",
    "REFRESH MATERIALIZED VIEW m",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE EXTENSION pg_trgm",
    "DROP EXTENSION pg_airlift",
    "CREATE PUBLICATION p FOR TABLE t",
    "SECURITY LABEL ON TABLE t IS 'x'",
    "UPDATE pg_class SET relname = 'x' WHERE relname = 't'",
    "INSERT INTO pg_largeobject_metadata VALUES (98, 10)",
    "SELECT lo_create(99)",
    "SELECT lo_creat(-1)",
    "SELECT lo_import('/etc/hostname')",
    "SELECT lo_import('/etc/hostname', 99)",
    "SELECT lo_unlink(4242)",
    "SELECT lo_from_bytea(99, 'x')",
    "SELECT lo_put(4242, 0, 'x')",
    "BEGIN; SELECT lowrite(lo_open(4242, 131072), 'x'); COMMIT",
    "BEGIN; SELECT lo_truncate(lo_open(4242, 131072), 1); COMMIT",
    "BEGIN; SELECT lo_truncate64(lo_open(4242, 131072), 1); COMMIT",
    "SELECT pg_logical_emit_message(true, 'a', 'b')",
    "SELECT pg_logical_emit_message(false, 'a', 'b')",
    "SELECT pg_logical_emit_message(false, 'a', 'b'::bytea)",
    "SELECT pg_replication_origin_create('written_under_a_fence')",
    "BEGIN READ WRITE; INSERT INTO t VALUES (-5); COMMIT",
    "START TRANSACTION READ WRITE; SELECT nextval('s'); COMMIT",
    "BEGIN; SET TRANSACTION READ WRITE; INSERT INTO t VALUES (-5); COMMIT",
    "BEGIN; SET transaction_read_only = off; INSERT INTO t VALUES (-5); COMMIT",
    "BEGIN; SET LOCAL transaction_read_only = off; SELECT nextval('s'); COMMIT",
    "SET default_transaction_read_only = off; INSERT INTO t VALUES (-5)",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE; INSERT INTO t VALUES (-5)",
    "BEGIN; SAVEPOINT a; ROLLBACK TO a; INSERT INTO t VALUES (-5); COMMIT",
    "BEGIN; COMMIT AND CHAIN; INSERT INTO t VALUES (-5); COMMIT",
    "SET session_replication_role = replica; INSERT INTO t VALUES (-5)",
    "SET airlift.fence = ''; INSERT INTO t VALUES (-5)",
    "SET session_preload_libraries = ''; INSERT INTO t VALUES (-5)",
    "BEGIN; PREPARE TRANSACTION 'written_under_a_fence'",
    "COMMIT PREPARED 'written_under_a_fence'",
};

TEST_F(Fence, StopsEveryWayToWrite) {
  Execute("CREATE EXTENSION dblink");
  const std::string before = Contents();
  const std::string lsn = RaiseFence();
  EXPECT_NE(lsn, "");
  for (const std::string& write : kWrites) {
    EXPECT_THAT(ErrorOf(write), AllOf(HasSubstr(kReadOnly), HasSubstr(kReason))) << write;
  }
  EXPECT_THAT(ErrorOf("SELECT dblink_exec($conninfo$" + source().Superuser(database()).ToString() +
                      "$conninfo$, 'INSERT INTO t VALUES (-5)')"),
              HasSubstr(kReadOnly));
  if (Connect()->server_major() >= 15) {
    EXPECT_THAT(ErrorOf("MERGE INTO t USING (VALUES (1)) AS n (i) ON n.i = t.id WHEN MATCHED THEN DELETE"),
                HasSubstr(kReadOnly));
  }
  EXPECT_EQ(Contents(), before);
}

// Nothing of the session may be left that helps.
TEST_F(Fence, HoldsAfterDiscard) {
  RaiseFence();
  const Session session = Connect();
  session->Execute("RESET ALL");
  session->Query("DISCARD ALL");
  ExpectFenced(*session);
}

// By the protocol's own function calls, which are no statements. libpq uses them for large objects.
TEST_F(Fence, StopsFunctionCallsOfTheProtocol) {
  RaiseFence();
  const std::string before = Contents();
  const Session session = Connect();
  EXPECT_EQ(lo_creat(session->get(), INV_WRITE), InvalidOid);
  EXPECT_THAT(PQerrorMessage(session->get()), HasSubstr("fence"));
  session->Execute("BEGIN READ WRITE");
  const int file = lo_open(session->get(), 4242, INV_WRITE);
  EXPECT_EQ(lo_write(session->get(), file, "x", 1), -1);
  session->Execute("ROLLBACK");
  EXPECT_EQ(lo_unlink(session->get(), 4242), -1);
  int value[2] = {0, 0};
  int length = 0;
  const int sequence = static_cast<int>(session->Query("SELECT 's'::regclass::oid::int").Integer(0, 0));
  const PQArgBlock argument = {4, 1, {.integer = sequence}};
  PQclear(PQfn(session->get(), 1574, value, &length, 0, &argument, 1));  // nextval
  EXPECT_THAT(PQerrorMessage(session->get()), HasSubstr("read-only"));
  EXPECT_EQ(Contents(), before);
}

TEST_F(Fence, KnowsWritingFunctionsByTheirNumbers) {
  EXPECT_EQ(
      Value("SELECT string_agg(oid || ' ' || proname, ',' ORDER BY oid) FROM pg_proc WHERE oid IN (764, 767, 957, 715, "
            "955, "
            "1004, 3172, 964, 3457, 3460, 3577, 3578)"),
      "715 lo_create,764 lo_import,767 lo_import,955 lowrite,957 lo_creat,964 lo_unlink,1004 lo_truncate,"
      "3172 lo_truncate64,3457 lo_from_bytea,3460 lo_put,3577 pg_logical_emit_message,3578 pg_logical_emit_message");
}

TEST_F(Fence, StopsPreparedStatementsOfTheProtocol) {
  RaiseFence();
  const Session session = Connect();
  PQclear(PQprepare(session->get(), "p", "INSERT INTO t VALUES ($1)", 1, nullptr));
  const char* values[] = {"-6"};
  PGresult* result = PQexecPrepared(session->get(), "p", 1, values, nullptr, nullptr, 0);
  EXPECT_STREQ(PQresultErrorField(result, PG_DIAG_SQLSTATE), kReadOnly);
  PQclear(result);
}

TEST_F(Fence, LetsReadersRead) {
  RaiseFence();
  const Session session = Connect();
  EXPECT_EQ(session->Query("SELECT count(*) FROM t").Text(0, 0), "1000");
  session->Execute(
      "SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;"
      "SET min_parallel_table_scan_size = 0");
  std::string plan;
  const Result explained = session->Query("EXPLAIN (ANALYZE, COSTS off) SELECT sum(length(v)) FROM t");
  for (int i = 0; i < explained.rows(); ++i) plan += explained.Text(i, 0) + "\n";
  EXPECT_THAT(plan, HasSubstr("Workers Launched: 2"));
  for (const char* harmless :
       {"ANALYZE t", "VACUUM t", "VACUUM FULL t", "REINDEX TABLE t", "CLUSTER t USING t_pkey", "CHECKPOINT", "NOTIFY n",
        "LISTEN n", "SELECT pg_advisory_lock(1)", "SELECT txid_current() FROM t LIMIT 1", "BEGIN; ANALYZE t; COMMIT",
        "SELECT loread(lo_open(4242, 262144), 7)", "SELECT lo_get(4242)",
        "BEGIN; DECLARE c CURSOR FOR SELECT * FROM t; FETCH 5 FROM c; COMMIT", "COPY t TO PROGRAM 'cat >/dev/null'",
        "SELECT currval FROM (SELECT last_value AS currval FROM s) q", "SELECT * FROM airlift.digest_tables()"})
    EXPECT_EQ(ErrorOf(harmless), "") << harmless;
}

TEST_F(Fence, HasItsOwnSessions) {
  const Session owner = Connect();
  owner->Query("SELECT airlift.fence('test')");
  owner->Execute("INSERT INTO t VALUES (-7); SELECT nextval('s')");
  EXPECT_EQ(owner
                ->Query("SELECT concat_ws(' ', fenced, reason, fenced_by, lsn IS NULL, session_is_exempt) FROM "
                        "airlift.fence_status()")
                .Text(0, 0),
            "t test postgres f t");
  owner->Query("SELECT airlift.leave_fence()");
  ExpectFenced(*owner);
  const Session other = Connect();
  ExpectFenced(*other);
  EXPECT_EQ(other->Query("SELECT session_is_exempt FROM airlift.fence_status()").Text(0, 0), "f");
  other->Execute("BEGIN; SELECT airlift.enter_fence(); INSERT INTO t VALUES (-8); COMMIT");
  other->Execute("CREATE TABLE own ()");
  EXPECT_EQ(Value("SELECT count(*) FROM t WHERE id IN (-7, -8)"), "2");
}

// An exemption is for one fence, not for the next one.
TEST_F(Fence, LetsSessionsRemoveTheirTemporaryTables) {
  Session session = Connect();
  session->Execute("SELECT airlift.fence('test')");
  session->Execute("CREATE TEMP TABLE own (i int)");
  session->Execute("SELECT airlift.leave_fence()");
  session.reset();
  EXPECT_EQ(ValueOnce("SELECT count(*) FROM pg_class WHERE relname = 'own'", "0"), "0");
}

TEST_F(Fence, ForgetsExemptions) {
  RaiseFence();
  const Session first = Connect();
  first->Query("SELECT airlift.enter_fence()");
  first->Query("SELECT airlift.unfence()");
  first->Query("SELECT airlift.fence('again')");
  ExpectFenced();
}

TEST_F(Fence, EndsSessionsThatWereThere) {
  const Session idle = Connect();
  const Session writing = Connect();
  writing->Execute("BEGIN; INSERT INTO t VALUES (-9)");
  RaiseFence();
  EXPECT_NE(ErrorOf(*idle, "SELECT 1"), "");
  EXPECT_NE(ErrorOf(*writing, "COMMIT"), "");
  EXPECT_EQ(Value("SELECT count(*) FROM t WHERE id < 0"), "0");
}

// What sends changes goes on sending them; a replication connection that does not could run SQL.
TEST_F(Fence, EndsReplicationConnectionsThatDoNotSend) {
  const std::string subscriber = database() + "_subscriber";
  const std::string sender =
      "SELECT coalesce(min(pid), 0) FROM pg_stat_replication WHERE application_name = 'away' AND state = 'streaming'";
  source().CreateDatabase(subscriber);
  source().Execute(subscriber, "CREATE TABLE t (id int PRIMARY KEY, v text)");
  Execute("CREATE PUBLICATION away FOR TABLE t");
  Execute("SELECT pg_create_logical_replication_slot('away', 'pgoutput')");
  source().Execute(subscriber, "CREATE SUBSCRIPTION away CONNECTION $$" + source().Superuser(database()).ToString() +
                                   "$$ PUBLICATION away WITH (create_slot = false, copy_data = false)");
  EXPECT_EQ(ValueOnce("SELECT (" + sender + ") > 0", "t"), "t");
  const std::string pid = Value(sender);
  const Session idle = source().Connect(source().Superuser(database()).With("replication", "database"));
  RaiseFence();
  EXPECT_NE(ErrorOf(*idle, "INSERT INTO t VALUES (-15)"), "");
  EXPECT_EQ(Value("SELECT count(*) FROM t WHERE id = -15"), "0");
  EXPECT_EQ(Value(sender), pid);
  source().Execute(subscriber, "DROP SUBSCRIPTION away");
  source().DropDatabase(subscriber);
}

// The settings are written by a process that the database's own settings reach, too.
TEST_F(Fence, IsRaisedWhateverTheDatabaseSets) {
  Execute("CREATE ROLE powerless");
  for (const char* setting : {"role = powerless", "DateStyle = 'SQL, DMY'", "TimeZone = 'Europe/Berlin'",
                              "default_transaction_read_only = on", "default_transaction_isolation = serializable"})
    source().Execute("postgres", "ALTER DATABASE " + database() + " SET " + setting);
  const Session session =
      source().Connect(source().Superuser(database()).With("options", "-c role=none -c DateStyle=ISO,MDY"));
  session->Execute("SELECT airlift.fence('test')");
  EXPECT_EQ(
      session->Query("SELECT fenced AND abs(extract(epoch FROM fenced_at - now())) < 60 FROM airlift.fence_status()")
          .Text(0, 0),
      "t");
  EXPECT_EQ(session->Query("SELECT airlift.unfence()").Text(0, 0), "t");
  source().Execute("postgres", "DROP ROLE powerless");
}

TEST_F(Fence, OpensSessionsBegunUnderIt) {
  RaiseFence();
  const Session session = Connect();
  ExpectFenced(*session);
  session->Execute("PREPARE p AS INSERT INTO t VALUES (-10)");
  EXPECT_EQ(Value("SELECT airlift.unfence()"), "t");
  session->Execute("EXECUTE p");
  EXPECT_EQ(Value("SELECT airlift.unfence()"), "f");
  EXPECT_EQ(Value("SELECT concat_ws(' ', fenced, reason, session_is_exempt) FROM airlift.fence_status()"), "f f");
}

TEST_F(Fence, LeavesOtherDatabasesAlone) {
  RaiseFence();
  source().Execute("postgres", "CREATE TABLE of_another_database (); DROP TABLE of_another_database");
}

TEST_F(Fence, SurvivesACrash) {
  const std::string before = Settings();
  RaiseFence();
  source().Stop("immediate");
  source().Start();
  ExpectFenced();
  EXPECT_EQ(Value("SELECT airlift.unfence()"), "t");
  ExpectOpen();
  EXPECT_EQ(Settings(), before);
}

TEST_F(Fence, PutsSettingsBackAsTheyWere) {
  Execute("CREATE ROLE someone");
  const std::string database_name = database();
  for (const std::string& prepare : {
           std::string("SELECT 1"),
           "ALTER DATABASE " + database_name + " SET work_mem = '7MB'",
           "ALTER DATABASE " + database_name +
               " SET session_preload_libraries = 'auto_explain', '$libdir/auto_explain'",
           "SELECT set_config('session_preload_libraries', 'auto_explain,   auto_explain', false); ALTER DATABASE " +
               database_name + " SET session_preload_libraries FROM CURRENT; ALTER DATABASE " + database_name +
               " SET lock_timeout = 5000",
           "ALTER ROLE someone IN DATABASE " + database_name + " SET work_mem = '8MB'",
       }) {
    Execute(prepare);
    const std::string before = Settings();
    RaiseFence();
    EXPECT_NE(Settings(), before);
    ExpectFenced();
    if (before.find("auto_explain") != std::string::npos) {
      EXPECT_EQ(ErrorOf("SHOW auto_explain.log_min_duration"), "");
    }
    Execute("SELECT airlift.unfence()");
    EXPECT_EQ(Settings(), before) << prepare;
  }
  source().Execute("postgres", "ALTER ROLE someone IN DATABASE " + database_name + " RESET ALL; DROP ROLE someone");
}

TEST_F(Fence, IsRaisedOnlyOnce) {
  RaiseFence();
  EXPECT_THAT(ErrorOf("SELECT airlift.fence('second')"), AllOf(HasSubstr("55000"), HasSubstr("fenced already")));
  ExpectFenced();
}

TEST_F(Fence, RefusesPreparedTransactions) {
  Execute("BEGIN; INSERT INTO t VALUES (-11); PREPARE TRANSACTION 'left behind'");
  EXPECT_THAT(ErrorOf("SELECT airlift.fence()"), AllOf(HasSubstr("55000"), HasSubstr("'left behind'")));
  ExpectOpen();
  Execute("ROLLBACK PREPARED 'left behind'");
}

TEST_F(Fence, RefusesRolesThatWouldEscape) {
  Execute("CREATE ROLE escaping LOGIN; ALTER ROLE escaping SET session_preload_libraries = 'auto_explain'");
  EXPECT_THAT(ErrorOf("SELECT airlift.fence()"), AllOf(HasSubstr("55000"), HasSubstr("Role escaping")));
  ExpectOpen();
  Execute(
      "ALTER ROLE escaping SET session_preload_libraries = 'auto_explain', 'pg_airlift'; GRANT ALL ON t TO escaping");
  RaiseFence();
  ExpectFenced(*ConnectAs("escaping"));
  Execute("SELECT airlift.unfence()");
  Execute("DROP OWNED BY escaping; DROP ROLE escaping");
}

// Half a character could not be sent to a client of another encoding.
TEST_F(Fence, CutsLongReasonsBetweenCharacters) {
  Execute("CREATE ROLE wordy");
  for (const char* prefix : {"x", "xx"}) {
    Execute(std::string("DO $$ BEGIN EXECUTE format('ALTER ROLE wordy SET session_preload_libraries = %L', '") +
            prefix + "' || repeat(chr(233), 1100)); END $$");
    const Session session = Connect();
    session->Execute("SET client_encoding = LATIN1");
    EXPECT_THAT(ErrorOf(*session, "SELECT airlift.fence()"), HasSubstr("cannot be fenced")) << prefix;
  }
  Execute("DROP ROLE wordy");
}

TEST_F(Fence, RefusesACallerThatHasWritten) {
  EXPECT_THAT(ErrorOf("BEGIN; INSERT INTO t VALUES (-12); SELECT airlift.fence()"), HasSubstr("25001"));
  ExpectOpen();
}

TEST_F(Fence, IsForThoseWhoMay) {
  Execute("CREATE ROLE mover LOGIN; CREATE ROLE user1 LOGIN; GRANT ALL ON t TO mover, user1");
  for (const char* forbidden : {"SELECT airlift.fence()", "SELECT airlift.unfence()", "SELECT airlift.lower_fence()"})
    EXPECT_THAT(ErrorOf(*ConnectAs("user1"), forbidden), HasSubstr("42501"));
  Execute("GRANT EXECUTE ON FUNCTION airlift.fence(text, interval), airlift.unfence() TO mover");
  ConnectAs("mover")->Query("SELECT airlift.fence()");
  const Session back = ConnectAs("mover");
  ExpectFenced(*back);
  back->Execute("SELECT airlift.enter_fence(); INSERT INTO t VALUES (-13)");
  EXPECT_THAT(ErrorOf(*ConnectAs("user1"), "SELECT airlift.enter_fence()"), HasSubstr("42501"));
  // Only superusers may set this, and only when they ask for it.
  EXPECT_THROW(
      source().Connect(
          source().Superuser(database()).With("user", "user1").With("options", "-c session_preload_libraries=")),
      SqlError);
  back->Query("SELECT airlift.unfence()");
  Execute("DROP OWNED BY mover, user1; DROP ROLE mover, user1");
}

// A session that does not end: its process is stopped.
TEST_F(Fence, WaitsForNoLockBeyondItsTimeout) {
  const Session idle = Connect();
  const Session blocker = source().Connect("postgres");
  blocker->Execute("BEGIN; LOCK TABLE pg_db_role_setting IN SHARE MODE");
  auto error = std::async(std::launch::async, [&] { return ErrorOf("SELECT airlift.fence('test', '1 second')"); });
  EXPECT_EQ(error.wait_for(std::chrono::seconds(8)), std::future_status::ready);
  blocker->Execute("COMMIT");
  EXPECT_THAT(error.get(), HasSubstr("55P03"));
  idle->Execute("INSERT INTO t VALUES (-16)");
}

class StubbornSession : public Fence {
 protected:
  void SetUp() override {
    Fence::SetUp();
    session_ = Connect();
    pid_ = PQbackendPID(session_->get());
    before_ = Settings();
    ASSERT_EQ(kill(pid_, SIGSTOP), 0);
  }
  void TearDown() override {
    kill(pid_, SIGCONT);
    Fence::TearDown();
  }
  void ExpectTakenBack() {
    EXPECT_EQ(ValueOnce("SELECT fenced FROM airlift.fence_status()", "f"), "f");
    EXPECT_EQ(Settings(), before_);
    ExpectOpen();
  }
  // Seen from outside: a session of this database might be among those that the fence ends.
  void WaitUntilRaising() {
    std::string count;
    for (int i = 0; i < 200 && count != "1"; ++i) {
      count = source().Value("postgres",
                             "SELECT count(*) FROM pg_db_role_setting WHERE setconfig::text LIKE '%airlift.fence%'");
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    EXPECT_EQ(count, "1");
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    ExpectFenced();
  }

  Session session_;
  pid_t pid_;
  std::string before_;
};

TEST_F(StubbornSession, IsNamedAndTheFenceTakenBack) {
  EXPECT_THAT(ErrorOf("SELECT airlift.fence('test', '1 second')"), HasSubstr(std::to_string(pid_)));
  ExpectTakenBack();
}

TEST_F(StubbornSession, FenceIsTakenBackOnCancel) {
  EXPECT_THAT(ErrorOf("SET statement_timeout = '1s'; SELECT airlift.fence()"), HasSubstr("57014"));
  ExpectTakenBack();
}

TEST_F(StubbornSession, FenceIsTakenBackWhenItsCallerEnds) {
  const Session caller = Connect();
  auto error = std::async(std::launch::async, [&] { return ErrorOf(*caller, "SELECT airlift.fence()"); });
  WaitUntilRaising();
  Execute("SELECT pg_terminate_backend(" + std::to_string(PQbackendPID(caller->get())) + ")");
  EXPECT_NE(error.get(), "");
  ExpectTakenBack();
}

TEST_F(StubbornSession, FenceIsTakenBackWhenItsWorkerIsEnded) {
  auto error = std::async(std::launch::async, [&] { return ErrorOf("SELECT airlift.fence()"); });
  WaitUntilRaising();
  Execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'pg_airlift fence'");
  EXPECT_NE(error.get(), "");
  ExpectTakenBack();
}

TEST_F(StubbornSession, FenceIsTakenBackHoweverOftenItsWorkerIsCancelled) {
  auto error = std::async(std::launch::async, [&] { return ErrorOf("SELECT airlift.fence()"); });
  WaitUntilRaising();
  const Session blocker = source().Connect("postgres");
  blocker->Execute("BEGIN; LOCK TABLE pg_db_role_setting IN SHARE MODE");
  const std::string of_worker = " FROM pg_stat_activity WHERE backend_type = 'pg_airlift fence'";
  source().Execute("postgres", "SELECT pg_cancel_backend(pid)" + of_worker);
  std::string waits_for;
  for (int i = 0; i < 200 && waits_for != "Lock"; ++i) {
    waits_for = source().Value("postgres", "SELECT min(wait_event_type)" + of_worker);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  source().Execute("postgres", "SELECT pg_cancel_backend(pid)" + of_worker);
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  blocker->Execute("COMMIT");
  EXPECT_THAT(error.get(), HasSubstr("57014"));
  ExpectTakenBack();
}

// Writers that never stop and connect again whenever they are thrown out: not a row after the fence, neither in the
// tables nor in the WAL.
TEST_F(Fence, IsTightAgainstWritersThatComeBack) {
  Execute("CREATE TABLE log (i bigint)");
  Execute("SELECT pg_create_logical_replication_slot('witness', 'test_decoding')");
  std::atomic<bool> stop{false};
  std::atomic<int64_t> written{0};
  std::vector<std::future<void>> writers;
  for (int i = 0; i < 8; ++i)
    writers.push_back(std::async(std::launch::async, [&, i] {
      while (!stop) {
        try {
          const Session session = Connect();
          for (int n = 0; !stop && (i % 2 == 0 || n < 1); ++n) {
            session->Execute("INSERT INTO log VALUES (1)");
            ++written;
          }
        } catch (const std::exception&) {
        }
      }
    }));
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  const std::string lsn = RaiseFence();
  const std::string count = Value("SELECT count(*) FROM log");
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  EXPECT_EQ(Value("SELECT count(*) FROM log"), count);
  EXPECT_GT(written, 50);
  stop = true;
  for (auto& writer : writers) writer.get();
  const std::string changes = "FROM pg_logical_slot_peek_changes('witness', NULL, NULL) WHERE data LIKE 'table %'";
  EXPECT_EQ(Value("SELECT count(*) " + changes), count);
  EXPECT_EQ(Value("SELECT count(*) " + changes + " AND lsn >= '" + lsn + "'"), "0");
  Execute("SELECT airlift.unfence()");
  Execute("SELECT pg_drop_replication_slot('witness')");
}

TEST_F(Fence, LetsASubscriptionApply) {
  const std::string origin = database() + "_origin";
  source().CreateDatabase(origin);
  source().Execute(origin, "CREATE TABLE t (id int PRIMARY KEY, v text); CREATE PUBLICATION back FOR TABLE t");
  source().Execute(origin, "SELECT pg_create_logical_replication_slot('back', 'pgoutput')");
  const Session owner = Connect();
  owner->Query("SELECT airlift.fence('test')");
  owner->Execute("CREATE SUBSCRIPTION back CONNECTION " + owner->QuoteLiteral(source().Superuser(origin).ToString()) +
                 " PUBLICATION back WITH (create_slot = false, slot_name = 'back', copy_data = false)");
  source().Execute(origin, "INSERT INTO t VALUES (5000, 'back')");
  EXPECT_EQ(ValueOnce("SELECT count(*) FROM t WHERE id = 5000", "1"), "1");
  ExpectFenced();
  owner->Execute("DROP SUBSCRIPTION back");
  source().DropDatabase(origin);
}

TEST_F(Fence, SparesHeldSnapshots) {
  Execute("SELECT airlift.hold_snapshot()");
  RaiseFence();
  EXPECT_EQ(Value("SELECT count(*) FROM airlift.held_snapshots()"), "1");
  Execute("SELECT airlift.release_snapshot(id) FROM airlift.held_snapshots()");
}

// How to lift it by hand (docs/fence.md), from another database.
TEST_F(Fence, IsLiftedByHand) {
  RaiseFence();
  const Session session = Connect();
  source().Execute("postgres", "ALTER DATABASE " + database() + " RESET airlift.fence");
  session->Execute("INSERT INTO t VALUES (-14)");
  source().Execute("postgres", "ALTER DATABASE " + database() + " RESET session_preload_libraries");
  ExpectOpen();
}

// Without shared_preload_libraries a superuser may strip the fence off, but only on purpose. With it nobody can.
TEST(FenceLoadedByAll, CannotBeStrippedOff) {
  Cluster server(Side::kSource, {"shared_preload_libraries=pg_airlift"});
  server.CreateDatabase("d");
  server.Execute("d", "CREATE EXTENSION pg_airlift; CREATE TABLE t (id int)");
  const ConnInfo stripped = server.Superuser("d").With("options", "-c session_preload_libraries=");
  const Session before = server.Connect(stripped);
  server.Execute("d", "SELECT airlift.fence()");
  const Session session = server.Connect(stripped);
  EXPECT_THROW(session->Execute("INSERT INTO t VALUES (1)"), SqlError);
  const Session replication = server.Connect(server.Superuser("d").With("replication", "database"));
  EXPECT_THROW(replication->Execute("INSERT INTO t VALUES (1)"), SqlError);
  server.Execute("d", "SELECT airlift.unfence()");
  session->Execute("INSERT INTO t VALUES (1)");
  EXPECT_EQ(server.Value("d", "SELECT count(*) FROM t"), "1");
}

}  // namespace
}  // namespace airlift::test
