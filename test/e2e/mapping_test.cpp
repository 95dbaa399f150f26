// Table mappings of AWS DMS: rows, columns and names as the document asks, proved, with psql's own COPY as second
// opinion.
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "support/cutover_case.h"

namespace airlift::test {
namespace {

constexpr const char* kSource = R"(
SET timezone = 'UTC';
CREATE SCHEMA shop; CREATE SCHEMA stock;
CREATE TYPE shop.state AS ENUM ('new', 'paid');
CREATE TABLE shop.customers (id int PRIMARY KEY, first text, last text, card text, born date, score numeric,
  CHECK (card <> ''), UNIQUE (card));
CREATE TABLE shop.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int REFERENCES shop.customers,
  placed timestamp, state shop.state NOT NULL DEFAULT 'new', total numeric(12,4), note text);
CREATE INDEX orders_by_note ON shop.orders (note);
CREATE VIEW shop.by_card AS SELECT card, count(*) FROM shop.customers GROUP BY 1;
CREATE VIEW shop.totals AS SELECT customer, sum(total) AS total FROM shop.orders GROUP BY 1;
CREATE TABLE shop."Log%1" (id int, "Line ""x""" text);
CREATE TABLE shop.log_1 (id int, line text);
CREATE TABLE stock.parts (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE stock.parts_1 PARTITION OF stock.parts FOR VALUES FROM (0) TO (100);
CREATE TABLE stock.parts_2 PARTITION OF stock.parts FOR VALUES FROM (100) TO (1000);
COMMENT ON COLUMN shop.customers.card IS 'secret';
INSERT INTO shop.customers SELECT g, 'first ' || g, 'last ' || g, 'card ' || g, date '2000-01-01' + g, g / 7.0
  FROM generate_series(1, 100) g;
UPDATE shop.customers SET last = NULL WHERE id = 5;
INSERT INTO shop.orders (customer, placed, state, total, note)
  SELECT 1 + g % 100, timestamp '2024-01-01' + g * interval '1 day', CASE WHEN g % 2 = 0 THEN 'new' ELSE 'paid' END::shop.state,
    g + 0.1234, CASE WHEN g % 3 > 0 THEN 'note ' || g END FROM generate_series(1, 400) g;
INSERT INTO shop."Log%1" SELECT g, 'x' FROM generate_series(1, 10) g;
INSERT INTO shop.log_1 SELECT g, 'y' FROM generate_series(1, 10) g;
INSERT INTO stock.parts SELECT g, 'part ' || g FROM generate_series(1, 300) g;
)";

std::string Selects(const std::string& id, const std::string& action, const std::string& schema,
                    const std::string& table, const std::string& more = {}) {
  return R"({"rule-type": "selection", "rule-id": ")" + id + R"(", "rule-name": ")" + id + R"(", "rule-action": ")" +
         action + R"(", "object-locator": {"schema-name": ")" + schema + R"(", "table-name": ")" + table + R"("})" +
         more + "}";
}

std::string Transforms(const std::string& id, const std::string& target, const std::string& action,
                       const std::string& locator, const std::string& more = {}) {
  return R"({"rule-type": "transformation", "rule-id": ")" + id + R"(", "rule-name": ")" + id +
         R"(", "rule-target": ")" + target + R"(", "rule-action": ")" + action + R"(", "object-locator": {)" + locator +
         "}" + more + "}";
}

std::string Locator(const std::string& schema, const std::string& table = {}, const std::string& column = {}) {
  std::string text = R"("schema-name": ")" + schema + "\"";
  if (!table.empty()) text += R"(, "table-name": ")" + table + "\"";
  if (!column.empty()) text += R"(, "column-name": ")" + column + "\"";
  return text;
}

