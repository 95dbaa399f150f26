// An archive of pg_dump restored into a managed target: every form of it, proved by the manifest where there is one,
// killed and gone on with, damaged and refused.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "support/move_test.h"

namespace airlift::test {
namespace {

using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

constexpr const char* kManifest = "pg_airlift.manifest.json";

// Odd types, odd names, odd tables; large objects, sequences of each kind, a partitioned table, a view on a view.
constexpr const char* kOddities = R"(
CREATE TABLE "Odd ""table""; --" ("a b" int PRIMARY KEY, "select" text, "ü" text[], n numeric, f float8, b bytea,
                                  x xml, j jsonb, i interval, r int4range, bits bit varying, ts timestamptz);
INSERT INTO "Odd ""table""; --"
SELECT g, CASE g % 4 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'tab\there\nnewline \\. backslash' ELSE '\.' END,
       ARRAY['x', NULL, 'y,"z"'], g / 7.0, CASE WHEN g % 5 = 0 THEN 'NaN' ELSE g::float8 / 3 END, decode(md5(g::text), 'hex'),
       '<a>1</a>'::xml, jsonb_build_object('g', g), make_interval(secs => g), int4range(g, g + 5), B'1010',
       '2020-01-01 00:00:00+00'::timestamptz + g * interval '1 minute'
FROM generate_series(1, 3000) g;
CREATE TABLE no_rows (a int UNIQUE, b text);
CREATE TABLE no_columns ();
INSERT INTO no_columns SELECT FROM generate_series(1, 7);
CREATE TABLE generated (a int, b int GENERATED ALWAYS AS (a * 2) STORED, c serial, UNIQUE (a, b) INCLUDE (c));
INSERT INTO generated (a) SELECT generate_series(1, 50);
CREATE TABLE parts (k int, v text, PRIMARY KEY (k)) PARTITION BY RANGE (k);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (1000);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (1000) TO (9000);
INSERT INTO parts SELECT g, md5(g::text) FROM generate_series(1, 5000) g;
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE by_mood (m mood, n int) PARTITION BY HASH (m);
CREATE TABLE by_mood_0 PARTITION OF by_mood FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE by_mood_1 PARTITION OF by_mood FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO by_mood SELECT (ARRAY['sad', 'glad'])[1 + g % 2]::mood, g FROM generate_series(1, 100) g;
CREATE TABLE child (id int PRIMARY KEY, k int REFERENCES parts, other int REFERENCES "Odd ""table""; --" DEFERRABLE);
INSERT INTO child SELECT g, g, g FROM generate_series(1, 2000) g;
CREATE INDEX ON child (k) WHERE k > 5;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM child;
CREATE MATERIALIZED VIEW unpopulated AS SELECT 1 AS one WITH NO DATA;
CREATE SEQUENCE downwards INCREMENT -3 MINVALUE -9000000000 START -5;
SELECT nextval('downwards'), nextval('downwards');
CREATE SEQUENCE untouched START 77;
SELECT lo_from_bytea(4711, decode(repeat('00ff10', 200000), 'hex')), lo_create(4712), lo_from_bytea(0, 'small');
SELECT lo_create(4713); SELECT lo_put(4713, 700000, 'after a hole');
COMMENT ON LARGE OBJECT 4712 IS 'an empty one';
)";

class ArchiveTest : public MoveTest {
 protected:
  void SetUp() override {
    MoveTest::SetUp();
    directory_ = target().directory() + "/" + database() + ".dump";
    fs::remove_all(directory_);
  }
  void TearDown() override {
    MoveTest::TearDown();
    fs::remove_all(directory_);
  }

  ProcessResult Dump(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"dump", "--source", SourceConnInfo(), "--file", directory_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunHelper(arguments);
  }

