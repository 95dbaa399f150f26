// From a snapshot and its slot to a subscription that has caught up, while the application writes; and what goes wrong
// on the way. The target is a managed one, never superuser. Other versions: PG_AIRLIFT_TARGET_BINDIR (support/servers).
#include <gmock/gmock.h>
#include <signal.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <thread>

#include "support/move_test.h"

namespace airlift::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr int kNativeSince = 16;

class Replicate : public MoveTest {
 protected:
  void SetUp() override {
    MoveTest::SetUp();
    password_file_ = target().directory() + "/" + database() + ".password";
    is_native_ = target().Connect("postgres")->server_major() >= kNativeSince;
    if (!is_native_) target().PsqlFile(database(), TestFile("managed_profile/exec_as_admin.sql"));
    source().Execute("postgres", "DROP ROLE IF EXISTS airlift_replication");
    // A worker that ended is started again at once, not after five seconds.
    target().Execute("postgres", "ALTER SYSTEM SET wal_retrieve_retry_interval = '200ms'");
    target().Execute("postgres", "SELECT pg_reload_conf()");
  }

  void TearDown() override {
    // Subscriptions keep a database from being dropped, slots and roles belong to the cluster.
    const auto target_connection = target().Connect(database());
    const Result names = target_connection->Query(
        "SELECT s.subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid "
        "WHERE d.datname = current_database()");
    for (int row = 0; row < names.rows(); ++row) {
      const std::string name = "\"" + names.Text(row, 0) + "\"";
      target_connection->Execute("ALTER SUBSCRIPTION " + name + " DISABLE");
      target_connection->Execute("ALTER SUBSCRIPTION " + name + " SET (slot_name = NONE)");
      target_connection->Execute("DROP SUBSCRIPTION " + name);
    }
    DropSlots();
    MoveTest::TearDown();
    source().Execute("postgres", "DROP ROLE IF EXISTS airlift_replication");
    std::filesystem::remove(password_file_);
  }

  void DropSlots() {
    const std::string mine = "FROM pg_replication_slots WHERE database = '" + database() + "'";
    for (int i = 0; i < 100 && source().Value("postgres", "SELECT count(*) " + mine) != "0"; ++i) {
      source().Execute("postgres", "SELECT pg_terminate_backend(active_pid) " + mine + " AND active");
      source().Execute("postgres", "SELECT pg_drop_replication_slot(slot_name) " + mine + " AND NOT active");
      std::this_thread::sleep_for(50ms);
    }
  }

  std::vector<std::string> Options(const std::vector<std::string>& more = {}) {
    std::vector<std::string> options = {"--type",          "full-load-and-cdc",
                                        "--from-target",   "host=127.0.0.1 port=" + std::to_string(source().port()),
                                        "--password-file", password_file_};
    if (!is_native_) options.insert(options.end(), {"--admin-function", "managed.exec_as_admin"});
    options.insert(options.end(), more.begin(), more.end());
    return options;
  }

  ProcessResult Migrate(const std::vector<std::string>& more = {}) { return Airlift("migrate", Options(more)); }

  void ExpectReplicates(const ProcessResult& result) {
    EXPECT_EQ(result.status, kVerified) << result.Describe();
    EXPECT_THAT(result.out, HasSubstr("replicating: "));
    EXPECT_THAT(result.out, HasSubstr("verdict: verified"));
  }

  // Until the target has everything that the source has now.
  void CatchUp() {
    const std::string lsn = source().Value(database(), "SELECT pg_current_wal_lsn()");
    for (int i = 0; i < 600; ++i) {
      if (source().Value(database(), "SELECT bool_and(active AND confirmed_flush_lsn >= '" + lsn +
                                         "') FROM pg_replication_slots WHERE database = current_database()") == "t")
        return;
      std::this_thread::sleep_for(50ms);
    }
    ADD_FAILURE() << "the subscriptions do not catch up";
  }

  nlohmann::json StatusJson() {
    const ProcessResult result =
        RunHelper({"status", "--source", SourceConnInfo(), "--target", TargetConnInfo(), "--json"});
    ExpectNoPassword(result.out + result.err);
    const nlohmann::json status = nlohmann::json::parse(result.out, nullptr, false);
    EXPECT_TRUE(status.is_object()) << result.Describe();
    EXPECT_EQ(status.value("exit_status", -1), result.status);
    return status;
  }

