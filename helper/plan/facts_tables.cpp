// Tables with what a plan asks of them: in a constant number of queries, whatever the number of tables.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>

#include "pg/identifier.h"
#include "plan/facts.h"

namespace airlift::planning {

namespace {

// One row per table or leaf partition, summed by root. The live size of a heap is made of rows times (tuple header,
// line pointer, average width, two bytes of alignment a column), where the statistics of all columns may be read; that
// of TOAST of the share of its tuples that are not dead.
constexpr const char* kSizesQuery = R"(
WITH width AS (
  SELECT schemaname, tablename, pg_catalog.sum(avg_width * (1 - null_frac) + 2) AS bytes, pg_catalog.count(*) AS columns
  FROM pg_catalog.pg_stats WHERE NOT inherited GROUP BY 1, 2
), leaf AS (
  SELECT c.oid, CASE WHEN c.relispartition THEN pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid ELSE c.oid END AS root,
         c.relpersistence, c.relreplident, c.reltuples, c.reltoastrelid,
         pg_catalog.pg_relation_size(c.oid) AS heap,
         CASE WHEN c.reltoastrelid <> 0 THEN pg_catalog.pg_total_relation_size(c.reltoastrelid) ELSE 0 END AS toast,
         CASE WHEN width.columns = (SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute a
                                    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
                   AND c.reltuples > 0
              THEN c.reltuples * (28 + width.bytes) END AS heap_estimate,
         CASE c.relreplident
           WHEN 'f' THEN 1
           WHEN 'n' THEN 2
           WHEN 'i' THEN CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisreplident)
                              THEN 0 ELSE 2 END
           ELSE CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary
                                  AND i.indimmediate AND i.indisvalid) THEN 0 ELSE 2 END
         END AS identity
  FROM pg_catalog.pg_class c
       JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
       LEFT JOIN width ON width.schemaname = n.nspname AND width.tablename = c.relname
  WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND c.oid >= 16384
)
SELECT root, pg_catalog.sum(toast)::pg_catalog.int8,
       pg_catalog.sum(LEAST(heap, COALESCE(heap_estimate, heap))
         + CASE WHEN pg_catalog.pg_stat_get_live_tuples(reltoastrelid) > 0
             THEN toast * (pg_catalog.pg_stat_get_live_tuples(reltoastrelid)::pg_catalog.float8
                  / (pg_catalog.pg_stat_get_live_tuples(reltoastrelid) + pg_catalog.pg_stat_get_dead_tuples(reltoastrelid)))
             ELSE toast END)::pg_catalog.int8,
       pg_catalog.bool_or(relpersistence = 'u'), pg_catalog.max(identity),
       pg_catalog.sum(pg_catalog.pg_stat_get_tuples_inserted(oid))::pg_catalog.int8,
       pg_catalog.sum(pg_catalog.pg_stat_get_tuples_updated(oid))::pg_catalog.int8,
       pg_catalog.sum(pg_catalog.pg_stat_get_tuples_deleted(oid))::pg_catalog.int8
FROM leaf GROUP BY root)";

constexpr const char* kIndexesQuery = R"(
SELECT CASE WHEN c.relispartition THEN pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid ELSE c.oid END,
       ic.relname, am.amname, pg_catalog.pg_relation_size(ic.oid),
       CASE WHEN i.indexprs IS NULL THEN
         (SELECT pg_catalog.json_agg(a.attname ORDER BY k.ordinality)
          FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k(attnum, ordinality)
               JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
          WHERE k.ordinality <= i.indnkeyatts)::pg_catalog.text END
FROM pg_catalog.pg_index i
     JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid AND ic.relkind = 'i'
     JOIN pg_catalog.pg_class c ON c.oid = i.indrelid AND c.relkind = 'r'
     JOIN pg_catalog.pg_am am ON am.oid = ic.relam
WHERE c.oid >= 16384 AND c.relpersistence <> 't'
ORDER BY ic.oid)";

constexpr const char* kForeignKeysQuery = R"(
SELECT CASE WHEN c.relispartition THEN pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid ELSE c.oid END,
       CASE WHEN r.relispartition THEN pg_catalog.pg_partition_root(r.oid)::pg_catalog.oid ELSE r.oid END
