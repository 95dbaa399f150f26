// What a comparison must notice, and what it must not mistake for a difference, side by side: a copy of a verified move
// is changed on the target and compared again.
#include <thread>

#include "support/move_test.h"

namespace airlift::test {
namespace {

constexpr const char* kSource = R"(
SET timezone = 'UTC';
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE t (
  id bigint PRIMARY KEY, txt text, other text, padded char(5), num numeric, f float8, ts timestamptz, d date, tm interval,
  b bytea, j json, jb jsonb, a int[], m mood, ms mood[], flag boolean);
INSERT INTO t SELECT g, 'text ' || g, 'other ' || g, 'x', g + 0.10, g, timestamptz '2024-01-01' + g * interval '1 minute',
  '2024-01-01', '1 day', '\x00ff', '{"a": 1}', '{"a": 1, "b": 2}', ARRAY[g, NULL], 'ok', '{ok,sad}', true
FROM generate_series(1, 500) g;
UPDATE t SET txt = NULL WHERE id = 10;
UPDATE t SET txt = '' WHERE id = 11;
UPDATE t SET f = '0' WHERE id = 12;
UPDATE t SET txt = 'same', other = 'different' WHERE id = 13;
CREATE FUNCTION notice() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER noticed BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION notice();
CREATE TABLE keyless (a int, b text NOT NULL);
INSERT INTO keyless SELECT g / 2, 'dup' FROM generate_series(1, 100) g;
CREATE TABLE parts (id int, v text) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (1000);
INSERT INTO parts SELECT g, 'v' || g FROM generate_series(1, 200) g;
CREATE TABLE big (id int PRIMARY KEY, v text);
ALTER TABLE big ALTER v SET STORAGE EXTERNAL;
INSERT INTO big SELECT g, repeat(md5(g::text), 1000) FROM generate_series(1, 20) g;
CREATE TABLE untouched AS SELECT g AS a FROM generate_series(1, 10) g;
CREATE TABLE empty_table (a int);
CREATE SEQUENCE counter; SELECT setval('counter', 42) \g /dev/null
SELECT lo_from_bytea(4001, 'large object') \g /dev/null
CREATE INDEX t_txt ON t (txt);
CREATE VIEW v AS SELECT id, txt FROM t;
)";

struct Change {
  const char* name;
  const char* sql;
};
void PrintTo(const Change& change, std::ostream* stream) { *stream << change.name; }

// One verified move; each test compares the source with a changed copy of the target.
class Compare : public MoveTest, public ::testing::WithParamInterface<Change> {
 protected:
  static constexpr const char* kPristine = "pristine";
  // The same rows in a source without the extension.
  static constexpr const char* kPristineWithout = "pristine_without_extension";

  void SetUp() override {
    MoveTest::SetUp();
    if (source().Value("postgres", "SELECT count(*) FROM pg_database WHERE datname = 'pristine'") == "0") Prepare();
    target().DropDatabase(database());
    target().CreateDatabase(database(), std::string("OWNER master TEMPLATE ") + kPristine);
  }

  ProcessResult CompareWithSource(const char* pristine = kPristine) {
    return RunHelper(
        {"compare", "--source", SourceConnInfo(pristine), "--target", TargetConnInfo(), "--evidence", evidence_path_});
  }

