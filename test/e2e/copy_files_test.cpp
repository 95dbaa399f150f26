// copy-out and copy-in: tables as files and back into tables that exist, proved by the manifest.
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "support/move_test.h"

namespace airlift::test {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr const char* kTables = R"(
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE "Odd ""t"", ü" ("a b" int PRIMARY KEY, "select" text, m mood, tags text[], n numeric, b bytea, j jsonb, r regclass,
                             twice int GENERATED ALWAYS AS ("a b" * 2) STORED);
CREATE TABLE parent (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text);
CREATE TABLE a_child (id int PRIMARY KEY, parent_id int REFERENCES parent, note text);
CREATE TABLE parts (k int PRIMARY KEY, v text) PARTITION BY RANGE (k);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (1000) TO (9000);
CREATE TABLE no_rows (a int);
)";

constexpr const char* kRows = R"(
INSERT INTO "Odd ""t"", ü" SELECT g, CASE g % 5 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'line\nbreak, "quote"' WHEN 3
  THEN '\N' ELSE E'\\.' END, 'glad', ARRAY['x,y', NULL, '"'], g / 3.0, decode(md5(g::text), 'hex'), '{"a": [1, null]}', 'public.parts'
  FROM generate_series(1, 2000) g;
INSERT INTO parent (v) SELECT md5(g::text) FROM generate_series(1, 3000) g;
INSERT INTO a_child SELECT g, g, repeat('y', g % 50) FROM generate_series(1, 3000) g;
INSERT INTO parts SELECT g, md5(g::text) FROM generate_series(1, 5000) g;
)";

class CopyFilesTest : public MoveTest {
 protected:
  void SetUp() override {
    MoveTest::SetUp();
    directory_ = target().directory() + "/" + database() + ".files";
    fs::remove_all(directory_);
    source().Psql(database(), std::string(kTables) + kRows);
    Master()->Execute(kTables);
  }
  void TearDown() override {
    MoveTest::TearDown();
    fs::remove_all(directory_);
  }

  std::unique_ptr<Connection> Master() {
    return target().Connect(target().Login(database(), "master", kMasterPassword));
  }

