#include "support/oracle.h"

#include <algorithm>
#include <sstream>

namespace airlift::test {

namespace {

// Text output must not depend on what a database or a role sets.
constexpr const char* kPreamble =
    "SET timezone = 'UTC'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; SET extra_float_digits = 3;\n"
    "SET bytea_output = 'hex'; SET search_path = ''; SET row_security = off; SET lc_monetary = 'C';\n"
    "SET client_encoding = 'UTF8';\n";

constexpr const char* kMarker = "@@airlift-oracle@@";

// One row per table: its name as a literal, and the COPY that reads it with the columns in the source's order. ONLY for
// an inheritance parent, whose children are listed themselves; leaf partitions are read through their root.
constexpr const char* kTables = R"(
SELECT format('%I.%I', n.nspname, c.relname),
  format('COPY (SELECT %s FROM %s %I.%I) TO STDOUT;',
    (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
     FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    CASE c.relkind WHEN 'r' THEN 'ONLY' ELSE '' END, n.nspname, c.relname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence IN ('p', 'u')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'airlift', 'airlift_state')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::regclass
    AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C")";

// \gexec runs each row that the query returns.
constexpr const char* kSequences = R"(
SELECT format('SELECT %L, last_value, is_called FROM %I.%I', n.nspname || '.' || c.relname, n.nspname, c.relname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'airlift', 'airlift_state')
\gexec)";

constexpr const char* kLargeObjects = R"(
SELECT format('%s %s', oid, md5(pg_catalog.lo_get(oid))) FROM pg_catalog.pg_largeobject_metadata ORDER BY oid;)";

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

struct Tables {
  std::vector<std::string> names;
  std::vector<std::string> copies;
};

Tables ListTables(const Cluster& cluster, const std::string& database) {
  const Result result = cluster.Query(database, kTables);
  Tables tables;
  for (int row = 0; row < result.rows(); ++row) {
    tables.names.push_back(result.Text(row, 0));
    tables.copies.push_back(result.Text(row, 1));
  }
  return tables;
}

// The sorted lines of each COPY, in the order of the statements; all in one psql.
std::vector<std::vector<std::string>> ReadTables(const Cluster& cluster, const std::string& database,
                                                 const std::vector<std::string>& copies) {
  std::string script = kPreamble;
  for (const std::string& copy : copies) script += copy + "\n\\echo " + kMarker + "\n";
  std::vector<std::vector<std::string>> tables(1);
  for (std::string& line : Lines(cluster.Psql(database, script))) {
    if (line == kMarker) {
      std::sort(tables.back().begin(), tables.back().end());
      tables.emplace_back();
    } else {
      tables.back().push_back(std::move(line));
    }
  }
  tables.pop_back();
  return tables;
}

std::string Shorten(const std::string& line) { return line.size() > 300 ? line.substr(0, 300) + "..." : line; }

// "" where both are the same; otherwise some lines that only one of them has.
std::string DiffSorted(const std::string& what, const std::vector<std::string>& source,
                       const std::vector<std::string>& target) {
  if (source == target) return {};
  std::vector<std::string> missing, extra;
  std::set_difference(source.begin(), source.end(), target.begin(), target.end(), std::back_inserter(missing));
  std::set_difference(target.begin(), target.end(), source.begin(), source.end(), std::back_inserter(extra));
  std::string text = what + ": " + std::to_string(source.size()) + " lines on the source, " +
                     std::to_string(target.size()) + " on the target\n";
  for (size_t i = 0; i < missing.size() && i < 8; ++i) text += "  only source: " + Shorten(missing[i]) + "\n";
  for (size_t i = 0; i < extra.size() && i < 8; ++i) text += "  only target: " + Shorten(extra[i]) + "\n";
  return text;
}

std::string DiffOfQuery(const std::string& what, const char* sql, const Cluster& source,
                        const std::string& source_database, const Cluster& target, const std::string& target_database) {
  const auto read = [&](const Cluster& cluster, const std::string& database) {
    auto lines = Lines(cluster.Psql(database, std::string(kPreamble) + sql + "\n"));
    std::sort(lines.begin(), lines.end());
    return lines;
  };
  return DiffSorted(what, read(source, source_database), read(target, target_database));
}

std::vector<std::string> SchemaDump(const Cluster& reader, const Cluster& cluster, const std::string& database) {
  std::vector<std::string> lines;
  for (std::string& line : Lines(RunOrThrow({reader.bindir() + "/pg_dump", "--schema-only", "--exclude-schema=airlift",
                                             "--exclude-schema=airlift_state", "--no-publications",
                                             "--no-subscriptions", "-d", cluster.Superuser(database).ToString()}))) {
    // What belongs to the source's superuser belongs to the migrating role on a target that has no superuser for us.
    const bool is_superusers =
        line.find(" OWNER TO postgres;") != std::string::npos || line.find(" OWNER TO master;") != std::string::npos;
    const bool is_noise = line.empty() || is_superusers || line.rfind("--", 0) == 0 ||
                          line.rfind("\\restrict", 0) == 0 || line.rfind("\\unrestrict", 0) == 0 ||
                          line.find("EXTENSION") != std::string::npos;
    if (!is_noise) lines.push_back(std::move(line));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace

std::string FirstDifference(const Cluster& source, const std::string& source_database, const Cluster& target,
                            const std::string& target_database) {
  const Tables tables = ListTables(source, source_database);
  std::string text = DiffSorted("tables", tables.names, ListTables(target, target_database).names);
  if (!text.empty()) return text;
  const auto source_rows = ReadTables(source, source_database, tables.copies);
  const auto target_rows = ReadTables(target, target_database, tables.copies);
  for (size_t i = 0; i < tables.names.size(); ++i) text += DiffSorted(tables.names[i], source_rows[i], target_rows[i]);
  text += DiffOfQuery("sequences", kSequences, source, source_database, target, target_database);
  text += DiffOfQuery("large objects", kLargeObjects, source, source_database, target, target_database);
  return text;
}

std::string FirstSchemaDifference(const Cluster& source, const std::string& source_database, const Cluster& target,
                                  const std::string& target_database) {
  const auto major = [](const Cluster& cluster) {
    return cluster.Value("postgres", "SELECT current_setting('server_version_num')::int / 10000");
  };
  const auto of_target = SchemaDump(target, target, target_database);
  if (major(source) == major(target))
    return DiffSorted("definitions", SchemaDump(target, source, source_database), of_target);
  // Each version writes views and routines in its own way: what the source has is read with the target's eyes. What
  // cannot be made there (our extension) is looked for on neither side.
  Cluster& reader = const_cast<Cluster&>(target);
  const std::string copy = target_database + "_definitions";
  reader.CreateDatabase(copy, "TEMPLATE template0");
  ProcessOptions script;
  script.input = RunOrThrow({target.bindir() + "/pg_dump", "--schema-only", "--exclude-schema=airlift", "-d",
                             source.Superuser(source_database).ToString()});
  RunProcess({target.bindir() + "/psql", "-X", "-q", "-f", "-", "-d", target.Superuser(copy).ToString()}, script);
  const auto of_source = SchemaDump(target, target, copy);
  reader.DropDatabase(copy);
  return DiffSorted("definitions", of_source, of_target);
}

}  // namespace airlift::test
