// Comparing while native logical replication runs and the application writes: what was changed on the target behind
// replication's back is found, nothing else is reported, and what cannot be proved is said to be so.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <set>
#include <thread>

#include "support/cutover_case.h"

namespace airlift::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

// Cold rows that nobody touches, rows that many hammer, keys that come and go, values that go there and back, rows
// without a key, and partitions that the target has in another layout.
constexpr const char* kTables = R"(
CREATE TABLE cold (id int PRIMARY KEY, filler text NOT NULL, n int NOT NULL DEFAULT 0);
CREATE TABLE hot (id int PRIMARY KEY, n bigint NOT NULL DEFAULT 0, body text);
CREATE TABLE flip (id int PRIMARY KEY, up bool NOT NULL);
CREATE TABLE churn (id int PRIMARY KEY, n int NOT NULL);
CREATE TABLE log (at int NOT NULL, what text NOT NULL);
ALTER TABLE log REPLICA IDENTITY FULL;
)";
constexpr const char* kSourceParts = R"(
CREATE TABLE part (id int PRIMARY KEY, n int) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (1000);
CREATE TABLE part_2 PARTITION OF part FOR VALUES FROM (1000) TO (2000);
)";
constexpr const char* kTargetParts = R"(
CREATE TABLE part (id int PRIMARY KEY, n int) PARTITION BY HASH (id);
CREATE TABLE part_a PARTITION OF part FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE part_b PARTITION OF part FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE part_c PARTITION OF part FOR VALUES WITH (MODULUS 3, REMAINDER 2);
)";
constexpr const char* kRows = R"(
INSERT INTO cold SELECT g, md5(g::text), 0 FROM generate_series(1, 20000) g;
INSERT INTO hot SELECT g, 0, 'x' FROM generate_series(1, 20) g;
INSERT INTO flip SELECT g, g % 2 = 0 FROM generate_series(1, 6) g;
INSERT INTO churn SELECT g, 0 FROM generate_series(1, 40) g;
INSERT INTO log SELECT g / 3, 'old' FROM generate_series(1, 3000) g;
INSERT INTO part SELECT g, 0 FROM generate_series(0, 1999) g;
)";
// A script of pgbench: one transaction.
constexpr const char* kHot = R"(\set h random(1, 8)
UPDATE hot SET n = n + 1 WHERE id = :h;
)";
constexpr const char* kChurn = R"(\set f random(1, 6)
\set c random(1, 40)
\set d random(1, 6)
\set p random(0, 1999)
\set r random(1, 20000)
UPDATE flip SET up = NOT up WHERE id = :f;
BEGIN;
SELECT pg_advisory_xact_lock(1);
DELETE FROM churn WHERE id = :c;
INSERT INTO churn VALUES (:c, :client_id) ON CONFLICT DO NOTHING;
COMMIT;
BEGIN;
SELECT pg_advisory_xact_lock(1);
DELETE FROM churn WHERE id = :d;
UPDATE churn SET id = :d WHERE id = :c;
COMMIT;
UPDATE part SET n = n + 1 WHERE id = :p AND id % 100 > 1;
INSERT INTO log VALUES (:r, 'new'), (:r, 'new');
DELETE FROM log WHERE ctid = (SELECT ctid FROM log WHERE what = 'new' LIMIT 1);
INSERT INTO cold VALUES (100000 + (random() * 1000000)::int, 'new') ON CONFLICT DO NOTHING;
UPDATE cold SET n = n + 1 WHERE id = :r AND id % 10 = 0;
)";

class LiveCompare : public CutoverCase {
 protected:
  void SetUp() override {
    CutoverCase::SetUp();
    source().Psql(database(), std::string(kTables) + kSourceParts + kRows);
    target().Psql(database(), std::string(kTables) + kTargetParts);
    OwnByMaster();
    script_ = source().directory() + "/" + database();
  }
  void TearDown() override {
    holding_up_ = {};
    writers_.clear();
    for (const char* suffix : {".hot", ".churn"}) unlink((script_ + suffix).c_str());
    CutoverCase::TearDown();
  }

  void OwnByMaster() {
    target().Psql(database(), R"(DO $$ DECLARE t text; BEGIN
      FOR t IN SELECT oid::regclass FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
      LOOP EXECUTE format('ALTER TABLE %s OWNER TO master', t); END LOOP; END $$)");
  }