class Mapping : public CutoverCase {
 protected:
  void SetUp() override {
    CutoverCase::SetUp();
    source().Psql(database(), kSource);
  }
  std::string OnTarget(const std::string& sql) { return target().Value(database(), sql); }
  std::string WriteMapping(const std::vector<std::string>& rules) {
    const std::string path = target().directory() + "/" + database() + ".mapping.json";
    std::ofstream file(path);
    file << "{\"rules\": [\n";
    for (size_t i = 0; i < rules.size(); ++i) file << (i == 0 ? "" : ",\n") << rules[i];
    file << "\n]}\n";
    return path;
  }
  // Sorted text of two queries, one for each side: no code of ours.
  void ExpectSame(const std::string& on_source, const std::string& on_target) {
    const auto sorted = [](const std::string& query) {
      return "SELECT count(*) || E'\\n' || string_agg(t::text, E'\\n' ORDER BY t::text) FROM (" + query + ") t";
    };
    EXPECT_EQ(source().Value(database(), sorted(on_source)), OnTarget(sorted(on_target))) << on_source;
  }
  void ExpectVerified(const std::vector<std::string>& rules, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"--mapping", WriteMapping(rules)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProcessResult result = Airlift("migrate", arguments);
    EXPECT_EQ(result.status, kVerified) << result.Describe();
    EXPECT_EQ(FinalVerdict(result), "verified") << result.Describe();
  }
  std::string Refusal(const std::vector<std::string>& rules, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"--mapping", WriteMapping(rules)};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const ProcessResult result = Airlift("migrate", arguments);
    EXPECT_EQ(result.status, kFailed) << result.Describe();
    EXPECT_EQ(OnTarget("SELECT count(*) FROM pg_namespace WHERE nspname IN ('shop', 'stock', 'airlift_state')"), "0")
        << "something was begun";
    return result.err;
  }
  void ExpectCompared() {
    const ProcessResult same = Airlift("compare");
    EXPECT_EQ(same.status, kVerified) << same.Describe();
  }
  void ExpectDifferenceSeen(const std::string& change) {
    target().Execute(database(), change);
    const ProcessResult result = Airlift("compare");
    EXPECT_EQ(result.status, kDiffers) << change << "\n" << result.Describe();
  }

  const std::string kPlaced = R"(, "filters": [{"filter-type": "source", "column-name": "placed", "filter-conditions": [
      {"filter-operator": "between", "start-value": "2024-02-01", "end-value": "2024-06-30"},
      {"filter-operator": "gte", "value": "2025-01-01"}]},
    {"filter-type": "source", "column-name": "state", "filter-conditions": [{"filter-operator": "eq", "value": "paid"}]}])";
};

TEST_F(Mapping, SelectionAndFilters) {
  ExpectVerified({Selects("1", "include", "shop", "%"), Selects("2", "exclude", "shop", "log[_]%"),
                  Selects("3", "explicit", "shop", "orders", kPlaced), Selects("4", "include", "st_ck", "parts")});
  EXPECT_EQ(OnTarget("SELECT string_agg(relname, ' ' ORDER BY relname COLLATE \"C\") FROM pg_class WHERE relkind IN "
                     "('r', 'p', 'v') "
                     "AND relnamespace::regnamespace::text IN ('shop', 'stock')"),
            "Log%1 customers orders parts parts_1 parts_2");
  const std::string rows =
      "(placed BETWEEN '2024-02-01' AND '2024-06-30' OR placed >= '2025-01-01') AND state = 'paid'";
  ExpectSame("SELECT * FROM shop.orders WHERE " + rows, "SELECT * FROM shop.orders");
  ExpectSame("SELECT * FROM shop.\"Log%1\"", "SELECT * FROM shop.\"Log%1\"");
  ExpectSame("SELECT * FROM stock.parts", "SELECT * FROM stock.parts");
  EXPECT_NE(EvidenceOf("shop", "orders").at("condition"), "");
  ExpectCompared();
  // A row that the filter leaves out has no business on the target.
  ExpectDifferenceSeen("INSERT INTO shop.orders (customer, placed) VALUES (1, '2024-03-02')");
}