  std::vector<std::string> RestoreArguments(const std::string& path, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"restore",        "--archive",  path,          "--target",
                                          TargetConnInfo(), "--evidence", evidence_path_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  ProcessResult Restore(const std::string& path, const std::vector<std::string>& more = {}) {
    unlink(evidence_path_.c_str());
    const ProcessResult result = RunHelper(RestoreArguments(path, more));
    ExpectNoPassword(result.out + result.err);
    return result;
  }

  // By pg_dump itself; the target's files belong to us, so that we may spoil them.
  void PlainDump(const std::vector<std::string>& options) {
    std::vector<std::string> command = {source().bindir() + "/pg_dump", "--dbname=" + SourceConnInfo(),
                                        "--file=" + directory_};
    command.insert(command.end(), options.begin(), options.end());
    RunOrThrow(command);
  }

  void ExpectDone(const ProcessResult& result) { ASSERT_EQ(result.status, kVerified) << result.Describe(); }

  std::string Problem(const ProcessResult& result) {
    EXPECT_EQ(result.status, kFailed) << result.Describe();
    EXPECT_EQ(result.out.find("verdict: verified"), std::string::npos) << result.out;
    return result.err;
  }

  std::string FileOfTable(const std::string& table) {
    const std::string list = RunOrThrow({source().bindir() + "/pg_restore", "--list", "--data-only", directory_});
    std::istringstream lines(list);
    for (std::string line; std::getline(lines, line);)
      if (line.find("TABLE DATA public " + table + " ") != std::string::npos)
        return directory_ + "/" + line.substr(0, line.find(';')) + ".dat";
    ADD_FAILURE() << "no data of " << table << " in\n" << list;
    return {};
  }

  void FlipByte(const std::string& path, int64_t position) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    ASSERT_TRUE(file) << path;
    file.seekg(position);
    const char was = static_cast<char>(file.get());
    file.seekp(position);
    file.put(was == 'A' ? 'B' : 'A');
  }

  std::string TargetTables() {
    return target().Value(database(),
                          "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace "
                          "WHERE relkind IN ('r', 'p') AND nspname NOT IN ('pg_catalog', 'information_schema')");
  }