  // With PostgreSQL's own statements: nothing that pg_airlift made.
  void Replicate(
      const std::string& what = "FOR TABLE cold, hot, flip, churn, log, part WITH (publish_via_partition_root)",
      const std::string& subscription = "plain") {
    source().Execute(database(), "CREATE PUBLICATION " + subscription + " " + what);
    target().Execute(database(), "CREATE SUBSCRIPTION " + subscription + " CONNECTION 'host=" + source().directory() +
                                     "/socket port=" + std::to_string(source().port()) +
                                     " user=postgres dbname=" + database() + "' PUBLICATION " + subscription +
                                     " WITH (slot_name = '" + subscription + "_" + database() + "')");
    Wait("SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel");
  }
  void Wait(const std::string& condition) {
    for (int i = 0; i < 600 && target().Value(database(), condition) != "t"; ++i) std::this_thread::sleep_for(50ms);
    ASSERT_EQ(target().Value(database(), condition), "t") << condition;
  }

  void StartWriting(int seed, const std::string& suffix, const char* script, int clients, int rate) {
    const std::string path = script_ + suffix;
    std::ofstream(path) << script;
    chmod(path.c_str(), 0644);
    writers_.push_back(std::make_unique<Process>(std::vector<std::string>{
        "pgbench", "-h", source().directory() + "/socket", "-p", std::to_string(source().port()), "-U", "postgres",
        "-n", "-c", std::to_string(clients), "-T", "600", "-R", std::to_string(rate), "--random-seed",
        std::to_string(seed), "-f", path, database()}));
  }
  void StartWriting(int seed) {
    StartWriting(seed, ".hot", kHot, 4, 2500);
    StartWriting(seed, ".churn", kChurn, 2, 120);
    std::this_thread::sleep_for(500ms);
  }
  // Holds up the target now and then, so that much is under way.
  void HoldUpTheTarget() {
    holding_up_ = std::jthread([this](const std::stop_token& stop) {
      const auto session = target().Connect(database());
      while (!stop.stop_requested()) {
        session->Execute("BEGIN; LOCK TABLE hot, flip, churn, part, log IN SHARE MODE; SELECT pg_sleep(0.15); COMMIT");
        std::this_thread::sleep_for(100ms);
      }
    });
  }
  void ExpectStillWriting() {
    for (auto& writer : writers_) EXPECT_TRUE(writer->IsRunning()) << writer->Wait().Describe();
  }

  // On the target, as nobody should.
  void Corrupt(const std::string& sql) { target().Psql(database(), "SET session_replication_role = replica;\n" + sql); }