FROM pg_catalog.pg_constraint k
     JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
     JOIN pg_catalog.pg_class r ON r.oid = k.confrelid
WHERE k.contype = 'f' AND k.conparentid = 0
ORDER BY k.oid)";

// A column whose type has neither a btree nor a hash operator class cannot be told apart by the
// subscriber (the manual, "Replication identity FULL").
constexpr const char* kNoEqualityQuery = R"(
SELECT DISTINCT CASE WHEN c.relispartition THEN pg_catalog.pg_partition_root(c.oid)::pg_catalog.oid ELSE c.oid END
FROM pg_catalog.pg_class c
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE c.relreplident = 'f' AND c.relkind = 'r' AND c.oid >= 16384
  AND t.typtype = 'b' AND (t.typelem = 0 OR t.typlen <> -1)
  AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod
    WHERE m.amname IN ('btree', 'hash') AND o.opcdefault
      AND (o.opcintype = a.atttypid OR EXISTS (
        SELECT FROM pg_catalog.pg_cast k WHERE k.castsource = a.atttypid AND k.casttarget = o.opcintype
          AND k.castmethod = 'b' AND k.castcontext = 'i'))))";

using ByOid = std::map<uint32_t, TableFacts*>;

uint32_t Oid(const Result& result, int row, int column) { return static_cast<uint32_t>(result.Integer(row, column)); }

// Calls `take(table, row)` for the rows of `sql` whose first column is a table that the plan is about.
template <typename Take>
void ForEachTable(Connection& source, const char* sql, const ByOid& tables, Take take) {
  const Result result = source.Query(sql);
  for (int row = 0; row < result.rows(); ++row)
    if (const auto found = tables.find(Oid(result, row, 0)); found != tables.end()) take(*found->second, result, row);
}

Identity IdentityFrom(int64_t number) {
  return number == 0 ? Identity::kKey : number == 1 ? Identity::kFull : Identity::kNone;
}

void TakeSizes(TableFacts& table, const Result& result, int row) {
  table.toast_bytes = result.Integer(row, 1);
  table.live_bytes = std::min(result.Integer(row, 2), table.bytes());
  table.is_unlogged = result.Boolean(row, 3);
  table.identity = IdentityFrom(result.Integer(row, 4));
  table.inserted = result.Integer(row, 5);
  table.updated = result.Integer(row, 6);
  table.deleted = result.Integer(row, 7);
}

void TakeIndex(TableFacts& table, const Result& result, int row) {
  IndexFacts index{result.Text(row, 1), result.Text(row, 2), result.Integer(row, 3), {}};
  if (!result.IsNull(row, 4))
    index.columns = nlohmann::json::parse(result.Text(row, 4)).get<std::vector<std::string>>();
  table.index_bytes += index.bytes;
  table.indexes.push_back(std::move(index));
}

void TakeForeignKey(TableFacts& table, const Result& result, int row) {
  const uint32_t referenced = Oid(result, row, 1);
  ++table.foreign_keys;
  if (std::find(table.references.begin(), table.references.end(), referenced) == table.references.end())
    table.references.push_back(referenced);
}

}  // namespace

std::vector<TableFacts> ReadTableFacts(Connection& source, const SelectionRules& selection) {
  std::vector<TableFacts> tables;
  for (Relation& relation : Selection(source, selection).Apply(source, LoadRelations(source))) {
    TableFacts table;
    table.relation = std::move(relation);
    table.live_bytes = table.bytes();
    tables.push_back(std::move(table));
  }
  ByOid by_oid;
  for (TableFacts& table : tables) by_oid[table.relation.oid] = &table;
  ForEachTable(source, kSizesQuery, by_oid, TakeSizes);
  ForEachTable(source, kIndexesQuery, by_oid, TakeIndex);
  ForEachTable(source, kForeignKeysQuery, by_oid, TakeForeignKey);
  ForEachTable(source, kNoEqualityQuery, by_oid,
               [](TableFacts& table, const Result&, int) { table.full_lacks_equality = true; });
  return tables;
}

}  // namespace airlift::planning
