// Large objects and sequences between a source and a managed target, below the program's commands.
#include "large_objects/large_objects.h"

#include <gmock/gmock.h>

#include "sequences/sequences.h"
#include "support/move_test.h"

namespace airlift::test {
namespace {

constexpr const char* kObjects = R"(
SELECT lo_create(100);
SELECT lo_from_bytea(101, '\x00'), lo_from_bytea(102, '\x0000ff');
SELECT lo_create(103); SELECT lo_put(103, 5000000, 'x');                              -- a hole before the end
SELECT lo_create(104); SELECT lo_put(104, 3000000, '\x00');                           -- zeros only
SELECT lo_create(105); SELECT lo_put(105, 0, 'abc'); SELECT lo_put(105, 6144, 'def');  -- a short page, then a hole
SELECT lo_create(106); SELECT lo_put(106, 262143, 'yz');                              -- over the chunks' border
SELECT lo_create(107); SELECT lo_put(107, 262143, '\x00');                            -- one chunk, all zeros
SELECT lo_create(108); SELECT lo_put(108, 0, repeat('z', 5000)::bytea); SELECT lo_put(108, 262143, '\x00');
SELECT lo_create(109); SELECT lo_put(109, 0, 'a'); SELECT lo_put(109, 262144 + 3000, 'q');
SELECT lo_create(4294967295);
SELECT lo_from_bytea(0, decode(string_agg(md5((g * 31 + i)::text), ''), 'hex'))
FROM generate_series(1, 1500) g, generate_series(1, 3) i GROUP BY g;
)";

class ObjectsTest : public MoveTest {
 protected:
  void SetUp() override {
    MoveTest::SetUp();
    for (Cluster* cluster : {&source(), &target()}) {
      if (cluster->Value("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'objects_owner'") != "0") continue;
      // On the target by master, as a migration would.
      const std::string sql = "CREATE ROLE objects_owner; CREATE ROLE \"Objects \"\"reader\"";
      if (cluster->side() == Side::kSource) {
        cluster->Psql("postgres", sql + "; CREATE ROLE objects_missing; CREATE ROLE objects_poor LOGIN");
      } else {
        cluster->Connect(cluster->Login("postgres", "master", kMasterPassword))->Execute(sql);
      }
    }
    Reconnect();
  }
  void TearDown() override {
    source_.reset();
    target_.reset();
    MoveTest::TearDown();
  }
  bool WithExtension() const override { return false; }

  void Reconnect() {
    source_ = std::make_unique<Connection>(source().Superuser(database()), Side::kSource);
    target_ = std::make_unique<Connection>(target().Login(database(), "master", kMasterPassword), Side::kTarget);
  }

  void CopyAll() {
    const Transaction on_source(*source_, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    for (const LargeObjectBatch& batch : PlanLargeObjects(*source_)) {
      Transaction on_target(*target_);
      const LargeObjectCopyOutcome outcome = CopyLargeObjects(*source_, *target_, batch, meter_);
      on_target.Commit();
      EXPECT_EQ(outcome.objects, batch.objects);
      EXPECT_EQ(outcome.bytes, batch.bytes);
      EXPECT_EQ(outcome.digest, DigestLargeObjects(*source_, batch, meter_));
      EXPECT_EQ(outcome.digest, DigestLargeObjects(*target_, batch, meter_));
    }
  }

  // Batches whose digests differ.
  int Differing() {
    int differing = 0;
    for (const LargeObjectBatch& batch : PlanLargeObjects(*source_)) {
      if (DigestLargeObjects(*source_, batch, meter_) != DigestLargeObjects(*target_, batch, meter_)) ++differing;
    }
    return differing;
  }

  std::unique_ptr<Connection> source_, target_;
  Meter meter_;
};

TEST_F(ObjectsTest, EveryContentArrives) {
  source().Psql(database(), kObjects);
  CopyAll();
  ExpectSameContents();
  EXPECT_EQ(Differing(), 0);
  // Holes stay holes: of 10 MB of zeros, nothing like that many pages.
  EXPECT_LT(std::stoi(target().Value(database(), "SELECT count(*) FROM pg_largeobject WHERE loid < 200")), 60);
}

TEST_F(ObjectsTest, ADifferenceIsNoticed) {
  source().Psql(database(), kObjects);
  CopyAll();
  for (const char* change :
       {"SELECT lo_put(103, 77, 'x')", "SELECT lo_put(104, 3000001, '\\x00')", "SELECT lo_unlink(100)",
        "SELECT lo_from_bytea(5, 'extra')", "SELECT lo_create(4294967294)"}) {
    const Transaction undone(*target_);
    target_->Execute(change);
    EXPECT_EQ(Differing(), 1) << change;
  }
  EXPECT_EQ(Differing(), 0);
}

TEST_F(ObjectsTest, AnExistingObjectIsAnErrorAndARolledBackBatchIsNone) {
  source().Psql(database(), kObjects);
  const LargeObjectBatch all{1, 200, 0, 0};
  {
    const Transaction rolled_back(*target_);
    CopyLargeObjects(*source_, *target_, all, meter_);
  }
  CopyAll();
  try {
    const Transaction again(*target_);
    CopyLargeObjects(*source_, *target_, all, meter_);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "large object 100 exists on the target already");
  }
  // The connection is usable, and so is the next batch on it.
  EXPECT_EQ(target_->Query("SELECT 1").Text(0, 0), "1");
}

TEST_F(ObjectsTest, AnObjectThatMayNotBeReadIsNamed) {
  source().Psql(database(), "SELECT lo_from_bytea(4711, 'secret')");
  source_ = std::make_unique<Connection>(source().Superuser(database()).With("user", "objects_poor"), Side::kSource);
  try {
    PlanLargeObjects(*source_);
    ADD_FAILURE() << "no error";
  } catch (const SqlError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("permission denied for large object 4711"));
  }
}

