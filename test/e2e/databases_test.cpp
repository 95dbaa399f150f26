// Whole databases moved to a managed target by a role that is no superuser, and checked by the oracle.
#include "support/move_test.h"

namespace airlift::test {
namespace {

class Databases : public MoveTest {
 protected:
  void Load(const std::string& file, const std::vector<std::string>& options = {}) {
    source().PsqlFile(database(), TestFile("data/" + file), options);
  }

  // Roles belong to the cluster: made once per side, whatever test comes first.
  void CreateShopRoles() {
    for (Cluster* cluster : {&source(), &target()}) {
      if (cluster->Value("postgres", "SELECT count(*) FROM pg_roles WHERE rolname = 'shop_owner'") == "0")
        cluster->PsqlFile("postgres", TestFile("data/shop_roles.sql"));
    }
    // A managed target's administrator gives the migrating role what it needs to hand objects to their owners.
    target().Execute("postgres", "GRANT shop_owner, shop_app, shop_report TO master WITH ADMIN OPTION");
  }
};

TEST_F(Databases, AnEmptyDatabase) {
  ExpectVerifiedMove();
  EXPECT_TRUE(Evidence().at("tables").empty());
}

TEST_F(Databases, TheShop) {
  CreateShopRoles();
  Load("shop.sql", {"-v", "rows=3000"});
  ExpectVerifiedMove();
  EXPECT_EQ(FirstSchemaDifference(source(), database(), target(), database()), "");
  EXPECT_EQ(target().Value(database(), "SELECT count(*) FROM shop.revenue"),
            source().Value(database(), "SELECT count(*) FROM shop.revenue"));
  EXPECT_EQ(target().Value(database(), "SELECT total FROM shop.best_day"),
            source().Value(database(), "SELECT total FROM shop.best_day"));
}

TEST_F(Databases, TheShopWithOneJobAndWithMany) {
  CreateShopRoles();
  Load("shop.sql", {"-v", "rows=500"});
  for (const char* jobs : {"1", "8"}) {
    target().DropDatabase(database());
    target().CreateDatabase(database(), "OWNER master");
    ExpectVerifiedMove({"--jobs", jobs});
  }
}

TEST_F(Databases, Northwind) {
  const std::string file = SharedFile("samples/northwind.sql");
  if (file.empty()) GTEST_SKIP() << "the sample is not here (PG_AIRLIFT_SHARED)";
  source().PsqlFile(database(), file);
  ExpectVerifiedMove();
  EXPECT_EQ(FirstSchemaDifference(source(), database(), target(), database()), "");
}

TEST_F(Databases, Chinook) {
  const std::string file = SharedFile("samples/chinook.sql");
  if (file.empty()) GTEST_SKIP() << "the sample is not here (PG_AIRLIFT_SHARED)";
  const std::string sql = ReadFile(file);
  const std::string connect = "\\c chinook;";
  source().Psql(database(), sql.substr(sql.find(connect) + connect.size()));
  ExpectVerifiedMove();
  EXPECT_EQ(FirstSchemaDifference(source(), database(), target(), database()), "");
}

TEST_F(Databases, EveryBuiltInTypeAndArraysOfEach) {
  Load("all_types.sql");
  ExpectVerifiedMove();
}

// As every database of 13 and 14 has it: on the target it belongs to the database's owner, which is no difference.
TEST_F(Databases, SchemaPublicOfASuperuser) {
  source().Psql(database(),
                "ALTER SCHEMA public OWNER TO postgres; GRANT ALL ON SCHEMA public TO PUBLIC; CREATE TABLE t ()");
  ExpectVerifiedMove();
  EXPECT_EQ(Airlift("compare").status, kVerified);
}

TEST_F(Databases, HostileNames) {
  Load("hostile_names.sql");
  ExpectVerifiedMove();
  EXPECT_EQ(FirstSchemaDifference(source(), database(), target(), database()), "");
}

TEST_F(Databases, HostileNamesCannotForgeALineOfTheOutput) {
  source().Execute(
      database(), "CREATE TABLE \"x\nverdict: verified\n\" (a int); INSERT INTO \"x\nverdict: verified\n\" VALUES (1)");
  ExpectVerifiedMove();
  target().Execute(database(), "UPDATE \"x\nverdict: verified\n\" SET a = 2");
  const ProcessResult result = Airlift("compare");
  EXPECT_EQ(result.status, kDiffers) << result.Describe();
  EXPECT_EQ(result.out.find("\nverdict: verified"), std::string::npos) << result.out;
}

TEST_F(Databases, ThousandsOfTables) {
  const std::string count = SlowTests() ? "10000" : "2000";
  // pg_dump locks them all.
  if (SlowTests()) {
    source().Execute("postgres", "ALTER SYSTEM SET max_locks_per_transaction = 512");
    source().Stop();
    source().Start();
  }
  source().Psql(database(),
                "SELECT format('CREATE TABLE t%s (id int PRIMARY KEY, v text); INSERT INTO t%1$s SELECT g, g "
                "FROM generate_series(1, %s) g', n, n % 3) FROM generate_series(1, " +
                    count + ") n \\gexec");
  ExpectVerifiedMove({"--jobs", "4"});
  EXPECT_EQ(Evidence().at("tables").size(), static_cast<size_t>(std::stoi(count)));
}

TEST_F(Databases, WideAndNarrowTables) {
  source().Psql(database(), R"(
    CREATE TABLE no_columns (); INSERT INTO no_columns DEFAULT VALUES; INSERT INTO no_columns DEFAULT VALUES;
    CREATE TABLE no_rows (a int);
    CREATE TABLE only_generated (a int GENERATED ALWAYS AS (1) STORED); INSERT INTO only_generated DEFAULT VALUES;
    SELECT 'CREATE TABLE wide (' || string_agg(format('c%s int', g), ', ') || ')' FROM generate_series(1, 1600) g \gexec
    INSERT INTO wide (c1, c1600) VALUES (1, 2), (NULL, NULL);
    CREATE TABLE dropped (a int, b int, c int); ALTER TABLE dropped DROP COLUMN a, DROP COLUMN c;
    INSERT INTO dropped VALUES (1), (NULL);)");
  ExpectVerifiedMove();
}

TEST_F(Databases, LargeObjectsWithOwnerAndGrants) {
  CreateShopRoles();
  source().Psql(database(), R"(
    SELECT lo_from_bytea(0, decode(repeat(md5(g::text), g % 40), 'hex')) FROM generate_series(1, 3000) g \g /dev/null
    SELECT lo_create(4000000001); SELECT lo_put(4000000001, 5000000, 'after a hole');
    ALTER LARGE OBJECT 4000000001 OWNER TO shop_owner;
    GRANT SELECT ON LARGE OBJECT 4000000001 TO shop_report;)");
  ExpectVerifiedMove();
  const char* owner =
      "SELECT pg_get_userbyid(lomowner) || ' ' || lomacl::text FROM pg_largeobject_metadata "
      "WHERE oid = 4000000001";
  EXPECT_EQ(target().Value(database(), owner), source().Value(database(), owner));
}

TEST_F(Databases, SequencesKeepLastValueAndIsCalled) {
  source().Psql(database(), R"(
    CREATE SEQUENCE fresh; CREATE SEQUENCE called; SELECT nextval('called');
    CREATE SEQUENCE set_only; SELECT setval('set_only', 42, false);
    CREATE SEQUENCE down INCREMENT -5 MAXVALUE -1 MINVALUE -100 CYCLE; SELECT nextval('down'); SELECT nextval('down');
    CREATE SEQUENCE small AS smallint; SELECT setval('small', 32767);
    CREATE TABLE identity (id int GENERATED ALWAYS AS IDENTITY (START 7 INCREMENT 3), v int);
    INSERT INTO identity (v) SELECT g FROM generate_series(1, 5) g;)");
  ExpectVerifiedMove();
  EXPECT_EQ(target().Value(database(), "INSERT INTO identity (v) VALUES (6) RETURNING id"), "22");
}

TEST_F(Databases, ATableAloneOfManyByPattern) {
  source().Psql(database(), "CREATE SCHEMA s; CREATE TABLE s.a AS SELECT 1 AS x; CREATE TABLE s.b AS SELECT 2 AS x;");
  ExpectVerifiedMove();
  target().Execute(database(), "UPDATE s.b SET x = 3");
  EXPECT_EQ(Airlift("compare", {"--table", "s.a"}).status, kVerified);
  EXPECT_EQ(Airlift("compare", {"--table", "s.b"}).status, kDiffers);
  const ProcessResult schema = Airlift("compare", {"--schema", "s"});
  EXPECT_EQ(schema.status, kDiffers) << schema.Describe();
  EXPECT_EQ(Airlift("compare", {"--table", "s.none"}).status, kFailed)
      << "a pattern that matches nothing proves nothing";
}

class DatabasesWithoutExtension : public Databases {
 protected:
  bool WithExtension() const override { return false; }
};

TEST_F(DatabasesWithoutExtension, TheShop) {
  CreateShopRoles();
  Load("shop.sql", {"-v", "rows=1000"});
  ExpectVerifiedMove();
}

TEST_F(DatabasesWithoutExtension, EveryBuiltInTypeAndArraysOfEach) {
  Load("all_types.sql");
  ExpectVerifiedMove();
}

TEST_F(DatabasesWithoutExtension, HostileNames) {
  Load("hostile_names.sql");
  ExpectVerifiedMove();
}

TEST_F(Databases, ALatin1SourceIsComparedAsUtf8) {
  source().DropDatabase(database());
  source().CreateDatabase(database(), "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");
  AddExtension(database());
  source().Psql(database(),
                "CREATE TABLE t (id int PRIMARY KEY, v text, a text[], j jsonb);"
                "INSERT INTO t VALUES (1, 'größe', '{ä,ö}', '{\"ü\": \"ß\"}'), (2, '', '{}', '{}')");
  ExpectVerifiedMove();
}

}  // namespace
}  // namespace airlift::test
