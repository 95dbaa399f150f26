// Which rows differ, in which columns, and SQL that mends them: whatever is done to the target is located by key and
// column, and the repair brings the target back to "verified".
#include <sys/stat.h>

#include <csignal>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "support/move_test.h"

namespace airlift::test {
namespace {

using nlohmann::json;

// Compares, repairs, compares again. The two databases start with the same rows.
class RowCompare : public MoveTest {
 protected:
  void SetUp() override {
    MoveTest::SetUp();
    repair_path_ = evidence_path_ + ".sql";
  }

  // The same script on both sides; on the target everything then belongs to master.
  void FillBoth(const std::string& script) {
    source().Psql(database(), script);
    target().Psql(database(), script);
    OwnByMaster();
  }
  void OwnByMaster() {
    target().Psql(database(), R"(DO $$
      DECLARE o record;
      BEGIN
        FOR o IN SELECT format('ALTER SCHEMA %I OWNER TO master', nspname) AS sql FROM pg_namespace
                 WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')
          UNION ALL SELECT format('ALTER TABLE %s OWNER TO master', oid::regclass) FROM pg_class
                    WHERE relkind IN ('r', 'p') AND oid >= 16384 AND relnamespace::regnamespace::text !~ '^pg_' LOOP
          EXECUTE o.sql;
        END LOOP;
      END $$)");
  }

  ProcessResult Compare(std::vector<std::string> more = {}) {
    more.insert(more.begin(), "--data-only");
    return Airlift("compare", more);
  }

  json DifferencesOf(const std::string& table, const std::string& schema = "public") const {
    return EvidenceOf(schema, table).value("differences", json::object());
  }

  void ApplyRepair() {
    RunOrThrow(
        {target().bindir() + "/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", TargetConnInfo(), "-f", repair_path_});
  }

  // Compares with a repair, applies it, and expects everything to be verified then. The evidence of the first
  // comparison is in found_.
  void FindAndRepair(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"--repair", repair_path_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProcessResult result = Compare(arguments);
    ASSERT_EQ(result.status, kDiffers) << result.Describe();
    found_ = Evidence();
    ASSERT_NO_THROW(ApplyRepair()) << ReadFile(repair_path_).substr(0, 4000);
    const ProcessResult again = Compare(more);
    EXPECT_EQ(again.status, kVerified) << again.Describe() << ReadFile(repair_path_).substr(0, 4000);
  }

  json Found(const std::string& table, const std::string& schema = "public") const {
    for (const json& entry : found_.at("tables"))
      if (entry.at("schema") == schema && entry.at("table") == table) return entry.value("differences", json::object());
    return json::object();
  }

  static std::string Counts(const json& differences) {
    if (differences.empty()) return "none";
    std::ostringstream text;
    text << differences.at("missing_on_target") << " missing, " << differences.at("extra_on_target") << " extra, "
         << differences.at("changed") << " changed";
    return text.str();
  }

  std::string repair_path_;
  json found_;
};

// --- every type
// -------------------------------------------------------------------------------------------------------

class EveryType : public RowCompare {
 protected:
  void Fill(const std::string& and_then) {
    source().PsqlFile(database(), TestFile("data/all_types.sql"));
    const auto major = [](Cluster& cluster) { return cluster.Connect("postgres")->server_major(); };
    if (major(source()) == major(target())) {
      target().PsqlFile(database(), TestFile("data/all_types.sql"));
    } else {
      // A later version has more types, and more values of some. An older release of it writes out what the source's
      // keeps for itself (pg_attver), and no server takes that.
      const std::string dump = RunOrThrow(
          {target().bindir() + "/pg_dump", "--schema=types", "-d", source().Superuser(database()).ToString()});
      target().Psql(database(),
                    std::regex_replace(dump, std::regex("(^|\n)ALTER [^\n]* SET \\(pg_attver=[^\n]*"), "$1"));
      if (major(source()) < 15) target().Execute(database(), "GRANT ALL ON SCHEMA public TO PUBLIC");
    }
    for (Cluster* cluster : {&source(), &target()}) cluster->Psql(database(), and_then);
    OwnByMaster();
  }

  std::vector<std::string> Tables() {
    std::istringstream lines(
        target().Psql(database(),
                      "SELECT relname FROM pg_class WHERE relnamespace = 'types'::regnamespace AND relkind = 'r' AND "
                      "relname LIKE 'of\\_%' ORDER BY 1"));
    std::vector<std::string> tables;
    for (std::string line; std::getline(lines, line);) tables.push_back(line);
    return tables;
  }

