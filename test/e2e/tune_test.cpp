// tune on a managed target: what is set, recorded and put back, whenever it is killed; and what a load does by itself.
#include <gmock/gmock.h>
#include <signal.h>

#include <random>
#include <thread>

#include "pg/connection.h"
#include "support/move_test.h"

namespace airlift::test {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using ::testing::Not;

class Tune : public MoveTest {
 protected:
  ProcessResult RunTune(const std::vector<std::string>& more) {
    const ProcessResult result = RunHelper(TuneArguments(more));
    ExpectNoPassword(result.out + result.err);
    return result;
  }
  json RunJson(std::vector<std::string> more, int status = 0) {
    more.emplace_back("--json");
    const ProcessResult result = RunTune(more);
    EXPECT_EQ(result.status, status) << result.Describe();
    return json::parse(result.out);
  }
  std::vector<std::string> TuneArguments(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"tune", "--target", TargetConnInfo()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  std::string OnTarget(const std::string& sql) { return target().Value(database(), sql); }
  // As a new session of the migrating role has it.
  std::string OfMaster(const std::string& setting) {
    return target().Connect(target().Login(database(), "master", kMasterPassword))->Query("SHOW " + setting).Text(0, 0);
  }

  // Everything that tune may touch, and what else there is of its kind.
  std::string Tuning() {
    return OnTarget(
        "SELECT concat((SELECT string_agg(format('%s %s %s', setdatabase, setrole, item), E'\\n' ORDER BY setdatabase, "
        "setrole, item) FROM pg_db_role_setting, unnest(setconfig) item), E'\\n', "
        "(SELECT string_agg(format('%s %s', oid::regclass, reloptions), E'\\n' ORDER BY oid::regclass::text) "
        "FROM pg_class WHERE relkind IN ('r', 'p', 'm') AND relnamespace <> 'pg_catalog'::regnamespace "
        "AND relnamespace <> 'information_schema'::regnamespace "
        "AND relnamespace IS DISTINCT FROM to_regnamespace('airlift_state')), E'\\n', "
        "(SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_temp|^pg_toast'))");
  }
  int RestingTables() {
    return std::stoi(OnTarget("SELECT count(*) FROM pg_class WHERE reloptions @> '{autovacuum_enabled=off}'"));
  }

  void MakeTables(int count) {
    target().Psql(database(), "SET ROLE master; SELECT format('CREATE TABLE t%s (a int)', g) FROM generate_series(1, " +
                                  std::to_string(count) + ") g \\gexec");
  }
  // Settings and options that are there before, of every sort.
  void MakeHistory() {
    target().Psql(database(), "ALTER ROLE master IN DATABASE " + database() +
                                  " SET maintenance_work_mem = '77MB';"
                                  "ALTER ROLE master IN DATABASE " +
                                  database() +
                                  " SET search_path = 'a b', public;"
                                  "ALTER ROLE master SET lock_timeout = '3s';"
                                  "ALTER DATABASE " +
                                  database() +
                                  " SET statement_timeout = '1h';"
                                  "CREATE TABLE of_another (a int);"
                                  "SET ROLE master;"
                                  "CREATE SCHEMA \"S p\";"
                                  "CREATE TABLE \"S p\".\"T\"\"able\" (a int) WITH (fillfactor = 50);"
                                  "CREATE TABLE said (a int) WITH (autovacuum_enabled = yes, fillfactor = 70);"
                                  "CREATE TABLE rests (a int) WITH (autovacuum_enabled = false);"
                                  "CREATE TABLE parts (a int) PARTITION BY LIST (a);"
                                  "CREATE TABLE part PARTITION OF parts FOR VALUES IN (1);"
                                  "CREATE MATERIALIZED VIEW seen AS SELECT * FROM said;");
  }
  void TearDown() override {
    target().Execute("postgres", "ALTER ROLE master RESET lock_timeout");
    MoveTest::TearDown();
  }
};

TEST_F(Tune, ShowsAndChangesNothing) {
  MakeHistory();
  const std::string before = Tuning();
  const ProcessResult shown = RunTune({"--memory", "16GB", "--jobs", "4", "--parameter-group", "of-mine"});
  EXPECT_EQ(shown.status, 0) << shown.Describe();
  EXPECT_THAT(shown.out, HasSubstr("SET \"synchronous_commit\" TO 'off'"));
  EXPECT_THAT(shown.out, HasSubstr("aws rds modify-db-parameter-group --db-parameter-group-name of-mine"));
  EXPECT_THAT(shown.out, HasSubstr("ParameterName=max_wal_size,ParameterValue=16384,ApplyMethod=immediate"));
  EXPECT_THAT(shown.out, HasSubstr("ParameterName=wal_buffers,ParameterValue=8192,ApplyMethod=pending-reboot"));
  for (const char* mode : {"--apply", "--reset"}) {
    const ProcessResult dry = RunTune({mode, "--dry-run"});
    EXPECT_EQ(dry.status, 0) << dry.Describe();
  }
  EXPECT_EQ(Tuning(), before);
}

TEST_F(Tune, AppliesAndPutsBackExactlyWhatWasThere) {
  MakeHistory();
  const std::string before = Tuning();
  const json applied = RunJson({"--apply", "--memory", "16GB", "--jobs", "4"});
  EXPECT_EQ(applied.at("tables_of_others"), 1);
  // Half of what the shared buffers leave, over four jobs.
  EXPECT_EQ(OnTarget("SELECT abs(pg_size_bytes('" + OfMaster("maintenance_work_mem") +
                     "') - (16 * 1024^3 - pg_size_bytes(current_setting('shared_buffers'))) / 8) < 1024"),
            "t")
      << OfMaster("maintenance_work_mem");
  EXPECT_EQ(OfMaster("synchronous_commit"), "off");
  EXPECT_EQ(OfMaster("lock_timeout"), "0");
  EXPECT_EQ(OfMaster("statement_timeout"), "0");
  EXPECT_EQ(OfMaster("session_replication_role"), "origin") << "never stored";
  EXPECT_EQ(RestingTables(), 3) << "T\"able, said, part; not of_another, rests and what has no such parameter";
  EXPECT_EQ(OnTarget("SELECT reloptions::text FROM pg_class WHERE relname = 'said'"),
            "{fillfactor=70,autovacuum_enabled=off}");
  EXPECT_EQ(applied.at("standing").at("tables"), 3);
  const ProcessResult reset = RunTune({"--reset"});
  EXPECT_EQ(reset.status, 0) << reset.Describe();
  EXPECT_THAT(reset.out, HasSubstr("nothing of the tuning stands"));
  // Only the order of a table's options may be another one.
  target().Psql(database(),
                "SET ROLE master; ALTER TABLE said RESET (fillfactor, autovacuum_enabled);"
                "ALTER TABLE said SET (autovacuum_enabled = yes, fillfactor = 70)");
  EXPECT_EQ(Tuning(), before);
  EXPECT_EQ(RunTune({"--reset"}).status, 0) << "and once more";
  EXPECT_EQ(Tuning(), before);
}

TEST_F(Tune, TheFirstFormerValueIsKept) {
  target().Execute("postgres", "ALTER ROLE master IN DATABASE " + database() + " SET maintenance_work_mem = '77MB'");
  MakeTables(3);
  const std::string before = Tuning();
  RunJson({"--apply", "--memory", "16GB", "--jobs", "4"});
  const std::string tuned = Tuning();
  const json again = RunJson({"--apply", "--memory", "16GB", "--jobs", "4"});
  for (const json& item : again.at("items")) EXPECT_THAT(item.at("state"), ::testing::AnyOf("stands", "as wanted"));
  EXPECT_EQ(Tuning(), tuned);
  RunJson({"--apply", "--memory", "16GB", "--jobs", "64"});
  EXPECT_NE(Tuning(), tuned) << "less for each of more jobs";
  RunJson({"--reset"});
  EXPECT_EQ(Tuning(), before);
}

TEST_F(Tune, WhatSomebodySetMeanwhileIsWhatComesBack) {
  RunJson({"--apply", "--memory", "16GB"});
  target().Execute("postgres", "ALTER ROLE master IN DATABASE " + database() + " SET maintenance_work_mem = '99MB'");
  RunJson({"--apply", "--memory", "16GB"});
  EXPECT_NE(OfMaster("maintenance_work_mem"), "99MB");
  RunJson({"--reset"});
  EXPECT_EQ(OfMaster("maintenance_work_mem"), "99MB");
}

// Whatever the moment of the kill, of apply or of reset: a reset leaves exactly what was there.
TEST_F(Tune, KilledAtAnyMomentItIsPutBack) {
  target().Execute("postgres", "ALTER ROLE master IN DATABASE " + database() + " SET maintenance_work_mem = '77MB'");
  constexpr int kTables = 120;
  MakeTables(kTables);
  const std::string before = Tuning();
  const auto began = steady_clock::now();
  RunJson({"--apply", "--memory", "16GB"});
  const auto length = std::chrono::duration_cast<milliseconds>(steady_clock::now() - began);
  RunJson({"--reset"});
  ASSERT_EQ(Tuning(), before);
  std::mt19937 random(7);
  int half_done = 0;
  const auto run_and_kill = [&](const char* mode) {
    const auto process = StartHelper(TuneArguments({mode, "--memory", "16GB"}));
    std::this_thread::sleep_for(
        milliseconds(std::uniform_int_distribution<long>(0, static_cast<long>(length.count()))(random)));
    process->Signal(SIGKILL);
    process->Wait();
    const int resting = RestingTables();
    if (resting > 0 && resting < kTables) ++half_done;
  };
  for (int round = 0; round < 12; ++round) {
    run_and_kill("--apply");
    if (round % 2 == 1) run_and_kill("--reset");
    if (round % 3 == 2) run_and_kill("--apply");
    const ProcessResult reset = RunTune({"--reset"});
    ASSERT_EQ(reset.status, 0) << reset.Describe();
    ASSERT_EQ(Tuning(), before) << "round " << round;
  }
  EXPECT_GT(half_done, 0) << "no kill came in the middle";
}

TEST_F(Tune, UndoTakesItBackToo) {
  MakeTables(2);
  const std::string before = Tuning();
  RunJson({"--apply", "--memory", "16GB"});
  const ProcessResult undo = RunHelper({"undo", "--source", SourceConnInfo(), "--target", TargetConnInfo()});
  EXPECT_EQ(undo.status, 0) << undo.Describe();
  EXPECT_EQ(Tuning(), before);
}

TEST_F(Tune, CleanupTakesItBackToo) {
  MakeTables(2);
  const std::string before = Tuning();
  RunJson({"--apply", "--memory", "16GB"});
  const ProcessResult cleanup = RunHelper({"cleanup", "--source", SourceConnInfo(), "--target", TargetConnInfo()});
  EXPECT_EQ(cleanup.status, 0) << cleanup.Describe();
  EXPECT_EQ(Tuning(), before);
}

TEST_F(Tune, ATableThatIsGoneHindersNothing) {
  MakeTables(3);
  RunJson({"--apply", "--memory", "16GB"});
  target().Execute(database(), "DROP TABLE t2");
  const std::string tables = "SELECT count(*)::text FROM pg_class WHERE reloptions IS NOT NULL AND relname ~ '^t[0-9]'";
  RunJson({"--reset"});
  EXPECT_EQ(OnTarget(tables), "0");
  EXPECT_EQ(OnTarget("SELECT to_regnamespace('airlift_state') IS NULL"), "t");
}

TEST_F(Tune, OnlySomeTables) {
  MakeTables(3);
  RunJson({"--apply", "--table", "t2"});
  EXPECT_EQ(RestingTables(), 1);
  RunJson({"--reset"});
  RunJson({"--apply", "--without-tables"});
  EXPECT_EQ(RestingTables(), 0);
}

// A table that somebody holds is refused and named, whether it is to rest or to be as before; everything else is done,
// and nothing of what was there is forgotten.
TEST_F(Tune, ATableThatIsHeldIsToldAndMadeUpForLater) {
  MakeTables(3);
  const std::string before = Tuning();
  const auto holder = target().Connect(database());
  const auto hold = [&] { holder->Execute("BEGIN; LOCK TABLE t2 IN SHARE UPDATE EXCLUSIVE MODE"); };
  const auto let_go = [&] { holder->Execute("ROLLBACK"); };
  const auto states = [](const json& document) {
    std::map<std::string, std::string> by_name;
    for (const json& item : document.at("items"))
      if (item.at("level") == "table") by_name[item.at("name")] = item.at("state");
    return by_name;
  };
  hold();
  const json applied = RunJson({"--apply", "--memory", "16GB"}, 1);
  EXPECT_THAT(states(applied), ::testing::UnorderedElementsAre(::testing::Pair("\"public\".\"t1\"", "set"),
                                                               ::testing::Pair("\"public\".\"t2\"", "refused"),
                                                               ::testing::Pair("\"public\".\"t3\"", "set")));
  EXPECT_THAT(applied.dump(), HasSubstr("lock timeout"));
  EXPECT_EQ(RestingTables(), 2);
  EXPECT_EQ(OfMaster("synchronous_commit"), "off");
  let_go();
  RunJson({"--apply", "--memory", "16GB"});
  EXPECT_EQ(RestingTables(), 3);

  hold();
  const json half = RunJson({"--reset"}, 1);
  EXPECT_EQ(states(half).at("\"public\".\"t2\""), "refused") << half.dump(1);
  EXPECT_EQ(RestingTables(), 1);
  EXPECT_EQ(OfMaster("synchronous_commit"), "on");
  let_go();
  RunJson({"--reset"});
  EXPECT_EQ(Tuning(), before);
}

TEST_F(Tune, WrongOrdersAreRefused) {
  EXPECT_EQ(RunTune({"--apply", "--reset"}).status, 2);
  EXPECT_EQ(RunTune({"--memory", "1MB"}).status, 2) << "less than its shared buffers";
  EXPECT_EQ(RunTune({"--parameter-group", "x; rm -rf /"}).status, 2);
}

TEST_F(Tune, AMoveTellsThatItStandsAndCountsOnNoUnsafeCommit) {
  source().Psql(database(), "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 1000)");
  RunJson({"--apply", "--memory", "16GB", "--jobs", "2"});
  EXPECT_EQ(OfMaster("synchronous_commit"), "off");
  // What the program records must survive the server: its sessions wait for the disk all the same.
  Connection session(target().Login(database(), "master", kMasterPassword), Side::kTarget);
  EXPECT_EQ(session.Query("SHOW synchronous_commit").Text(0, 0), "local");
  const ProcessResult moved = Airlift("migrate", {"--jobs", "2"});
  EXPECT_EQ(moved.status, kVerified) << moved.Describe();
  EXPECT_THAT(moved.out, HasSubstr("the tuning for a load still stands"));
  ExpectSameContents();
  const ProcessResult status = RunHelper({"status", "--source", SourceConnInfo(), "--target", TargetConnInfo()});
  EXPECT_EQ(status.status, 1) << status.Describe();
  EXPECT_THAT(status.out, HasSubstr("its tuning still stands"));
  const ProcessResult compared = Airlift("compare");
  EXPECT_EQ(compared.status, kVerified) << compared.Describe();
  EXPECT_THAT(compared.out, HasSubstr("the tuning for a load still stands"));
  const ProcessResult assessed = RunHelper({"assess", "--source", SourceConnInfo(), "--target", TargetConnInfo()});
  EXPECT_THAT(assessed.out, HasSubstr("target.load_settings"));
  RunJson({"--reset"});
  EXPECT_EQ(RunHelper({"status", "--source", SourceConnInfo(), "--target", TargetConnInfo()}).status, 0);
  EXPECT_THAT(Airlift("compare").out, Not(HasSubstr("still stands")));
}

// --- what a load does by itself

class TunedLoad : public Tune {
 protected:
  void MakeLargeTable() {
    source().Psql(
        database(),
        "CREATE TABLE large (id int PRIMARY KEY, filler text) WITH (autovacuum_enabled = on, fillfactor = 90);"
        "INSERT INTO large SELECT g, repeat(md5(g::text), 4) FROM generate_series(1, 200000) g;"
        "CREATE TABLE small (id int PRIMARY KEY); INSERT INTO small SELECT generate_series(1, 10)");
  }
  std::string Options(const std::string& table) {
    return OnTarget("SELECT (SELECT reloptions FROM pg_class WHERE oid = to_regclass('" + table + "'))::text");
  }
  // The evidence of a setting; null where there is none.
  json Used(const std::string& name) {
    for (const json& setting : Evidence().value("load_settings", json::array()))
      if (setting.at("name") == name) return setting;
    return {};
  }
  // Waits until the table rests; false where the program ended before.
  bool SeenResting(Process& process, const std::string& table) {
    while (process.IsRunning()) {
      if (OnTarget("SELECT EXISTS (SELECT FROM pg_class WHERE relname = '" + table +
                   "' AND reloptions @> '{autovacuum_enabled=off}')") == "t")
        return true;
      std::this_thread::sleep_for(milliseconds(2));
    }
    return false;
  }
};

TEST_F(TunedLoad, LargeTablesRestWhileTheyAreLoaded) {
  MakeLargeTable();
  const auto process = StartHelper(Arguments("migrate", {"--jobs", "2"}));
  EXPECT_TRUE(SeenResting(*process, "large"));
  EXPECT_NE(Options("small"), "{autovacuum_enabled=off}");
  const ProcessResult moved = process->Wait();
  EXPECT_EQ(moved.status, kVerified) << moved.Describe();
  EXPECT_THAT(Options("large"), HasSubstr("autovacuum_enabled=on"));
  EXPECT_EQ(OnTarget("SELECT to_regclass('airlift_state.prepare_step') IS NULL"), "t") << "nothing is left to put back";
  EXPECT_TRUE(Used("synchronous_commit").at("used"));
  EXPECT_EQ(Used("synchronous_commit").at("before"), "on");
  EXPECT_THAT(Used("autovacuum_enabled").at("value").get<std::string>(), HasSubstr("off for 1 of 1 tables"));
  EXPECT_TRUE(Used("session_replication_role").is_null()) << "not in a new database";
}

TEST_F(TunedLoad, AKilledLoadIsPutBackByTuneOrByTheNextRun) {
  MakeLargeTable();
  for (const bool by_tune : {true, false}) {
    const auto process = StartHelper(Arguments("migrate", {"--jobs", "2"}));
    ASSERT_TRUE(SeenResting(*process, "large"));
    process->Signal(SIGKILL);
    process->Wait();
    EXPECT_THAT(Options("large"), HasSubstr("autovacuum_enabled=off"));
    if (!by_tune) break;
    const ProcessResult reset = RunTune({"--reset"});
    EXPECT_EQ(reset.status, 0) << reset.Describe();
    EXPECT_THAT(Options("large"), HasSubstr("autovacuum_enabled=on"));
  }
  ExpectVerifiedMove({"--jobs", "2"});
  EXPECT_THAT(Options("large"), HasSubstr("autovacuum_enabled=on"));
}

TEST_F(TunedLoad, AFailedLoadPutsBackWhatRested) {
  MakeLargeTable();
  // The target has no room for one of its rows.
  source().Execute(database(), "CREATE TABLE bad (a int)");
  source().Execute(database(), "INSERT INTO bad VALUES (1)");
  target().Psql(database(), "SET ROLE master; CREATE TABLE bad (a int CHECK (a > 1))");
  const ProcessResult moved = Airlift("migrate", {"--jobs", "1", "--into-existing"});
  EXPECT_EQ(moved.status, kFailed) << moved.Describe();
  EXPECT_THAT(Options("large"), HasSubstr("autovacuum_enabled=on"));
}

// Tables that are there already, with a trigger that would change rows, and foreign keys that any order breaks.
class ExistingTables : public TunedLoad {
 protected:
  static constexpr const char* kTables =
      "CREATE TABLE parent (a int, b text, PRIMARY KEY (a, b));"
      "CREATE TABLE child (id int PRIMARY KEY, a int, b text);"
      "CREATE TABLE tree (id int PRIMARY KEY, above int REFERENCES tree);";
  static constexpr const char* kKey = "ALTER TABLE child ADD CONSTRAINT of_parent FOREIGN KEY (a, b) REFERENCES parent";