  ProcessResult RunReplicate(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"replicate",
                                          "--source",
                                          SourceConnInfo(),
                                          "--target",
                                          TargetConnInfo(),
                                          "--from-target",
                                          "host=127.0.0.1 port=" + std::to_string(source().port()),
                                          "--password-file",
                                          password_file_};
    if (!is_native_) arguments.insert(arguments.end(), {"--admin-function", "managed.exec_as_admin"});
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProcessResult result = RunHelper(arguments);
    ExpectNoPassword(result.out + result.err);
    return result;
  }

  std::string SubscriptionName() {
    return "\"" + OnTarget("SELECT name FROM airlift_state.subscription LIMIT 1") + "\"";
  }
  void AsAdmin(const std::string& statement) { target().Execute(database(), statement); }

  // What an earlier replication left, taken away by hand.
  void ForgetReplication() {
    if (OnTarget("SELECT to_regclass('airlift_state.subscription') IS NOT NULL") != "t") return;
    AsAdmin("ALTER SUBSCRIPTION " + SubscriptionName() + " DISABLE");
    AsAdmin("ALTER SUBSCRIPTION " + SubscriptionName() + " SET (slot_name = NONE)");
    AsAdmin("DROP SUBSCRIPTION " + SubscriptionName());
    target().Execute(database(),
                     "DROP TABLE airlift_state.replication, airlift_state.subscription, airlift_state.road_step");
    DropSlots();
  }

  // Both sides are equal when the slot is made; what comes then arrives.
  void ExpectSameAfterStartPoint(const std::string& start_point, int key) {
    const std::string k = std::to_string(key);
    if (start_point != "now") source().Execute(database(), "INSERT INTO t VALUES (" + k + ", 'since the start point')");
    const ProcessResult result = RunReplicate({"--start-point", start_point});
    EXPECT_EQ(result.status, 0) << result.Describe();
    if (start_point == "now") {
      // The rows that were there before are somebody else's business: here, they are loaded by hand.
      target().Execute(database(),
                       "SET session_replication_role = replica; INSERT INTO t SELECT g, md5(g::text) FROM "
                       "generate_series(1, 1000) g");
      source().Execute(database(), "INSERT INTO t VALUES (" + k + ", 'since now')");
    }
    CatchUp();
    ExpectSameContents();
  }

  std::string OnTarget(const std::string& sql) { return target().Value(database(), sql); }
  std::string OnSource(const std::string& sql) { return source().Value(database(), sql); }

  std::string password_file_;
  bool is_native_ = false;
};

// What an application may have, and does all the time: see Write().
constexpr const char* kApplication = R"(
CREATE TABLE item (id int PRIMARY KEY, v text, n int DEFAULT 0);
CREATE TABLE plain (a int, b text); ALTER TABLE plain REPLICA IDENTITY FULL;
CREATE TABLE event (id bigint GENERATED ALWAYS AS IDENTITY, day date NOT NULL, v text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE event_old PARTITION OF event FOR VALUES FROM (MINVALUE) TO ('2026-01-01');
CREATE TABLE event_new PARTITION OF event FOR VALUES FROM ('2026-01-01') TO (MAXVALUE);
CREATE TABLE price (id int PRIMARY KEY, net numeric, gross numeric GENERATED ALWAYS AS (net * 1.2) STORED);
CREATE TABLE document (id int PRIMARY KEY, body text, version int DEFAULT 0);
CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int PRIMARY KEY, parent int REFERENCES parent);
CREATE TABLE audit (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN INSERT INTO public.audit (what) VALUES (TG_NAME || ' ' || TG_OP); RETURN NULL; END $$;
CREATE TRIGGER always AFTER INSERT OR UPDATE ON item FOR EACH ROW EXECUTE FUNCTION note();
ALTER TABLE item ENABLE ALWAYS TRIGGER always;
CREATE TRIGGER replica AFTER INSERT ON price FOR EACH ROW EXECUTE FUNCTION note();
ALTER TABLE price ENABLE REPLICA TRIGGER replica;
CREATE TABLE secret (id int PRIMARY KEY, owner_name text);
ALTER TABLE secret ENABLE ROW LEVEL SECURITY; ALTER TABLE secret FORCE ROW LEVEL SECURITY;
CREATE POLICY nobody ON secret USING (false);
ALTER TABLE secret OWNER TO repl_app; ALTER TABLE document OWNER TO repl_app;
INSERT INTO item SELECT g, md5(g::text) FROM generate_series(1, 20000) g;
INSERT INTO plain SELECT g, repeat('x', g % 50) FROM generate_series(1, 300) g;
INSERT INTO event (day, v) SELECT date '2025-06-01' + g % 400, md5(g::text) FROM generate_series(1, 5000) g;
INSERT INTO price (id, net) SELECT g, g / 7.0 FROM generate_series(1, 500) g;
INSERT INTO document (id, body) SELECT g, (SELECT string_agg(md5(g::text || i::text), '') FROM generate_series(1, 200) i)
  FROM generate_series(1, 100) g;
INSERT INTO parent SELECT generate_series(1, 50); INSERT INTO child SELECT g, g FROM generate_series(1, 50) g;
INSERT INTO secret SELECT g, 'x' FROM generate_series(1, 50) g;
)";

