// compare --since-verified and the cutover's use of it: whatever touches a row on the source makes it compared, what
// was corrupted among those is found and located, and what cannot be told is never "verified".
#include <gmock/gmock.h>
#include <signal.h>

#include <thread>

#include "support/cutover_case.h"

namespace airlift::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kSchema = R"(
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE DOMAIN code AS text CHECK (VALUE <> '');
CREATE TABLE plain (id bigint PRIMARY KEY, note text, big text);
ALTER TABLE plain ALTER big SET STORAGE EXTERNAL;
CREATE TABLE by_uuid (id uuid PRIMARY KEY, v int);
CREATE TABLE by_text (id text PRIMARY KEY, v int);
CREATE TABLE by_numeric (id numeric PRIMARY KEY, v int);
CREATE TABLE by_time (id timestamptz PRIMARY KEY, v int);
CREATE TABLE by_bytea (id bytea PRIMARY KEY, v int);
CREATE TABLE by_mood (m mood, c code, PRIMARY KEY (c, m), v int);
CREATE TABLE by_interval (i interval PRIMARY KEY, v int);
CREATE TABLE by_float (f float8, d date, ts timestamp, PRIMARY KEY (f, d, ts), v int);
CREATE TABLE by_char (a char(5), b varchar(9), PRIMARY KEY (b, a), v int);
CREATE TABLE by_array (a int[] PRIMARY KEY, v int);
CREATE SCHEMA "o""dd";
CREATE TABLE "o""dd"."ta ble'$$;--" ("k ey" int, "an""other" text, v int, PRIMARY KEY ("an""other", "k ey"));
CREATE TABLE measure (day date, id int, v int, PRIMARY KEY (day, id)) PARTITION BY RANGE (day);
CREATE TABLE measure_26 PARTITION OF measure FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE measure_rest PARTITION OF measure DEFAULT;
CREATE TABLE routed (m mood, id int, v int, PRIMARY KEY (m, id)) PARTITION BY HASH (m);
CREATE TABLE routed_0 PARTITION OF routed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE routed_1 PARTITION OF routed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE keyless (a int, b text);
ALTER TABLE keyless REPLICA IDENTITY FULL;
CREATE TABLE full_key (id int PRIMARY KEY, v text);
ALTER TABLE full_key REPLICA IDENTITY FULL;
CREATE TABLE other_identity (id int PRIMARY KEY, u int NOT NULL UNIQUE, v int);
ALTER TABLE other_identity REPLICA IDENTITY USING INDEX other_identity_u_key;
CREATE TABLE cut (id int PRIMARY KEY, v int);
CREATE TABLE quiet (id int PRIMARY KEY, v int);
INSERT INTO plain SELECT g, 'n' || g, repeat(md5(g::text), 200) FROM generate_series(1, 3000) g;
INSERT INTO by_uuid SELECT md5(g::text)::uuid, g FROM generate_series(1, 50) g;
INSERT INTO by_text SELECT g || E' it''s "\\ \n\t,(){} ü€', g FROM generate_series(1, 50) g;
INSERT INTO by_text VALUES ('', 0), ('NULL', 0), (repeat('long ', 300), 0);
INSERT INTO by_numeric VALUES (1.0, 1), (2.50, 2), ('NaN', 3), (1e30, 4), (-0.000001, 5);
INSERT INTO by_time SELECT '2026-01-01 12:00+00'::timestamptz + g * '1.000001 s'::interval, g FROM generate_series(1, 50) g;
INSERT INTO by_time VALUES ('infinity', 0), ('0044-03-15 12:00+00 BC', 0);
INSERT INTO by_bytea SELECT decode(md5(g::text), 'hex'), g FROM generate_series(1, 50) g;
INSERT INTO by_mood SELECT 'glad', 'c' || g, g FROM generate_series(1, 50) g;
INSERT INTO by_interval VALUES ('1 mon', 1), ('-3 days 4:05:06.789', 2);
INSERT INTO by_float VALUES (0.1, '2026-01-01', '2026-01-01 01:02:03.000004', 1), ('-Infinity', '0001-01-01 BC', 'infinity', 2), (1e-300, 'infinity', '1999-01-08', 3);
INSERT INTO by_char VALUES ('ab', 'x ', 1), ('c', '', 2);
INSERT INTO by_array VALUES ('{1,2}', 1), ('[3:4]={5,NULL}', 2), ('{}', 3);
INSERT INTO "o""dd"."ta ble'$$;--" SELECT g, 'x"''' || g, g FROM generate_series(1, 50) g;
INSERT INTO measure SELECT '2026-12-20'::date + g, g, g FROM generate_series(1, 50) g;
INSERT INTO routed SELECT CASE WHEN g % 2 = 0 THEN 'glad' ELSE 'sad' END::mood, g, g FROM generate_series(1, 50) g;
INSERT INTO keyless VALUES (1, 'a'), (1, 'a'), (2, NULL);
INSERT INTO full_key SELECT g, repeat(md5(g::text), 200) FROM generate_series(1, 20) g;
INSERT INTO other_identity SELECT g, g, g FROM generate_series(1, 20) g;
INSERT INTO cut SELECT g, g FROM generate_series(1, 20) g;
INSERT INTO quiet SELECT g, g FROM generate_series(1, 20) g;
)";