  void SetUp() override {
    TunedLoad::SetUp();
    source().Psql(database(), std::string(kTables) +
                                  "INSERT INTO parent SELECT g, 'p' || g FROM generate_series(1, 500) g;"
                                  "INSERT INTO child SELECT g, g % 500 + 1, 'p' || (g % 500 + 1) FROM "
                                  "generate_series(1, 2000) g;"
                                  "INSERT INTO child VALUES (9001, NULL, 'x'), (9002, NULL, NULL);"
                                  "INSERT INTO tree SELECT g, nullif(g % 50, g) + 1 FROM generate_series(1, 500) g;");
  }
  void MakeOnTarget() {
    target().Psql(database(), std::string("SET ROLE master;") + kTables + kKey +
                                  ";"
                                  "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                                  "NEW.b := 'spoilt'; RETURN NEW; END $$;"
                                  "CREATE TRIGGER spoil BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION spoil();");
  }
  bool MayRest() { return target().Connect("postgres")->server_major() >= 15; }
};

TEST_F(ExistingTables, TriggersAndForeignKeysRestAndAreProved) {
  source().Psql(database(), std::string(kKey) +
                                ";CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                                "NEW.b := 'spoilt'; RETURN NEW; END $$;"
                                "CREATE TRIGGER spoil BEFORE INSERT ON child FOR EACH ROW EXECUTE FUNCTION spoil();");
  MakeOnTarget();
  const ProcessResult moved = Airlift("migrate", {"--jobs", "2", "--into-existing"});
  if (!MayRest()) {
    EXPECT_NE(moved.status, kVerified) << moved.Describe();
    return;
  }
  EXPECT_EQ(moved.status, kVerified) << moved.Describe();
  EXPECT_TRUE(Used("session_replication_role").at("used"));
  EXPECT_EQ(OnTarget("SELECT count(*) FROM child WHERE b = 'spoilt'"), "0");
  ExpectSameContents();
}

TEST_F(ExistingTables, AForeignKeyThatTheRowsBreakIsFound) {
  source().Psql(database(),
                "INSERT INTO child VALUES (9003, 1, 'nobody'), (9004, 777, 'p1');" + std::string(kKey) + " NOT VALID;");
  MakeOnTarget();
  // Not even where refused objects are allowed: this one stands, and is not true.
  const ProcessResult moved = Airlift("migrate", {"--jobs", "2", "--into-existing", "--allow-refused"});
  if (!MayRest()) {  // then it never rested, and the server itself finds them
    EXPECT_EQ(moved.status, kFailed) << moved.Describe();
    EXPECT_THAT(moved.err, HasSubstr("violates foreign key constraint \"of_parent\""));
    return;
  }
  EXPECT_EQ(moved.status, kDiffers) << moved.Describe();
  EXPECT_THAT(moved.out, HasSubstr("of_parent: rows without a match is"));
  const json evidence = Evidence();
  EXPECT_THAT(evidence.at("schema_differences").dump(), HasSubstr("rows without a match"));
  for (const json& finding : evidence.at("schema_differences"))
    if (finding.at("property") == "rows without a match") {
      EXPECT_EQ(finding.at("target"), "2");
    }
}

}  // namespace
}  // namespace airlift::test
