// Snapshots that outlive the session that asked for them.
#include <gmock/gmock.h>

#include "support/extension_test.h"

namespace airlift::test {
namespace {

using ::testing::HasSubstr;

class HeldSnapshot : public ExtensionTest {
 protected:
  void SetUp() override {
    ExtensionTest::SetUp();
    Execute("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 100)");
  }
  void TearDown() override {
    Execute("SELECT airlift.release_snapshot(id) FROM airlift.held_snapshots()");
    ExtensionTest::TearDown();
  }

  std::string Slots() {
    return Value("SELECT coalesce(string_agg(slot_name, ',' ORDER BY slot_name), '') FROM pg_replication_slots");
  }
  std::string Workers() {
    return Value("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_airlift held snapshot'");
  }
  std::string CountUnder(const std::string& snapshot) {
    const Session session = Connect();
    session->Execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SET TRANSACTION SNAPSHOT '" + snapshot + "'");
    return session->Query("SELECT count(*) FROM t").Text(0, 0);
  }
};

constexpr char kHoldWithSlot[] = "SELECT id, snapshot, slot_name, lsn FROM airlift.hold_snapshot('held')";

TEST_F(HeldSnapshot, OutlivesItsSessionAndMeetsTheSlot) {
  const Result held = Connect()->Query(kHoldWithSlot);
  Execute("DELETE FROM t WHERE id <= 40");
  Execute("VACUUM t");
  Execute("INSERT INTO t VALUES (1000)");
  EXPECT_EQ(CountUnder(held.Text(0, 1)), "100");
  EXPECT_EQ(Value("SELECT (confirmed_flush_lsn = '" + held.Text(0, 3) +
                  "')::text || active || temporary FROM pg_replication_slots WHERE slot_name = 'held'"),
            "truefalsefalse");
  EXPECT_EQ(Value("SELECT concat_ws(' ', id, snapshot, slot_name, lsn, xmin_age >= 1, retained_wal > 0, held_by, "
                  "held_until > now() + '23 hours') FROM airlift.held_snapshots()"),
            held.Text(0, 0) + " " + held.Text(0, 1) + " held " + held.Text(0, 3) + " t t postgres t");
  EXPECT_EQ(Value("SELECT airlift.release_snapshot(" + held.Text(0, 0) + ")"), "t");
  EXPECT_EQ(Workers(), "0");
  EXPECT_EQ(Slots(), "held");
  EXPECT_EQ(Value("SELECT airlift.release_snapshot(" + held.Text(0, 0) + ")"), "f");
}

TEST_F(HeldSnapshot, TheSlotHasEveryLaterChangeOnce) {
  Execute("CREATE PUBLICATION p FOR TABLE t");
  const Result held = Connect()->Query(kHoldWithSlot);
  Execute("DELETE FROM t WHERE id <= 40; INSERT INTO t VALUES (1000), (1001)");
  EXPECT_EQ(
      Value(
          "SELECT string_agg(kind || n, ' ' ORDER BY kind) FROM (SELECT chr(get_byte(data, 0)) AS kind, count(*) AS n "
          "FROM pg_logical_slot_peek_binary_changes('held', NULL, NULL, 'proto_version', '1', "
          "'publication_names', 'p') GROUP BY 1) c WHERE kind IN ('D', 'I')"),
      "D40 I2");
  EXPECT_EQ(Value("SELECT airlift.release_snapshot(" + held.Text(0, 0) + ", true)"), "t");
  EXPECT_EQ(Slots(), "");
}

TEST_F(HeldSnapshot, WithoutASlot) {
  const Result held = Connect()->Query("SELECT id, snapshot, slot_name, lsn FROM airlift.hold_snapshot()");
  Execute("DELETE FROM t");
  Execute("VACUUM t");
  EXPECT_EQ(CountUnder(held.Text(0, 1)), "100");
  EXPECT_TRUE(held.IsNull(0, 2));
  EXPECT_FALSE(held.IsNull(0, 3));
  EXPECT_EQ(Slots(), "");
}

TEST_F(HeldSnapshot, EndsByItselfAfterMaxHold) {
  const Result held = Connect()->Query("SELECT snapshot FROM airlift.hold_snapshot(max_hold => '1 second')");
  EXPECT_EQ(CountUnder(held.Text(0, 0)), "100");
  EXPECT_EQ(ValueOnce("SELECT count(*) FROM airlift.held_snapshots()", "0"), "0");
  EXPECT_EQ(Workers(), "0");
}

// The one rule for all of them: whatever ends the wait, no slot is there afterwards, nor appears when the transaction
// that was waited for ends.
class InterruptedWait : public HeldSnapshot {
 protected:
  void ExpectNothingLeft(Connection& writer) {
    EXPECT_EQ(ValueOnce("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_airlift held snapshot'", "0"),
              "0");
    EXPECT_EQ(Slots(), "");
    writer.Execute("ROLLBACK");
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_EQ(Slots(), "");
    EXPECT_EQ(Workers(), "0");
  }
  void WaitUntilWaiting() {
    EXPECT_EQ(ValueOnce("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pg_airlift held snapshot' AND "
                        "wait_event = 'transactionid'",
                        "1"),
              "1");
  }
  Session Writer() {
    Session writer = Connect();
    writer->Execute("BEGIN; INSERT INTO t VALUES (2000)");
    return writer;
  }
};

TEST_F(InterruptedWait, ByItsOwnLimit) {
  const Session writer = Writer();
  EXPECT_THAT(ErrorOf("SELECT airlift.hold_snapshot('held', wait => '1 second')"), HasSubstr("57014"));
  ExpectNothingLeft(*writer);
}

TEST_F(InterruptedWait, ByCancel) {
  const Session writer = Writer();
  EXPECT_THAT(ErrorOf("SET statement_timeout = '1s'; SELECT airlift.hold_snapshot('held')"), HasSubstr("57014"));
  ExpectNothingLeft(*writer);
}

TEST_F(InterruptedWait, ByTheEndOfItsSession) {
  const Session writer = Writer();
  const Session caller = Connect();
  auto error = std::async(std::launch::async, [&] { return ErrorOf(*caller, kHoldWithSlot); });
  WaitUntilWaiting();
  Execute("SELECT pg_terminate_backend(" + std::to_string(PQbackendPID(caller->get())) + ")");
  EXPECT_THAT(error.get(), HasSubstr("administrator command"));
  ExpectNothingLeft(*writer);
}

TEST_F(InterruptedWait, ByTheEndOfItsWorker) {
  const Session writer = Writer();
  auto error = std::async(std::launch::async, [&] { return ErrorOf(kHoldWithSlot); });
  WaitUntilWaiting();
  Execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'pg_airlift held snapshot'");
  EXPECT_THAT(error.get(), HasSubstr("background worker ended"));
  ExpectNothingLeft(*writer);
}

TEST_F(InterruptedWait, ByACrash) {
  const Session writer = Writer();
  auto error = std::async(std::launch::async, [&] { return ErrorOf(kHoldWithSlot); });
  WaitUntilWaiting();
  source().Stop("immediate");
  EXPECT_NE(error.get(), "");
  source().Start();
  EXPECT_EQ(Slots(), "");
}

TEST_F(HeldSnapshot, TellsWhoItWaitsFor) {
  const Session writer = Connect();
  writer->Execute("BEGIN; INSERT INTO t VALUES (2000)");
  std::string notices;
  const Session caller = Connect();
  PQsetNoticeReceiver(
      caller->get(),
      [](void* to, const PGresult* notice) {
        *static_cast<std::string*>(to) += PQresultErrorField(notice, PG_DIAG_MESSAGE_DETAIL);
      },
      &notices);
  ErrorOf(*caller, "SELECT airlift.hold_snapshot('held', wait => '3 seconds')");
  EXPECT_THAT(notices, HasSubstr("pid " + std::to_string(PQbackendPID(writer->get()))));
  writer->Execute("PREPARE TRANSACTION 'forgotten'");
  notices.clear();
  ErrorOf(*caller, "SELECT airlift.hold_snapshot('held', wait => '3 seconds')");
  EXPECT_THAT(notices, HasSubstr("prepared transaction 'forgotten'"));
  writer->Execute("ROLLBACK PREPARED 'forgotten'");
}

TEST_F(HeldSnapshot, WaitsForWritersAndThenHolds) {
  const Session writer = Connect();
  writer->Execute("BEGIN; INSERT INTO t VALUES (2000)");
  auto held = std::async(std::launch::async, [&] { return Connect()->Query(kHoldWithSlot).Text(0, 1); });
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  writer->Execute("COMMIT");
  EXPECT_EQ(CountUnder(held.get()), "101");
}

TEST_F(HeldSnapshot, ACrashLeavesThePersistentSlotOnly) {
  Connect()->Query(kHoldWithSlot);
  source().Stop("immediate");
  source().Start();
  EXPECT_EQ(Value("SELECT count(*) FROM airlift.held_snapshots()"), "0");
  EXPECT_EQ(Value("SELECT slot_name || active FROM pg_replication_slots"), "heldfalse");
}

TEST_F(HeldSnapshot, AFastShutdownIsNotHeldUp) {
  Connect()->Query(kHoldWithSlot);
  const auto started = std::chrono::steady_clock::now();
  source().Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(10));
  source().Start();
  EXPECT_EQ(Slots(), "held");
}

TEST_F(HeldSnapshot, RefusesWhatCannotWork) {
  EXPECT_THAT(ErrorOf("BEGIN; INSERT INTO t VALUES (3000); SELECT airlift.hold_snapshot('held')"),
              HasSubstr("in a transaction that has written"));
  EXPECT_THAT(ErrorOf("SELECT airlift.hold_snapshot('No Slot Name')"), HasSubstr("42602"));
  EXPECT_THAT(ErrorOf("SELECT airlift.hold_snapshot(max_hold => '-1 second')"), HasSubstr("max_hold must be"));
  EXPECT_THAT(ErrorOf("SELECT airlift.hold_snapshot(wait => '0')"), HasSubstr("wait must be"));
  Execute(kHoldWithSlot);
  EXPECT_THAT(ErrorOf(kHoldWithSlot), HasSubstr("\"held\" already exists"));
  EXPECT_EQ(Value("SELECT count(*) FROM airlift.held_snapshots()"), "1");
}

TEST_F(HeldSnapshot, RefusesWithoutFreeSlot) {
  const std::string free = Value("SELECT current_setting('max_replication_slots')");
  Execute("SELECT pg_create_physical_replication_slot('full' || i) FROM generate_series(1, " + free + ") i");
  EXPECT_THAT(ErrorOf(kHoldWithSlot), HasSubstr("max_replication_slots"));
}

TEST_F(HeldSnapshot, IsForReplicationRoles) {
  Execute("CREATE ROLE plain LOGIN; CREATE ROLE replicator LOGIN REPLICATION; CREATE ROLE other LOGIN REPLICATION");
  EXPECT_THAT(ErrorOf(*ConnectAs("plain"), "SELECT airlift.hold_snapshot()"), HasSubstr("42501"));
  const std::string id = ConnectAs("replicator")->Query(kHoldWithSlot).Text(0, 0);
  EXPECT_EQ(ConnectAs("plain")->Query("SELECT held_by FROM airlift.held_snapshots()").Text(0, 0), "replicator");
  for (const char* release : {"SELECT airlift.release_snapshot(", "SELECT airlift.end_held_snapshot("})
    EXPECT_THAT(ErrorOf(*ConnectAs("other"), release + id + ")"), HasSubstr("42501"));
  EXPECT_EQ(ConnectAs("replicator")->Query("SELECT airlift.release_snapshot(" + id + ", true)").Text(0, 0), "t");
  EXPECT_EQ(Slots(), "");
  Execute("DROP ROLE plain, replicator, other");
}

TEST_F(HeldSnapshot, ASubscriptionMayUseTheSlotMeanwhile) {
  Execute("CREATE PUBLICATION p FOR TABLE t");
  const Result held = Connect()->Query(kHoldWithSlot);
  source().CreateDatabase(database() + "_copy");
  const Session copy = source().Connect(database() + "_copy");
  copy->Execute("CREATE TABLE t (id int PRIMARY KEY)");
  copy->Execute("CREATE SUBSCRIPTION s CONNECTION " + copy->QuoteLiteral(source().Superuser(database()).ToString()) +
                " PUBLICATION p WITH (create_slot = false, slot_name = 'held', copy_data = false)");
  Execute("INSERT INTO t VALUES (4000)");
  for (int i = 0; i < 200 && copy->Query("SELECT FROM t").rows() == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(copy->Query("SELECT string_agg(id::text, ',') FROM t").Text(0, 0), "4000");
  EXPECT_EQ(CountUnder(held.Text(0, 1)), "100");
  EXPECT_THAT(ErrorOf("SELECT airlift.release_snapshot(" + held.Text(0, 0) + ", true)"), HasSubstr("is in use"));
  EXPECT_EQ(CountUnder(held.Text(0, 1)), "100");
  copy->Execute("DROP SUBSCRIPTION s");
  source().DropDatabase(database() + "_copy");
}

TEST(HeldSnapshotWithoutLogicalWal, IsRefusedWithASlotOnly) {
  Cluster server(Side::kSource, {"wal_level=replica"});
  server.Execute("postgres", "CREATE EXTENSION pg_airlift");
  EXPECT_EQ(server.Value("postgres", "SELECT count(*) FROM airlift.hold_snapshot()"), "1");
  try {
    server.Execute("postgres", kHoldWithSlot);
    FAIL() << "a slot without wal_level logical";
  } catch (const SqlError& error) {
    EXPECT_THAT(error.primary(), HasSubstr("wal_level"));
  }
}

}  // namespace
}  // namespace airlift::test