// Of every kind of key: an update, a change of the key, a deletion, an insertion.
constexpr const char* kChanges = R"(
UPDATE plain SET note = 'changed' WHERE id <= 10;
UPDATE plain SET id = id + 100000 WHERE id BETWEEN 11 AND 15;
DELETE FROM plain WHERE id BETWEEN 16 AND 20;
INSERT INTO plain SELECT g, 'new', repeat('x', 9000) FROM generate_series(4001, 4010) g;
BEGIN; SAVEPOINT a; UPDATE plain SET note = 'sub' WHERE id = 21; SAVEPOINT b; UPDATE plain SET note = 'gone' WHERE id = 22;
ROLLBACK TO b; UPDATE plain SET note = 'sub' WHERE id = 23; COMMIT;
BEGIN; UPDATE plain SET note = 'rolled back' WHERE id = 24; ROLLBACK;
UPDATE by_uuid SET v = -v WHERE v = 7; UPDATE by_uuid SET id = md5('new')::uuid WHERE v = 8; DELETE FROM by_uuid WHERE v = 9;
UPDATE by_text SET v = -1 WHERE v <= 3; UPDATE by_text SET id = id || ' moved' WHERE v = 5; DELETE FROM by_text WHERE v = 6;
UPDATE by_numeric SET v = v + 10; UPDATE by_numeric SET id = 1.000 WHERE id = 1; DELETE FROM by_numeric WHERE id = 1e30;
UPDATE by_time SET v = v + 10 WHERE v < 9; DELETE FROM by_time WHERE v = 20;
UPDATE by_bytea SET v = v + 10 WHERE v < 9; UPDATE by_bytea SET id = '\x00ff' WHERE v = 30;
UPDATE by_mood SET m = 'sad' WHERE v = 3; UPDATE by_mood SET v = -4 WHERE v = 4; INSERT INTO by_mood VALUES ('sad', 'c1', 99);
UPDATE by_interval SET v = v + 1; UPDATE by_float SET v = v + 1; UPDATE by_char SET v = v + 1; UPDATE by_array SET v = v + 1;
UPDATE by_array SET a = '{7,8,9}' WHERE a = '{}';
UPDATE "o""dd"."ta ble'$$;--" SET v = -v WHERE v <= 3; UPDATE "o""dd"."ta ble'$$;--" SET "k ey" = 1000 WHERE v = 4;
UPDATE measure SET v = -v WHERE id <= 3; UPDATE measure SET day = day + 20 WHERE id = 4; DELETE FROM measure WHERE id = 5;
INSERT INTO measure VALUES ('2030-01-01', 1, 1);
UPDATE routed SET v = -v WHERE id <= 3; UPDATE routed SET m = 'sad' WHERE id = 4; DELETE FROM routed WHERE id = 5;
UPDATE full_key SET id = id + 100 WHERE id <= 3; DELETE FROM full_key WHERE id = 4;
UPDATE other_identity SET v = -1 WHERE id = 1;
INSERT INTO keyless VALUES (3, 'c');
)";