  // In every table the `which`-th row (from 0) gets another value of the same column in `column`. Prints
  // table|id of the rows that changed.
  std::map<std::string, std::string> MutateAll(const std::string& column, int which) {
    target().Psql(database(), "CREATE TABLE IF NOT EXISTS public.mutated (t text, id int); TRUNCATE public.mutated");
    target().Psql(database(), R"(DO $$
      DECLARE t text; changed int;
      BEGIN
        FOR t IN SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = ')" +
                                  column + R"('
                 WHERE relnamespace = 'types'::regnamespace AND relkind = 'r' AND relname LIKE 'of\_%' LOOP
          EXECUTE format($q$
            UPDATE types.%1$I t SET )" +
                                  column + R"( = (
              SELECT o.)" + column +
                                  R"( FROM types.%1$I o
              WHERE o.)" + column +
                                  R"(::text IS DISTINCT FROM t.)" + column +
                                  R"(::text ORDER BY (o.id - t.id + 1000) %% 1000 LIMIT 1)
            WHERE id = (SELECT id FROM types.%1$I ORDER BY id OFFSET )" +
                                  std::to_string(which) + R"( LIMIT 1)
            RETURNING id $q$, t) INTO changed;
          IF changed IS NOT NULL THEN
            INSERT INTO public.mutated VALUES (t, changed);
          END IF;
        END LOOP;
      END $$)");
    std::map<std::string, std::string> mutated;
    std::istringstream lines(target().Psql(database(), "SELECT t, id FROM public.mutated"));
    for (std::string line; std::getline(lines, line);)
      mutated[line.substr(0, line.find('|'))] = line.substr(line.find('|') + 1);
    target().Psql(database(), "DROP TABLE public.mutated");
    return mutated;
  }
};

constexpr const char* kAddKeys = R"(DO $$
  DECLARE t regclass;
  BEGIN
    FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'types'::regnamespace AND relkind = 'r' AND relname LIKE 'of\_%' LOOP
      EXECUTE format('ALTER TABLE %s ADD PRIMARY KEY (id)', t);
    END LOOP;
  END $$)";

TEST_F(EveryType, AMutationIsFoundByKeyAndColumn) {
  Fill(kAddKeys);
  const ProcessResult untouched = Compare();
  ASSERT_EQ(untouched.status, kVerified) << untouched.Describe();
  const auto round = [&](const std::string& column, int which) {
    SCOPED_TRACE(column + " of row " + std::to_string(which));
    const auto mutated = MutateAll(column, which);
    ASSERT_FALSE(mutated.empty());
    FindAndRepair({"--schema", "types"});
    for (const std::string& table : Tables()) {
      SCOPED_TRACE(table);
      const json found = Found(table, "types");
      const auto mutation = mutated.find(table);
      EXPECT_EQ(Counts(found), mutation == mutated.end() ? "none" : "0 missing, 0 extra, 1 changed");
      if (mutation == mutated.end() || found.empty()) continue;
      EXPECT_EQ(found.at("rows").at(0).at("key"), (json{{"id", mutation->second}}));
      EXPECT_EQ(found.at("rows").at(0).at("columns"), json::array({column}));
    }
  };
  for (int which = 0; which < (SlowTests() ? 12 : 6); ++which) round("v", which);
  // Behind the values and the row of NULLs: the arrays.
  target().Psql(database(), "SELECT 1");
  for (int which = 3; which < (SlowTests() ? 14 : 8); ++which) round("a", which);
}

TEST_F(EveryType, WithoutAKeyRowsAreFoundByTheirDigests) {
  Fill("SELECT 1");
  ASSERT_EQ(Compare().status, kVerified);
  const auto mutated = MutateAll("v", 0);
  FindAndRepair({"--schema", "types"});
  for (const auto& [table, id] : mutated) {
    SCOPED_TRACE(table);
    EXPECT_EQ(Counts(Found(table, "types")), "1 missing, 1 extra, 0 changed");
  }
  MutateAll("a", 4);
  FindAndRepair({"--schema", "types"});
}

TEST_F(EveryType, TypesThatAUserMakes) {
  Fill("ALTER TABLE types.user_made ALTER nested SET STORAGE EXTERNAL");
  const std::vector<std::string> columns = {"mood",           "moods",  "positive",  "positives",  "pair",
                                            "pairs",          "nested", "textrange", "textranges", "pairs_domain",
                                            "numeric_scaled", "bits",   "letters",   "stamps"};
  std::string swap;
  for (size_t i = 0; i < columns.size(); ++i) {
    SCOPED_TRACE(columns[i]);
    target().Psql(database(), "UPDATE types.user_made SET " + columns[i] + " = (SELECT " + columns[i] +
                                  " FROM types.user_made WHERE id = " + (i % 2 == 0 ? "3" : "2") + ") WHERE id = 1");
    FindAndRepair({"--table", "types.user_made"});
    const json found = Found("user_made", "types");
    ASSERT_EQ(Counts(found), "0 missing, 0 extra, 1 changed");
    EXPECT_EQ(found.at("rows").at(0).at("columns"), json::array({columns[i]}));
  }
}