  std::string directory_;
};

TEST_F(ArchiveTest, IsProvedByItsManifest) {
  source().Psql(database(), kOddities);
  const ProcessResult dumped = Dump();
  ASSERT_EQ(dumped.status, kVerified) << dumped.Describe();
  const std::string keys =
      "SELECT count(*) FROM pg_constraint WHERE contype IN ('p', 'u', 'f') AND convalidated AND connamespace NOT IN "
      "(SELECT oid FROM pg_namespace WHERE nspname IN ('airlift', 'airlift_state', 'pg_catalog'))";
  const std::string source_keys = source().Value(database(), keys);
  // Weeks later the source is another one.
  source().Execute(database(), "UPDATE generated SET a = a + 1000; DROP TABLE child CASCADE");
  const ProcessResult result = Restore(directory_);
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_EQ(FinalVerdict(result), "verified");
  const auto evidence = Evidence();
  EXPECT_EQ(evidence.at("large_objects").at("objects_target"), 4);
  EXPECT_EQ(EvidenceOf("public", "generated").at("source_digest_by"), "manifest");
  EXPECT_EQ(evidence.at("snapshot_taken_at").get<std::string>().empty(), false);
  EXPECT_EQ(target().Value(database(), "SELECT n FROM counted"), "2000");
  EXPECT_EQ(target().Value(database(), keys), source_keys);
}

TEST_F(ArchiveTest, OfARealisticDatabaseHasItsOwnersAndGrants) {
  for (Cluster* cluster : {&source(), &target()}) {
    if (cluster->Value("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'shop_owner'") == "0")
      cluster->PsqlFile("postgres", TestFile("data/shop_roles.sql"));
  }
  target().Execute("postgres", "GRANT shop_owner, shop_app, shop_report TO master WITH ADMIN OPTION");
  source().PsqlFile(database(), TestFile("data/shop.sql"), {"-v", "rows=3000"});
  ExpectDone(Dump({"--jobs", "3"}));
  ExpectDone(Restore(directory_, {"--jobs", "3"}));
  ExpectSameContents();
  EXPECT_EQ(FirstSchemaDifference(source(), database(), target(), database()), "");
}

TEST_F(ArchiveTest, OfEveryTypeIsProved) {
  source().PsqlFile(database(), TestFile("data/all_types.sql"));
  ExpectDone(Dump());
  ExpectDone(Restore(directory_));
  ExpectSameContents();
}

// A source without the extension: the digests are of streams.
TEST_F(ArchiveTest, OfHostileNamesIsProvedWithoutTheExtension) {
  source().Execute(database(), "DROP EXTENSION IF EXISTS pg_airlift");
  source().PsqlFile(database(), TestFile("data/hostile_names.sql"));
  ExpectDone(Dump());
  ExpectDone(Restore(directory_));
  ExpectSameContents();
  EXPECT_EQ(FirstSchemaDifference(source(), database(), target(), database()), "");
}

// Without a manifest; the oracle tells.
TEST_F(ArchiveTest, InAnyFormIsRestoredWhole) {
  source().Psql(database(), kOddities);
  const std::vector<std::vector<std::string>> forms = {{"-Fd", "-Z0"},
                                                       {"-Fd", "-j2"},
                                                       {"-Fc"},
                                                       {"-Fc", "-Z0"},
                                                       {"-Ft"},
                                                       {"-Fd", "--quote-all-identifiers"},
                                                       {"-Fc", "--load-via-partition-root"}};
  for (const auto& form : forms) {
    SCOPED_TRACE(form[0] + " " + form.back());
    fs::remove_all(directory_);
    PlainDump(form);
    const ProcessResult result = Restore(directory_, {"--restart"});
    EXPECT_EQ(result.status, kVerified) << result.Describe();
    EXPECT_THAT(FinalVerdict(result), HasSubstr("not verified"));
    EXPECT_THAT(result.out, HasSubstr("the archive has no manifest"));
    ExpectSameContents();
    EXPECT_EQ(FirstSchemaDifference(source(), database(), target(), database()), "");
  }
}

// Archives of a small database (test/data/archives/README.md) by pg_dump 13, 17 and 18, of every format and
// compression; and, where PG_AIRLIFT_ARCHIVES names a directory, others of the same database.
TEST_F(ArchiveTest, OfAnotherVersionIsRestored) {
  const auto master = target().Connect(target().Login(database(), "master", kMasterPassword));
  if (target().Value("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'lob_owner'") == "0")
    master->Execute("CREATE ROLE lob_owner; CREATE ROLE lob_reader");
  std::vector<std::string> archives;
  for (const char* name : {"sample_17.dir", "sample_17.dump", "sample_17_lz4.dump", "sample_17_zstd.dump",
                           "sample_17.tar", "sample_13.dump", "sample_18.dump"})
    archives.push_back(TestFile(std::string("data/archives/") + name));
  if (const char* more = getenv("PG_AIRLIFT_ARCHIVES"))
    for (const auto& entry : fs::directory_iterator(more)) archives.push_back(entry.path());
  for (const std::string& archive : archives) {
    SCOPED_TRACE(archive);
    const ProcessResult result = Restore(archive, {"--restart"});
    EXPECT_EQ(result.status, kVerified) << result.Describe();
    const auto value = [&](const std::string& sql) { return target().Value(database(), sql); };
    EXPECT_EQ(value("SELECT count(*) FROM t"), "200");
    EXPECT_EQ(value("SELECT round(sum(n), 6) || ' ' || sum(length(v)) FROM t"), "2871.428571 7035");
    EXPECT_EQ(value("SELECT count(*) FROM refers JOIN t ON t.id = t_id WHERE note = md5(t_id::text)"), "100");
    EXPECT_EQ(value("SELECT n FROM m"), "200");
    EXPECT_EQ(value("SELECT last_value || ' ' || is_called FROM s"), "5 true");
    EXPECT_EQ(value("SELECT count(*) FROM generate_series(1, 20) g WHERE lo_get((100 + g)::oid) = "
                    "decode(repeat(md5(g::text), g), 'hex')"),
              "20");
    EXPECT_EQ(value("SELECT obj_description(99, 'pg_largeobject')"), "empty");
    EXPECT_EQ(value("SELECT string_agg(oid::text, ' ' ORDER BY oid) FROM pg_largeobject_metadata "
                    "WHERE lomowner = 'lob_owner'::regrole"),
              "105 106");
    EXPECT_EQ(value("SELECT string_agg(oid::text, ' ' ORDER BY oid) FROM pg_largeobject_metadata "
                    "WHERE lomacl::text LIKE '%lob_reader=r/%'"),
              "105 106 110");
    EXPECT_EQ(value("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace"),
              "1");
    // The default of 13, and of the target no more; all the other archives are of servers without it.
    if (archive.find("_13") != std::string::npos) {
      EXPECT_EQ(value("SELECT has_schema_privilege('lob_reader', 'public', 'CREATE')"), "t");
    }
  }
}

// Custom format that was written into a pipe does not say where its data lies.
TEST_F(ArchiveTest, OfAPipeIsRestored) {
  source().Psql(database(), kOddities);
  RunOrThrow({"bash", "-c", source().bindir() + "/pg_dump -Fc -d '" + SourceConnInfo() + "' | cat >" + directory_});
  ExpectDone(Restore(directory_));
  ExpectSameContents();
}

TEST_F(ArchiveTest, InAnotherEncodingIsRestored) {
  source().Psql(database(), "CREATE TABLE \"größe\" (\"straße\" text); INSERT INTO \"größe\" VALUES ('äöü ß'), ('é')");
  PlainDump({"-Fc", "--encoding=LATIN1"});
  ExpectDone(Restore(directory_));
  ExpectSameContents();
}

TEST_F(ArchiveTest, KilledAtAnyMomentIsGoneOnWith) {
  source().Psql(database(), kOddities);
  source().Psql(database(),
                "CREATE TABLE big AS SELECT g, repeat(md5(g::text), 5) AS v FROM generate_series(1, 40000) g; "
                "ALTER TABLE big ADD PRIMARY KEY (g); CREATE INDEX ON big (v)");
  ExpectDone(Dump());
  for (int moment = 1; moment <= 10; ++moment) {
    auto run = StartHelper(RestoreArguments(directory_, {"--jobs", "3"}));
    std::this_thread::sleep_for(moment * 40ms);
    run->Signal(SIGKILL);
    run->Wait();
  }
  const ProcessResult result = Restore(directory_);
  if (result.status != kVerified) {
    EXPECT_THAT(Problem(result), HasSubstr("finished already"));
  }
  ExpectSameContents();
  EXPECT_THAT(Problem(Restore(directory_)), HasSubstr("finished already"));
  EXPECT_EQ(FirstSchemaDifference(source(), database(), target(), database()), "");
}

TEST_F(ArchiveTest, ThatIsDamagedIsRefused) {
  source().Psql(database(), "CREATE TABLE t AS SELECT g, repeat('AAAA', 10) AS v FROM generate_series(1, 2000) g");
  ExpectDone(Dump({"--compress", "0"}));
  const std::string data = FileOfTable("t");
  FlipByte(data, 40000);
  EXPECT_THAT(Problem(Restore(directory_)), HasSubstr("has other bytes than it had when it was written"));
  EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM t"), "0");
  // Without the proof the byte is as good as any other; a file that is cut off is not.
  fs::resize_file(data, fs::file_size(data) - 1000);
  EXPECT_THAT(Problem(Restore(directory_)), HasSubstr("the manifest does not fit the archive"));
  EXPECT_THAT(Problem(Restore(directory_, {"--no-verify", "--restart"})), HasSubstr("rows end too early"));
  EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM t"), "0");
  fs::remove(data);
  EXPECT_THAT(Problem(Restore(directory_, {"--no-verify", "--restart"})), HasSubstr("is not complete"));
}

TEST_F(ArchiveTest, ThatIsCompressedAndDamagedIsRefused) {
  source().Psql(database(), "CREATE TABLE t AS SELECT g, md5(g::text) AS v FROM generate_series(1, 20000) g");
  for (const char* form : {"-Fd", "-Fc"}) {
    fs::remove_all(directory_);
    PlainDump({form});
    const std::string data = form == std::string("-Fd") ? FileOfTable("t") + ".gz" : directory_;
    const auto size = static_cast<int64_t>(fs::file_size(data));
    FlipByte(data, size / 2);
    EXPECT_THAT(Problem(Restore(directory_, {"--restart"})), HasSubstr("damaged"));
    EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM t"), "0");
    FlipByte(data, size / 2);
    fs::resize_file(data, static_cast<uintmax_t>(size * 2 / 3));
    EXPECT_THAT(Problem(Restore(directory_, {"--restart"})), HasSubstr("too early"));
    EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM t"), "0");
  }
}

TEST_F(ArchiveTest, OfWhichOneFileIsDamagedTellsWhatIsKept) {
  source().Psql(database(),
                "CREATE TABLE bad AS SELECT g, repeat('AAAA', 10) AS v FROM generate_series(1, 2000) g;"
                "CREATE TABLE good AS SELECT g AS a FROM generate_series(1, 500) g;"
                "ALTER TABLE good ADD PRIMARY KEY (a)");
  ExpectDone(Dump({"--compress", "0"}));
  const std::string data = FileOfTable("bad");
  FlipByte(data, 40000);
  const std::string problem = Problem(Restore(directory_, {"--jobs", "1"}));
  EXPECT_THAT(problem, HasSubstr("public.bad"));
  EXPECT_THAT(problem, HasSubstr("Everything finished so far is kept"));
  EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM bad"), "0");
  EXPECT_THAT(target().Value(database(), "SELECT count(*) FROM good"), AnyOf("0", "500")) << "all of it or nothing";
  EXPECT_FALSE(std::filesystem::exists(evidence_path_)) << "nothing was proved";
  // With the file as it was, the same command goes on to the end.
  FlipByte(data, 40000);
  ExpectDone(Restore(directory_, {"--jobs", "1"}));
  ExpectSameContents();
}

// Damage at places that nobody chose. With a manifest every byte counts; without one, a form that has checksums is cut
// off.
class DamagedArchive : public ArchiveTest {
 protected:
  void SetUp() override {
    ArchiveTest::SetUp();
    source().Psql(database(),
                  "CREATE TABLE a AS SELECT g, md5(g::text) AS v FROM generate_series(1, 8000) g;"
                  "CREATE TABLE b AS SELECT g, repeat('b', g % 90) AS v FROM generate_series(1, 4000) g;"
                  "CREATE TABLE c (id int PRIMARY KEY); INSERT INTO c SELECT generate_series(1, 3000);"
                  "SELECT lo_from_bytea(4711, decode(repeat(md5('x'), 4000), 'hex'))");
  }