  ProcessResult Compare(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"--live", "--data-only"});
    return Airlift("compare", more);
  }

  std::string VerdictOf(const std::string& table) const { return EvidenceOf("public", table).value("verdict", "none"); }
  std::string ReasonOf(const std::string& table) const { return EvidenceOf("public", table).value("reason", "none"); }
  // "changed 5", "missing on target 7": of all rows reported.
  std::set<std::string> RowsOf(const std::string& table) const {
    std::set<std::string> rows;
    const json entry = EvidenceOf("public", table);
    if (!entry.contains("differences")) return rows;
    for (const json& row : entry.at("differences").at("rows"))
      rows.insert(row.at("difference").get<std::string>() + " " + row.at("key").at("id").get<std::string>());
    return rows;
  }

  // 100 rows in all. Returns what is to be found in the tables with a key.
  std::map<std::string, std::set<std::string>> CorruptHundred(int seed) {
    std::mt19937 random(static_cast<uint32_t>(seed));
    std::set<int> ids;  // cold rows that the application leaves alone
    while (ids.size() < 70) {
      const int id = static_cast<int>(random() % 20000) + 1;
      if (id % 10 != 0) ids.insert(id);
    }
    std::map<std::string, std::set<std::string>> expected;
    std::string sql;
    int i = 0;
    for (const int id : ids) {
      const std::string text = std::to_string(id);
      if (++i % 2 == 0) {
        sql += "UPDATE cold SET filler = 'wrong' WHERE id = " + text + ";\n";
        expected["cold"].insert("changed " + text);
      } else {
        sql += "DELETE FROM cold WHERE id = " + text + ";\n";
        expected["cold"].insert("missing on target " + text);
      }
    }
    for (int extra = 0; extra < 14; ++extra) {
      const std::string text = std::to_string(3000000 + random() % 100 * 100 + static_cast<unsigned>(extra));
      sql += "INSERT INTO cold VALUES (" + text + ", 'extra');\n";
      expected["cold"].insert("extra on target " + text);
    }
    // Rows that change all the time, and that the target does not have; and two that only it has.
    for (const int id : {1, 5, 8}) {
      sql += "DELETE FROM hot WHERE id = " + std::to_string(id) + ";\n";
      expected["hot"].insert("missing on target " + std::to_string(id));
    }
    for (const int id : {-1, 77}) {
      sql += "INSERT INTO hot VALUES (" + std::to_string(id) + ");\n";
      expected["hot"].insert("extra on target " + std::to_string(id));
    }
    for (const int id : {100, 1901}) {
      sql += "UPDATE part SET n = -5 WHERE id = " + std::to_string(id) + ";\n";
      expected["part"].insert("changed " + std::to_string(id));
    }
    // Four of three equal rows that are too many, five of others that are gone.
    sql +=
        "INSERT INTO log SELECT 10, 'old' FROM generate_series(1, 4);\n"
        "DELETE FROM log WHERE ctid = ANY (ARRAY(SELECT min(ctid) FROM log WHERE at IN (20, 21, 22, 23, 24) AND what = "
        "'old' GROUP BY at));\n";
    Corrupt(sql);
    return expected;
  }

  void ExpectHundredFound(int seed, const std::vector<std::string>& more = {}) {
    Replicate();
    StartWriting(seed);
    const auto expected = CorruptHundred(seed);
    HoldUpTheTarget();
    const ProcessResult result = Compare(more);
    ExpectStillWriting();
    ASSERT_EQ(result.status, kDiffers) << "seed " << seed << "\n" << result.Describe();
    for (const auto& [table, rows] : expected) EXPECT_EQ(RowsOf(table), rows) << "seed " << seed << " " << table;
    for (const char* table : {"flip", "churn"})
      EXPECT_EQ(VerdictOf(table), "verified") << "seed " << seed << "\n" << result.Describe();
    const json log = EvidenceOf("public", "log").value("differences", json::object());
    ASSERT_FALSE(log.empty()) << result.Describe();
    EXPECT_EQ(log.at("missing_on_target"), 5) << result.Describe();
    EXPECT_EQ(log.at("extra_on_target"), 4) << result.Describe();
    EXPECT_EQ(log.at("rows").size(), 6u);
    EXPECT_EQ(log.at("reason"), "");
  }

  std::string script_;
  std::vector<std::unique_ptr<Process>> writers_;
  std::jthread holding_up_;
};

TEST_F(LiveCompare, FindsAllThatWasChangedOnTheTargetAndNothingElse) { ExpectHundredFound(1); }

class LiveCompareWithoutExtension : public LiveCompare {
 protected:
  bool WithExtension() const override { return false; }
};

TEST_F(LiveCompareWithoutExtension, FindsTheSame) { ExpectHundredFound(2, {"--jobs", "1"}); }

// One seed of twenty is one test of its own, on databases of its own.
class LiveCompareSeeds : public LiveCompare, public ::testing::WithParamInterface<int> {};
TEST_P(LiveCompareSeeds, SlowTwentySeeds) { ExpectHundredFound(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Seeds, LiveCompareSeeds, ::testing::Range(101, 121));

TEST_F(LiveCompare, VerifiesUnderLoad) {
  Replicate();
  StartWriting(3);
  HoldUpTheTarget();
  for (int i = 0; i < 5; ++i) {
    const ProcessResult result = Compare();
    ASSERT_EQ(result.status, kVerified) << result.Describe();
    EXPECT_EQ(FinalVerdict(result), "verified");
  }
  ExpectStillWriting();
  const json live = Evidence().at("live");
  EXPECT_EQ(live.at("subscriptions").at(0).at("name"), "plain");
  EXPECT_NE(live.at("last_lsn"), "");
}

// pgbench's own load; prints what a comparison costs beside one at rest.
TEST_F(LiveCompare, SlowVerifiesAMillionRowsUnderTpcB) {
  const std::vector<std::string> pgbench = {
      "pgbench", "-h", source().directory() + "/socket", "-p", std::to_string(source().port()), "-U", "postgres"};
  const auto with = [&](const std::vector<std::string>& more) {
    std::vector<std::string> command = pgbench;
    command.insert(command.end(), more.begin(), more.end());
    command.push_back(database());
    return command;
  };
  RunOrThrow(with({"-i", "-s", "10", "-q"}));
  target().Psql(database(), R"(
    CREATE TABLE pgbench_accounts (aid int PRIMARY KEY, bid int, abalance int, filler char(84));
    CREATE TABLE pgbench_branches (bid int PRIMARY KEY, bbalance int, filler char(88));
    CREATE TABLE pgbench_tellers (tid int PRIMARY KEY, bid int, tbalance int, filler char(84));
    CREATE TABLE pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));)");
  OwnByMaster();
  Replicate("FOR TABLE pgbench_accounts, pgbench_branches, pgbench_tellers, pgbench_history");
  const auto compare = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"--data-only", "-T", "pgbench_*"});
    const auto began = std::chrono::steady_clock::now();
    const ProcessResult result = Airlift("compare", more);
    EXPECT_EQ(result.status, kVerified) << result.Describe();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
    fprintf(stderr, "%s: %.2f s\n%s\n", more.back().c_str(), seconds.count(), result.out.c_str());
  };
  compare({});
  compare({"--live"});
  writers_.push_back(std::make_unique<Process>(with({"-n", "-c", "4", "-T", "600", "-R", "400"})));
  std::this_thread::sleep_for(1s);
  for (int i = 0; i < 3; ++i) compare({"--live"});
  ExpectStillWriting();
}