// Every type that can be a key: of its values one is changed, one missing, one extra.
TEST_F(EveryType, AnySortableTypeIsAKey) {
  Fill(R"(CREATE SCHEMA keys;
    CREATE TYPE keys.wrapped AS (first int, second text);
    DO $$
    DECLARE t record; name text;
    BEGIN
      FOR t IN SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod) AS type
               FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
               WHERE relnamespace = 'types'::regnamespace AND relkind = 'r' AND relname LIKE 'of\_%' AND attname IN ('v', 'a') LOOP
        name := t.relname || '_' || t.attname;
        BEGIN
          EXECUTE format('CREATE TABLE keys.%I (k %s PRIMARY KEY, note text)', name, t.type);
          EXECUTE format('INSERT INTO keys.%1$I SELECT %2$I, ''note'' FROM types.%3$I WHERE %2$I IS NOT NULL AND '
            'length(%2$I::text) < 1000 ON CONFLICT DO NOTHING', name, t.attname, t.relname);
        EXCEPTION WHEN undefined_object OR undefined_function THEN
          CONTINUE;
        END;
      END LOOP;
    END $$;
    CREATE TABLE keys.mood (k types.mood PRIMARY KEY, note text);
    INSERT INTO keys.mood SELECT unnest(enum_range(NULL::types.mood)), 'note';
    CREATE TABLE keys.moods (k types.mood[] PRIMARY KEY, note text);
    INSERT INTO keys.moods VALUES ('{sad}', 'note'), ('{ok,happy}', 'note'), ('{}', 'note');
    CREATE TABLE keys.pairs (k keys.wrapped PRIMARY KEY, note text);
    INSERT INTO keys.pairs VALUES (ROW(1, 'a "b" \c'), 'note'), (ROW(1, NULL), 'note'), (ROW(NULL, ''), 'note');
    CREATE TABLE keys.domains (k types.positive PRIMARY KEY, note text);
    INSERT INTO keys.domains VALUES (1, 'note'), (2, 'note'), (3, 'note');)");
  const auto in_each = [&](Cluster& cluster, const std::string& before, const std::string& after) {
    cluster.Psql(database(), R"(DO $$
      DECLARE t regclass;
      BEGIN
        FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'keys'::regnamespace AND relkind = 'r' LOOP
          EXECUTE ')" + before + " ' || t || ' " +
                                 after + R"(';
        END LOOP;
      END $$)");
  };
  in_each(target(), "DELETE FROM", "WHERE ctid = ''(0,2)''");
  in_each(target(), "UPDATE", "SET note = ''changed'' WHERE ctid = ''(0,1)''");
  in_each(source(), "DELETE FROM", "WHERE ctid = ''(0,3)''");
  FindAndRepair({"--schema", "keys"});
  int tables = 0;
  for (const json& entry : found_.at("tables")) {
    if (entry.at("rows_source") == 0) continue;
    SCOPED_TRACE(entry.at("table").get<std::string>());
    const json& found = entry.at("differences");
    ++tables;
    EXPECT_EQ(found.at("key"), json::array({"k"}));
    EXPECT_EQ(found.at("changed"), 1);
    EXPECT_EQ(found.at("missing_on_target"), entry.at("rows_source") >= 2 ? 1 : 0);
    EXPECT_EQ(found.at("columns"), (json{{"note", 1}}));
  }
  EXPECT_GT(tables, 50);
}

// --- rows
// -------------------------------------------------------------------------------------------------------------

constexpr const char* kRows = R"(
  CREATE TABLE keyed (id int PRIMARY KEY, a text, b int, secret text);
  INSERT INTO keyed SELECT g, 'a' || g, g % 7, 'private-value-' || g FROM generate_series(1, 20000) g;
  CREATE TABLE keyless (a int, b text, c numeric, j json);
  INSERT INTO keyless SELECT g / 3, 'dup', 1.0, '{"a": 1}' FROM generate_series(1, 300) g;
  CREATE TABLE uniqued (a int NOT NULL, b text NOT NULL, c text, UNIQUE (b, a));
  INSERT INTO uniqued SELECT g, 'b' || g, 'c' FROM generate_series(1, 100) g;
  CREATE TABLE parts (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
  CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (100);
  CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (100) TO (1000);
  INSERT INTO parts SELECT g, 'v' || g FROM generate_series(1, 200) g;
  CREATE TABLE loose_parts (id int, v text) PARTITION BY LIST (id);
  CREATE TABLE loose_parts_1 PARTITION OF loose_parts FOR VALUES IN (1);
  CREATE TABLE loose_parts_2 PARTITION OF loose_parts FOR VALUES IN (2);
  INSERT INTO loose_parts SELECT g % 2 + 1, 'same' FROM generate_series(1, 20) g;
)";

class Rows : public RowCompare {};

TEST_F(Rows, CountsKeysAndColumns) {
  FillBoth(kRows);
  target().Execute(database(),
                   "UPDATE keyed SET a = 'x', b = NULL WHERE id = 77; UPDATE keyed SET a = '' WHERE id = 19000;"
                   "DELETE FROM keyed WHERE id IN (3, 4, 5); INSERT INTO keyed VALUES (20001, 'new'), (-1, NULL)");
  FindAndRepair();
  const json found = Found("keyed");
  EXPECT_EQ(Counts(found), "3 missing, 2 extra, 2 changed");
  EXPECT_EQ(found.at("columns"), (json{{"a", 2}, {"b", 1}}));
  EXPECT_EQ(found.at("rows").size(), 7U);
  EXPECT_EQ(found.at("not_listed"), 0);
  std::set<std::string> rows;
  for (const json& row : found.at("rows")) {
    rows.insert(row.at("difference").get<std::string>() + " " + row.at("key").at("id").get<std::string>());
    EXPECT_FALSE(row.contains("source")) << "values were not asked for";
  }
  EXPECT_EQ(rows, (std::set<std::string>{"changed 77", "changed 19000", "missing on target 3", "missing on target 4",
                                         "missing on target 5", "extra on target 20001", "extra on target -1"}));
  EXPECT_EQ(found_.dump().find("private-value"), std::string::npos);
}