class EveryTransformation : public Mapping {
 protected:
  static std::vector<std::string> Rules() {
    const std::string type = R"(, "data-type": {"type": "string", "length": "60"})";
    return {
        Selects("1", "include", "shop", "%", R"(, "load-order": "1")"),
        Selects("2", "include", "stock", "%"),
        Transforms("10", "schema", "rename", Locator("shop"), R"(, "value": "prod")"),
        Transforms("11", "schema", "convert-uppercase", Locator("stock")),
        Transforms("12", "table", "add-prefix", Locator("shop", "orders"), R"(, "value": "t_")"),
        Transforms("13", "table", "convert-lowercase", Locator("shop", "Log%")),
        Transforms("14", "table", "add-suffix", Locator("stock", "%"), R"(, "value": "%2")"),
        Transforms("20", "column", "remove-column", Locator("shop", "customers", "card%")),
        Transforms("21", "column", "add-column", Locator("shop", "customers"),
                   R"j(, "value": "full_name", "expression": "$first || ' ' || coalesce($last, '?')")j" + type),
        Transforms(
            "22", "column", "add-column", Locator("shop", "customers"),
            R"(, "value": "came_from", "expression": "$AR_M_SOURCE_SCHEMA || '.' || $AR_M_SOURCE_TABLE_NAME")" + type),
        Transforms("23", "column", "change-data-type", Locator("shop", "orders", "total"),
                   R"(, "data-type": {"type": "numeric", "precision": "10", "scale": "1"})"),
        Transforms("24", "column", "change-data-type", Locator("shop", "customers", "id"),
                   R"(, "data-type": {"type": "int8"})"),
        Transforms("25", "column", "rename", Locator("shop", "orders", "customer"), R"(, "value": "note")"),
        Transforms("26", "column", "rename", Locator("shop", "orders", "note"), R"(, "value": "customer")"),
        Transforms("27", "column", "include-column", Locator("shop", "log_1", "id")),
    };
  }
  void ExpectThem() {
    ExpectSame(
        "SELECT id::bigint, first, last, born, score, first || ' ' || coalesce(last, '?') AS full_name, "
        "'shop.customers' AS came_from FROM shop.customers",
        "SELECT id, first, last, born, score, full_name, came_from FROM prod.customers");
    ExpectSame("SELECT id, customer, placed, state, total::numeric(10,1), note FROM shop.orders",
               "SELECT id, note, placed, state, total, customer FROM prod.t_orders");
    ExpectSame("SELECT * FROM shop.\"Log%1\"", "SELECT * FROM prod.\"log%1\"");
    ExpectSame("SELECT id FROM shop.log_1", "SELECT * FROM prod.log_1");
    ExpectSame("SELECT * FROM stock.parts", "SELECT * FROM \"STOCK\".\"parts%2\"");
    ExpectSame("SELECT * FROM stock.parts_2", "SELECT * FROM \"STOCK\".\"parts_2%2\"");
    EXPECT_EQ(
        OnTarget(
            "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'prod.customers'::regclass "
            "AND attname = 'full_name'"),
        "character varying(60)");
    // What hung on the removed column is left out by design; the rest followed the new names.
    EXPECT_EQ(
        OnTarget("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'prod.t_orders'::regclass"),
        "1");
    EXPECT_EQ(OnTarget("SELECT count(*) FROM pg_indexes WHERE schemaname = 'prod' AND tablename = 't_orders'"), "2");
    EXPECT_EQ(
        OnTarget(
            "SELECT count(*) FROM pg_constraint WHERE contype IN ('u', 'c') AND conrelid = 'prod.customers'::regclass"),
        "0");
    EXPECT_EQ(OnTarget("SELECT last_value FROM prod.orders_id_seq"), "400");
  }
};

TEST_F(EveryTransformation, AtOnce) {
  // A foreign key from int to bigint is one.
  ExpectVerified(Rules());
  ExpectThem();
  ExpectCompared();
  for (const char* change : {"UPDATE prod.t_orders SET customer = 'other' WHERE id = 7",
                             "UPDATE prod.customers SET full_name = 'nobody' WHERE id = 9",
                             "UPDATE prod.customers SET came_from = NULL WHERE id = 10",
                             "DELETE FROM \"STOCK\".\"parts_1%2\" WHERE id = 3"}) {
    target().Execute(database(), change);
    EXPECT_EQ(Airlift("compare").status, kDiffers) << change;
  }
  const nlohmann::json orders = EvidenceOf("shop", "orders");
  EXPECT_EQ(orders.at("differences").at("changed"), 1) << orders.dump(1);
  EXPECT_EQ(orders.at("differences").at("columns").begin().key(), "note");
}