// One round of an application's writes; `n` makes it its own.
std::string Write(int n) {
  const std::string k = std::to_string(n);
  return "UPDATE item SET n = n + 1, v = md5('" + k + "') WHERE id % 997 = " + k + " % 997;" +
         "UPDATE item SET id = -id WHERE id = " + k + ";" +  // keys change
         "DELETE FROM item WHERE id % 1009 = " + k + " % 1009;" + "INSERT INTO item SELECT 100000 + " + k +
         " * 10 + g, 'new' FROM generate_series(1, 5) g;" + "UPDATE plain SET b = b || '+' WHERE a % 100 = " + k +
         " % 100; DELETE FROM plain WHERE a = " + k + ";" + "INSERT INTO plain VALUES (1000 + " + k +
         ", NULL), (1000 + " + k + ", NULL);" +  // no key: twice the same row
         "INSERT INTO event (day, v) VALUES ('2025-05-05', 'a'), ('2026-05-05', 'b');" +
         "UPDATE event SET day = '2026-07-07' WHERE id = " + k + ";" +  // from one partition to another
         "INSERT INTO price (id, net) VALUES (1000 + " + k +
         ", 3.3); UPDATE price SET net = net + 1 WHERE id % 50 = 7;" +
         "UPDATE document SET version = version + 1 WHERE id % 10 = " + k +
         " % 10;" +  // the large value stays as it is
         "UPDATE document SET body = body || '" + k + "' WHERE id = 1 + " + k + " % 100;" +
         "INSERT INTO secret VALUES (1000 + " + k + ", 'y');" + "DO $$ BEGIN INSERT INTO parent VALUES (1000 + " + k +
         "); BEGIN INSERT INTO parent VALUES (1); EXCEPTION WHEN "
         "unique_violation THEN INSERT INTO child VALUES (1000 + " +
         k + ", 1000 + " + k + "); END; END $$;";
}

class Writer {
 public:
  explicit Writer(std::unique_ptr<Connection> connection)
      : connection_(std::move(connection)), thread_([this] { Run(); }) {}
  ~Writer() { Join(); }

  // How many rounds there were; throws what went wrong.
  int Stop() {
    Join();
    if (!failure_.empty()) throw std::runtime_error(failure_);
    return rounds_;
  }

 private:
  void Join() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  void Run() {
    try {
      while (!stop_) {
        connection_->Execute(Write(++rounds_));
        if (rounds_ % 40 == 0) connection_->Execute("TRUNCATE parent, child; INSERT INTO parent VALUES (1)");
        std::this_thread::sleep_for(5ms);
      }
    } catch (const std::exception& error) {
      failure_ = error.what();
    }
  }

  std::unique_ptr<Connection> connection_;
  std::atomic<bool> stop_{false};
  std::atomic<int> rounds_{0};
  std::string failure_;
  std::thread thread_;
};

class ReplicateApplication : public Replicate {
 protected:
  void SetUp() override {
    Replicate::SetUp();
    source().Execute("postgres", "CREATE ROLE repl_app");
    const auto master = target().Connect(target().Login("postgres", "master", kMasterPassword));
    master->Execute("CREATE ROLE repl_app");
    source().Execute(database(), "GRANT CREATE ON SCHEMA public TO repl_app");
    source().Psql(database(), kApplication);
  }
  void TearDown() override {
    Replicate::TearDown();
    source().Execute("postgres", "DROP ROLE IF EXISTS repl_app");
    target().Execute("postgres", "DROP ROLE IF EXISTS repl_app");
  }
  // Sequences are not replicated: the cutover sets them.
  void ExpectSameTables() {
    const Result sequences = source().Query(database(),
                                            "SELECT schemaname || '.' || sequencename, last_value FROM "
                                            "pg_sequences WHERE last_value IS NOT NULL AND schemaname <> 'airlift'");
    for (int row = 0; row < sequences.rows(); ++row)
      target().Execute(database(), "SELECT setval('" + sequences.Text(row, 0) + "', " + sequences.Text(row, 1) + ")");
    ExpectSameContents();
  }
  std::unique_ptr<Writer> StartWriter() { return std::make_unique<Writer>(source().Connect(database())); }