  size_t Below(size_t end) { return random_() % end; }

  // A file of the archive, the larger the likelier.
  std::string AnyFile() {
    std::vector<std::pair<std::string, size_t>> files;
    size_t total = 0;
    if (!fs::is_directory(directory_)) return directory_;
    for (const auto& entry : fs::directory_iterator(directory_))
      files.emplace_back(entry.path(), total += fs::file_size(entry.path()));
    const size_t at = Below(total);
    for (const auto& [path, end] : files)
      if (at < end) return path;
    return files.back().first;
  }

  // Refused, or whole all the same; no table half full, and no proof of anything else.
  void ExpectNothingHalf(const std::vector<std::string>& more, bool may_pass) {
    const ProcessResult result = Restore(directory_, more);
    if (result.status == kVerified && may_pass) return ExpectSameContents();
    EXPECT_EQ(result.status, kFailed) << result.Describe();
    EXPECT_FALSE(fs::exists(evidence_path_)) << "nothing was proved";
    EXPECT_EQ(result.out.find("verdict: verified"), std::string::npos) << result.out;
    for (const char* table : {"a", "b", "c"}) {
      if (target().Value(database(), std::string("SELECT to_regclass('public.") + table + "') IS NULL") == "t")
        continue;
      const std::string count = std::string("SELECT count(*) FROM ") + table;
      EXPECT_THAT(target().Value(database(), count), AnyOf("0", source().Value(database(), count))) << table;
    }
  }

