#include "catalog/relation.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "catalog/types.h"
#include "pg/identifier.h"

namespace airlift {

namespace {

// One row per table, partitioned table or leaf; the leaves' rows follow their root's.
constexpr const char* kRelationsQuery = R"(
WITH configuration AS (
  SELECT pg_catalog.unnest(e.extconfig) AS oid, pg_catalog.unnest(e.extcondition) AS condition
  FROM pg_catalog.pg_extension e WHERE e.extname <> 'pg_airlift'
), candidate AS (
  SELECT c.oid, c.relnamespace, c.relname, c.relkind, c.reltuples,
         CASE WHEN c.relispartition THEN pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid ELSE c.oid END AS root
  FROM pg_catalog.pg_class c
  WHERE c.relkind IN ('r', 'p', 'f') AND c.relpersistence <> 't' AND c.oid >= 16384
    AND (c.relkind <> 'f' OR c.relispartition)
)
SELECT c.oid, n.nspname, c.relname, c.relkind, c.root,
       CASE WHEN c.relkind = 'r' THEN pg_catalog.pg_relation_size(c.oid)
              / pg_catalog.current_setting('block_size')::pg_catalog.int8 ELSE 0 END,
       CASE WHEN c.relkind = 'r' THEN pg_catalog.pg_table_size(c.oid) ELSE 0 END,
       GREATEST(c.reltuples, 0)::pg_catalog.int8, configuration.condition, configuration.oid IS NOT NULL
FROM candidate c
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN configuration ON configuration.oid = c.oid
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'airlift_state', 'airlift')
  AND (configuration.oid IS NOT NULL OR NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.root AND d.deptype = 'e'))
ORDER BY c.root, c.oid <> c.root, c.oid)";

// Of the tables in $1, of all but partitions where it is NULL.
constexpr const char* kColumnsQuery = R"(
SELECT a.attrelid, a.attname, a.atttypid, a.attgenerated <> ''
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid >= 16384
  AND CASE WHEN $1::pg_catalog.oid[] IS NULL THEN NOT c.relispartition ELSE c.oid = ANY ($1::pg_catalog.oid[]) END
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum)";

// Ordinary tables and leaf partitions by OID, each as a table of its own.
constexpr const char* kTablesQuery = R"(
SELECT c.oid, n.nspname, c.relname,
       pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::pg_catalog.int8,
       pg_catalog.pg_table_size(c.oid), GREATEST(c.reltuples, 0)::pg_catalog.int8
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.oid = ANY ($1::pg_catalog.oid[]))";

// Partition trees in which the partition of a row may be another one on the target: keys that are expressions, hash
// keys of types whose hash uses OIDs or is not pinned, range keys that compare under a collation other than C.
constexpr const char* kRoutingQuery = R"(
SELECT DISTINCT pg_catalog.pg_partition_root(p.partrelid)::pg_catalog.oid
FROM pg_catalog.pg_partitioned_table p
     CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(p.partattrs::pg_catalog.int2[]),
                                   pg_catalog.unnest(p.partcollation::pg_catalog.oid[])) AS key(attnum, collation_oid)
     LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = key.attnum
     LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_catalog.pg_collation c ON c.oid = key.collation_oid
WHERE key.attnum = 0
   OR p.partstrat = 'h' AND (t.oid >= 10000 OR t.typtype <> 'b' OR t.typelem <> 0 OR NOT COALESCE(c.collisdeterministic, true))
   OR p.partstrat IN ('r', 'l') AND t.oid >= 10000 AND t.typtype NOT IN ('d', 'e')
   OR p.partstrat = 'r' AND COALESCE(c.collname, 'C') NOT IN ('C', 'POSIX'))";

