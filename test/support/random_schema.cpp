#include "support/random_schema.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <random>
#include <vector>

#include "pg/identifier.h"

namespace airlift::test {

namespace {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  int64_t Between(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(engine_); }
  bool Chance(int percent) { return Between(1, 100) <= percent; }
  template <typename T>
  const T& Pick(const std::vector<T>& choices) {
    return choices[static_cast<size_t>(Between(0, static_cast<int64_t>(choices.size()) - 1))];
  }

 private:
  std::mt19937_64 engine_;
};

// Values are given without a cast: every use has the column's type.
struct Type {
  std::string name;
  std::vector<std::string> extremes;
  bool can_be_key = false;
};

const std::vector<Type>& BuiltInTypes() {
  static const std::vector<Type> types = {
      {"smallint", {"-32768", "32767", "0"}, true},
      {"integer", {"-2147483648", "2147483647", "0", "-1"}, true},
      {"bigint", {"-9223372036854775808", "9223372036854775807", "0"}, true},
      {"numeric", {"NaN", "0.000", "-1e-300", "12345678901234567890.0987654321", "1e1000"}, true},
      {"numeric(20,5)", {"0", "-999999999999999.99999", "0.00001"}},
      {"real", {"NaN", "Infinity", "-Infinity", "-0", "1e-45", "1.1"}},
      {"double precision", {"NaN", "Infinity", "-Infinity", "-0", "5e-324", "0.1"}},
      {"boolean", {"t", "f"}},
      {"text", {"", " ", "\\N", "\\.", "a\tb\nc\\d\"e'f", "größe 🐘", "NULL", "{}"}, true},
      {"varchar(40)", {"", "trailing ", "ü"}, true},
      {"char(7)", {"", "a", "abc  "}},
      {"\"char\"", {"", "x"}},
      {"name", {"", "some_name"}},
      {"bytea", {"\\x", "\\x00", "\\x5c00ff27"}},
      {"date", {"infinity", "-infinity", "4713-01-01 BC", "5874897-12-31", "0044-03-15 BC", "2024-02-29"}, true},
      {"time", {"00:00:00", "24:00:00", "12:34:56.789012"}},
      {"timetz", {"00:00:00+14", "23:59:59.999999-12"}},
      {"timestamp", {"infinity", "4713-01-01 00:00:00 BC", "294276-12-31 23:59:59.999999"}, true},
      {"timestamptz", {"-infinity", "0044-03-15 12:00:00+00 BC", "2024-03-31 01:30:00+00"}, true},
      {"timestamptz(0)", {"2000-01-01 00:00:00.5+00"}},
      {"interval", {"0", "1 day", "24 hours", "-178000000 years", "1 mon -1 day 00:00:00.000001"}},
      {"uuid", {"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"}, true},
      {"json", {"null", "{\"a\":  1, \"a\": 2}", "\"\\u00fc\"", "[]"}},
      {"jsonb", {"null", "{\"b\": [1, null, {\"c\": 1.10}]}", "\"\"", "[]", "1e100"}},
      {"inet", {"0.0.0.0/0", "::1", "10.0.0.1/8"}},
      {"cidr", {"10.0.0.0/8", "2001:db8::/32"}},
      {"macaddr", {"00:00:00:00:00:00"}},
      {"bit(5)", {"00000", "10101"}},
      {"bit varying", {"", "1011"}},
      {"money", {"$0.00", "-$1.10"}},
      {"point", {"(0,0)", "(1e300,NaN)"}},
      {"box", {"(1,1),(0,0)"}},
      {"circle", {"<(0,0),1>"}},
      {"tsvector", {"", "a:1A b:2"}},
      {"tsquery", {"a & !b"}},
      {"int4range", {"empty", "(,)", "[1,5)"}},
      {"numrange", {"empty", "[1.10,2)"}},
      {"tstzrange", {"empty", "[2024-01-01 00:00+00,)"}},
      {"pg_lsn", {"0/0", "FFFFFFFF/FFFFFFFF"}},
      {"xml", {"<a/>", "<a>&lt;</a>"}},
      {"oid", {"0", "4294967295"}},
  };
  return types;
}

const std::vector<std::string>& HostileWords() {
  static const std::vector<std::string> words = {
      "t",       "Mixed Case", "with.dot", "quo\"te",     "new\nline", "größe", "select", "%s", "; --",
      "apo'str", " lead",      "🐘",        "back\\slash", "$$",        "a=b",   "{x}",    "*",  ":v"};
  return words;
}

std::string Literal(const std::string& text) {
  std::string quoted = "E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += c;
    quoted += c;
  }
  return quoted + "'";
}