// Reading takes so long that the row has changed each time: only a lock tells whether it differs.
constexpr const char* kSlowly = "hot=pg_sleep(0.03) IS NOT NULL";

TEST_F(LiveCompare, LocksARowThatWillNotHoldStill) {
  source().Execute(database(), "DELETE FROM hot WHERE id > 2");
  Replicate();
  StartWriting(4, ".hot", "\\set h random(1, 2)\nUPDATE hot SET n = n + 1 WHERE id = :h;\n", 3, 1000);
  std::this_thread::sleep_for(500ms);
  const ProcessResult good = Compare({"-T", "hot", "--where", kSlowly});
  EXPECT_EQ(good.status, kVerified) << good.Describe();
  EXPECT_EQ(EvidenceOf("public", "hot").at("live").at("pins"), 2) << good.Describe();
  Corrupt("DELETE FROM hot WHERE id = 2");
  const ProcessResult bad = Compare({"-T", "hot", "--where", kSlowly});
  ExpectStillWriting();
  EXPECT_EQ(bad.status, kDiffers) << bad.Describe();
  EXPECT_EQ(RowsOf("hot"), std::set<std::string>{"missing on target 2"});
  const json live = EvidenceOf("public", "hot").at("live");
  EXPECT_EQ(live.at("pins"), 2) << bad.Describe();
  EXPECT_GT(live.at("longest_pin_ms"), 0);
  EXPECT_LT(live.at("longest_pin_ms"), 2000);
  EXPECT_THAT(bad.out, HasSubstr("2 rows pinned, at most"));
}

// Who may only read cannot lock.
TEST_F(LiveCompare, SaysWhatItCouldNotProveWhereRowsCannotBeLocked) {
  Replicate();
  source().Execute("postgres", "DROP ROLE IF EXISTS live_reader");
  source().Execute("postgres", "CREATE ROLE live_reader LOGIN PASSWORD 'reader-s3cret'");
  source().Psql(database(), "GRANT pg_read_all_data TO live_reader; GRANT USAGE ON SCHEMA airlift TO live_reader;");
  StartWriting(5, ".hot", "UPDATE hot SET n = n + 1 WHERE id = 1;\n", 3, 1000);
  Corrupt("DELETE FROM hot WHERE id = 1; UPDATE cold SET filler = 'wrong' WHERE id = 5");
  const std::string reader = source().Login(database(), "live_reader", "reader-s3cret").ToString();
  const ProcessResult result =
      RunHelper({"compare", "--live", "--data-only", "--source", reader, "--target", TargetConnInfo(), "--max-wait",
                 "3s", "--evidence", evidence_path_, "--where", kSlowly});
  EXPECT_EQ(result.status, kDiffers) << result.Describe();
  EXPECT_EQ(RowsOf("cold"), std::set<std::string>{"changed 5"});
  EXPECT_EQ(VerdictOf("hot"), "not verified") << result.Describe();
  EXPECT_THAT(ReasonOf("hot"), HasSubstr("permission denied"));
  source().Psql(database(), "DROP OWNED BY live_reader; DROP ROLE live_reader");
}