// Through archives, killed on the way: rows of leaves, of tables whose rows the target routes, of generated columns.
class ArchivedTransformation : public EveryTransformation {
 protected:
  void SetUp() override {
    EveryTransformation::SetUp();
    source().Psql(database(),
                  "CREATE TABLE shop.twice (id int PRIMARY KEY, two int GENERATED ALWAYS AS (id * 2) STORED, w int);"
                  "INSERT INTO shop.twice (id, w) SELECT g, g % 5 FROM generate_series(1, 500) g;"
                  "CREATE TABLE shop.by_state (s shop.state, n int) PARTITION BY HASH (s);"
                  "CREATE TABLE shop.by_state_0 PARTITION OF shop.by_state FOR VALUES WITH (MODULUS 2, REMAINDER 0);"
                  "CREATE TABLE shop.by_state_1 PARTITION OF shop.by_state FOR VALUES WITH (MODULUS 2, REMAINDER 1);"
                  "INSERT INTO shop.by_state SELECT CASE WHEN g % 2 = 0 THEN 'new' ELSE 'paid' END::shop.state, g "
                  "FROM generate_series(1, 300) g;"
                  "CREATE POLICY own ON shop.orders USING (true); ALTER TABLE shop.orders ENABLE ROW LEVEL SECURITY;"
                  "SELECT lo_from_bytea(7001, 'large object')");
    path_ = target().directory() + "/" + database() + ".archive";
  }
  void TearDown() override {
    std::filesystem::remove_all(path_);
    EveryTransformation::TearDown();
  }
  std::string MappingFile() {
    std::vector<std::string> rules = Rules();
    const auto filter = [](const std::string& column, const std::string& value) {
      return R"(, "filters": [{"filter-type": "source", "column-name": ")" + column +
             R"(", "filter-conditions": [{"filter-operator": "lte", "value": ")" + value + R"("}]}])";
    };
    rules.push_back(Selects("3", "explicit", "shop", "twice", filter("two", "600")));
    rules.push_back(Selects("4", "explicit", "shop", "by[_]state", filter("n", "200")));
    rules.push_back(Selects("5", "explicit", "stock", "parts", filter("id", "250")));
    rules.push_back(Transforms("30", "column", "remove-column", Locator("shop", "twice", "w")));
    rules.push_back(Transforms("31", "column", "add-column", Locator("stock", "parts"),
                               R"(, "value": "long", "expression": "$id * 3", "data-type": {"type": "int8"})"));
    return WriteMapping(rules);
  }
  ProcessResult Restore(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"restore", "--archive", path_,        "--target",    TargetConnInfo(),
                                          "--jobs",  "2",         "--evidence", evidence_path_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    for (int after = 60; after <= 600; after += 90) {
      auto run = StartHelper(arguments);
      std::this_thread::sleep_for(std::chrono::milliseconds(after));
      run->Signal(SIGKILL);
      run->Wait();
    }
    std::vector<std::string> anew = arguments;
    const ProcessResult result = RunHelper(arguments);
    if (result.err.find("has finished already") != std::string::npos) {
      anew.emplace_back("--restart");
      EXPECT_NE(RunHelper(anew).status, kDiffers);
    }
    // Killed when everything has its new name, and nothing says yet that it is done.
    target().Execute(database(), "UPDATE airlift_state.run SET stage = 'post-data', verdict = NULL");
    return RunHelper(arguments);
  }
  void ExpectArchived() {
    ExpectSame("SELECT id, two FROM shop.twice WHERE two <= 600", "SELECT id, two FROM prod.twice");
    ExpectSame("SELECT s::text, n FROM shop.by_state WHERE n <= 200", "SELECT s::text, n FROM prod.by_state");
    ExpectSame("SELECT id, v, id * 3 FROM stock.parts WHERE id <= 250",
               "SELECT id, v, long FROM \"STOCK\".\"parts%2\"");
    ExpectSame("SELECT id, v, id * 3 FROM stock.parts_2 WHERE id <= 250",
               "SELECT id, v, long FROM \"STOCK\".\"parts_2%2\"");
    ExpectSame(
        "SELECT id::bigint, first, last, born, score, first || ' ' || coalesce(last, '?'), 'shop.customers' FROM "
        "shop.customers",
        "SELECT id, first, last, born, score, full_name, came_from FROM prod.customers");
    ExpectSame("SELECT id, customer, placed, state, total::numeric(10,1), note FROM shop.orders",
               "SELECT id, note, placed, state, total, customer FROM prod.t_orders");
    EXPECT_EQ(OnTarget("SELECT relrowsecurity FROM pg_class WHERE relname = 't_orders'"), "t");
    EXPECT_EQ(OnTarget("SELECT last_value FROM prod.orders_id_seq"), "400");
    EXPECT_EQ(
        OnTarget("SELECT count(*) FROM pg_constraint WHERE conrelid = 'prod.t_orders'::regclass AND contype = 'f'"),
        "1");
    EXPECT_EQ(OnTarget("SELECT count(*) FROM pg_largeobject_metadata"), "0");
    EXPECT_EQ(OnTarget("SELECT count(*) FROM pg_class WHERE relname LIKE 'archive\\_rows%'"), "0");
    ExpectCompared();
  }

  std::string path_;
};