TEST_F(Rows, ValuesAreShownOnlyWhereAskedFor) {
  FillBoth(kRows);
  target().Execute(database(),
                   "UPDATE keyed SET a = E'line\\nverdict: verified', b = NULL WHERE id = 77;"
                   "UPDATE keyed SET a = repeat('long', 5000) WHERE id = 78");
  const ProcessResult quiet = Compare();
  EXPECT_EQ((quiet.out + Evidence().dump()).find("a77"), std::string::npos);
  const ProcessResult shown = Compare({"--show-values"});
  EXPECT_EQ(FinalVerdict(shown), "differs");
  EXPECT_NE(shown.out.find("source: a = 'a77', b = '0'"), std::string::npos) << shown.out;
  EXPECT_NE(shown.out.find("target: a = 'line\\nverdict: verified', b = NULL"), std::string::npos) << shown.out;
  const json row = DifferencesOf("keyed").at("rows").at(0);
  EXPECT_EQ(row.at("source"), (json{{"a", "a77"}, {"b", "0"}}));
  EXPECT_EQ(row.at("target"), (json{{"a", "line\nverdict: verified"}, {"b", nullptr}}));
  EXPECT_LT(DifferencesOf("keyed").at("rows").at(1).at("target").dump().size(), 2000U);
}

TEST_F(Rows, WithoutAKeyCopiesAreCounted) {
  FillBoth(kRows);
  target().Execute(database(),
                   "DELETE FROM keyless WHERE ctid = (SELECT ctid FROM keyless WHERE a = 7 LIMIT 1);"
                   "INSERT INTO keyless VALUES (8, 'dup', 1.0, '{\"a\": 1}'), (8, 'dup', 1.0, '{\"a\": 1}');"
                   "UPDATE keyless SET c = 1.00 WHERE a = 9; UPDATE keyless SET j = '{\"a\":1}' WHERE a = 10;"
                   "INSERT INTO keyless VALUES (NULL, NULL, NULL, NULL), (NULL, NULL, NULL, NULL)");
  FindAndRepair();
  const json found = Found("keyless");
  EXPECT_EQ(Counts(found), "7 missing, 10 extra, 0 changed");
  for (const json& row : found.at("rows")) EXPECT_EQ(row.at("digest").get<std::string>().size(), 36U);
}

TEST_F(Rows, KeylessPartitionsMayShareACtid) {
  FillBoth(kRows);
  target().Execute(database(), "INSERT INTO loose_parts VALUES (1, 'same'), (1, 'same'), (2, 'same')");
  FindAndRepair();
  EXPECT_EQ(Counts(Found("loose_parts")), "0 missing, 3 extra, 0 changed");
}

TEST_F(Rows, AUniqueIndexIsAKeyWhereThereIsNoPrimaryOne) {
  FillBoth(kRows);
  target().Execute(database(),
                   "UPDATE uniqued SET c = NULL WHERE a = 5; UPDATE uniqued SET b = 'moved' WHERE a = 6;"
                   "ALTER TABLE keyed DROP CONSTRAINT keyed_pkey; UPDATE keyed SET a = 'x' WHERE id = 4");
  FindAndRepair();
  EXPECT_EQ(Found("uniqued").at("key"), json::array({"b", "a"}));
  EXPECT_EQ(Counts(Found("uniqued")), "1 missing, 1 extra, 1 changed");
  EXPECT_EQ(Found("keyed").at("key"), json::array()) << "only the source has that key";
  EXPECT_EQ(Counts(Found("keyed")), "1 missing, 1 extra, 0 changed");
}

TEST_F(Rows, AnotherPartitionLayoutAndColumnOrder) {
  source().Psql(database(), kRows);
  target().Psql(database(),
                "CREATE TABLE parts (v text, gone int, id int PRIMARY KEY) PARTITION BY HASH (id);"
                "ALTER TABLE parts DROP COLUMN gone;"
                "CREATE TABLE parts_a PARTITION OF parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
                "CREATE TABLE parts_b (id int NOT NULL, v text);"
                "ALTER TABLE parts ATTACH PARTITION parts_b FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
                "INSERT INTO parts (id, v) SELECT g, 'v' || g FROM generate_series(200, 1, -1) g");
  OwnByMaster();
  ASSERT_EQ(Compare({"--table", "parts"}).status, kVerified);
  target().Execute(database(), "UPDATE parts SET v = 'x' WHERE id IN (7, 150); DELETE FROM parts WHERE id = 99");
  FindAndRepair({"--table", "parts"});
  EXPECT_EQ(Counts(Found("parts")), "1 missing, 0 extra, 2 changed");
}

TEST_F(Rows, KeysThatAreEqualButNotTheSame) {
  FillBoth("CREATE TABLE n (k numeric PRIMARY KEY, v int); CREATE TABLE f (k float8 PRIMARY KEY, v int);");
  source().Execute(database(),
                   "INSERT INTO n VALUES (1.0, 1), (2, 2), ('NaN', 3); INSERT INTO f VALUES ('-0', 1), ('NaN', 2)");
  target().Execute(database(),
                   "INSERT INTO n VALUES (1.00, 1), (2, 3), ('NaN', 3); INSERT INTO f VALUES (0, 1), ('NaN', 2)");
  FindAndRepair();
  EXPECT_EQ(Counts(Found("n")), "1 missing, 1 extra, 1 changed");
  EXPECT_EQ(Counts(Found("f")), "1 missing, 1 extra, 0 changed");
}