  std::vector<std::string> OutArguments(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"copy-out", "--source", SourceConnInfo(), "--directory", directory_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  ProcessResult Out(const std::vector<std::string>& more = {}) {
    fs::remove_all(directory_);
    return RunHelper(OutArguments(more));
  }
  std::vector<std::string> InArguments(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"copy-in",  "--target",   TargetConnInfo(), "--directory",
                                          directory_, "--evidence", evidence_path_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  ProcessResult In(const std::vector<std::string>& more = {}) { return RunHelper(InArguments(more)); }

  void ExpectDone(const ProcessResult& result) { ASSERT_EQ(result.status, kVerified) << result.Describe(); }
  std::string Problem(const ProcessResult& result) {
    EXPECT_EQ(result.status, kFailed) << result.Describe();
    return result.err;
  }

  void EmptyTarget() { Master()->Execute("TRUNCATE \"Odd \"\"t\"\", ü\", parent, a_child, parts, no_rows"); }
  std::string OnTarget(const std::string& sql) { return target().Value(database(), sql); }
  std::string Leftovers() {
    return OnTarget("SELECT count(*) FROM pg_namespace WHERE nspname IN ('airlift_state', 'airlift_staging')");
  }

  // Sequences do not travel with rows.
  void ExpectSameRows() {
    target().Execute(database(), "SELECT setval('parent_id_seq', 3000)");
    ExpectSameContents();
  }

  // The first file with rows of a table.
  std::string FileOf(const std::string& table) {
    const auto manifest = nlohmann::json::parse(ReadFile(directory_ + "/pg_airlift.copy.json"));
    for (const auto& entry : manifest.at("tables"))
      if (entry.at("name") == table) return directory_ + "/" + entry.at("files")[0].at("name").get<std::string>();
    ADD_FAILURE() << "no file of " << table;
    return {};
  }

  std::string directory_;
};

TEST_F(CopyFilesTest, RowsComeBackAsTheyWereInEveryFormat) {
  const std::vector<std::vector<std::string>> forms = {
      {},
      {"--format", "text", "--parts", "3", "--compress", "gzip"},
      {"--compress", "zstd:5", "--part-size", "64kB", "--header", "--null", "(null)", "--delimiter", ";"},
      {"--compress", "lz4", "--jobs", "4"}};
  for (const auto& form : forms) {
    SCOPED_TRACE(form.empty() ? "default" : form[1]);
    ExpectDone(Out(form));
    EmptyTarget();
    const ProcessResult result = In();
    ExpectDone(result);
    EXPECT_EQ(FinalVerdict(result), "verified");
    ExpectSameRows();
    EXPECT_EQ(Leftovers(), "0");
  }
  EXPECT_THAT(Problem(Out({"--format", "binary"})), HasSubstr("binary form means something else"));
  ExpectDone(Out({"--format", "binary", "--table", "par*", "--table", "a_child"}));
  EmptyTarget();
  ExpectDone(In());
  EXPECT_EQ(OnTarget("SELECT count(*) FROM parts"), "5000");
}

// Eight bytes of a bigint are a double precision, too.
TEST_F(CopyFilesTest, BinaryRowsGoIntoColumnsOfTheirTypeOnly) {
  source().Psql(database(), "CREATE TABLE typed AS SELECT 5::bigint AS a, 'x'::text AS b");
  Master()->Execute("CREATE TABLE typed (a double precision, b varchar)");
  ExpectDone(Out({"--format", "binary", "--table", "typed"}));
  EXPECT_THAT(Problem(In()), HasSubstr("column a of table public.typed is bigint in the files and double precision"));
  EXPECT_EQ(OnTarget("SELECT count(*) FROM typed"), "0");
  Master()->Execute("CREATE DOMAIN whole AS bigint; ALTER TABLE typed ALTER a TYPE whole");
  ExpectDone(In());
  EXPECT_EQ(OnTarget("SELECT a FROM typed"), "5");
}

TEST_F(CopyFilesTest, SomeRowsAndColumnsAreProvedAsSuch) {
  ExpectDone(Out({"--table", "parts", "--table", "parent", "--where", "parts=k % 7 = 0 -- sevens", "--columns",
                  "parent=v", "--parts", "2"}));
  const ProcessResult result = In();
  ExpectDone(result);
  EXPECT_EQ(FinalVerdict(result), "verified");
  EXPECT_EQ(OnTarget("SELECT count(*) || ' ' || sum(k) FROM parts"),
            source().Value(database(), "SELECT count(*) || ' ' || sum(k) FROM parts WHERE k % 7 = 0"));
  EXPECT_EQ(OnTarget("SELECT count(DISTINCT v) FROM parent"), "3000");
  EXPECT_THAT(Evidence().at("tables")[1].at("condition").get<std::string>(), HasSubstr("k % 7 = 0"));
  EXPECT_THAT(Problem(Out({"--table", "parts", "--table", "nosuch"})), HasSubstr("--table nosuch"));
  EXPECT_THAT(Problem(Out({"--where", "nowhere=true"})), HasSubstr("nowhere=true"));
  EXPECT_THAT(Problem(Out({"--columns", "parent=v,w"})), HasSubstr("no column w"));
}

TEST_F(CopyFilesTest, ABadRowIsNamedByFileAndLine) {
  ExpectDone(Out());
  Master()->Execute("ALTER TABLE parts ADD CHECK (k <> 1234)");
  const std::string problem = Problem(In());
  EXPECT_THAT(problem, HasSubstr("public.parts.0002.csv\", line 235: new row for relation \"parts_2\" violates check"));
  EXPECT_THAT(problem, HasSubstr("stay"));
  EXPECT_EQ(OnTarget("SELECT count(*) FROM parts WHERE k >= 1000"), "0");
  // Once the obstacle is gone, the rest follows, and nothing twice.
  Master()->Execute("ALTER TABLE parts DROP CONSTRAINT parts_k_check");
  ExpectDone(In());
  ExpectSameRows();
}

TEST_F(CopyFilesTest, StagingChangesTheTablesAtOnceOrNotAtAll) {
  ExpectDone(Out({"--parts", "2"}));
  Master()->Execute("ALTER TABLE parts ADD CHECK (k <> 1234)");
  EXPECT_THAT(Problem(In({"--staging"})), HasSubstr("are untouched"));
  EXPECT_EQ(OnTarget("SELECT (SELECT count(*) FROM parent) + (SELECT count(*) FROM parts)"), "0");
  Master()->Execute("ALTER TABLE parts DROP CONSTRAINT parts_k_check");
  // A trigger that changes rows on their way in is found before it is committed.
  Master()->Execute(
      "CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.v := lower(NEW.v) || 'x'; RETURN NEW; "
      "END $$; CREATE TRIGGER change BEFORE INSERT ON parent FOR EACH ROW EXECUTE FUNCTION change()");
  const ProcessResult differs = In({"--staging"});
  EXPECT_EQ(differs.status, kDiffers) << differs.Describe();
  EXPECT_EQ(OnTarget("SELECT (SELECT count(*) FROM parent) + (SELECT count(*) FROM parts)"), "0");
  EXPECT_EQ(Leftovers(), "0");
  Master()->Execute("DROP TRIGGER change ON parent");
  const ProcessResult result = In({"--staging"});
  ExpectDone(result);
  EXPECT_EQ(FinalVerdict(result), "verified");
  ExpectSameRows();
  EXPECT_EQ(Leftovers(), "0");
  EXPECT_THAT(Problem(In({"--staging"})), HasSubstr("holds rows already"));
  EXPECT_THAT(Problem(In({"--staging", "--append"})), HasSubstr("duplicate key"));
}

TEST_F(CopyFilesTest, DamagedFilesAndManifestsThatDoNotFitAreRefused) {
  ExpectDone(Out());
  const std::string file = FileOf("parent");
  const std::string good = ReadFile(file);
  std::ofstream(file) << good.substr(0, good.size() / 2);
  EXPECT_THAT(Problem(In()), HasSubstr("and had"));
  EXPECT_EQ(
      OnTarget("SELECT (SELECT count(*) FROM parent) + (SELECT count(*) FROM a_child) + (SELECT count(*) FROM parts)"),
      "0")
      << "sizes are looked at before anything is loaded";
  std::string flipped = good;
  flipped[good.size() / 2] = flipped[good.size() / 2] == 'a' ? 'b' : 'a';
  std::ofstream(file) << flipped;
  EXPECT_THAT(Problem(In()), HasSubstr("other bytes"));
  EXPECT_EQ(OnTarget("SELECT count(*) FROM parent"), "0");
  std::ofstream(file) << good;
  const std::string manifest = directory_ + "/pg_airlift.copy.json";
  const std::string text = ReadFile(manifest);
  std::string edited = text;
  edited.replace(edited.find("\"header\": false"), 15, "\"header\": true ");
  std::ofstream(manifest) << edited;
  EXPECT_THAT(Problem(In()), HasSubstr("changed after it was written"));
  fs::remove(manifest);
  EXPECT_THAT(Problem(In()), HasSubstr("one that did not end"));
  std::ofstream(manifest) << text;
  Master()->Execute("ALTER TABLE parent RENAME COLUMN v TO w; DROP TABLE no_rows");
  const std::string problem = Problem(In());
  EXPECT_THAT(problem, HasSubstr("public.parent of the target has no column v"));
  EXPECT_THAT(problem, HasSubstr("no table public.no_rows"));
}

// Damage at places that nobody chose, of every compression: told, and no file half loaded.
TEST_F(CopyFilesTest, DamageAnywhereIsTold) {
  std::mt19937 random(21);
  const std::string table = "parts";
  const std::string total = source().Value(database(), "SELECT count(*) FROM " + table);
  for (const char* compression : {"none", "gzip", "zstd", "lz4"}) {
    ExpectDone(Out({"--table", table, "--table", "parent", "--compress", compression}));
    EmptyTarget();
    const std::string file = FileOf(table);
    const std::string good = ReadFile(file);
    for (int round = 0; round < 4; ++round) {
      SCOPED_TRACE(std::string(compression) + " " + std::to_string(round));
      const size_t at = random() % good.size();
      std::string bad = good;
      if (round % 2 == 0) {
        bad[at] = static_cast<char>(bad[at] ^ (1 << random() % 8));
      } else {
        bad.resize(at);
      }
      std::ofstream(file, std::ios::binary) << bad;
      const std::string problem = Problem(In());
      EXPECT_THAT(problem, HasSubstr(fs::path(file).filename().string()));
      EXPECT_EQ(OnTarget("SELECT count(*) FROM parts_1"), "0") << "the file that is damaged";
    }
    // Of the same size, and not compressed at all.
    std::ofstream(file, std::ios::binary) << std::string(good.size(), 'x');
    Problem(In());
    std::ofstream(file, std::ios::binary) << good;
    ExpectDone(In());
    EXPECT_EQ(OnTarget("SELECT count(*) FROM " + table), total);
  }
}

TEST_F(CopyFilesTest, KilledAtAnyMomentIsGoneOnWith) {
  source().Psql(database(), "INSERT INTO parts SELECT g, repeat(md5(g::text), 9) FROM generate_series(5001, 8999) g");
  ExpectDone(Out({"--parts", "8"}));
  for (const bool staging : {false, true}) {
    EmptyTarget();
    const std::vector<std::string> more = staging ? std::vector<std::string>{"--staging"} : std::vector<std::string>{};
    for (int moment = 1; moment <= 6; ++moment) {
      auto run = StartHelper(InArguments(more));
      std::this_thread::sleep_for(moment * 25ms);
      run->Signal(SIGKILL);
      run->Wait();
    }
    const ProcessResult result = In(more);
    // One of them may have ended before its kill.
    if (result.status != kVerified) {
      EXPECT_THAT(Problem(result), HasSubstr("holds rows already"));
    }
    ExpectSameRows();
  }
}

TEST_F(CopyFilesTest, PartsOfABusyTableAreOfOneSnapshot) {
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    const auto connection = source().Connect(database());
    while (!stop)
      connection->Execute(
          "UPDATE parts SET v = v || 'x' WHERE k % 10 = (random() * 9)::int; INSERT INTO parent (v) "
          "SELECT 'more' FROM generate_series(1, 20)");
  });
  std::this_thread::sleep_for(100ms);
  const ProcessResult out = Out({"--parts", "5", "--jobs", "4"});
  stop = true;
  writer.join();
  ExpectDone(out);
  ExpectDone(In());
}

