// Each rule of a table mapping, alone: every operator of a filter, every change of a name at every level, every type.
#include <fstream>

#include "support/move_test.h"

namespace airlift::test {
namespace {

class MappingRules : public MoveTest {
 protected:
  std::string OnTarget(const std::string& sql) { return target().Value(database(), sql); }

  void ExpectMoved(const std::vector<std::string>& rules) {
    const std::string path = target().directory() + "/" + database() + ".rules.json";
    std::ofstream file(path);
    file << "{\"rules\": [\n";
    for (size_t i = 0; i < rules.size(); ++i) file << (i == 0 ? "" : ",\n") << rules[i];
    file << "\n]}\n";
    file.close();
    const ProcessResult moved = Airlift("migrate", {"--mapping", path});
    EXPECT_EQ(moved.status, kVerified) << moved.Describe();
    const ProcessResult compared = Airlift("compare");
    EXPECT_EQ(compared.status, kVerified) << compared.Describe();
  }

  std::string Include(const std::string& schema, const std::string& table, const std::string& more = {}) {
    return Rule("selection", R"("rule-action": "include", "object-locator": {"schema-name": ")" + schema +
                                 R"(", "table-name": ")" + table + R"("})" + more);
  }
  // `more`: "value" and the like, with a comma before it.
  std::string Transform(const std::string& target, const std::string& action, const std::string& schema,
                        const std::string& table, const std::string& column, const std::string& more = {}) {
    std::string locator = R"("schema-name": ")" + schema + "\"";
    if (!table.empty()) locator += R"(, "table-name": ")" + table + "\"";
    if (!column.empty()) locator += R"(, "column-name": ")" + column + "\"";
    return Rule("transformation", R"("rule-target": ")" + target + R"(", "rule-action": ")" + action +
                                      R"(", "object-locator": {)" + locator + "}" + more);
  }
  std::string Rule(const std::string& type, const std::string& body) {
    const std::string id = std::to_string(++rules_);
    return R"({"rule-type": ")" + type + R"(", "rule-id": ")" + id + R"(", "rule-name": "rule )" + id + "\", " + body +
           "}";
  }

 private:
  int rules_ = 0;
};

struct OperatorCase {
  const char* table;
  const char* column;
  const char* condition;  // of the mapping
  const char* sql;        // what it means
};
constexpr OperatorCase kOperators[] = {
    {"eq", "n", R"("filter-operator": "eq", "value": "7")", "n = 7"},
    {"eq_text", "v", R"("filter-operator": "eq", "value": "it's \"5\" \\")", "v = 'it''s \"5\" \\'"},
    {"noteq", "n", R"("filter-operator": "noteq", "value": "7")", "n <> 7"},
    {"gte", "d", R"("filter-operator": "gte", "value": "2024-01-15")", "d >= '2024-01-15'"},
    {"ste", "n", R"("filter-operator": "ste", "value": "7.5")", "n <= 7.5"},
    {"lte", "d", R"("filter-operator": "lte", "value": "2024-01-15 00:00:00")", "d <= '2024-01-15'"},
    {"between", "n", R"("filter-operator": "between", "start-value": "3", "end-value": "5")", "n BETWEEN 3 AND 5"},
    {"notbetween", "n", R"("filter-operator": "notbetween", "start-value": "3", "end-value": "25")",
     "n NOT BETWEEN 3 AND 25"},
    {"is_null", "v", R"("filter-operator": "null")", "v IS NULL"},
    {"not_null", "v", R"("filter-operator": "notnull")", "v IS NOT NULL"},
};

TEST_F(MappingRules, EveryOperator) {
  std::string script;
  std::vector<std::string> rules;
  for (const OperatorCase& each : kOperators) {
    script += std::string("CREATE TABLE ") + each.table +
              " (id int PRIMARY KEY, n numeric, d timestamp, v text); INSERT INTO " + each.table +
              " SELECT g, CASE WHEN g % 10 > 0 THEN g END, timestamp '2024-01-01' + g * interval '1 day', "
              "CASE g % 5 WHEN 0 THEN 'it''s \"5\" \\' WHEN 1 THEN '' WHEN 2 THEN 'x' END FROM generate_series(1, 30) "
              "g;";
    std::string name = each.table;
    if (const size_t at = name.find('_'); at != std::string::npos) name.replace(at, 1, "[_]");
    rules.push_back(Include("public", name,
                            std::string(R"(, "filters": [{"filter-type": "source", "column-name": ")") + each.column +
                                R"(", "filter-conditions": [{)" + each.condition + "}]}]"));
  }
  source().Psql(database(), script);
  ExpectMoved(rules);
  for (const OperatorCase& each : kOperators) {
    const auto rows = [&](const std::string& where) {
      return "SELECT count(*) || E'\\n' || string_agg(t::text, E'\\n' ORDER BY id) FROM " + std::string(each.table) +
             " t" + where;
    };
    const std::string expected = source().Value(database(), rows(std::string(" WHERE ") + each.sql));
    EXPECT_EQ(OnTarget(rows("")), expected) << each.sql;
    EXPECT_NE(expected.substr(0, 2), "0\n") << "a filter that leaves nothing shows nothing";
    EXPECT_NE(expected.substr(0, 3), "30\n") << "a filter that leaves everything shows nothing";
  }
}