class SinceVerified : public CutoverCase {
 protected:
  void SetUp() override {
    CutoverCase::SetUp();
    source().Psql(database(), kSchema);
    Replicate(0, {"--audit-slot"});
  }

  void Corrupt(const std::string& sql) { target().Psql(database(), "SET session_replication_role = replica;\n" + sql); }
  ProcessResult Compare(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"--since-verified", "--data-only"});
    return Airlift("compare", more);
  }
  ProcessResult Status(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"status", "--source", SourceConnInfo(), "--target", TargetConnInfo()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunHelper(arguments);
  }
  std::string AuditSlot() { return target().Value(database(), "SELECT slot FROM airlift_state.audit"); }
  std::string AuditLsn() { return target().Value(database(), "SELECT lsn FROM airlift_state.audit"); }
  // Rows that were compared by key; "null" where the table was compared in full.
  json Keys(const std::string& table, const std::string& schema = "public") {
    return EvidenceOf(schema, table).value("changed_keys", json());
  }
};

TEST_F(SinceVerified, EveryKindOfChangeAndKey) {
  const std::string before = AuditLsn();
  source().Psql(database(), kChanges);
  const ProcessResult result = Compare();
  ASSERT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_THAT(result.out, HasSubstr("verdict: verified"));
  EXPECT_EQ(Keys("plain"), 10 + 10 + 5 + 10 + 2);
  EXPECT_EQ(Keys("by_uuid"), 4);
  EXPECT_EQ(Keys("by_numeric"), 6) << "1.0 and 1.000 are two forms";
  EXPECT_EQ(Keys("by_mood"), 4);
  EXPECT_EQ(Keys("ta ble'$$;--", "o\"dd"), 5);
  EXPECT_EQ(Keys("measure"), 3 + 2 + 1 + 1);
  EXPECT_EQ(Keys("routed"), 3 + 2 + 1);
  EXPECT_EQ(Keys("full_key"), 3 + 3 + 1);
  EXPECT_EQ(Keys("quiet"), 0);
  for (const char* table : {"keyless", "other_identity"}) EXPECT_TRUE(Keys(table).is_null()) << table;
  EXPECT_EQ(Evidence().at("since_lsn"), before);

  // It has become the last verification: nothing is compared twice.
  EXPECT_NE(AuditLsn(), before);
  EXPECT_EQ(source().Value(database(), "SELECT confirmed_flush_lsn FROM pg_replication_slots WHERE slot_name = '" +
                                           AuditSlot() + "'"),
            AuditLsn());
  ASSERT_EQ(Compare().status, kVerified);
  EXPECT_EQ(Keys("plain"), 0);
}

TEST_F(SinceVerified, ACorruptedRowIsFoundWhereTheSourceChangedIt) {
  const std::string before = AuditLsn();
  source().Psql(database(), kChanges);
  ASSERT_EQ(Airlift("compare", {"--live", "--data-only"}).status, kVerified) << "applied";
  Corrupt(R"(
    UPDATE plain SET note = 'forged' WHERE id = 3;
    DELETE FROM plain WHERE id = 100012;
    INSERT INTO plain VALUES (16, 'back again', '');
    UPDATE by_text SET v = 77 WHERE v = -1 AND id LIKE '2 %';
    UPDATE by_time SET v = 77 WHERE v = 13;
    UPDATE "o""dd"."ta ble'$$;--" SET v = 77 WHERE "k ey" = 1000;
    UPDATE routed SET v = 77 WHERE id = 4;
    UPDATE quiet SET v = 77 WHERE id = 5;)");
  for (int again = 0; again < 2; ++again) {
    const ProcessResult result = Compare();
    ASSERT_EQ(result.status, kDiffers) << result.Describe();
    const json plain = EvidenceOf("public", "plain");
    EXPECT_EQ(plain["verdict"], "differs");
    EXPECT_EQ(plain["differences"]["changed"], 1);
    EXPECT_EQ(plain["differences"]["missing_on_target"], 1);
    EXPECT_EQ(plain["differences"]["extra_on_target"], 1);
    EXPECT_EQ(plain["differences"]["columns"], json({{"note", 1}}));
    EXPECT_THAT(plain["differences"]["rows"].dump(), HasSubstr("100012"));
    for (const char* table : {"by_text", "by_time", "routed"})
      EXPECT_EQ(EvidenceOf("public", table)["differences"]["changed"], 1) << table;
    EXPECT_EQ(EvidenceOf("o\"dd", "ta ble'$$;--")["differences"]["changed"], 1);
    // By design: what the source did not touch is not looked at.
    EXPECT_EQ(EvidenceOf("public", "quiet")["verdict"], "verified");
    EXPECT_EQ(AuditLsn(), before) << "what differs is no verification";
  }
  ASSERT_EQ(Airlift("compare", {"--data-only"}).status, kDiffers);
  EXPECT_EQ(EvidenceOf("public", "quiet")["verdict"], "differs");
}

