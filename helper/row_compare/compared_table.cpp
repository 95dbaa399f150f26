#include "row_compare/compared_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "pg/identifier.h"

namespace airlift {

namespace {

// One row per column of a key; the equality operator is strategy 3 of the B-tree operator family.
constexpr const char* kKeysQuery = R"(
WITH equality AS MATERIALIZED (
  SELECT oc.oid AS opclass, op.nspname, o.oprname
  FROM pg_catalog.pg_opclass oc
       JOIN pg_catalog.pg_amop ao ON ao.amopfamily = oc.opcfamily AND ao.amoplefttype = oc.opcintype
                                 AND ao.amoprighttype = oc.opcintype AND ao.amopstrategy = 3 AND ao.amoppurpose = 's'
       JOIN pg_catalog.pg_operator o ON o.oid = ao.amopopr
       JOIN pg_catalog.pg_namespace op ON op.oid = o.oprnamespace
), part AS MATERIALIZED (
  SELECT i.indrelid, i.indexrelid, i.indisprimary, i.indnkeyatts, k.attnum, k.opclass, k.place
  FROM pg_catalog.pg_index i
       JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
       CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(i.indkey::pg_catalog.int2[]),
                                     pg_catalog.unnest(i.indclass::pg_catalog.oid[]))
                  WITH ORDINALITY AS k(attnum, opclass, place)
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.oid >= 16384
    AND i.indisunique AND i.indisvalid AND (i.indimmediate OR i.indisprimary) AND i.indpred IS NULL
    AND k.place <= i.indnkeyatts
    AND NOT EXISTS (
          SELECT FROM ROWS FROM (pg_catalog.unnest(i.indkey::pg_catalog.int2[]),
                                 pg_catalog.unnest(i.indcollation::pg_catalog.oid[]))
                      WITH ORDINALITY AS p(attnum, collation_oid, place)
               LEFT JOIN pg_catalog.pg_attribute b ON b.attrelid = i.indrelid AND b.attnum = p.attnum AND p.attnum > 0
          WHERE p.place <= i.indnkeyatts
            AND (b.attnum IS NULL OR NOT b.attnotnull OR b.attcollation <> p.collation_oid))
)
SELECT part.indrelid, part.indexrelid, part.indisprimary, a.attname, pg_catalog.format_type(a.atttypid, -1),
       equality.nspname, equality.oprname
FROM part
     JOIN equality ON equality.opclass = part.opclass
     JOIN pg_catalog.pg_attribute a ON a.attrelid = part.indrelid AND a.attnum = part.attnum
ORDER BY part.indrelid, part.indisprimary DESC, part.indnkeyatts, part.indexrelid, part.place)";

std::optional<KeyPart> FindPart(const UniqueKey& key, const std::string& column) {
  for (const KeyPart& part : key.parts)
    if (part.column == column) return part;
  return std::nullopt;
}

std::optional<size_t> FindColumn(const Relation& relation, const std::string& name) {
  for (size_t i = 0; i < relation.columns.size(); ++i)
    if (relation.columns[i].name == name) return i;
  return std::nullopt;
}

// `mine` joined with `other` column by column; empty where they are not of the same columns or one is not compared.
std::vector<KeyColumn> Join(const Relation& source, const UniqueKey& mine, const UniqueKey& other) {
  std::vector<KeyColumn> joined;
  if (mine.parts.size() != other.parts.size()) return joined;
  for (const KeyPart& part : mine.parts) {
    const auto target_part = FindPart(other, part.column);
    const auto position = FindColumn(source, part.column);
    // A key that is converted on the way is no key to look rows up by.
    if (!target_part || !position || !source.columns[*position].expression.empty()) return {};
    joined.push_back({*position, part, *target_part});
  }
  return joined;
}

}  // namespace

std::map<uint32_t, std::vector<UniqueKey>> ReadUniqueKeys(Connection& connection) {
  std::map<uint32_t, std::vector<UniqueKey>> keys;
  const Result result = connection.Query(kKeysQuery);
  std::string index;
  for (int row = 0; row < result.rows(); ++row) {
    std::vector<UniqueKey>& of_table = keys[static_cast<uint32_t>(result.Integer(row, 0))];
    if (of_table.empty() || result.Text(row, 1) != index) of_table.emplace_back();
    index = result.Text(row, 1);
    of_table.back().is_primary = result.Boolean(row, 2);
    of_table.back().parts.push_back(
        {result.Text(row, 3), result.Text(row, 4),
         fmt::format("OPERATOR({}.{})", QuoteIdentifier(result.Text(row, 5)), result.Text(row, 6))});
  }
  return keys;
}

std::vector<size_t> ComparedTable::KeyPositions() const {
  std::vector<size_t> positions;
  for (const KeyColumn& column : key) positions.push_back(column.position);
  return positions;
}

std::string ComparedTable::From(Side side) const {
  const Relation& relation = Of(side);
  return (relation.is_partitioned ? "" : "ONLY ") + QualifiedName(relation.schema, relation.name);
}

void AlignTarget(ComparedTable& table) {
  std::vector<Column> columns;
  for (const Column& column : table.source.columns) {
    Column aligned = column;
    aligned.expression.clear();
    if (const auto position = FindColumn(table.target, column.name))
      aligned.stored_name = table.target.columns[*position].stored_name;
    columns.push_back(std::move(aligned));
  }
  table.target.columns = std::move(columns);
  table.target.condition = table.source.condition;
}

std::vector<KeyColumn> CommonKey(const Relation& source, const std::vector<UniqueKey>& source_keys,
                                 const std::vector<UniqueKey>& target_keys) {
  for (const UniqueKey& mine : source_keys) {
    for (const UniqueKey& other : target_keys) {
      std::vector<KeyColumn> joined = Join(source, mine, other);
      if (!joined.empty()) return joined;
    }
  }
  return {};
}

}  // namespace airlift