TEST_F(Rows, CompositeKeysUnderOtherCollations) {
  FillBoth(R"(
    CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE t (lang text COLLATE "C", word text COLLATE ci, n int, v text, PRIMARY KEY (lang, word, n));
    INSERT INTO t SELECT l, w || g, g, 'v' FROM unnest('{de,en}'::text[]) l,
      unnest(ARRAY['Straße', 'größe', 'it''s', 'back\slash', '漢字']) w, generate_series(1, 20) g;)");
  source().Execute(database(), "ALTER COLLATION ci RENAME TO ci_source");
  target().Execute(database(),
                   "UPDATE t SET v = NULL WHERE word COLLATE \"C\" LIKE 'back%' AND n = 3;"
                   "UPDATE t SET word = upper(word COLLATE \"C\") WHERE lang = 'de' AND n = 4 AND word COLLATE \"C\" "
                   "LIKE 'it%'; DELETE FROM t WHERE n = 5 AND lang = 'en'");
  FindAndRepair();
  EXPECT_EQ(Counts(Found("t")), "6 missing, 1 extra, 2 changed");
}

TEST_F(Rows, GeneratedAndIdentityColumnsAndOtherUniqueKeys) {
  FillBoth(R"(
    CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a int CONSTRAINT t_a UNIQUE,
      twice int GENERATED ALWAYS AS (a * 2) STORED);
    INSERT INTO t (a) SELECT g FROM generate_series(1, 100) g;
    CREATE TABLE other (k int PRIMARY KEY, i int GENERATED ALWAYS AS IDENTITY);
    INSERT INTO other (k) SELECT g FROM generate_series(1, 10) g;)");
  // Two values change places under a unique key; every row of the upper half moves up by one.
  target().Execute(
      database(),
      "ALTER TABLE t DROP CONSTRAINT t_a; UPDATE t SET a = 3 - a WHERE a IN (1, 2);"
      "UPDATE t SET a = a + 1 WHERE a > 50; ALTER TABLE t ADD CONSTRAINT t_a UNIQUE (a);"
      "DELETE FROM t WHERE id = 9; ALTER TABLE other ALTER i DROP IDENTITY;"
      "UPDATE other SET i = 100 + i WHERE k > 8; ALTER TABLE other ALTER i ADD GENERATED ALWAYS AS IDENTITY");
  FindAndRepair();
  EXPECT_EQ(Counts(Found("t")), "1 missing, 0 extra, 52 changed");
  EXPECT_EQ(Found("t").at("columns"), (json{{"a", 52}, {"twice", 52}}));
  EXPECT_EQ(Counts(Found("other")), "0 missing, 0 extra, 2 changed");
}

constexpr const char* kFamily = R"(
  CREATE TABLE parent (id int PRIMARY KEY, v text);
  CREATE TABLE child (id int PRIMARY KEY, parent_id int NOT NULL REFERENCES parent, v text);
  CREATE TABLE log (what text);
  CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql
    AS $$BEGIN INSERT INTO public.log VALUES (TG_OP); RETURN NULL; END$$;
  INSERT INTO parent SELECT g, 'p' FROM generate_series(1, 10) g;
  INSERT INTO child SELECT g, g, 'c' FROM generate_series(1, 10) g;)";
constexpr const char* kFamilyChanges =
    "UPDATE child SET v = 'x' WHERE id = 1; DELETE FROM child WHERE id = 2; DELETE FROM parent WHERE id = 2;"
    "INSERT INTO parent VALUES (11); INSERT INTO child VALUES (11, 11);";

TEST_F(Rows, TriggersAreAtRestWhereAllowed) {
  FillBoth(kFamily);
  target().Execute(
      database(),
      std::string(kFamilyChanges) +
          "CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON child FOR EACH ROW EXECUTE FUNCTION note()");
  FindAndRepair();
  EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM log"), "0");
}

TEST_F(Rows, WhereTriggersCannotBeAtRestTheOrderFitsTheForeignKeys) {
  FillBoth(kFamily);
  target().Execute(database(), kFamilyChanges);
  target().Execute("postgres", "REVOKE SET ON PARAMETER session_replication_role FROM rds_superuser");
  FindAndRepair();
  target().Execute("postgres", "GRANT SET ON PARAMETER session_replication_role TO rds_superuser");
  EXPECT_NE(ReadFile(repair_path_).find("may not set session_replication_role"), std::string::npos);
}