TEST_F(ArchivedTransformation, OfADumpIsProvedByItsManifest) {
  const ProcessResult dumped =
      RunHelper({"dump", "--source", SourceConnInfo(), "--file", path_, "--mapping", MappingFile()});
  ASSERT_EQ(dumped.status, kVerified) << dumped.Describe();
  const ProcessResult result = Restore({});
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_EQ(FinalVerdict(result), "verified") << result.Describe();
  ExpectArchived();
}

TEST_F(ArchivedTransformation, OfAnyArchiveIsFoundOutByTheTarget) {
  RunOrThrow({source().bindir() + "/pg_dump", "--dbname=" + SourceConnInfo(), "--file=" + path_, "--format=custom"});
  const ProcessResult result = Restore({"--mapping", MappingFile()});
  EXPECT_EQ(result.status, kVerified) << result.Describe();
  EXPECT_EQ(FinalVerdict(result).rfind("not verified", 0), 0) << result.Describe();
  ExpectArchived();
}

// Killed when everything has its new name, and nothing says yet that it is done.
TEST_F(EveryTransformation, AreGoneOnWithOnceTheNamesAreNew) {
  ExpectVerified(Rules());
  target().Execute(database(), "UPDATE airlift_state.run SET stage = 'post-data', verdict = NULL");
  ExpectVerified(Rules());
  ExpectThem();
}

TEST_F(Mapping, NamesMayBeSwappedAndTablesLeavePublic) {
  source().Psql(database(),
                "CREATE TABLE public.a (id int PRIMARY KEY, v text); INSERT INTO a VALUES (1, 'from a');"
                "CREATE TABLE public.b (id int PRIMARY KEY, v text); INSERT INTO b VALUES (2, 'from b');");
  ExpectVerified({Selects("1", "include", "public", "%"),
                  Transforms("2", "table", "rename", Locator("public", "a"), R"(, "value": "b")"),
                  Transforms("3", "table", "rename", Locator("public", "b"), R"(, "value": "a")"),
                  Transforms("4", "schema", "rename", Locator("public"), R"(, "value": "app")")});
  EXPECT_EQ(OnTarget("SELECT v FROM app.b"), "from a");
  EXPECT_EQ(OnTarget("SELECT v FROM app.a"), "from b");
  ExpectCompared();
}

class MappingWithoutExtension : public Mapping {
  bool WithExtension() const override { return false; }
};

TEST_F(MappingWithoutExtension, TheProofIsTheSame) {
  ExpectVerified({Selects("1", "explicit", "shop", "orders", kPlaced),
                  Transforms("2", "column", "change-data-type", Locator("shop", "orders", "id"),
                             R"(, "data-type": {"type": "string"})"),
                  Transforms("3", "column", "rename", Locator("shop", "orders", "id"), R"(, "value": "number")")});
  ExpectCompared();
  ExpectDifferenceSeen("UPDATE shop.orders SET number = number || '0' WHERE number = '33'");
}