  void ExpectOneOfEach(int count = 1) {
    const std::string n = std::to_string(count);
    EXPECT_EQ(OnSource("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), n);
    EXPECT_EQ(OnTarget("SELECT count(*) FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid "
                       "WHERE d.datname = current_database()"),
              n);
  }
};

TEST_F(ReplicateApplication, ItsWritesDuringTheWholeMigrationArriveOnce) {
  auto writer = StartWriter();
  const ProcessResult result = Migrate({"--groups", "3"});
  ExpectReplicates(result);
  source().Execute(database(), "INSERT INTO item SELECT g, 'bulk' FROM generate_series(1000001, 1100000) g");
  EXPECT_GT(writer->Stop(), 10);
  CatchUp();
  ExpectSameTables();
  // Whatever fires for applied changes is put aside until the cutover, and how to undo that is recorded.
  EXPECT_EQ(OnTarget("SELECT count(*) FROM pg_trigger WHERE tgenabled IN ('A', 'R') AND NOT tgisinternal"), "0");
  EXPECT_EQ(OnTarget("SELECT count(*) FROM airlift_state.prepare_step WHERE key LIKE 'replicate/trigger/%' AND "
                     "undo_sql LIKE 'ALTER TABLE %' AND state = 'done'"),
            "3");
  EXPECT_EQ(OnTarget("SELECT count(DISTINCT start_lsn) FROM airlift_state.subscription"), "1");
  EXPECT_EQ(OnSource("SELECT count(*) FROM airlift.held_snapshots()"), "0");
  const std::string password = ReadFile(password_file_).substr(0, 20);
  EXPECT_EQ((result.out + result.err + source().LogTail(100000) + target().LogTail(100000)).find(password),
            std::string::npos)
      << "the replication role's password was shown";
  EXPECT_EQ(StatusJson()["exit_status"], 0);
}

TEST_F(ReplicateApplication, KilledAtAnyMomentAndRunAgain) {
  auto writer = StartWriter();
  for (int moment = 1; moment <= (SlowTests() ? 30 : 8); ++moment) {
    auto run = StartHelper(Arguments("migrate", Options()));
    std::this_thread::sleep_for(moment * 150ms);
    run->Signal(SIGKILL);
    run->Wait();
  }
  ExpectReplicates(Migrate());
  writer->Stop();
  CatchUp();
  ExpectOneOfEach();
  ExpectSameTables();
  // Once more finds everything there.
  ExpectReplicates(Migrate());
  ExpectOneOfEach();
}

TEST_F(ReplicateApplication, ALostCopyGoesOnUnderTheSnapshotThatTheSourceHolds) {
  source().Execute(database(),
                   "CREATE TABLE big AS SELECT g AS id, repeat(md5(g::text), 8) AS v FROM generate_series(1, 150000) "
                   "g; ALTER TABLE big ADD PRIMARY KEY (id)");
  auto run = StartHelper(Arguments("migrate", Options({"--jobs", "1", "--split-size", "1MB"})));
  for (int i = 0; i < 2000 && run->IsRunning(); ++i) {
    if (OnTarget("SELECT to_regclass('airlift_state.task') IS NOT NULL") == "t" &&
        OnTarget("SELECT count(*) > 3 FROM airlift_state.task WHERE kind = 'copy' AND state = 'done'") == "t")
      break;
    std::this_thread::sleep_for(5ms);
  }
  ASSERT_TRUE(run->IsRunning());
  run->Signal(SIGKILL);
  run->Wait();
  source().Execute(database(), "UPDATE big SET v = 'later' WHERE id % 10 = 0");
  const std::string slot =
      OnSource("SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE database = current_database()");
  const nlohmann::json status = StatusJson();
  EXPECT_EQ(status["phase"], "preparing");
  EXPECT_EQ(status["held_snapshots"].size(), 1u);
  EXPECT_EQ(status["load"]["stage"], "load");
  const ProcessResult again = Migrate({"--jobs", "1", "--split-size", "1MB"});
  ExpectReplicates(again);
  EXPECT_THAT(again.err, HasSubstr("the copy goes on under it"));
  EXPECT_EQ(Evidence()["snapshot_lsn"], slot);
  CatchUp();
  ExpectSameTables();
}

class ReplicateWithoutExtension : public ReplicateApplication {
 protected:
  bool WithExtension() const override { return false; }
};

TEST_F(ReplicateWithoutExtension, ALostCopyIsCheckedUnderANewSlotsSnapshot) {
  auto writer = StartWriter();
  auto run = StartHelper(Arguments("migrate", Options({"--jobs", "1"})));
  for (int i = 0; i < 2000 && run->IsRunning(); ++i) {
    if (OnTarget("SELECT to_regclass('airlift_state.task') IS NOT NULL") == "t") break;
    std::this_thread::sleep_for(5ms);
  }
  run->Signal(SIGKILL);
  run->Wait();
  const ProcessResult again = Migrate();
  ExpectReplicates(again);
  EXPECT_THAT(again.err, HasSubstr("the former run's snapshot went with it"));
  writer->Stop();
  CatchUp();
  ExpectOneOfEach();
  ExpectSameTables();
}

class ReplicateFailure : public Replicate {
 protected:
  void SetUp() override {
    Replicate::SetUp();
    source().Execute(database(),
                     "CREATE TABLE t (id int PRIMARY KEY, v text); INSERT INTO t SELECT g, md5(g::text) FROM "
                     "generate_series(1, 1000) g");
  }

  // The status' exit status, asked until it is that or half a minute has passed.
  nlohmann::json StatusThatEndsWith(int wanted) {
    nlohmann::json status;
    for (int i = 0; i < 30; ++i) {
      status = StatusJson();
      if (status["exit_status"] == wanted) break;
    }
    EXPECT_EQ(status["exit_status"], wanted) << status.dump(2);
    return status;
  }
  static std::string AttentionOf(const nlohmann::json& status) { return status["attention"].dump(); }
};

TEST_F(ReplicateFailure, PreflightTellsEverythingAtOnceAndChangesNothing) {
  source().Execute(database(), "CREATE TABLE keyless (a int); CREATE UNLOGGED TABLE volatile (a int PRIMARY KEY)");
  const ProcessResult result =
      RunHelper({"migrate", "--source", SourceConnInfo(), "--target", TargetConnInfo(), "--type", "full-load-and-cdc",
                 "--groups", "50", "--evidence", evidence_path_, "--password-file", password_file_});
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("public.keyless"));
  EXPECT_THAT(result.err, HasSubstr("pg_airlift prepare --replica-identity"));
  EXPECT_THAT(result.err, HasSubstr("max_replication_slots is 10"));
  EXPECT_THAT(result.err, HasSubstr("max_wal_senders is 10"));
  EXPECT_THAT(result.err, HasSubstr("max_logical_replication_workers of the target"));
  EXPECT_THAT(result.err, HasSubstr("--from-target"));
  EXPECT_THAT(result.err, HasSubstr("public.volatile is unlogged"));
  if (!is_native_) {
    EXPECT_THAT(result.err, HasSubstr("--admin-function"));
  }
  EXPECT_EQ(OnSource("SELECT count(*) FROM pg_publication"), "0");
  EXPECT_EQ(OnSource("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), "0");
  EXPECT_EQ(OnSource("SELECT count(*) FROM pg_roles WHERE rolname = 'airlift_replication'"), "0");
  EXPECT_EQ(OnTarget("SELECT to_regnamespace('airlift_state') IS NULL"), "t");
}

TEST_F(ReplicateFailure, ChangesAloneIntoATargetWithoutTheTablesAreRefused) {
  const ProcessResult result = RunReplicate();
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("are not on the target"));
  EXPECT_THAT(result.err, HasSubstr("public.t"));
  EXPECT_EQ(OnSource("SELECT count(*) FROM pg_publication"), "0");
  EXPECT_EQ(OnSource("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), "0");
}

TEST_F(ReplicateFailure, AnAddressThatTheTargetCannotReachIsToldWithTheWayBack) {
  std::vector<std::string> arguments = {
      "migrate",           "--source",      SourceConnInfo(),        "--target",        TargetConnInfo(), "--type",
      "full-load-and-cdc", "--from-target", "host=127.0.0.1 port=1", "--password-file", password_file_};
  if (!is_native_) arguments.insert(arguments.end(), {"--admin-function", "managed.exec_as_admin"});
  const ProcessResult result = RunHelper(arguments);
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("It cannot connect from the target"));
  EXPECT_THAT(result.err, HasSubstr("--from-target"));
  EXPECT_THAT(result.err, HasSubstr("pg_airlift cleanup"));
  const ProcessResult back = RunHelper({"cleanup", "--source", SourceConnInfo(), "--target", TargetConnInfo()});
  EXPECT_EQ(back.status, kVerified) << back.Describe();
  EXPECT_EQ(OnSource("SELECT (SELECT count(*) FROM pg_publication) + (SELECT count(*) FROM pg_roles "
                     "WHERE rolname = 'airlift_replication')"),
            "0");
  EXPECT_EQ(OnTarget("SELECT to_regnamespace('airlift_state') IS NULL"), "t");
}

// A setting of the newest minor releases. An empty list allows nothing; a name that only contains the plugin's is
// another one.
TEST_F(ReplicateFailure, ASourceThatDoesNotLetPgoutputDecodeIsRefused) {
  const auto set = [&](const std::string& how) {
    source().Psql("postgres", "ALTER SYSTEM " + how + "; SELECT pg_reload_conf(); SELECT pg_sleep(0.5)");
  };
  const std::string name = "output_plugin_libraries";
  if (OnSource("SELECT count(*) FROM pg_settings WHERE name = '" + name + "'") == "0") {
    // Older: nothing to look at, and nothing that stands in the way.
    ExpectReplicates(Migrate());
    return;
  }
  for (const char* libraries : {"test_decoding", "''", "pgoutput_of_mine"}) {
    set("SET " + name + " = " + libraries);
    const ProcessResult result = Migrate();
    EXPECT_EQ(result.status, kFailed) << libraries << result.Describe();
    EXPECT_THAT(result.err, HasSubstr("the source does not allow the output plugin pgoutput")) << libraries;
  }
  EXPECT_EQ(OnSource("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), "0");
  set("SET " + name + " = test_decoding, 'pgoutput'");
  ExpectReplicates(Migrate());
  set("RESET " + name);
}

TEST_F(ReplicateFailure, AFullIdentityThatCannotBeComparedIsRefused) {
  source().Execute(database(), "CREATE TABLE loose (j json); ALTER TABLE loose REPLICA IDENTITY FULL");
  const ProcessResult result = Migrate();
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("loose"));
  EXPECT_THAT(result.err, HasSubstr("json"));
}

TEST_F(ReplicateFailure, AConflictStopsTheWorkerAndTheRemedyWorks) {
  ExpectReplicates(Migrate());
  // A stray write that the guard could not see.
  target().Execute(database(), "SET session_replication_role = replica; INSERT INTO t VALUES (5000, 'stray')");
  source().Execute(database(), "INSERT INTO t VALUES (5000, 'true'), (5001, 'later')");
  // The worker is started again and again: not every look falls between two of them.
  nlohmann::json status = StatusThatEndsWith(kDiffers);
  for (int i = 0; i < 300 && (AttentionOf(status).find("errors of apply") == std::string::npos ||
                              status["streams"][0]["worker_pid"] != nullptr);
       ++i) {
    std::this_thread::sleep_for(100ms);
    status = StatusThatEndsWith(kDiffers);
  }
  EXPECT_THAT(AttentionOf(status), HasSubstr("has no worker"));
  EXPECT_THAT(AttentionOf(status), HasSubstr("errors of apply"));
  EXPECT_EQ(status["streams"][0]["worker_pid"], nullptr);
  const ProcessResult waits = RunReplicate();
  EXPECT_EQ(waits.status, kFailed) << waits.Describe();
  EXPECT_THAT(waits.err, HasSubstr("the target's log has the reason"));
  target().Execute(database(), "SET session_replication_role = replica; DELETE FROM t WHERE id = 5000");
  CatchUp();
  ExpectSameContents();
  StatusThatEndsWith(kVerified);
}

TEST_F(ReplicateFailure, ADisabledSubscriptionIsToldAndEnabledAgain) {
  ExpectReplicates(Migrate());
  AsAdmin("ALTER SUBSCRIPTION " + SubscriptionName() + " DISABLE");
  const nlohmann::json status = StatusThatEndsWith(kDiffers);
  EXPECT_THAT(AttentionOf(status), HasSubstr("is disabled"));
  EXPECT_EQ(status["streams"][0]["enabled"], false);
  source().Execute(database(), "INSERT INTO t VALUES (5001, 'later')");
  EXPECT_EQ(RunReplicate().status, kVerified);
  ExpectSameContents();
}

TEST_F(ReplicateFailure, OptionsThatNoLongerCountAreTold) {
  ExpectReplicates(Migrate());
  EXPECT_THAT(RunReplicate().err, Not(HasSubstr("does not count")));
  const ProcessResult again = RunReplicate({"--publication", "other", "--groups", "2"});
  EXPECT_EQ(again.status, kVerified) << again.Describe();
  EXPECT_THAT(again.err,
              HasSubstr("--publication \"other\" does not count: this migration was begun with \"airlift\""));
  EXPECT_THAT(again.err, HasSubstr("--groups \"2\" does not count"));
}

TEST_F(ReplicateFailure, ALostSlotIsToldAndARestartLoadsAgain) {
  ExpectReplicates(Migrate());
  source().Execute("postgres", "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'");
  source().Execute("postgres", "SELECT pg_reload_conf()");
  AsAdmin("ALTER SUBSCRIPTION " + SubscriptionName() + " DISABLE");
  for (int i = 0; i < 6; ++i) {
    source().Execute(database(),
                     "CREATE TABLE IF NOT EXISTS filler (v text); INSERT INTO filler SELECT repeat('x', 1000) FROM "
                     "generate_series(1, 15000)");
    source().Execute("postgres", "SELECT pg_switch_wal()");
    source().Execute("postgres", "CHECKPOINT");
  }
  source().Execute(database(), "DROP TABLE filler; INSERT INTO t VALUES (6000, 'after')");
  EXPECT_THAT(AttentionOf(StatusThatEndsWith(kDiffers)), HasSubstr("has lost WAL"));
  EXPECT_THAT(RunReplicate().err, HasSubstr("--restart"));
  source().Execute("postgres", "ALTER SYSTEM RESET max_slot_wal_keep_size");
  source().Execute("postgres", "SELECT pg_reload_conf()");
  ExpectReplicates(Migrate({"--restart"}));
  CatchUp();
  ExpectSameContents();
}

TEST_F(ReplicateFailure, ACancelledSlotCreationLeavesNone) {
  const auto holder = source().Connect(database());
  holder->Execute("BEGIN; INSERT INTO t VALUES (7000, 'open')");
  {
    auto run = StartHelper(Arguments("migrate", Options()));
    for (int i = 0;
         i < 2000 && run->IsRunning() && run->ErrorsSoFar().find("waits for transactions") == std::string::npos; ++i)
      std::this_thread::sleep_for(50ms);
    ASSERT_TRUE(run->IsRunning());
    run->Signal(SIGINT);
    const ProcessResult result = run->Wait();
    EXPECT_EQ(result.status, kFailed) << result.Describe();
    EXPECT_THAT(result.err, HasSubstr("waits for transactions"));
    EXPECT_THAT(result.err, HasSubstr("idle in transaction"));
  }
  auto killed = StartHelper(Arguments("migrate", Options()));
  std::this_thread::sleep_for(1500ms);
  killed->Signal(SIGKILL);
  killed->Wait();
  holder->Execute("COMMIT");
  ExpectReplicates(Migrate());
  EXPECT_EQ(OnSource("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), "1");
  CatchUp();
  ExpectSameContents();
}

TEST_F(ReplicateFailure, RestartsOfEitherServer) {
  ExpectReplicates(Migrate());
  source().Stop("immediate");
  EXPECT_EQ(RunHelper({"status", "--source", SourceConnInfo(), "--target", TargetConnInfo()}).status, kFailed);
  source().Start();
  source().Execute(database(), "INSERT INTO t VALUES (8000, 'after the source')");
  CatchUp();
  target().Stop("immediate");
  source().Execute(database(), "INSERT INTO t VALUES (8001, 'while the target was away')");
  target().Start();
  CatchUp();
  ExpectSameContents();
  StatusThatEndsWith(kVerified);
}

TEST_F(ReplicateFailure, DdlOfTheSourceIsNoticed) {
  ExpectReplicates(Migrate());
  EXPECT_EQ(StatusJson()["exit_status"], kVerified);
  // By psql: what calls itself pg_airlift is left out of the record.
  source().Psql(database(), "ALTER TABLE t ADD COLUMN extra int");
  const nlohmann::json status = StatusThatEndsWith(kDiffers);
  EXPECT_THAT(AttentionOf(status), HasSubstr("DDL"));
  EXPECT_THAT(status["ddl"].dump(), HasSubstr("ADD COLUMN extra"));
  // The documented remedy.
  target().Execute(database(), "ALTER TABLE t ADD COLUMN extra int");
  source().Execute(database(), "UPDATE t SET extra = id");
  CatchUp();
  ExpectSameContents();
}

TEST_F(ReplicateFailure, AMissingMembershipOfATablesOwner) {
  ExpectReplicates(Migrate());
  target().Execute("postgres", "CREATE ROLE repl_other");
  target().Execute(database(), "ALTER TABLE t OWNER TO repl_other");
  source().Execute(database(), "INSERT INTO t VALUES (9000, 'x')");
  // Before 16 the subscription belongs to the service's administrator, who needs no membership.
  if (is_native_) {
    StatusThatEndsWith(kDiffers);
    EXPECT_THAT(RunReplicate().err, HasSubstr("repl_other"));
    target().Execute("postgres", "GRANT repl_other TO master WITH ADMIN OPTION");
  }
  RunReplicate();
  CatchUp();
  ExpectSameContents();
  target().Execute(database(), "ALTER TABLE t OWNER TO master");
  target().Execute("postgres", "DROP ROLE repl_other");
}

TEST_F(ReplicateFailure, StatusForPeopleProgramsAndPrometheus) {
  EXPECT_EQ(RunHelper({"status", "--source", SourceConnInfo(), "--target", TargetConnInfo()}).status, kFailed);
  ExpectReplicates(Migrate());
  const std::string file = password_file_ + ".prom";
  const ProcessResult text =
      RunHelper({"status", "--source", SourceConnInfo(), "--target", TargetConnInfo(), "--textfile", file});
  EXPECT_EQ(text.status, kVerified) << text.Describe();
  EXPECT_THAT(text.out, HasSubstr("phase: replicating"));
  EXPECT_THAT(text.out, HasSubstr("all is well"));
  const std::string metrics = ReadFile(file);
  std::filesystem::remove(file);
  EXPECT_THAT(metrics, HasSubstr("# TYPE pg_airlift_lag_bytes gauge\npg_airlift_lag_bytes{subscription="));
  EXPECT_THAT(metrics, HasSubstr("pg_airlift_phase{phase=\"replicating\"} 1"));
  const nlohmann::json status = StatusJson();
  EXPECT_EQ(status["load"]["verdict"], "verified");
  EXPECT_GT(status["wal_disk_free"].get<int64_t>(), int64_t{1} << 20);
  EXPECT_THAT(text.out, HasSubstr("disk of the source's WAL: "));
  EXPECT_THAT(metrics, HasSubstr("pg_airlift_wal_disk_free_bytes "));
  EXPECT_GE(status["streams"][0]["growth_bytes_per_second"].get<double>(), 0);
  // The governor.
  const ProcessResult warned = RunHelper({"status", "--source", SourceConnInfo(), "--target", TargetConnInfo(),
                                          "--max-retained-wal", "0", "--on-limit", "warn"});
  AsAdmin("ALTER SUBSCRIPTION " + SubscriptionName() + " DISABLE");
  source().Execute(database(), "INSERT INTO t SELECT g, 'x' FROM generate_series(20001, 40000) g");
  const ProcessResult dropped = RunHelper({"status", "--source", SourceConnInfo(), "--target", TargetConnInfo(),
                                           "--max-retained-wal", "64kB", "--on-limit", "drop-slot"});
  EXPECT_EQ(dropped.status, kDiffers) << dropped.Describe();
  EXPECT_THAT(dropped.out, HasSubstr("dropped slot"));
  EXPECT_EQ(OnSource("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), "0");
}

// Changes alone, into what was loaded by other means.
TEST_F(ReplicateFailure, ChangesAloneFromEveryStartPoint) {
  target().Execute(database(), "SET ROLE master; CREATE TABLE t (id int PRIMARY KEY, v text)");
  ExpectSameAfterStartPoint("now", 10000);
  ForgetReplication();
  source().Execute(database(), "SELECT pg_create_logical_replication_slot('" + database() + "_mine', 'pgoutput')");
  ExpectSameAfterStartPoint("slot:" + database() + "_mine", 20000);
  ForgetReplication();
  source().Execute(database(), "SELECT pg_create_logical_replication_slot('" + database() + "_lsn', 'pgoutput')");
  ExpectSameAfterStartPoint(OnSource("SELECT pg_current_wal_lsn()"), 30000);
}

class ReplicateChangesWithoutExtension : public ReplicateFailure {
 protected:
  bool WithExtension() const override { return false; }

  static void ExpectSaidOnce(const ProcessResult& result, const std::vector<std::string>& losses) {
    const std::string text = result.out + result.err, said = "the source has no pg_airlift extension";
    const size_t first = text.find(said);
    ASSERT_NE(first, std::string::npos) << result.Describe();
    EXPECT_EQ(text.find(said, first + 1), std::string::npos) << result.Describe();
    for (const std::string& loss : losses) EXPECT_THAT(text, HasSubstr(loss));
  }
};

// By the load that is followed, by the changes alone, and by a second run of either.
TEST_F(ReplicateChangesWithoutExtension, WhatIsLostIsSaidOnce) {
  const ProcessResult loaded = Migrate();
  ExpectReplicates(loaded);
  ExpectSaidOnce(loaded, {"digested from streams", "the load's snapshot ends with this program",
                          "DDL on the source is not noticed", "triggers on its tables instead of a fence"});
  const ProcessResult again = Migrate();
  ExpectReplicates(again);
  ExpectSaidOnce(again, {"DDL on the source is not noticed"});
}

TEST_F(ReplicateChangesWithoutExtension, WhatIsLostIsSaidOnceOfChangesAlone) {
  target().Execute(database(), "SET ROLE master; CREATE TABLE t (id int PRIMARY KEY, v text)");
  for (int run = 0; run < 2; ++run) {
    const ProcessResult result = RunReplicate({"--start-point", "now"});
    EXPECT_EQ(result.status, 0) << result.Describe();
    ExpectSaidOnce(result, {"DDL on the source is not noticed", "triggers on its tables instead of a fence"});
    EXPECT_EQ((result.out + result.err).find("digested from streams"), std::string::npos) << "nothing is";
  }
}

TEST_F(ReplicateFailure, TwoPhaseNeedsRoomForPreparedTransactionsOnTheTarget) {
  const ProcessResult refused = Migrate({"--two-phase"});
  EXPECT_EQ(refused.status, kFailed) << refused.Describe();
  EXPECT_THAT(refused.err, HasSubstr("max_prepared_transactions of the target is 0"));
  EXPECT_EQ(OnSource("SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"), "0");
}

}  // namespace
}  // namespace airlift::test
