#include "engine/existing_keys.h"

#include <fmt/format.h>

#include <set>

#include "pg/identifier.h"

namespace airlift {

namespace {

// Partitioned tables are read with their partitions, others without the tables that inherit from them, as the server's
// own triggers do. The operators are those of the constraint: primary key on the left, foreign key on the right.
constexpr const char* kForeignKeysQuery = R"(
SELECT n.nspname, c.relname, con.conname, con.confmatchtype = 'f',
       CASE WHEN c.relkind = 'p' THEN '' ELSE 'ONLY ' END || pg_catalog.format('%I.%I', n.nspname, c.relname),
       CASE WHEN fc.relkind = 'p' THEN '' ELSE 'ONLY ' END || pg_catalog.format('%I.%I', fn.nspname, fc.relname),
       k.joined, k.set, k.unset, COALESCE(pg_catalog.to_jsonb(con) ->> 'conperiod', 'false') = 'true'
FROM pg_catalog.pg_constraint con
JOIN pg_catalog.pg_class c ON c.oid = con.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class fc ON fc.oid = con.confrelid JOIN pg_catalog.pg_namespace fn ON fn.oid = fc.relnamespace
CROSS JOIN LATERAL (
  SELECT pg_catalog.string_agg(pg_catalog.format('p.%I OPERATOR(%I.%s) f.%I', pa.attname, opn.nspname, o.oprname, fa.attname), ' AND ') AS joined,
         pg_catalog.string_agg(pg_catalog.format('f.%I IS NOT NULL', fa.attname), ' AND ') AS set,
         pg_catalog.string_agg(pg_catalog.format('f.%I IS NULL', fa.attname), ' AND ') AS unset
  FROM ROWS FROM (pg_catalog.unnest(con.conkey), pg_catalog.unnest(con.confkey), pg_catalog.unnest(con.conpfeqop)) AS u (fk, pk, op)
  JOIN pg_catalog.pg_attribute fa ON fa.attrelid = con.conrelid AND fa.attnum = u.fk
  JOIN pg_catalog.pg_attribute pa ON pa.attrelid = con.confrelid AND pa.attnum = u.pk
  JOIN pg_catalog.pg_operator o ON o.oid = u.op JOIN pg_catalog.pg_namespace opn ON opn.oid = o.oprnamespace) AS k
WHERE con.contype = 'f' AND con.convalidated AND con.conparentid = 0
ORDER BY 1, 2, 3)";

struct ForeignKey {
  std::string table;
  std::string name;
  bool match_full = false;
  std::string from, to, joined, set, unset;
  bool has_period = false;
};

std::vector<ForeignKey> ReadForeignKeys(Connection& target, const std::vector<Relation>& relations) {
  std::set<std::pair<std::string, std::string>> loaded;
  for (const Relation& relation : relations) {
    loaded.emplace(relation.schema, relation.name);
    for (const StoredTable& table : relation.stored) loaded.emplace(table.schema, table.name);
  }
  const Result result = target.Query(kForeignKeysQuery);
  std::vector<ForeignKey> keys;
  for (int row = 0; row < result.rows(); ++row) {
    if (!loaded.contains({result.Text(row, 0), result.Text(row, 1)})) continue;
    keys.push_back({DisplayName(result.Text(row, 0), result.Text(row, 1)), result.Text(row, 2), result.Boolean(row, 3),
                    result.Text(row, 4), result.Text(row, 5), result.Text(row, 6), result.Text(row, 7),
                    result.Text(row, 8), result.Boolean(row, 9)});
  }
  return keys;
}

std::string OrphansQuery(const ForeignKey& key) {
  std::string condition = fmt::format("{} AND NOT EXISTS (SELECT FROM {} p WHERE {})", key.set, key.to, key.joined);
  if (key.match_full) condition = fmt::format("({}) OR (NOT ({}) AND NOT ({}))", condition, key.set, key.unset);
  return fmt::format("SELECT pg_catalog.count(*) FROM {} f WHERE {}", key.from, condition);
}

SchemaFinding Finding(const ForeignKey& key, const std::string& what) {
  SchemaFinding finding;
  finding.kind = "foreign key";
  finding.object = key.table + " " + DisplayName(key.name);
  finding.property = kUnmatchedRows;
  finding.source = "";
  finding.target = what;
  return finding;
}

}  // namespace

std::vector<SchemaFinding> ProveExistingForeignKeys(Connection& target, const std::vector<Relation>& relations) {
  std::vector<SchemaFinding> findings;
  for (const ForeignKey& key : ReadForeignKeys(target, relations)) {
    CheckStop();
    if (key.has_period) {
      findings.push_back(Finding(key, "not proved: it has a period"));
      continue;
    }
    try {
      const int64_t orphans = target.Query(OrphansQuery(key)).Integer(0, 0);
      if (orphans > 0) findings.push_back(Finding(key, std::to_string(orphans)));
    } catch (const SqlError& error) {
      if (!error.IsClass("42")) throw;
      findings.push_back(Finding(key, "not proved: " + error.primary()));
    }
  }
  return findings;
}

}  // namespace airlift