TEST_F(Mapping, WhatDoesNotFitIsToldBeforeAnythingStarts) {
  const std::string wrong = Refusal(
      {Selects(
           "1", "include", "shop", "orders",
           R"(, "filters": [{"filter-type": "source", "column-name": "placed", "filter-conditions": [{"filter-operator": "eq",
                "value": "never"}]}])"),
       Selects("2", "include", "shop", "customers"), Selects("3", "include", "shop", "log_1"),
       Transforms("4", "table", "rename", Locator("shop", "customers"), R"(, "value": "log_1")"),
       Transforms("5", "table", "rename", Locator("shop", "orders"), R"(, "value": "by_card")"),
       Transforms("6", "column", "rename", Locator("shop", "customers", "first"), R"(, "value": "last")"),
       Transforms("7", "column", "add-column", Locator("shop", "customers"),
                  R"(, "value": "x", "expression": "$nosuch", "data-type": {"type": "int4"})")});
  EXPECT_NE(wrong.find("would both arrive as shop.log_1"), std::string::npos) << wrong;
  EXPECT_NE(wrong.find("shop.orders would arrive as shop.by_card, which is the name of something else"),
            std::string::npos)
      << wrong;
  EXPECT_NE(wrong.find("shop.customers would have two columns \"last\""), std::string::npos) << wrong;
  EXPECT_NE(wrong.find("rule 7: expression for shop.customers: there is no column \"nosuch\""), std::string::npos)
      << wrong;
  const std::string value = Refusal({Selects(
      "1", "include", "shop", "orders",
      R"j(, "filters": [{"filter-type": "source", "column-name": "placed", "filter-conditions": [{"filter-operator": "eq",
                "value": "never'); DROP TABLE shop.orders; --"}]}])j")});
  EXPECT_NE(value.find("rule 1: filter of shop.orders: invalid input syntax for type timestamp"), std::string::npos)
      << value;
  EXPECT_NE(Refusal({Selects("1", "include", "shop", "nosuch")}).find("there is no table shop.nosuch"),
            std::string::npos);
  EXPECT_NE(Refusal({Selects("1", "include", "nosuch%", "%")}).find("no table of the source matches"),
            std::string::npos);
  EXPECT_NE(Refusal({Selects("1", "include", "stock", "%"),
                     Transforms("2", "column", "remove-column", Locator("stock", "parts", "id"))})
                .find("is in the partition key"),
            std::string::npos);
  EXPECT_NE(Refusal({Selects("1", "include", "shop", "%"),
                     Transforms("2", "table", "rename", Locator("shop", "orders"), R"(, "value": "x")"),
                     Transforms("3", "table", "add-prefix", Locator("shop", "%"), R"(, "value": "y")")})
                .find("shop.orders is changed by rule 2 already"),
            std::string::npos);
  EXPECT_NE(Refusal({Selects("1", "include", "shop", "%"),
                     Transforms("2", "table", "rename", Locator("shop", "orders"), R"(, "value": "x")")},
                    {"--type", "full-load-and-cdc", "--from-target", "host=127.0.0.1"})
                .find("the table mapping renames what is to be replicated"),
            std::string::npos);
}

TEST_F(Mapping, ATextThatIsTooLongStopsItsTable) {
  const ProcessResult result = Airlift(
      "migrate",
      {"--mapping", WriteMapping({Selects("1", "include", "shop", "customers"),
                                  Transforms("2", "column", "change-data-type", Locator("shop", "customers", "first"),
                                             R"(, "data-type": {"type": "string", "length": "8"})")})});
  EXPECT_EQ(result.status, kFailed) << result.Describe();
  EXPECT_NE(result.err.find("value too long for type character varying(8)"), std::string::npos) << result.err;
}