struct Column {
  std::string name;
  const Type* type;
  bool is_array = false;
  bool is_not_null = false;
  std::string suffix;    // GENERATED ..., DEFAULT ...
  bool is_given = true;  // INSERT names it
};

class Generator {
 public:
  Generator(uint64_t seed, const RandomSchemaOptions& options) : random_(seed), options_(options) {}

  std::string Script() {
    script_ = "SET client_min_messages = error; SET timezone = 'UTC';\n";
    for (int i = 0; i < 3; ++i) schemas_.push_back(Name("schema"));
    for (const std::string& schema : schemas_) script_ += "CREATE SCHEMA " + schema + ";\n";
    MakeTypes();
    for (int i = 0; i < options_.tables; ++i) MakeTable();
    return script_;
  }

 private:
  // Quoted, unique, sometimes of the greatest length.
  std::string Name(const std::string& kind) {
    std::string name = fmt::format("{}{} {}", kind, ++names_, random_.Pick(HostileWords()));
    if (random_.Chance(10)) name += std::string(63 - name.size(), 'x');
    return QuoteIdentifier(name);
  }

  Type MakeType(const std::string& kind, const std::string& definition, const std::vector<std::string>& extremes) {
    const std::string name = random_.Pick(schemas_) + "." + Name("type");
    script_ += "CREATE " + kind + " " + name + " AS " + definition + ";\n";
    types_.push_back({name, extremes});
    return types_.back();
  }

  void MakeTypes() {
    types_ = BuiltInTypes();
    const Type label = MakeType("TYPE", "ENUM ('a', 'B b', 'quo\"te', 'ü', '')", {"a", "B b", "quo\"te", "ü", ""});
    const Type pair =
        MakeType("TYPE", "(i int, t text, d timestamptz)", {"(,,)", "(1,\"a, b\",infinity)", "(-1,\"\",)"});
    MakeType("TYPE", "RANGE (subtype = numeric)", {"empty", "[1.10,2)", "(,)"});
    MakeType("DOMAIN", label.name, label.extremes);
    MakeType("DOMAIN", "bigint CHECK (VALUE <> 7)", {"0", "-9223372036854775808"});
    MakeType("TYPE", "(c " + pair.name + ", e " + label.name + "[])", {"(,)", "(\"(1,x,)\",\"{a}\")"});
  }

  std::string RandomText() {
    std::string text;
    for (int64_t i = random_.Between(0, 12); i > 0; --i) text += random_.Pick(HostileWords());
    if (random_.Chance(3)) text += std::string(static_cast<size_t>(random_.Between(1000, 30000)), 'z');
    return text;
  }

  std::string ScalarText(const Type& type) {
    if (type.name == "text" && random_.Chance(70)) return RandomText();
    if (type.name == "integer" || type.name == "bigint") return std::to_string(random_.Between(-1000000, 1000000));
    if (type.name == "uuid" && random_.Chance(70))
      return fmt::format("{:016x}{:016x}", static_cast<uint64_t>(random_.Between(0, INT64_MAX)),
                         static_cast<uint64_t>(random_.Between(0, INT64_MAX)));
    if (type.name == "double precision" && random_.Chance(70))
      return fmt::format("{}", static_cast<double>(random_.Between(-1000000, 1000000)) / 7);
    return random_.Pick(type.extremes);
  }

  std::string Value(const Column& column) {
    if (!column.is_not_null && random_.Chance(15)) return "NULL";
    if (!column.is_array) return Literal(ScalarText(*column.type));
    std::string elements;
    for (int64_t i = random_.Between(0, 4); i > 0; --i) {
      if (!elements.empty()) elements += ", ";
      elements += random_.Chance(20) ? "NULL" : Literal(random_.Pick(column.type->extremes));
    }
    return fmt::format("ARRAY[{}]::{}[]", elements, column.type->name);
  }

  Column MakeColumn() {
    Column column{Name("c"), &random_.Pick(types_), random_.Chance(15), random_.Chance(20), {}, true};
    if (column.type->name == "integer" && !column.is_array && random_.Chance(30)) {
      column.suffix =
          random_.Chance(50) ? " GENERATED BY DEFAULT AS IDENTITY" : " GENERATED ALWAYS AS IDENTITY (INCREMENT 7)";
      column.is_given = column.is_not_null = false;
    }
    return column;
  }