// By an array: joined to the partition tree, of which nothing is known beforehand, all of pg_class would be read.
constexpr const char* kStoredTablesQuery = R"(
SELECT c.oid, n.nspname, c.relname,
       pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::pg_catalog.int8,
       pg_catalog.pg_table_size(c.oid)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.oid = ANY (ARRAY(
  SELECT CASE root.relkind WHEN 'r' THEN root.oid ELSE leaf.relid::pg_catalog.oid END
  FROM pg_catalog.pg_class root
       JOIN pg_catalog.pg_namespace rn ON rn.oid = root.relnamespace
       LEFT JOIN LATERAL pg_catalog.pg_partition_tree(root.oid) leaf ON root.relkind = 'p' AND leaf.isleaf
  WHERE rn.nspname = $1 AND root.relname = $2 AND root.relkind IN ('r', 'p')))
ORDER BY c.oid)";

uint32_t Oid(const Result& result, int row, int column) { return static_cast<uint32_t>(result.Integer(row, column)); }

// Root relations by OID, in the query's order; leaves are folded into their root.
std::map<uint32_t, Relation> ReadRelations(Connection& connection) {
  std::map<uint32_t, Relation> relations;
  const Result result = connection.Query(kRelationsQuery);
  for (int row = 0; row < result.rows(); ++row) {
    const uint32_t oid = Oid(result, row, 0);
    const uint32_t root = Oid(result, row, 4);
    const char kind = result.Text(row, 3)[0];
    const StoredTable table{oid, result.Text(row, 1), result.Text(row, 2), result.Integer(row, 5),
                            result.Integer(row, 6)};
    Relation& relation = relations[root];
    if (oid == root) {
      relation.oid = oid;
      relation.schema = table.schema;
      relation.name = table.name;
      relation.is_partitioned = kind == 'p';
      relation.condition = result.Text(row, 8);
      relation.is_extension_configuration = result.Boolean(row, 9);
    }
    relation.estimated_rows += static_cast<double>(kind == 'r' ? result.Integer(row, 7) : 0);
    if (kind == 'r') relation.stored.push_back(table);
    if (kind == 'f') relation.foreign_leaves.push_back(DisplayName(table.schema, table.name));
  }
  return relations;
}

// `oids` as kColumnsQuery takes it.
void ReadColumns(Connection& connection, std::map<uint32_t, Relation>& relations,
                 const Parameter& oids = std::nullopt) {
  const TypeCatalog types(connection);
  const Result result = connection.Query(kColumnsQuery, {oids});
  for (int row = 0; row < result.rows(); ++row) {
    const auto found = relations.find(Oid(result, row, 0));
    if (found == relations.end()) continue;
    const TypeOid type = Oid(result, row, 2);
    Column column{result.Text(row, 1), result.Boolean(row, 3), types.IsPortable(type), {}, types.IsArray(type), {}};
    if (!column.is_portable) column.output_function = types.OutputFunction(type);
    found->second.columns.push_back(std::move(column));
  }
}

void ReadRouting(Connection& connection, std::map<uint32_t, Relation>& relations) {
  const Result result = connection.Query(kRoutingQuery);
  for (int row = 0; row < result.rows(); ++row) {
    const auto found = relations.find(Oid(result, row, 0));
    if (found != relations.end()) found->second.needs_routing = true;
  }
}

}  // namespace

int64_t Relation::bytes() const {
  int64_t total = 0;
  for (const StoredTable& table : stored) total += table.bytes;
  return total;
}

std::string Relation::display_name() const { return DisplayName(schema, name); }

bool Relation::AllPortable() const {
  return std::all_of(columns.begin(), columns.end(), [](const Column& column) { return column.is_portable; });
}

bool Relation::HasGenerated() const {
  return std::any_of(columns.begin(), columns.end(), [](const Column& column) { return column.is_generated; });
}

bool Relation::HasExpressions() const {
  return std::any_of(columns.begin(), columns.end(), [](const Column& column) { return !column.expression.empty(); });
}

std::string Relation::SourceCondition() const {
  if (filter.empty() || condition.empty()) return filter.empty() ? condition : filter;
  return filter + " AND (" + condition.substr(sizeof("WHERE")) + "\n)";
}