  std::mt19937 random_{20};
};

TEST_F(DamagedArchive, WithAManifestIsRefusedWhateverByteChanged) {
  for (const char* compression : {"0", "6"}) {
    fs::remove_all(directory_);
    ExpectDone(Dump({"--compress", compression}));
    for (int round = 0; round < 6; ++round) {
      const std::string file = AnyFile();
      const std::string good = ReadFile(file);
      SCOPED_TRACE(file + " " + std::to_string(round));
      if (round % 2 == 0) {
        FlipByte(file, static_cast<int64_t>(Below(good.size())));
      } else {
        fs::resize_file(file, Below(good.size()));
      }
      ExpectNothingHalf({"--restart"}, false);
      std::ofstream(file, std::ios::binary) << good;
    }
    ExpectDone(Restore(directory_, {"--restart"}));
    ExpectSameContents();
  }
}

TEST_F(DamagedArchive, ThatIsCutOffAnywhereIsRefused) {
  for (const char* form : {"-Fd", "-Fc", "-Ft"}) {
    for (int round = 0; round < 4; ++round) {
      fs::remove_all(directory_);
      PlainDump({form});
      const std::string file = AnyFile();
      const size_t size = fs::file_size(file), kept = Below(size);
      SCOPED_TRACE(file + " " + std::to_string(kept) + " of " + std::to_string(size));
      fs::resize_file(file, kept);
      // A tar ends with a script of pg_restore's and with padding, which nobody reads.
      ExpectNothingHalf({"--restart"}, form == std::string("-Ft"));
    }
  }
}

TEST_F(DamagedArchive, WithAnotherCompressionThanItsNamesSayIsRefused) {
  PlainDump({"-Fd"});
  const std::string compressed = FileOfTable("a") + ".gz";
  const std::string good = ReadFile(compressed);
  RunOrThrow({"gzip", "-d", "-k", compressed});
  const std::string plain = FileOfTable("a");
  const std::string text = ReadFile(plain);
  fs::remove(plain);
  std::ofstream(compressed, std::ios::binary) << text;  // named .gz, and plain
  ExpectNothingHalf({"--restart"}, false);
  fs::remove(compressed);
  std::ofstream(plain, std::ios::binary) << good;  // named plain, and compressed
  ExpectNothingHalf({"--restart"}, false);
  fs::remove(plain);
  std::ofstream(plain + ".lz4", std::ios::binary) << good;
  ExpectNothingHalf({"--restart"}, false);
}

TEST_F(ArchiveTest, OfATarThatIsCutOffIsRefused) {
  source().Psql(database(), "CREATE TABLE t AS SELECT g, md5(g::text) AS v FROM generate_series(1, 20000) g");
  PlainDump({"-Ft"});
  fs::resize_file(directory_, fs::file_size(directory_) / 2);
  Problem(Restore(directory_));
  EXPECT_EQ(target().Value(database(),
                           "SELECT COALESCE((SELECT reltuples::int FROM pg_class WHERE relname = 't' AND "
                           "pg_relation_size(oid) > 0), 0)"),
            "0");
}

TEST_F(ArchiveTest, WithAManifestThatDoesNotFitIsRefused) {
  source().Psql(database(), "CREATE TABLE t AS SELECT 1 AS a");
  ExpectDone(Dump());
  const std::string manifest = directory_ + "/" + kManifest;
  const std::string good = ReadFile(manifest);
  // A row more, as somebody would write who wants to be right.
  std::string edited = good;
  edited.replace(edited.find("\"rows\": 1"), 9, "\"rows\": 2");
  std::ofstream(manifest) << edited;
  EXPECT_THAT(Problem(Restore(directory_)), HasSubstr("changed after it was written"));
  std::ofstream(manifest) << good.substr(0, good.size() / 2);
  EXPECT_THAT(Problem(Restore(directory_)), HasSubstr("is no manifest"));
  std::ofstream(manifest) << good;
  const std::string other = directory_ + ".other";
  fs::remove_all(other);
  source().Execute(database(), "CREATE TABLE u (b text)");
  ASSERT_EQ(RunHelper({"dump", "--source", SourceConnInfo(), "--file", other}).status, kVerified);
  EXPECT_THAT(Problem(Restore(other, {"--manifest", manifest})), HasSubstr("the manifest does not fit the archive"));
  EXPECT_EQ(TargetTables(), "0");
  fs::remove_all(other);
}

TEST_F(ArchiveTest, WithASignedManifestIsTakenFromItsSignerOnly) {
  source().Psql(database(), "CREATE TABLE t AS SELECT 1 AS a");
  const std::string key = target().directory() + "/signer.pem";
  for (const std::string& file : {key, key + ".other"}) {
    RunOrThrow({"openssl", "genpkey", "-algorithm", "ed25519", "-out", file});
    RunOrThrow({"openssl", "pkey", "-in", file, "-pubout", "-out", file + ".pub"});
  }
  ExpectDone(Dump({"--sign", key}));
  EXPECT_THAT(Problem(Restore(directory_, {"--manifest-key", key + ".other.pub"})), HasSubstr("was not signed with"));
  EXPECT_EQ(TargetTables(), "0");
  ExpectDone(Restore(directory_, {"--manifest-key", key + ".pub"}));
  fs::remove(directory_ + "/" + kManifest + ".sig");
  EXPECT_THAT(Problem(Restore(directory_, {"--manifest-key", key + ".pub", "--restart"})), HasSubstr("is not signed"));
}

TEST_F(ArchiveTest, WhoseRowsDifferOnTheTargetIsNotVerified) {
  source().Psql(database(), "CREATE TABLE t AS SELECT g AS a FROM generate_series(1, 100) g");
  ExpectDone(Dump());
  // A trigger of a table that was there already, and that does not rest, changes a row on its way in.
  target()
      .Connect(target().Login(database(), "master", kMasterPassword))
      ->Execute(
          "CREATE TABLE t (a int);"
          "CREATE FUNCTION change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
          "IF NEW.a = 50 THEN NEW.a := -50; END IF; RETURN NEW; END $$;"
          "CREATE TRIGGER change BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION change();"
          "ALTER TABLE t ENABLE ALWAYS TRIGGER change");
  const ProcessResult result = Restore(directory_, {"--into-existing"});
  EXPECT_EQ(result.status, kDiffers) << result.Describe();
  EXPECT_EQ(FinalVerdict(result), "differs");
}

TEST_F(ArchiveTest, OfADumpThatDidNotEndHasNoManifest) {
  source().Psql(database(),
                "CREATE TABLE t AS SELECT g, repeat(md5(g::text), 20) AS v FROM generate_series(1, 60000) g");
  auto run = StartHelper({"dump", "--source", SourceConnInfo(), "--file", directory_});
  std::this_thread::sleep_for(300ms);
  run->Signal(SIGKILL);
  run->Wait();
  EXPECT_FALSE(fs::exists(directory_ + "/" + kManifest));
  if (!fs::exists(directory_) || fs::is_empty(directory_)) fs::create_directories(directory_ + "/left");
  const ProcessResult again = Dump();
  EXPECT_EQ(again.status, kFailed);
  EXPECT_THAT(again.err, HasSubstr("is not empty"));
}

TEST_F(ArchiveTest, GoesIntoADirectoryThatIsMadeWithThoseAboveIt) {
  source().Psql(database(), "CREATE TABLE t AS SELECT 1 AS a");
  const std::string below = directory_ + "/of the week/monday";
  EXPECT_EQ(RunHelper({"dump", "--source", SourceConnInfo(), "--file", below}).status, kVerified);
  EXPECT_TRUE(fs::exists(below + "/" + kManifest));
  const std::string nowhere = below + "/" + kManifest + "/x";
  const ProcessResult refused = RunHelper({"dump", "--source", SourceConnInfo(), "--file", nowhere});
  EXPECT_EQ(refused.status, kFailed);
  EXPECT_THAT(refused.err, HasSubstr("could not create directory \"" + nowhere + "\": Not a directory"));
}

TEST_F(ArchiveTest, ThatIsNoneIsRefusedWithTheWayOut) {
  std::ofstream(directory_) << "CREATE TABLE t (a int);\n";
  EXPECT_THAT(Problem(Restore(directory_)), HasSubstr("is no archive of pg_dump"));
  source().Execute(database(), "CREATE TABLE t AS SELECT 1 AS a");
  PlainDump({"-Fc", "--inserts"});
  EXPECT_THAT(Problem(Restore(directory_)), HasSubstr("as INSERT commands"));
  EXPECT_EQ(TargetTables(), "0");
  EXPECT_THAT(RunHelper({"restore", "--target", TargetConnInfo()}).err, HasSubstr("--archive"));
}

// A plain script goes through psql: whole, or not at all.
TEST_F(ArchiveTest, OfPlainFormatGoesThroughPsql) {
  source().Psql(database(), kOddities);
  source().Execute(database(), "DROP EXTENSION IF EXISTS pg_airlift");  // which no target could make
  PlainDump({"-Fp", "--no-owner", "--no-acl"});
  const ProcessResult dry = RunHelper(RestoreArguments(directory_, {"--dry-run"}));
  EXPECT_EQ(dry.status, kVerified) << dry.Describe();
  EXPECT_THAT(dry.out, HasSubstr("--single-transaction"));
  EXPECT_EQ(TargetTables(), "0");
  const ProcessResult result = Restore(directory_);
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_THAT(FinalVerdict(result), HasSubstr("not verified"));
  EXPECT_THAT(result.out, HasSubstr("psql neither filters nor proves anything"));
  ExpectSameContents();
  EXPECT_THAT(Problem(Restore(directory_)), HasSubstr("not empty"));
  EXPECT_THAT(Problem(Restore(directory_, {"--manifest", directory_})), HasSubstr("has no manifest"));
  EXPECT_THAT(Problem(Restore(directory_, {"--mapping", TestFile("data/mappings/music.json")})),
              HasSubstr("nothing can be selected or mapped"));
}

TEST_F(ArchiveTest, OfPlainFormatIsOnTheTargetWholeOrNotAtAll) {
  source().Psql(database(),
                "CREATE TABLE a AS SELECT g FROM generate_series(1, 5000) g; CREATE TABLE b AS SELECT 1 AS x;");
  source().Execute(database(), "DROP EXTENSION IF EXISTS pg_airlift");
  PlainDump({"-Fp", "--no-owner", "--no-acl"});
  const std::string script = ReadFile(directory_);
  const auto write = [&](const std::string& text) { std::ofstream(directory_) << text; };
  // Cut off anywhere: psql would run what there is of it.
  for (const size_t part : {1, 2, 3}) {
    write(script.substr(0, script.size() * part / 4));
    EXPECT_THAT(Problem(Restore(directory_)), HasSubstr("is cut off"));
  }
  write(script.substr(0, script.find("dump complete")));
  EXPECT_THAT(Problem(Restore(directory_)), HasSubstr("is cut off"));
  // What the target refuses; the owner, for one.
  const size_t end = script.find("--\n-- PostgreSQL database dump complete");
  write(script.substr(0, end) + "ALTER TABLE public.b OWNER TO postgres;\n" + script.substr(end));
  const std::string refused = Problem(Restore(directory_));
  EXPECT_THAT(refused, HasSubstr("the target is as it was before"));
  EXPECT_THAT(refused, HasSubstr("\"postgres\""));
  // Commands of psql, as a hostile name could leave them in the script of an old pg_dump, or of a newer one.
  const std::string proof = directory_ + ".touched";
  std::string old = script;
  for (const char* bracket : {"\\restrict ", "\\unrestrict "})
    if (const size_t at = old.find(std::string("\n") + bracket); at != std::string::npos)
      old.erase(at + 1, old.find('\n', at + 1) - at);
  for (const std::string& text : {old, script}) {
    const size_t at = text.find("CREATE TABLE");
    write(text.substr(0, at) + "\\! touch " + proof + "\n" + text.substr(at));
    EXPECT_THAT(Problem(Restore(directory_)), HasSubstr("restricted"));
  }
  EXPECT_FALSE(fs::exists(proof));
  EXPECT_EQ(TargetTables(), "0");
  write(old);
  ExpectDone(Restore(directory_));
  ExpectSameContents();
}

// By pg_dump 17.11, with its \restrict.
TEST_F(ArchiveTest, OfPlainFormatOfAnotherVersionIsRestored) {
  ExpectDone(Restore(TestFile("data/archives/sample_17.sql")));
  EXPECT_EQ(target().Value(database(), "SELECT round(sum(n), 6) || ' ' || sum(length(v)) FROM t"), "2871.428571 7035");
  EXPECT_EQ(target().Value(database(), "SELECT last_value || ' ' || is_called FROM s"), "5 true");
  EXPECT_EQ(target().Value(database(),
                           "SELECT count(*) FROM generate_series(1, 20) g WHERE lo_get((100 + g)::oid) = "
                           "decode(repeat(md5(g::text), g), 'hex')"),
            "20");
}

TEST_F(ArchiveTest, DryRunChangesNothing) {
  source().Psql(database(), "CREATE TABLE t AS SELECT 1 AS a");
  ExpectDone(Dump());
  const ProcessResult result =
      RunHelper({"restore", "--archive", directory_, "--target", TargetConnInfo(), "--dry-run"});
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_THAT(result.out, HasSubstr("COPY \"public\".\"t\" (\"a\") FROM STDIN"));
  EXPECT_EQ(TargetTables(), "0");
}

}  // namespace
}  // namespace airlift::test