  static std::string Definition(const Column& column) {
    return fmt::format("{} {}{}{}{}", column.name, column.type->name, column.is_array ? "[]" : "",
                       column.is_not_null ? " NOT NULL" : "", column.suffix);
  }

  // A stored column computed from another one, where there is a text column to compute from.
  std::string GeneratedColumn(const std::vector<Column>& columns) {
    for (const Column& column : columns)
      if (column.type->name == "text" && !column.is_array && random_.Chance(50))
        return fmt::format(", {} int GENERATED ALWAYS AS (length({})) STORED", Name("g"), column.name);
    return {};
  }

  void MakeTable() {
    const std::string table = random_.Pick(schemas_) + "." + Name("t");
    std::vector<Column> columns;
    for (int64_t i = random_.Between(1, options_.max_columns); i > 0; --i) columns.push_back(MakeColumn());
    std::string definitions;
    for (const Column& column : columns) definitions += (definitions.empty() ? "" : ", ") + Definition(column);
    definitions += GeneratedColumn(columns);
    const bool is_partitioned = random_.Chance(25);
    if (is_partitioned) {
      MakePartitioned(table, definitions);
    } else {
      if (random_.Chance(50)) definitions += fmt::format(", {} serial PRIMARY KEY", Name("id"));
      script_ += fmt::format("CREATE TABLE {} ({});\n", table, definitions);
    }
    MakeRows(table, columns);
    if (random_.Chance(20)) DropAColumn(table, columns);
    if (!is_partitioned && random_.Chance(20))
      script_ +=
          fmt::format("CREATE TABLE {}.{} (extra text) INHERITS ({});\n", random_.Pick(schemas_), Name("child"), table);
    if (random_.Chance(30)) script_ += fmt::format("CREATE INDEX ON {} ((1));\n", table);
    if (random_.Chance(30)) script_ += fmt::format("COMMENT ON TABLE {} IS {};\n", table, Literal(RandomText()));
  }

  void MakePartitioned(const std::string& table, const std::string& definitions) {
    const std::string key = Name("k");
    script_ += fmt::format("CREATE TABLE {} ({}, {} int DEFAULT 1) PARTITION BY {} ({});\n", table, definitions, key,
                           partitioned_ % 2 == 0 ? "RANGE" : "LIST", key);
    const std::string bounds = partitioned_ % 2 == 0 ? "FROM (0) TO (10)" : "IN (1, 2)";
    script_ += fmt::format("CREATE TABLE {}.{} PARTITION OF {} FOR VALUES {};\n", random_.Pick(schemas_), Name("p"),
                           table, bounds);
    script_ += fmt::format("CREATE TABLE {}.{} PARTITION OF {} DEFAULT;\n", random_.Pick(schemas_), Name("p"), table);
    ++partitioned_;
  }

  void MakeRows(const std::string& table, const std::vector<Column>& columns) {
    std::string names;
    for (const Column& column : columns)
      if (column.is_given) names += (names.empty() ? "" : ", ") + column.name;
    for (int64_t row = random_.Between(0, options_.max_rows); row > 0; --row) {
      std::string values;
      for (const Column& column : columns)
        if (column.is_given) values += (values.empty() ? "" : ", ") + Value(column);
      script_ += names.empty() ? fmt::format("INSERT INTO {} DEFAULT VALUES;\n", table)
                               : fmt::format("INSERT INTO {} ({}) VALUES ({});\n", table, names, values);
    }
  }

  void DropAColumn(const std::string& table, const std::vector<Column>& columns) {
    script_ += fmt::format("ALTER TABLE {} DROP COLUMN {} CASCADE;\n", table, random_.Pick(columns).name);
    if (random_.Chance(50))
      script_ += fmt::format("ALTER TABLE {} ADD COLUMN {} text DEFAULT 'added';\n", table, Name("added"));
  }

  Random random_;
  RandomSchemaOptions options_;
  std::string script_;
  std::vector<std::string> schemas_;
  std::vector<Type> types_;
  int names_ = 0;
  int partitioned_ = 0;
};

}  // namespace

std::string RandomSchema(uint64_t seed, const RandomSchemaOptions& options) {
  return Generator(seed, options).Script();
}

uint64_t SeedOfThisRun() {
  const char* given = getenv("PG_AIRLIFT_SEED");
  if (given != nullptr) return std::strtoull(given, nullptr, 10);
  return static_cast<uint64_t>(std::chrono::system_clock::now().time_since_epoch().count());
}

}  // namespace airlift::test