TEST_F(SinceVerified, WhatTheStreamDoesNotTellIsComparedInFull) {
  source().Psql(database(), R"(
    TRUNCATE cut; INSERT INTO cut VALUES (1, 1);
    ALTER TABLE by_uuid ALTER v TYPE int USING v + 0, ALTER v SET DEFAULT 5;
    ALTER TABLE by_time ADD late int DEFAULT 7;)");
  target().Psql(database(), "ALTER TABLE by_time ADD late int DEFAULT 7");
  Corrupt("UPDATE by_uuid SET v = 77 WHERE v = 5");
  const ProcessResult result = Compare();
  ASSERT_EQ(result.status, kDiffers) << result.Describe();
  EXPECT_TRUE(Keys("cut").is_null() && Keys("by_uuid").is_null() && Keys("by_time").is_null());
  EXPECT_EQ(EvidenceOf("public", "cut")["verdict"], "verified");
  EXPECT_EQ(EvidenceOf("public", "by_time")["verdict"], "verified");
  EXPECT_EQ(EvidenceOf("public", "by_uuid")["differences"]["changed"], 1);
  EXPECT_THAT(result.out, HasSubstr("public.cut: compared in full: it was truncated"));

  source().Psql(database(), "UPDATE routed SET v = -1; ALTER TYPE mood RENAME VALUE 'sad' TO 'gloomy'");
  EXPECT_EQ(Compare().status, kDiffers);
  EXPECT_EQ(EvidenceOf("public", "routed")["verdict"], "differs") << "no row of it was written on the target";
}

TEST_F(SinceVerified, ATableThatIsWrittenToMeanwhileIsNotVerified) {
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    const auto connection = source().Connect(database());
    while (!stop) connection->Execute("UPDATE plain SET note = note || 'x' WHERE id = 1");
  });
  std::this_thread::sleep_for(300ms);
  const std::string before = AuditLsn();
  const ProcessResult result = Compare();
  stop = true;
  writer.join();
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_EQ(EvidenceOf("public", "plain")["verdict"], "not verified");
  EXPECT_EQ(EvidenceOf("public", "quiet")["verdict"], "verified");
  EXPECT_EQ(AuditLsn(), before);
  EXPECT_EQ(Compare().status, kVerified);
}

TEST_F(SinceVerified, KilledAtAnyTimeNothingIsLost) {
  source().Psql(database(), "UPDATE plain SET note = 'many' WHERE id > 100");
  ASSERT_EQ(Airlift("compare", {"--live", "--data-only"}).status, kVerified) << "applied";
  Corrupt("UPDATE plain SET note = 'forged' WHERE id = 2999");
  for (const auto after : {50ms, 120ms, 200ms, 300ms}) {
    auto process = StartHelper(Arguments("compare", {"--since-verified", "--data-only"}));
    std::this_thread::sleep_for(after);
    process->Signal(SIGKILL);
    process->Wait();
  }
  ProcessResult result;
  // The server notices that its client is gone a moment later.
  for (int i = 0; i < 50; ++i) {
    result = Compare();
    if (result.err.find("is active") == std::string::npos) break;
    std::this_thread::sleep_for(100ms);
  }
  ASSERT_EQ(result.status, kDiffers) << result.Describe();
  EXPECT_EQ(EvidenceOf("public", "plain")["differences"]["changed"], 1);
}