TEST_F(ObjectsTest, OwnersGrantsAndCommentsAreCarriedOver) {
  source().Psql(database(), R"(
SELECT lo_create(1), lo_create(2), lo_create(3), lo_create(4);
ALTER LARGE OBJECT 1 OWNER TO objects_owner; ALTER LARGE OBJECT 2 OWNER TO "Objects ""reader";
ALTER LARGE OBJECT 3 OWNER TO objects_owner; ALTER LARGE OBJECT 4 OWNER TO objects_missing;
GRANT SELECT ON LARGE OBJECT 1 TO "Objects ""reader" WITH GRANT OPTION;
SET ROLE "Objects ""reader"; GRANT SELECT ON LARGE OBJECT 1 TO PUBLIC; RESET ROLE;
SET ROLE objects_owner; REVOKE UPDATE ON LARGE OBJECT 3 FROM objects_owner; RESET ROLE;
COMMENT ON LARGE OBJECT 2 IS E'it''s a \\ comment')");
  CopyAll();
  const std::vector<LeftOut> left_out = ApplyLargeObjectOwnersAndGrants(*source_, *target_);
  ASSERT_EQ(left_out.size(), 1u);
  EXPECT_EQ(left_out[0].kind, "OWNER");
  EXPECT_EQ(left_out[0].object, "large object 4");
  EXPECT_EQ(left_out[0].reason, "role objects_missing does not exist on the target");
  const auto differences = CompareLargeObjectMetadata(*source_, *target_);
  ASSERT_EQ(differences.size(), 1u);
  EXPECT_EQ(differences[0].property, "owner");
  EXPECT_EQ(differences[0].source, "objects_missing");
  EXPECT_EQ(differences[0].target, "master");
  const std::string metadata =
      "SELECT string_agg(concat_ws(' ', oid, lomowner::regrole, lomacl, obj_description(oid, 'pg_largeobject')), "
      "E'\\n' "
      "ORDER BY oid) FROM pg_largeobject_metadata WHERE oid < 4";
  EXPECT_EQ(source().Value(database(), metadata), target().Value(database(), metadata));
  EXPECT_TRUE(ApplyLargeObjectOwnersAndGrants(*source_, *target_).size() == 1) << "a second time changes nothing";
}

constexpr const char* kSequences = R"(
CREATE SCHEMA "we ird.""x";
CREATE SEQUENCE "we ird.""x"."new
line.'%s\";
CREATE SEQUENCE never;
CREATE SEQUENCE at_max MAXVALUE 5; SELECT setval('at_max', 5);
CREATE SEQUENCE descending INCREMENT -3 MINVALUE -9223372036854775808 MAXVALUE -1 START -1;
SELECT setval('descending', -9223372036854775808);
CREATE SEQUENCE cycling MINVALUE 1 MAXVALUE 2 CYCLE; SELECT nextval('cycling'), nextval('cycling'), nextval('cycling');
CREATE SEQUENCE not_called; SELECT setval('not_called', 9223372036854775807, false);
CREATE TABLE t (id serial, b int GENERATED ALWAYS AS IDENTITY); INSERT INTO t DEFAULT VALUES;
)";

TEST_F(ObjectsTest, SequencesKeepIsCalledAndRefusalsAreListed) {
  source().Psql(database(), kSequences);
  source().Psql(database(), "SELECT setval(c.oid::regclass, 3) FROM pg_class c WHERE relname LIKE 'new%'");
  target_->Execute(std::string("SET search_path = public;") + kSequences);
  target_->Execute("SELECT setval(c.oid::regclass, 1, false) FROM pg_class c WHERE relname LIKE 'new%'");
  const std::vector<SequenceValue> values = ReadSequences(*source_);
  EXPECT_EQ(values.size(), 8u);
  EXPECT_TRUE(SetSequences(*target_, values).empty());
  for (const auto& sequence : CompareSequences(values, ReadSequences(*target_)))
    EXPECT_EQ(sequence.verdict, Verdict::kVerified) << sequence.name << ": " << sequence.reason;
  ExpectSameContents();

  target_->Execute("DROP SEQUENCE never; ALTER SEQUENCE at_max RESTART 1 MAXVALUE 4; SELECT setval('cycling', 2)");
  // In a transaction a refusal must not spoil the rest.
  Transaction transaction(*target_);
  const std::vector<LeftOut> left_out = SetSequences(*target_, values);
  transaction.Commit();
  ASSERT_EQ(left_out.size(), 2u);
  EXPECT_EQ(left_out[0].object, "public.at_max");
  EXPECT_EQ(left_out[0].reason, "setval: value 5 is out of bounds for sequence \"at_max\" (1..4)");
  EXPECT_EQ(left_out[1].object, "public.never");
  int differing = 0;
  for (const auto& sequence : CompareSequences(values, ReadSequences(*target_)))
    if (sequence.verdict == Verdict::kDiffers) ++differing;
  EXPECT_EQ(differing, 2);
}

}  // namespace
}  // namespace airlift::test