// COPY reads what has the name by the time it is locked, of which the older snapshot shows no row.
TEST_F(CopyFilesTest, ATableReplacedWhileItIsWaitedForIsTold) {
  const auto other = source().Connect(database());
  other->Execute("BEGIN; LOCK TABLE a_child IN ACCESS EXCLUSIVE MODE");
  const auto run = StartHelper(OutArguments({"--table", "public.a_child", "--no-digests"}));
  for (const auto deadline = std::chrono::steady_clock::now() + 10s;
       source().Value(database(), "SELECT count(*) FROM pg_locks WHERE NOT granted") == "0" && run->IsRunning() &&
       std::chrono::steady_clock::now() < deadline;)
    std::this_thread::sleep_for(10ms);
  other->Execute(
      "CREATE TABLE another AS TABLE a_child; DROP TABLE a_child; ALTER TABLE another RENAME TO a_child; COMMIT");
  EXPECT_THAT(Problem(run->Wait()), HasSubstr("table public.a_child was dropped, renamed or replaced"));
}

// To the snapshot of copy-out a table that is rewritten under it is empty.
TEST_F(CopyFilesTest, ATableRewrittenWhileItIsWaitedForIsTold) {
  const auto waited_for = source().Connect(database());
  waited_for->Execute("BEGIN; ALTER TABLE parent ALTER COLUMN v TYPE text USING v || '.'");
  const auto run = StartHelper(OutArguments({"--table", "parent"}));
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (source().Value(database(), "SELECT count(*) FROM pg_locks WHERE NOT granted") == "0" &&
         std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(20ms);
  waited_for->Execute("COMMIT");
  const ProcessResult told = run->Wait();
  EXPECT_EQ(told.status, kFailed) << told.Describe();
  EXPECT_THAT(told.err, HasSubstr("table public.parent was rewritten"));
  EXPECT_FALSE(fs::exists(directory_ + "/pg_airlift.copy.json"));
  const ProcessResult again = Out({"--table", "parent"});
  EXPECT_EQ(again.status, 0) << again.Describe();
}

TEST_F(CopyFilesTest, ImportCommandsForAwsS3ArePrinted) {
  const ProcessResult result =
      Out({"--compress", "gzip", "--print-aws-s3", "bucket/some place", "--aws-region", "eu-west-1"});
  ExpectDone(result);
  EXPECT_THAT(result.out, HasSubstr("--content-encoding gzip"));
  EXPECT_THAT(
      result.out,
      HasSubstr("SELECT aws_s3.table_import_from_s3(E'\"public\".\"a_child\"', E'\"id\", \"parent_id\", \"note\"', "
                "E'(FORMAT csv, ENCODING ''UTF8'', NULL E'''', DELIMITER E'','')', "
                "aws_commons.create_s3_uri(E'bucket', E'some place/"));
  EXPECT_THAT(Problem(Out({"--compress", "zstd", "--print-aws-s3", "b", "--aws-region", "r"})),
              HasSubstr("aws_s3 does not read"));
}

}  // namespace
}  // namespace airlift::test