// --- replication that does not go on is an error, not a wait
// ---------------------------------------------------------

TEST_F(LiveCompare, ASlotThatStandsStillIsAnError) {
  Replicate();
  const auto blocker = target().Connect(database());
  blocker->Execute("BEGIN; SELECT FROM hot WHERE id = 1 FOR UPDATE");
  source().Execute(database(), "UPDATE hot SET n = 5 WHERE id = 1");
  const ProcessResult result = Compare({"--max-wait", "2s"});
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("replication to the target stands still: slot plain_"));
  EXPECT_THAT(result.err, HasSubstr("HINT:"));
}

TEST_F(LiveCompare, ADisabledSubscriptionIsAnErrorAtOnce) {
  Replicate();
  target().Execute(database(), "ALTER SUBSCRIPTION plain DISABLE");
  const auto began = std::chrono::steady_clock::now();
  const ProcessResult result = Compare();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("subscription plain is disabled"));
}

TEST_F(LiveCompare, ASubscriptionThatCannotConnectIsAnError) {
  Replicate();
  target().Execute(database(), "ALTER SUBSCRIPTION plain CONNECTION 'host=127.0.0.1 port=1'");
  const ProcessResult result = Compare({"--max-wait", "4s"});
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("stands still"));
}

// In the middle, while the rows of one table are read slowly.
TEST_F(LiveCompare, WhatWasComparedBeforeItStoodStillStaysKnown) {
  Replicate();
  Corrupt("UPDATE cold SET filler = 'wrong' WHERE id = 5");
  std::jthread disabling([&] {
    Wait("SELECT count(*) > 0 FROM pg_stat_activity WHERE query LIKE 'COPY%pg_sleep(0.2)%' AND state = 'active'");
    target().Execute(database(), "ALTER SUBSCRIPTION plain DISABLE");
  });
  const ProcessResult result = Compare({"--where", "hot=pg_sleep(0.2) IS NOT NULL"});
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_EQ(VerdictOf("part"), "verified") << result.Describe();
  EXPECT_EQ(VerdictOf("cold"), "not verified") << result.Describe();
  EXPECT_THAT(ReasonOf("cold"), HasSubstr("subscription plain is disabled"));
  EXPECT_THAT(result.out, HasSubstr("stands still: subscription plain is disabled"));
}

TEST_F(LiveCompare, WithoutASubscriptionThereIsNothingToFollow) {
  const ProcessResult none = Compare();
  EXPECT_EQ(none.status, kFailed) << none.Describe();
  EXPECT_THAT(none.err, HasSubstr("there is no subscription"));
  Replicate();
  const ProcessResult unknown = Compare({"--subscription", "other"});
  EXPECT_EQ(unknown.status, kFailed) << unknown.Describe();
  EXPECT_THAT(unknown.err, HasSubstr("there is no subscription other"));
  EXPECT_EQ(Compare({"--subscription", "plain"}).status, kVerified);
  for (const char* option : {"--repair=/dev/null", "--views", "--sample=5%"})
    EXPECT_EQ(Compare({option}).status, kFailed) << option;
}

TEST_F(LiveCompare, WhatIsNotReplicatedIsNotVerified) {
  source().Psql(database(),
                "CREATE TABLE later (id int PRIMARY KEY); CREATE UNLOGGED TABLE scratch (id int PRIMARY KEY)");
  target().Psql(database(),
                "CREATE TABLE later (id int PRIMARY KEY); CREATE UNLOGGED TABLE scratch (id int PRIMARY KEY)");
  OwnByMaster();
  Replicate("FOR TABLE cold WHERE (id <= 15000), hot (id, n), part WITH (publish_via_partition_root)");
  source().Execute(database(), "ALTER PUBLICATION plain ADD TABLE later");
  const ProcessResult result = Compare();
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_EQ(VerdictOf("part"), "verified") << result.Describe();
  EXPECT_THAT(ReasonOf("flip"), HasSubstr("public.flip is in no publication of subscription plain"));
  EXPECT_THAT(ReasonOf("scratch"), HasSubstr("in no publication"));
  EXPECT_THAT(ReasonOf("later"), HasSubstr("REFRESH PUBLICATION"));
  EXPECT_THAT(ReasonOf("cold"), HasSubstr("has only the rows where"));
  EXPECT_THAT(ReasonOf("hot"), HasSubstr("leaves out column body"));
  // Asked for no more than is replicated, it is proved.
  const ProcessResult part =
      Compare({"-T", "cold", "-T", "hot", "--where", "cold=id <= 15000", "--exclude-column", "hot.body"});
  EXPECT_EQ(part.status, kVerified) << part.Describe();
}