 private:
  void Prepare() {
    source().CreateDatabase(kPristine);
    target().CreateDatabase(kPristine, "OWNER master");
    source().Psql(kPristine, kSource);
    source().CreateDatabase(kPristineWithout, std::string("TEMPLATE ") + kPristine);
    AddExtension(kPristine);
    const ProcessResult result =
        RunHelper({"migrate", "--source", SourceConnInfo(kPristine), "--target", TargetConnInfo(kPristine)});
    ASSERT_EQ(result.status, kVerified) << result.Describe();
  }
};

std::string NameOf(const ::testing::TestParamInfo<Change>& change) { return change.param.name; }

class MustAlarm : public Compare {};

TEST_P(MustAlarm, Differs) {
  target().Execute(database(), GetParam().sql);
  const ProcessResult result = CompareWithSource();
  EXPECT_EQ(result.status, kDiffers) << result.Describe();
  EXPECT_EQ(FinalVerdict(result), "differs") << result.Describe();
  EXPECT_EQ(Evidence().at("verdict"), "differs");
  EXPECT_EQ(CompareWithSource(kPristineWithout).status, kDiffers);
  EXPECT_EQ(EvidenceOf("public", "untouched").at("verdict"), "verified");
}

constexpr Change kMustAlarm[] = {
    {"NullBecomesEmpty", "UPDATE t SET txt = '' WHERE id = 10"},
    {"EmptyBecomesNull", "UPDATE t SET txt = NULL WHERE id = 11"},
    {"ATrailingBlank", "UPDATE t SET txt = txt || ' ' WHERE id = 20"},
    {"NumericScale", "UPDATE t SET num = 20.1 WHERE id = 20"},
    {"NumericNan", "UPDATE t SET num = 'NaN' WHERE id = 20"},
    {"NegativeZero", "UPDATE t SET f = '-0' WHERE id = 12"},
    {"OneUlp", "UPDATE t SET f = '20.000000000000004' WHERE id = 20"},
    {"OneMicrosecond", "UPDATE t SET ts = ts + interval '1 microsecond' WHERE id = 20"},
    {"OneDayIsNot24Hours", "UPDATE t SET tm = '24 hours' WHERE id = 20"},
    {"OneDay", "UPDATE t SET d = d + 1 WHERE id = 20"},
    {"OneBitOfAByte", "UPDATE t SET b = '\\x00fe' WHERE id = 20"},
    {"JsonWhitespace", "UPDATE t SET j = '{\"a\":1}' WHERE id = 20"},
    {"JsonbValue", "UPDATE t SET jb = '{\"a\": 1, \"b\": 3}' WHERE id = 20"},
    {"JsonbNumericScale", "UPDATE t SET jb = '{\"a\": 1.0, \"b\": 2}' WHERE id = 20"},
    {"ArrayElement", "UPDATE t SET a[1] = 0 WHERE id = 20"},
    {"ArrayNullElement", "UPDATE t SET a = ARRAY[20] WHERE id = 20"},
    {"ArrayLowerBound", "UPDATE t SET a = '[0:1]={20,NULL}' WHERE id = 20"},
    {"EnumLabel", "UPDATE t SET m = 'happy' WHERE id = 20"},
    {"EnumInAnArray", "UPDATE t SET ms = '{sad,ok}' WHERE id = 20"},
    {"Boolean", "UPDATE t SET flag = NULL WHERE id = 20"},
    {"ValuesSwappedBetweenColumns", "UPDATE t SET txt = other, other = txt WHERE id = 13"},
    {"ValuesSwappedBetweenRows",
     "UPDATE t SET txt = CASE id WHEN 30 THEN 'text 31' ELSE 'text 30' END WHERE id IN (30, 31)"},
    {"ARowIsMissing", "DELETE FROM t WHERE id = 500"},
    {"ARowTooMany", "INSERT INTO t SELECT 501, txt, other FROM t WHERE id = 1"},
    {"TheKeyChanged", "UPDATE t SET id = 1000 WHERE id = 500"},
    {"ADuplicateRemoved", "DELETE FROM keyless WHERE ctid = (SELECT ctid FROM keyless WHERE a = 7 LIMIT 1)"},
    {"ADuplicateAdded", "INSERT INTO keyless VALUES (7, 'dup')"},
    // Two of one row and none of another: a plain XOR of hashes would not see it.
    {"ADuplicatePairReplacedByAnother", "UPDATE keyless SET a = 8 WHERE a = 7"},
    {"AllRowsGone", "TRUNCATE t"},
    {"ARowInATableThatWasEmpty", "INSERT INTO empty_table VALUES (NULL)"},
    {"ARowOfOnePartition", "UPDATE parts SET v = 'x' WHERE id = 150"},
    {"AToastedValue", "UPDATE big SET v = overlay(v PLACING 'X' FROM 20000 FOR 1) WHERE id = 7"},
    {"ASequence", "SELECT setval('counter', 41)"},
    {"ASequenceIsCalled", "SELECT setval('counter', 42, false)"},
    {"ALargeObject", "SELECT lo_put(4001, 0, 'L')"},
    {"ALargeObjectIsMissing", "SELECT lo_unlink(4001)"},
    {"ALargeObjectTooMany", "SELECT lo_from_bytea(4002, ''); ALTER LARGE OBJECT 4002 OWNER TO master"},
    {"ATableIsMissing", "DROP TABLE empty_table"},
    {"ATableTooMany", "CREATE TABLE extra (a int)"},
    {"AColumnTooMany", "ALTER TABLE empty_table ADD COLUMN b int"},
};
INSTANTIATE_TEST_SUITE_P(Mutations, MustAlarm, ::testing::ValuesIn(kMustAlarm), NameOf);

// The rows are the same, their definitions are not: "verified" speaks of rows, the exit status of everything.
class MustFind : public Compare {};

TEST_P(MustFind, ADifferenceOfDefinitions) {
  target().Execute(database(), GetParam().sql);
  const ProcessResult result = CompareWithSource();
  EXPECT_EQ(result.status, kDiffers) << result.Describe();
  EXPECT_FALSE(Evidence().at("schema_differences").empty());
  EXPECT_EQ(EvidenceOf("public", "t").at("verdict"), "verified");
}

constexpr Change kMustFind[] = {
    {"AnIndexIsMissing", "DROP INDEX t_txt"},
    {"AViewIsDifferent", "CREATE OR REPLACE VIEW v AS SELECT id, other AS txt FROM t"},
    {"AConstraintIsMissing", "ALTER TABLE t DROP CONSTRAINT t_pkey"},
    {"ATriggerIsDisabled", "ALTER TABLE t DISABLE TRIGGER ALL; ALTER TABLE t ENABLE REPLICA TRIGGER noticed"},
    {"ADefaultIsDifferent", "ALTER TABLE t ALTER flag SET DEFAULT false"},
    {"ANotNullIsMissing", "ALTER TABLE keyless ALTER b DROP NOT NULL"},
    {"AFunctionBodyIsDifferent",
     "CREATE OR REPLACE FUNCTION notice() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'"},
};
INSTANTIATE_TEST_SUITE_P(Definitions, MustFind, ::testing::ValuesIn(kMustFind), NameOf);

class MustNotAlarm : public Compare {};

TEST_P(MustNotAlarm, Verified) {
  target().Psql(database(), GetParam().sql, {"-v", "database=" + database()});
  const ProcessResult result = CompareWithSource();
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_EQ(FinalVerdict(result), "verified") << result.Describe();
  EXPECT_EQ(CompareWithSource(kPristineWithout).status, kVerified);
}

constexpr Change kMustNotAlarm[] = {
    {"Nothing", "SELECT 1"},
    {"TimeZone", "ALTER DATABASE :\"database\" SET timezone = 'Asia/Kolkata'"},
    {"DateStyle", "ALTER DATABASE :\"database\" SET datestyle = 'German'"},
    {"IntervalStyle", "ALTER DATABASE :\"database\" SET intervalstyle = 'iso_8601'"},
    {"FloatDigits", "ALTER DATABASE :\"database\" SET extra_float_digits = -15"},
    {"ByteaOutput", "ALTER DATABASE :\"database\" SET bytea_output = 'escape'"},
    {"SearchPath", "ALTER DATABASE :\"database\" SET search_path = nowhere"},
    {"PhysicalOrder",
     "UPDATE t SET txt = txt WHERE id % 3 = 0; DELETE FROM keyless; INSERT INTO keyless SELECT g / 2, 'dup' FROM "
     "generate_series(100, 1, -1) g; CLUSTER t USING t_txt; ALTER TABLE t SET WITHOUT CLUSTER; VACUUM FULL big"},
    {"ADroppedColumn",
     "CREATE TABLE again (gone int, a int); ALTER TABLE again DROP COLUMN gone; INSERT INTO again SELECT a FROM "
     "untouched; "
     "ALTER TABLE again OWNER TO master; DROP TABLE untouched; ALTER TABLE again RENAME TO untouched"},
    {"ToastStorage", "ALTER TABLE big ALTER v SET STORAGE PLAIN; ALTER TABLE big ALTER v SET STORAGE EXTERNAL"},
    {"DeadRows", "INSERT INTO t (id) VALUES (9999); DELETE FROM t WHERE id = 9999"},
    // New labels get new OIDs: the second enum's values have others than the source's have.
    {"EnumOids",
     "ALTER TYPE mood RENAME TO old_mood; CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy'); ALTER TYPE mood OWNER TO "
     "master;"
     "ALTER TABLE t ALTER m TYPE mood USING m::text::mood, ALTER ms TYPE mood[] USING ms::text[]::mood[];"
     "DROP TYPE old_mood"},
};
INSTANTIATE_TEST_SUITE_P(Equivalences, MustNotAlarm, ::testing::ValuesIn(kMustNotAlarm), NameOf);

TEST_F(Compare, AnotherPartitionLayoutHoldsTheSameRows) {
  target().Psql(database(),
                "CREATE TABLE keep AS SELECT * FROM parts; DROP TABLE parts;"
                "CREATE TABLE parts (id int, v text) PARTITION BY HASH (id);"
                "CREATE TABLE parts_a PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
                "CREATE TABLE parts_b PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
                "INSERT INTO parts SELECT * FROM keep ORDER BY id DESC; DROP TABLE keep;"
                "GRANT SELECT ON parts, parts_a, parts_b TO master");
  CompareWithSource();
  EXPECT_EQ(EvidenceOf("public", "parts").at("verdict"), "verified");
}

TEST_F(Compare, JsonOutputIsOneDocumentThatSaysTheSame) {
  target().Execute(database(), "DELETE FROM t WHERE id = 1");
  const ProcessResult result =
      RunHelper({"compare", "--source", SourceConnInfo(kPristine), "--target", TargetConnInfo(), "--json"});
  EXPECT_EQ(result.status, kDiffers) << result.Describe();
  const auto document = nlohmann::json::parse(result.out);
  EXPECT_EQ(document.at("verdict"), "differs");
}

TEST_F(Compare, QuietKeepsToTheVerdict) {
  const ProcessResult result =
      RunHelper({"compare", "--source", SourceConnInfo(kPristine), "--target", TargetConnInfo(), "--quiet"});
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_EQ(result.err, "");
}

// To the snapshots of both sides a table that was rewritten on both is empty.
TEST_F(Compare, ATableRewrittenOnBothSidesMeanwhileIsNotVerified) {
  source().Psql(database(), "CREATE TABLE rewritten AS SELECT g AS a FROM generate_series(1, 10) g");
  target().Psql(
      database(),
      "CREATE TABLE rewritten AS SELECT g AS a FROM generate_series(1, 9) g; ALTER TABLE rewritten OWNER TO master");
  const auto on_source = source().Connect(database()), on_target = target().Connect(database());
  for (const auto* connection : {&on_source, &on_target})
    (*connection)->Execute("BEGIN; ALTER TABLE rewritten ALTER COLUMN a TYPE bigint");
  const auto run = StartHelper(Arguments("compare", {"--table", "rewritten"}));
  const auto waits = [&](Cluster& cluster) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (cluster.Value(database(), "SELECT count(*) FROM pg_locks WHERE NOT granted") == "0" && run->IsRunning() &&
           std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
  };
  waits(source());
  on_source->Execute("COMMIT");
  waits(target());
  on_target->Execute("COMMIT");
  const ProcessResult result = run->Wait();
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_EQ(EvidenceOf("public", "rewritten").value("reason", ""), "it was rewritten while it was compared");
  EXPECT_EQ(Airlift("compare", {"--table", "rewritten"}).status, kDiffers);
}

TEST_F(Compare, RowsThatThePolicyMayHideAreNotVerified) {
  source().CreateDatabase(database() + "rls");
  CreateOnTarget(database() + "rls", "OWNER master");
  const std::string name = database() + "rls";
  source().Psql(name,
                "CREATE ROLE rls_reader LOGIN PASSWORD 'reader-s3cret'; CREATE TABLE visible AS SELECT 1 AS a;"
                "CREATE TABLE secret (a int, who text); INSERT INTO secret VALUES (1, 'rls_reader'), (2, 'x');"
                "ALTER TABLE secret ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON secret USING (who = current_user);"
                "GRANT SELECT ON ALL TABLES IN SCHEMA public TO rls_reader;");
  target().Psql(name,
                "CREATE TABLE visible AS SELECT 1 AS a; CREATE TABLE secret (a int, who text);"
                "INSERT INTO secret VALUES (1, 'rls_reader');"
                "ALTER TABLE visible OWNER TO master; ALTER TABLE secret OWNER TO master");
  const ProcessResult result =
      RunHelper({"compare", "--source", source().Login(name, "rls_reader", "reader-s3cret").ToString(), "--target",
                 TargetConnInfo(name), "--table", "secret", "--evidence", evidence_path_});
  source().DropDatabase(name);
  source().Execute("postgres", "DROP ROLE rls_reader");
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_EQ(FinalVerdict(result), "not verified") << result.Describe();
  ExpectNoPassword(result.out + result.err);
}

}  // namespace
}  // namespace airlift::test