TEST_F(Mapping, FiltersAndColumnsAreReplicatedAndCutOver) {
  source().Psql(database(), "ALTER TABLE shop.orders REPLICA IDENTITY FULL");
  if (target().Connect("postgres")->server_major() < 16)
    target().PsqlFile(database(), TestFile("managed_profile/exec_as_admin.sql"));
  const std::string filter =
      R"(, "filters": [{"filter-type": "source", "column-name": "customer", "filter-conditions": [
      {"filter-operator": "ste", "value": "50"}]}])";
  std::vector<std::string> arguments = {
      "--mapping",
      WriteMapping({Selects("1", "include", "shop", "orders", filter), Selects("2", "include", "shop", "customers"),
                    Transforms("3", "column", "remove-column", Locator("shop", "customers", "card"))}),
      "--type",
      "full-load-and-cdc",
      "--from-target",
      "host=127.0.0.1 port=" + std::to_string(source().port()),
      "--password-file",
      target().directory() + "/" + database() + ".password"};
  if (target().Connect("postgres")->server_major() < 16)
    arguments.insert(arguments.end(), {"--admin-function", "managed.exec_as_admin"});
  std::vector<std::string> with_slot = arguments;
  with_slot.push_back("--audit-slot");
  const ProcessResult refused = Airlift("migrate", with_slot);
  EXPECT_EQ(refused.status, kFailed) << refused.Describe();
  EXPECT_NE(refused.err.find("--audit-slot is about the whole database"), std::string::npos) << refused.err;
  const ProcessResult result = Airlift("migrate", arguments);
  if (!WithExtension() || source().Connect("postgres")->server_major() < 15) {
    EXPECT_EQ(result.status, kFailed);
    EXPECT_NE(result.err.find("row filters and column lists"), std::string::npos) << result.err;
    return;
  }
  ASSERT_EQ(result.status, kVerified) << result.Describe();
  for (const char* option : {"--audit-slot", "--since-verified"}) {
    const ProcessResult audit = Airlift("compare", {option});
    EXPECT_EQ(audit.status, kFailed) << audit.Describe();
    EXPECT_NE(audit.err.find(std::string(option) + " is about the whole database"), std::string::npos) << audit.err;
  }
  // Rows that move into the filter and out of it, and a column that never leaves the source.
  source().Psql(
      database(),
      "UPDATE shop.orders SET customer = 80 WHERE id = 10; UPDATE shop.orders SET customer = 20 WHERE id = 70;"
      "UPDATE shop.customers SET card = 'new' || id, first = 'changed' WHERE id < 10;"
      "INSERT INTO shop.orders (customer, note) VALUES (3, 'in'), (90, 'out'); DELETE FROM shop.orders WHERE id = 12;");
  const ProcessResult crossed = CutOver();
  ASSERT_EQ(crossed.status, kVerified) << crossed.Describe();
  ExpectSame("SELECT * FROM shop.orders WHERE customer <= 50", "SELECT * FROM shop.orders");
  ExpectSame("SELECT id, first, last, born, score FROM shop.customers", "SELECT * FROM shop.customers");
  EXPECT_EQ(OnTarget("SELECT pubtruncate FROM pg_publication"), "f");
}

// What another process copies or compares is what the one that drives it would.
class MappingWithWorkers : public Mapping {
 protected:
  static constexpr int kTables = 24;

  // Tables with rows that stay, columns that stay, and one that is computed on the way.
  std::vector<std::string> FillTables() {
    const std::string count = std::to_string(kTables);
    source().Psql(database(),
                  "SELECT format('CREATE TABLE shop.t%s (id int PRIMARY KEY, kept boolean, v text, secret text)', n) "
                  "FROM generate_series(1, " +
                      count +
                      ") n \\gexec\n"
                      "SELECT format('INSERT INTO shop.t%s SELECT g, g %% 3 = 0, repeat(md5(g::text), 4), ''s'' "
                      "FROM generate_series(1, 6000) g', n) FROM generate_series(1, " +
                      count + ") n \\gexec\n");
    std::vector<std::string> rules;
    for (int n = 1; n <= kTables; ++n)
      rules.push_back(Selects(std::to_string(n), "include", "shop", "t" + std::to_string(n),
                              R"(, "filters": [{"filter-type": "source", "column-name": "kept", "filter-conditions": [
                                {"filter-operator": "eq", "value": "true"}]}])"));
    rules.push_back(Transforms("101", "column", "remove-column", Locator("shop", "t%", "secret")));
    rules.push_back(Transforms("102", "column", "rename", Locator("shop", "t%", "v"), R"(, "value": "text")"));
    rules.push_back(
        Transforms("103", "column", "add-column", Locator("shop", "t%"),
                   R"(, "value": "long", "expression": "length($v) + $id", "data-type": {"type": "int8"})"));
    rules.push_back(Transforms("104", "table", "add-prefix", Locator("shop", "t%"), R"(, "value": "new_")"));
    return rules;
  }
  std::unique_ptr<Process> StartWorker(const std::string& jobs) {
    return StartHelper(
        {"worker", "--source", SourceConnInfo(), "--target", TargetConnInfo(), "--jobs", jobs, "--wait", "30s"});
  }
  static void ExpectDidMuch(Process& worker) {
    const ProcessResult result = worker.Wait();
    EXPECT_EQ(result.status, 0) << result.Describe();
    EXPECT_GT(std::stoi(result.out), kTables / 3) << result.Describe();
  }
};