struct NameCase {
  const char* before;
  const char* action;
  const char* values;  // "value" and "old-value" of the rule
  const char* after;
};
constexpr NameCase kNames[] = {
    {"Any", "rename", R"(, "value": "Other \"x\"")", "Other \"x\""},
    {"MiXed", "convert-lowercase", "", "mixed"},
    {"lower_1", "convert-uppercase", "", "LOWER_1"},
    {"plain", "add-prefix", R"(, "value": "New ")", "New plain"},
    {"DMS_a", "remove-prefix", R"(, "value": "DMS_")", "a"},
    {"Pre_b", "replace-prefix", R"(, "value": "Post-", "old-value": "Pre_")", "Post-b"},
    {"short", "add-suffix", R"(, "value": "_2024")", "short_2024"},
    {"c_old", "remove-suffix", R"(, "value": "_old")", "c"},
    {"d_eu", "replace-suffix", R"(, "value": "_us", "old-value": "_eu")", "d_us"},
};

TEST_F(MappingRules, EveryChangeOfANameAtEveryLevel) {
  std::string script = "CREATE SCHEMA tables; CREATE SCHEMA columns; CREATE TABLE columns.t (id int PRIMARY KEY);";
  std::vector<std::string> rules = {Include("%", "%")};
  for (const NameCase& each : kNames) {
    const std::string name = std::string("\"") + each.before + "\"";
    script += "CREATE SCHEMA " + name + "; CREATE TABLE " + name + ".t (id int PRIMARY KEY); INSERT INTO " + name +
              ".t VALUES (1); CREATE TABLE tables." + name + " (id int PRIMARY KEY); INSERT INTO tables." + name +
              " VALUES (1); ALTER TABLE columns.t ADD COLUMN " + name + " text DEFAULT '" + each.before + "';";
    std::string pattern = each.before;
    if (const size_t at = pattern.find('_'); at != std::string::npos) pattern.replace(at, 1, "[_]");
    rules.push_back(Transform("schema", each.action, pattern, "", "", each.values));
    rules.push_back(Transform("table", each.action, "tables", pattern, "", each.values));
    rules.push_back(Transform("column", each.action, "columns", "t", pattern, each.values));
  }
  source().Psql(database(), script + "INSERT INTO columns.t (id) SELECT generate_series(1, 10);");
  ExpectMoved(rules);
  for (const NameCase& each : kNames) {
    std::string quoted = "\"";
    for (const char* c = each.after; *c != '\0'; ++c) quoted += *c == '"' ? std::string("\"\"") : std::string(1, *c);
    quoted += '"';
    EXPECT_EQ(OnTarget("SELECT count(*) FROM " + quoted + ".t"), "1") << "schema, " << each.action;
    EXPECT_EQ(OnTarget("SELECT count(*) FROM tables." + quoted), "1") << "table, " << each.action;
    EXPECT_EQ(OnTarget("SELECT min(" + quoted + ") FROM columns.t"), each.before) << "column, " << each.action;
  }
  EXPECT_EQ(OnTarget("SELECT count(*) FROM pg_namespace WHERE nspname IN ('Any', 'MiXed', 'lower_1', 'plain', 'DMS_a', "
                     "'Pre_b', 'short', 'c_old', 'd_eu')"),
            "0");
}

struct TypeCase {
  const char* column;
  const char* type;  // the rule's data-type
  const char* sql;
};
constexpr TypeCase kTypes[] = {
    {"small", R"({"type": "int2"})", "smallint"},
    {"normal", R"({"type": "int4"})", "integer"},
    {"large", R"({"type": "int8"})", "bigint"},
    {"exact", R"({"type": "numeric", "precision": "12", "scale": "1"})", "numeric(12,1)"},
    {"real", R"({"type": "real4"})", "real"},
    {"double", R"({"type": "real8"})", "double precision"},
    {"text", R"({"type": "string", "length": "40"})", "character varying(40)"},
    {"long", R"({"type": "clob"})", "text"},
};

// Of a column that is there, and of one that is added with a constant.
TEST_F(MappingRules, EveryType) {
  std::string columns;
  std::vector<std::string> rules = {Include("public", "t")};
  for (const TypeCase& each : kTypes) {
    columns += std::string(", \"") + each.column + "\" numeric DEFAULT 12.34";
    const std::string type = std::string(", \"data-type\": ") + each.type;
    rules.push_back(Transform("column", "change-data-type", "public", "t", each.column, type));
    rules.push_back(Transform("column", "add-column", "public", "t", "",
                              std::string(R"(, "value": "new_)") + each.column + R"(", "expression": "'42'")" + type));
  }
  source().Psql(database(),
                "CREATE TABLE t (id int PRIMARY KEY" + columns + "); INSERT INTO t (id) SELECT generate_series(1, 10)");
  ExpectMoved(rules);
  for (const TypeCase& each : kTypes) {
    const auto type_of = [&](const std::string& column) {
      return OnTarget(
          "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass AND "
          "attname = '" +
          column + "'");
    };
    EXPECT_EQ(type_of(each.column), each.sql);
    EXPECT_EQ(type_of(std::string("new_") + each.column), each.sql);
    const std::string converted = "SELECT min(\"" + std::string(each.column) + "\"::" + each.sql + ")::text FROM t";
    EXPECT_EQ(OnTarget("SELECT min(\"" + std::string(each.column) + "\")::text FROM t"),
              source().Value(database(), converted));
    EXPECT_EQ(OnTarget("SELECT min(\"new_" + std::string(each.column) + "\")::text FROM t"),
              OnTarget("SELECT '42'::" + std::string(each.sql) + "::text"));
  }
}

}  // namespace
}  // namespace airlift::test