TEST_F(Rows, TheRepairFileIsPrivateAndWhole) {
  FillBoth(kRows);
  Compare({"--repair", repair_path_});
  EXPECT_NE(ReadFile(repair_path_).find("No row needs a change"), std::string::npos);
  target().Execute(database(), "DELETE FROM keyed WHERE id = 1; DROP TABLE uniqued");
  ASSERT_EQ(chmod(repair_path_.c_str(), 0644), 0);
  EXPECT_EQ(Compare({"--repair", repair_path_}).status, kDiffers);
  struct stat facts;
  ASSERT_EQ(stat(repair_path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
  const std::string text = ReadFile(repair_path_);
  EXPECT_NE(text.find("Not mended: public.uniqued: missing on the target"), std::string::npos) << text;
  EXPECT_EQ(text.substr(text.size() - 8), "COMMIT;\n");
}

// --- subsets
// ----------------------------------------------------------------------------------------------------------

class Subsets : public RowCompare {};

TEST_F(Subsets, ColumnsAndRowsThatDoNotCount) {
  FillBoth(kRows);
  target().Execute(
      database(),
      "UPDATE keyed SET a = 'x' WHERE id = 5; ALTER TABLE keyless ADD extra int; DELETE FROM keyed WHERE id = 10");
  EXPECT_EQ(
      Compare({"--table", "keyed", "--exclude-column", "keyed.a", "--where", "public.keyed=id <> 10 -- one"}).status,
      kVerified);
  EXPECT_EQ(EvidenceOf("public", "keyed").at("left_out_columns"), json::array({"a"}));
  EXPECT_EQ(EvidenceOf("public", "keyed").at("condition"), "id <> 10 -- one");
  for (const char* note : {"1 of ", "definitions are not compared", "columns not compared: a", "only rows compared"})
    EXPECT_NE(Evidence().at("notes").dump().find(note), std::string::npos) << "a part must not pass for the whole";
  EXPECT_EQ(Compare({"--table", "keyed", "--where", "keyed=id > 5"}).status, kDiffers);
  EXPECT_EQ(Counts(DifferencesOf("keyed")), "1 missing, 0 extra, 0 changed");
  EXPECT_EQ(Compare({"--table", "keyless"}).status, kDiffers);
  EXPECT_EQ(Compare({"--table", "keyless", "--ignore-extra-columns"}).status, kVerified);
  EXPECT_EQ(Compare({"--where", "nosuch=true"}).status, kFailed);
  EXPECT_EQ(Compare({"--exclude-column", "keyed.nosuch"}).status, kFailed);
  // A condition that nobody can run is the table's trouble.
  EXPECT_EQ(Compare({"--table", "keyed", "--where", "keyed=nosuch > 1"}).status, kFailed);
  EXPECT_EQ(EvidenceOf("public", "keyed").at("verdict"), "not verified");
}

TEST_F(Subsets, ARowThatTheConditionHidesIsUpdatedNotInsertedTwice) {
  FillBoth(kRows);
  target().Execute(database(), "UPDATE keyed SET b = 100 WHERE id IN (5, 6); UPDATE keyed SET b = 3 WHERE id = 8");
  FindAndRepair({"--table", "keyed", "--where", "keyed=b < 100"});
  EXPECT_EQ(Counts(Found("keyed")), "2 missing, 0 extra, 1 changed");
  EXPECT_EQ(Compare({"--table", "keyed"}).status, kVerified);
}

TEST_F(Subsets, ASampleIsNeverVerified) {
  FillBoth(kRows);
  const ProcessResult same = Compare({"--sample", "10%"});
  EXPECT_EQ(same.status, kFailed) << same.Describe();
  EXPECT_EQ(FinalVerdict(same), "not verified");
  const json keyed = EvidenceOf("public", "keyed");
  EXPECT_NE(keyed.at("reason").get<std::string>().find("sample"), std::string::npos);
  EXPECT_GT(keyed.at("rows_source"), 1500);
  EXPECT_LT(keyed.at("rows_source"), 2500);
  EXPECT_EQ(keyed.at("rows_source"), keyed.at("rows_target"));
  target().Execute(database(), "UPDATE keyed SET a = 'x'");
  EXPECT_EQ(Compare({"--sample", "10%"}).status, kDiffers);
  EXPECT_EQ(DifferencesOf("keyed").at("changed"), keyed.at("rows_source"));
  for (const char* wrong : {"0", "100%", "x"})
    EXPECT_NE(RunHelper(Arguments("compare", {"--sample", wrong})).status, kVerified) << wrong;
}

TEST_F(Subsets, MaxRowsBoundsTheListNotTheCounts) {
  FillBoth(kRows);
  target().Execute(database(), "UPDATE keyed SET a = 'x' WHERE id <= 1500");
  Compare();
  EXPECT_EQ(DifferencesOf("keyed").at("rows").size(), 1000U);
  EXPECT_EQ(DifferencesOf("keyed").at("not_listed"), 500);
  EXPECT_EQ(DifferencesOf("keyed").at("changed"), 1500);
  Compare({"--max-rows", "3"});
  EXPECT_EQ(DifferencesOf("keyed").at("rows").size(), 3U);
  EXPECT_EQ(DifferencesOf("keyed").at("changed"), 1500);
  Compare({"--max-rows", "0"});
  EXPECT_FALSE(EvidenceOf("public", "keyed").contains("differences"));
}

TEST_F(Subsets, ViewsAreCountedOnRequest) {
  FillBoth(std::string(kRows) +
           "CREATE VIEW few AS SELECT * FROM keyed WHERE b = 1; CREATE VIEW fine AS SELECT 1 AS a;");
  target().Psql(database(),
                "CREATE OR REPLACE VIEW few AS SELECT * FROM keyed WHERE b > 1; ALTER VIEW few OWNER TO master;"
                "ALTER VIEW fine OWNER TO master");
  EXPECT_EQ(Compare().status, kVerified);
  EXPECT_EQ(Compare({"--views"}).status, kDiffers);
  const json views = Evidence().at("views");
  ASSERT_EQ(views.size(), 2U);
  EXPECT_EQ(views.at(0).at("verdict"), "differs");
  EXPECT_EQ(views.at(1).at("verdict"), "verified");
}

// --- names, widths, encodings, sizes
// ----------------------------------------------------------------------------------

TEST_F(Rows, HostileNames) {
  for (Cluster* cluster : {&source(), &target()}) cluster->PsqlFile(database(), TestFile("data/hostile_names.sql"));
  OwnByMaster();
  target().Psql(database(), R"(DO $do$
    DECLARE t regclass;
    BEGIN
      FOR t IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
        EXECUTE 'UPDATE ' || t || $$ SET other = other || E'\n--' WHERE ctid = '(0,1)'$$;
        EXECUTE 'DELETE FROM ' || t || $$ WHERE ctid = '(0,2)'$$;
      END LOOP;
      FOR t IN SELECT oid FROM pg_class WHERE relname = 't' AND relkind = 'r' LOOP
        EXECUTE format('INSERT INTO %s SELECT * FROM %s', t, t);
      END LOOP;
    END $do$)");
  FindAndRepair({"--show-values"});
  for (const json& entry : found_.at("tables")) {
    const bool is_keyed = entry.at("schema") == "public";
    EXPECT_EQ(Counts(entry.at("differences")),
              is_keyed ? "1 missing, 0 extra, 1 changed" : "0 missing, 1 extra, 0 changed");
  }
}

TEST_F(Rows, SixteenHundredColumns) {
  FillBoth(R"(DO $$
    BEGIN
      EXECUTE format('CREATE TABLE wide (c1 int PRIMARY KEY, %s)',
        (SELECT string_agg('c' || i || ' int', ', ') FROM generate_series(2, 1600) i));
      INSERT INTO wide SELECT g FROM generate_series(1, 20) g;
      UPDATE wide SET c2 = c1, c1600 = c1;
      EXECUTE format('CREATE TABLE loose (%s)', (SELECT string_agg('c' || i || ' bool', ', ') FROM generate_series(1, 1600) i));
      INSERT INTO loose SELECT g % 2 = 0 FROM generate_series(1, 20) g;
    END $$)");
  target().Execute(database(),
                   "UPDATE wide SET c1600 = 0 WHERE c1 = 7; DELETE FROM wide WHERE c1 = 8;"
                   "INSERT INTO loose (c1600) VALUES (true)");
  FindAndRepair();
  EXPECT_EQ(Counts(Found("wide")), "1 missing, 0 extra, 1 changed");
  EXPECT_EQ(Found("wide").at("columns"), (json{{"c1600", 1}}));
  EXPECT_EQ(Counts(Found("loose")), "0 missing, 1 extra, 0 changed");
}

TEST_F(Rows, OneByteOfALargeValue) {
  FillBoth(
      "CREATE TABLE large (id int PRIMARY KEY, v text, b bytea); ALTER TABLE large ALTER v SET STORAGE EXTERNAL;"
      "INSERT INTO large SELECT g, repeat(md5(g::text), 655360), '\\x00' FROM generate_series(1, 2) g");
  target().Execute(database(), "UPDATE large SET v = overlay(v PLACING 'X' FROM 20000000 FOR 1) WHERE id = 2");
  FindAndRepair({"--show-values"});
  EXPECT_EQ(Found("large").at("columns"), (json{{"v", 1}}));
  EXPECT_LT(found_.dump().size(), 20000U);
}

class Encodings : public RowCompare, public ::testing::WithParamInterface<const char*> {};

TEST_P(Encodings, AreNoDifference) {
  const std::string name = database() + "_encoded";
  CreateOnSource(name, std::string("TEMPLATE template0 LOCALE 'C' ENCODING '") + GetParam() + "'");
  CreateOnTarget(name);
  if (std::string(GetParam()) == "LATIN1") AddExtension(name);
  const char* kTables = R"(SET client_encoding = 'UTF8';
    CREATE TABLE t (k text PRIMARY KEY, "größe" text);
    INSERT INTO t SELECT 'ü' || g, 'Straße' FROM generate_series(1, 50) g;
    CREATE TABLE keyless (a text); INSERT INTO keyless VALUES ('é'), ('é'), ('ç'))";
  source().Psql(name, kTables);
  target().Psql(name, kTables);
  target().Psql(name, "ALTER TABLE t OWNER TO master; ALTER TABLE keyless OWNER TO master");
  const auto compare = [&] {
    return RunHelper({"compare", "--data-only", "--source", SourceConnInfo(name), "--target", TargetConnInfo(name),
                      "--evidence", evidence_path_, "--repair", repair_path_, "--show-values"});
  };
  ASSERT_EQ(compare().status, kVerified);
  target().Psql(name,
                "SET client_encoding = 'UTF8'; UPDATE t SET \"größe\" = 'Strasse' WHERE k = 'ü7';"
                "DELETE FROM t WHERE k = 'ü8'; DELETE FROM keyless WHERE a = 'é'");
  EXPECT_EQ(compare().status, kDiffers);
  EXPECT_EQ(Counts(DifferencesOf("t")), "1 missing, 0 extra, 1 changed");
  EXPECT_EQ(DifferencesOf("t").at("rows").at(0).at("source"), (json{{"größe", "Straße"}}));
  RunOrThrow({target().bindir() + "/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", TargetConnInfo(name), "-f",
              repair_path_});
  EXPECT_EQ(compare().status, kVerified);
}

INSTANTIATE_TEST_SUITE_P(Sources, Encodings, ::testing::Values("LATIN1", "SQL_ASCII"),
                         [](const auto& parameter) { return std::string(parameter.param); });

TEST_F(Rows, SettingsOfTheTargetAreNoDifference) {
  for (Cluster* cluster : {&source(), &target()}) cluster->PsqlFile(database(), TestFile("data/all_types.sql"));
  OwnByMaster();
  std::string settings;
  for (const char* setting : {"timezone = 'Asia/Kolkata'", "datestyle = 'German'", "intervalstyle = 'iso_8601'",
                              "extra_float_digits = -15", "bytea_output = 'escape'", "search_path = nowhere",
                              "standard_conforming_strings = off", "backslash_quote = off"})
    settings += std::string("ALTER DATABASE \"") + database() + "\" SET " + setting + ";";
  target().Psql(database(), settings);
  ASSERT_EQ(Compare().status, kVerified);
  std::string deletions;
  for (const char* table : {"timestamptz", "interval", "bytea", "float8", "text", "money"})
    deletions += std::string("DELETE FROM types.of_") + table + ";";
  target().Psql(database(), deletions + "DELETE FROM types.user_made");
  FindAndRepair();
}

#ifdef __SANITIZE_ADDRESS__
constexpr long kMostMemory = 2048 * 1024;  // it keeps what is freed, and puts space between what is not
#else
constexpr long kMostMemory = 256 * 1024;
#endif

// Memory is read from the kernel while the program runs.
TEST_F(Rows, ManyDifferencesTakeBoundedMemory) {
  const long rows = SlowTests() ? 1500000 : 250000;
  FillBoth(
      "CREATE TABLE t (id bigint PRIMARY KEY, v text, w text); INSERT INTO t SELECT g, md5(g::text), "
      "md5(g::text) || repeat('x', 40) FROM generate_series(1, " +
      std::to_string(rows) + ") g; ANALYZE t");
  target().Execute(database(), "UPDATE t SET v = 'changed' WHERE id % 5 <> 0");
  auto process = StartHelper(Arguments("compare", {"--data-only", "--repair", repair_path_}));
  long peak = 0;
  while (process->IsRunning()) {
    std::ifstream status("/proc/" + std::to_string(process->pid()) + "/status");
    for (std::string line; std::getline(status, line);)
      if (line.rfind("VmHWM:", 0) == 0) peak = std::max(peak, std::stol(line.substr(6)));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(process->Wait().status, kDiffers);
  EXPECT_EQ(DifferencesOf("t").at("changed"), rows / 5 * 4);
  EXPECT_GT(peak, 1000);
  EXPECT_LT(peak, kMostMemory) << "kB";
  ApplyRepair();
  EXPECT_EQ(Compare().status, kVerified);
}

TEST_F(Rows, AStopLeavesNothingBehind) {
  FillBoth(kRows);
  target().Execute(database(), "DELETE FROM keyed WHERE id = 1");
  const auto lock = target().Connect(database());
  lock->Execute("BEGIN; LOCK TABLE keyless IN ACCESS EXCLUSIVE MODE");
  auto process = StartHelper(Arguments("compare", {"--data-only", "--repair", repair_path_}));
  const auto waits = [&] {
    return target().Value("postgres", "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted") == "t";
  };
  for (int i = 0; i < 200 && !waits(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_TRUE(waits());
  process->Signal(SIGINT);
  const ProcessResult result = process->Wait();
  EXPECT_FALSE(result.timed_out);
  EXPECT_NE(result.status, kVerified);
  EXPECT_NE(result.status, kDiffers) << result.Describe();
  EXPECT_NE(access(repair_path_.c_str(), F_OK), 0);
}

TEST_F(Rows, TheReportShowsThem) {
  FillBoth(kRows);
  target().Execute(database(), "UPDATE keyed SET a = '<script>' WHERE id = 5");
  Compare({"--show-values"});
  const std::string page = evidence_path_ + ".html";
  EXPECT_EQ(RunHelper({"report", evidence_path_, "--output", page}).status, 0);
  const std::string html = ReadFile(page);
  EXPECT_NE(html.find("Rows that differ"), std::string::npos);
  EXPECT_NE(html.find("&lt;script&gt;"), std::string::npos);
}

// The same without the extension on the source: both sides are streamed.
class WithoutExtension : public Rows {
 protected:
  bool WithExtension() const override { return false; }
};

TEST_F(WithoutExtension, RowsAreFoundAllTheSame) {
  FillBoth(kRows);
  target().Execute(database(),
                   "UPDATE keyed SET a = 'x' WHERE id = 77; DELETE FROM keyed WHERE id = 3;"
                   "INSERT INTO keyless VALUES (1, 'y'); UPDATE parts SET v = NULL WHERE id = 150");
  FindAndRepair();
  EXPECT_EQ(Counts(Found("keyed")), "1 missing, 0 extra, 1 changed");
  EXPECT_EQ(Counts(Found("keyless")), "0 missing, 1 extra, 0 changed");
  EXPECT_EQ(Counts(Found("parts")), "0 missing, 0 extra, 1 changed");
}

}  // namespace
}  // namespace airlift::test