Relation OnTarget(Relation relation) {
  relation.filter.clear();
  for (Column& column : relation.columns) column.expression.clear();
  return relation;
}

std::vector<int> Relation::ArrayPositions() const {
  std::vector<int> positions;
  for (size_t i = 0; i < columns.size(); ++i)
    if (columns[i].is_array && columns[i].is_portable) positions.push_back(static_cast<int>(i));
  return positions;
}

namespace {

std::vector<Relation> SortedByName(std::map<uint32_t, Relation> by_oid) {
  std::vector<Relation> relations;
  for (auto& [oid, relation] : by_oid)
    if (relation.oid != 0) relations.push_back(std::move(relation));
  std::sort(relations.begin(), relations.end(), [](const Relation& a, const Relation& b) {
    return std::tie(a.schema, a.name) < std::tie(b.schema, b.name);
  });
  return relations;
}

}  // namespace

std::vector<Relation> LoadRelations(Connection& connection, const std::vector<NamePattern>& patterns) {
  std::map<uint32_t, Relation> by_oid = ReadRelations(connection);
  ReadColumns(connection, by_oid);
  ReadRouting(connection, by_oid);
  std::erase_if(by_oid, [&](const auto& entry) { return !Matches(patterns, entry.second.schema, entry.second.name); });
  return SortedByName(std::move(by_oid));
}

std::vector<Relation> LoadTables(Connection& connection, const std::vector<uint32_t>& oids) {
  if (oids.empty()) return {};
  std::string array;
  for (const uint32_t oid : oids) array += (array.empty() ? "{" : ",") + std::to_string(oid);
  array += "}";
  std::map<uint32_t, Relation> by_oid;
  const Result result = connection.Query(kTablesQuery, {array});
  for (int row = 0; row < result.rows(); ++row) {
    Relation& relation = by_oid[Oid(result, row, 0)];
    relation.oid = Oid(result, row, 0);
    relation.schema = result.Text(row, 1);
    relation.name = result.Text(row, 2);
    relation.estimated_rows = static_cast<double>(result.Integer(row, 5));
    relation.stored.push_back(
        {relation.oid, relation.schema, relation.name, result.Integer(row, 3), result.Integer(row, 4)});
  }
  ReadColumns(connection, by_oid, array);
  return SortedByName(std::move(by_oid));
}

std::optional<Relation> FindTable(Connection& connection, const std::string& schema, const std::string& name) {
  const Result found = connection.Query(
      "SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind = 'r'",
      {schema, name});
  if (found.rows() == 0) return std::nullopt;
  std::vector<Relation> tables = LoadTables(connection, {Oid(found, 0, 0)});
  return tables.empty() ? std::nullopt : std::optional(std::move(tables.front()));
}

std::vector<StoredTable> LoadStoredTables(Connection& connection, const std::string& schema, const std::string& name) {
  const Result result = connection.Query(kStoredTablesQuery, {schema, name});
  std::vector<StoredTable> tables;
  for (int row = 0; row < result.rows(); ++row) {
    tables.push_back({Oid(result, row, 0), result.Text(row, 1), result.Text(row, 2), result.Integer(row, 3),
                      result.Integer(row, 4)});
  }
  return tables;
}

void RequireReadByName(Connection& source, const StoredTable& table) {
  const bool is_it = source
                         .Query(
                             "SELECT $1::pg_catalog.oid::pg_catalog.regclass::pg_catalog.text = "
                             "pg_catalog.format('%I.%I', $2::pg_catalog.text, $3::pg_catalog.text)",
                             {std::to_string(table.oid), table.schema, table.name})
                         .Boolean(0, 0);
  if (is_it) return;
  throw Error(fmt::format("source: table {} was dropped, renamed or replaced while the database was read",
                          DisplayName(table.schema, table.name)),
              fmt::format("Its OID was {}; the table that has its name now is another one.", table.oid),
              "Begin anew, with --restart where the command has it, and let no DDL run meanwhile.");
}

}  // namespace airlift