TEST_F(MappingWithWorkers, TheyCopyAndCompareByIt) {
  const std::string mapping = WriteMapping(FillTables());
  auto run = StartHelper(Arguments("migrate", {"--mapping", mapping, "--jobs", "1"}));
  auto worker = StartWorker("2");
  const ProcessResult moved = run->Wait();
  EXPECT_EQ(moved.status, kVerified) << moved.Describe();
  ExpectDidMuch(*worker);
  for (int n = 1; n <= kTables; ++n)
    ExpectSame("SELECT id, kept, v, length(v) + id::bigint FROM shop.t" + std::to_string(n) + " WHERE kept",
               "SELECT * FROM shop.new_t" + std::to_string(n));

  target().Execute(database(), "UPDATE shop.new_t3 SET text = 'other' WHERE id = 6");
  target().Execute(database(), "INSERT INTO shop.new_t4 (id, kept) VALUES (1, false)");
  ASSERT_EQ(Airlift("compare").status, kDiffers);
  const nlohmann::json plain = Evidence().at("tables");
  run = StartHelper(Arguments("compare", {"--resume", "--jobs", "1", "--max-rate", "4MB"}));
  worker = StartWorker("2");
  const ProcessResult compared = run->Wait();
  EXPECT_EQ(compared.status, kDiffers) << compared.Describe();
  ExpectDidMuch(*worker);
  EXPECT_EQ(Evidence().at("tables"), plain);
  EXPECT_EQ(EvidenceOf("shop", "t3").at("differences").at("changed"), 1);
  EXPECT_EQ(EvidenceOf("shop", "t3").at("differences").at("columns").begin().key(), "v");
  EXPECT_EQ(EvidenceOf("shop", "t4").at("differences").at("extra_on_target"), 1);
}

TEST_F(MappingWithWorkers, AComparisonGoesOnWithTheSameSelectionOnly) {
  ASSERT_EQ(Airlift("migrate", {"--mapping", WriteMapping(FillTables())}).status, kVerified);
  auto run = StartHelper(Arguments("compare", {"--resume", "--jobs", "1", "--max-rate", "500kB"}));
  const auto done = [this] {
    return OnTarget("SELECT to_regclass('airlift_state.comparison_table') IS NOT NULL") == "t" &&
           OnTarget("SELECT count(result) FROM airlift_state.comparison_table") != "0";
  };
  for (int i = 0; i < 3000 && !done(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  run->Signal(SIGKILL);
  run->Wait();
  ASSERT_TRUE(done());
  const ProcessResult narrower = Airlift("compare", {"--resume", "--table", "shop.t1"});
  EXPECT_EQ(narrower.status, kFailed) << narrower.Describe();
  EXPECT_NE(narrower.err.find("with other options, is in progress"), std::string::npos) << narrower.err;
  // As after a move with another mapping: what was verified was verified under the former one.
  target().Execute(database(),
                   "UPDATE airlift_state.selection SET rules = jsonb_set(rules, '{mapping}', "
                   "to_jsonb(replace(rules ->> 'mapping', '\"true\"', '\"t\"')))");
  EXPECT_EQ(Airlift("compare", {"--resume"}).status, kFailed);
  const ProcessResult again = Airlift("compare", {"--resume", "--restart"});
  EXPECT_EQ(again.status, kVerified) << again.Describe();
}

}  // namespace
}  // namespace airlift::test