// Rows that leave the condition while they are read again are not missing.
TEST_F(LiveCompare, RowsThatLeaveTheConditionAreNotMissing) {
  Replicate("FOR TABLE hot WHERE (n % 2 = 0) WITH (publish = 'insert, delete')");
  target().Execute(database(), "ALTER TABLE hot REPLICA IDENTITY FULL");
  Corrupt("DELETE FROM hot WHERE id = 3");
  source().Psql(
      database(),
      "ALTER PUBLICATION plain SET (publish = 'insert, update, delete'); ALTER TABLE hot REPLICA IDENTITY FULL");
  StartWriting(6, ".hot", "\\set h random(4, 8)\nUPDATE hot SET n = n + 1 WHERE id = :h;\n", 3, 1500);
  for (int i = 0; i < 5; ++i) {
    const ProcessResult result = Compare({"-T", "hot", "--where", "hot=hot.n % 2 = 0"});
    EXPECT_EQ(result.status, kDiffers) << result.Describe();
    EXPECT_EQ(RowsOf("hot"), std::set<std::string>{"missing on target 3"}) << result.Describe();
  }
}

TEST_F(LiveCompare, PartitionsThatAreReplicatedOneByOne) {
  target().Psql(database(), "DROP TABLE part;" + std::string(kSourceParts));
  OwnByMaster();
  Replicate("FOR TABLE cold, hot, flip, churn, log, part");
  EXPECT_EQ(Compare().status, kVerified);
  Corrupt("DELETE FROM part_2 WHERE id = 1500");
  const ProcessResult result = Compare();
  EXPECT_EQ(result.status, kDiffers) << result.Describe();
  EXPECT_EQ(RowsOf("part"), std::set<std::string>{"missing on target 1500"});
}

// An older snapshot sees that a table was emptied, too.
TEST_F(LiveCompare, TruncateInTheMiddleIsNoDifference) {
  Replicate();
  std::atomic<bool> is_over = false;
  std::jthread truncating([&] {
    const auto connection = source().Connect(database());
    while (!is_over) {
      connection->Execute("TRUNCATE cold, log");
      connection->Execute("INSERT INTO cold SELECT g, 'again', 0 FROM generate_series(1, 3000) g");
      connection->Execute("INSERT INTO log SELECT g / 2, 'again' FROM generate_series(1, 100) g");
      std::this_thread::sleep_for(100ms);
    }
  });
  for (int i = 0; i < (SlowTests() ? 30 : 6); ++i) {
    const ProcessResult result = Compare({"-T", "cold"});
    EXPECT_EQ(result.status, kVerified) << result.Describe();
    const ProcessResult keyless = Compare({"-T", "log"});
    EXPECT_NE(keyless.status, kDiffers) << keyless.Describe();
  }
  Corrupt("INSERT INTO hot VALUES (99)");
  EXPECT_EQ(Compare({"-T", "hot"}).status, kDiffers);
  is_over = true;
}

// The target has what the source does not show yet: its commit waits for a standby that is not there.
TEST_F(LiveCompare, ACommitThatIsNotVisibleYetIsNoDifference) {
  Replicate();
  const auto set = [&](const std::string& value) {
    source().Execute("postgres", "ALTER SYSTEM SET synchronous_standby_names = '" + value + "'");
    source().Execute("postgres", "SELECT pg_reload_conf()");
    std::this_thread::sleep_for(300ms);
  };
  set("nobody");
  std::jthread writer([&] {
    source()
        .Connect(database())
        ->Execute(
            "BEGIN; INSERT INTO hot VALUES (1000, 1); UPDATE hot SET n = 7 WHERE id = 2; DELETE FROM hot WHERE id = 3; "
            "INSERT INTO log VALUES (1, 'unseen'); COMMIT");
  });
  Wait("SELECT count(*) = 1 FROM hot WHERE id = 1000");
  EXPECT_EQ(source().Value(database(), "SELECT count(*) FROM hot WHERE id = 1000"), "0");
  const ProcessResult result = Compare({"--max-wait", "3s"});
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_EQ(VerdictOf("hot"), "not verified") << result.Describe();
  EXPECT_THAT(ReasonOf("hot"), HasSubstr("did not end"));
  EXPECT_EQ(VerdictOf("log"), "not verified") << result.Describe();
  EXPECT_EQ(VerdictOf("cold"), "verified") << result.Describe();
  set("");
  writer.join();
  EXPECT_EQ(Compare().status, kVerified);
}