TEST_F(SinceVerified, ALostSlotIsNeverVerified) {
  const std::string slot = AuditSlot();
  const ProcessResult status = Status({"--json"});
  EXPECT_EQ(json::parse(status.out)["audit"]["slot"], slot) << status.Describe();
  source().Execute(database(), "SELECT pg_drop_replication_slot('" + slot + "')");
  const ProcessResult result = Compare();
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("is gone"));
  EXPECT_THAT(Status().out, HasSubstr("attention: audit slot"));

  // One that is made anew at another position does not stand for the old one.
  source().Execute(database(), "SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
  EXPECT_THAT(Compare().err, HasSubstr("beyond"));

  // A full comparison makes a new one.
  const ProcessResult full = Airlift("compare", {"--audit-slot", "--data-only"});
  ASSERT_EQ(full.status, kVerified) << full.Describe();
  source().Psql(database(), kChanges);
  EXPECT_EQ(Compare().status, kVerified);
  EXPECT_EQ(Keys("by_uuid"), 4);
}

// What a former primary sent and a promoted standby lacks is in no WAL that the slot could decode.
TEST_F(SinceVerified, AnotherTimelineIsNeverVerified) {
  target().Execute(database(), "UPDATE airlift_state.seen_source SET timeline = timeline + 1");
  const ProcessResult result = Compare();
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_THAT(result.err, HasSubstr("the source is on another timeline than at the last full verification"));
  EXPECT_THAT(Status().out, HasSubstr("a standby was promoted"));
  const ProcessResult full = Airlift("compare", {"--audit-slot", "--data-only"});
  ASSERT_EQ(full.status, kVerified) << full.Describe();
  EXPECT_EQ(Compare().status, kVerified);
}

TEST_F(SinceVerified, TheCutoverComparesWhatChanged) {
  source().Psql(database(), kChanges);
  const ProcessResult result = CutOver();
  ASSERT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_THAT(result.out, HasSubstr("verified in full at"));
  EXPECT_EQ(Keys("by_uuid"), 4);
  EXPECT_EQ(Phase(), "open");
  EXPECT_EQ(source().Value(database(), "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"),
            "0");
  ExpectSameContents();
  EXPECT_EQ(CleanUp({"--unfence"}).status, 0);
}

TEST_F(SinceVerified, TheCutoverStopsAtACorruptedRow) {
  source().Psql(database(), kChanges);
  ASSERT_EQ(Airlift("compare", {"--live", "--data-only"}).status, kVerified) << "applied";
  Corrupt("UPDATE plain SET note = 'forged' WHERE id = 3");
  const ProcessResult result = CutOver();
  EXPECT_EQ(result.status, kDiffers) << result.Describe();
  EXPECT_EQ(Phase(), "replicating");
  EXPECT_EQ(EvidenceOf("public", "plain")["differences"]["changed"], 1);
  // A row that nobody changed is found by the full pass that can be asked for, and by one that a lost slot leaves.
  Corrupt("UPDATE plain SET note = 'changed' WHERE id = 3; UPDATE quiet SET v = 77 WHERE id = 5");
  EXPECT_EQ(CutOver({"--full-verify"}).status, kDiffers);
  source().Execute(database(), "SELECT pg_drop_replication_slot('" + AuditSlot() + "')");
  const ProcessResult without = CutOver();
  EXPECT_EQ(without.status, kDiffers) << without.Describe();
  EXPECT_THAT(without.out, HasSubstr("every row is compared: the audit slot"));
  EXPECT_EQ(CleanUp({"--abandon"}).status, 0);
  EXPECT_EQ(source().Value(database(), "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"),
            "0");
}

}  // namespace
}  // namespace airlift::test