// --- tables without a key
// --------------------------------------------------------------------------------------------

TEST_F(LiveCompare, RowsWithoutAKeyAreProvedAsFarAsTheyHoldStill) {
  source().Execute(database(), "DELETE FROM log WHERE at > 20");
  Replicate();
  // The same rows come and go all the time.
  StartWriting(7, ".churn",
               "INSERT INTO log VALUES (-1, 'twin'), (-1, 'twin'), (-1, 'twin'), (-2, 'flip');\n"
               "DELETE FROM log WHERE ctid IN (SELECT ctid FROM log WHERE at = -1 LIMIT 2);\n"
               "DELETE FROM log WHERE ctid IN (SELECT ctid FROM log WHERE at = -2 LIMIT 1);\n",
               2, 250);
  HoldUpTheTarget();
  std::this_thread::sleep_for(300ms);
  // A scan takes longer than the rows stay as they are.
  const std::string slowly = "log=CASE WHEN at = 0 THEN pg_sleep(0.1) IS NOT NULL ELSE true END";
  bool was_unproved = false, was_locked = false;
  for (int i = 0; i < 8 && !(was_unproved && was_locked); ++i) {
    if (!was_unproved) {  // unless nothing was under way
      const ProcessResult result = Compare({"-T", "log", "--where", slowly});
      EXPECT_NE(result.status, kDiffers) << result.Describe();
      was_unproved = result.status == kFailed;
      if (was_unproved) {
        EXPECT_THAT(ReasonOf("log"), HasSubstr("kept coming and going; --lock-keyless"));
      }
    }
    const ProcessResult locked = Compare({"-T", "log", "--lock-keyless", "--where", slowly});
    EXPECT_EQ(locked.status, kVerified) << locked.Describe();
    was_locked = was_locked || EvidenceOf("public", "log").at("live").at("table_lock_ms") > 0;
  }
  EXPECT_TRUE(was_unproved);
  EXPECT_TRUE(was_locked);
  Corrupt("DELETE FROM log WHERE ctid = (SELECT min(ctid) FROM log WHERE at = 15)");
  const ProcessResult result = Compare({"-T", "log", "--lock-keyless", "--where", slowly});
  ExpectStillWriting();
  EXPECT_EQ(result.status, kDiffers) << result.Describe();
  EXPECT_EQ(EvidenceOf("public", "log").at("differences").at("missing_on_target"), 1);
  EXPECT_EQ(EvidenceOf("public", "log").at("differences").at("extra_on_target"), 0);
}

// --- a migration of pg_airlift's own
// ---------------------------------------------------------------------------------

class LiveCompareOfAMigration : public CutoverCase {};

TEST_F(LiveCompareOfAMigration, IsVerifiedWithItsSchema) {
  source().Psql(database(), std::string(kTables) + kSourceParts + kRows);
  Replicate();
  source().Execute(database(), "UPDATE hot SET n = n + 1");
  const ProcessResult result = Airlift("compare", {"--live"});
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_THAT(result.out, HasSubstr("sequences are not compared"));
  EXPECT_TRUE(Evidence().at("schema_compared"));
  target().Psql(database(), "SET session_replication_role = replica; UPDATE cold SET filler = 'x' WHERE id = 17");
  const ProcessResult bad = Airlift("compare", {"--live", "--show-values"});
  EXPECT_EQ(bad.status, kDiffers) << bad.Describe();
  EXPECT_THAT(bad.out, HasSubstr("target: filler = 'x'"));
  source().Execute(database(), "SELECT lo_create(0)");
  const ProcessResult objects = Airlift("compare", {"--live", "-T", "hot"});
  EXPECT_EQ(objects.status, kVerified) << objects.Describe();
  target().Psql(database(), "SET session_replication_role = replica; UPDATE cold SET filler = md5('17') WHERE id = 17");
  const ProcessResult all = Airlift("compare", {"--live"});
  EXPECT_EQ(all.status, kFailed) << all.Describe();
  EXPECT_THAT(all.out, HasSubstr("does not carry large objects"));
}

}  // namespace
}  // namespace airlift::test
