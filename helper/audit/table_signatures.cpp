#include "audit/table_signatures.h"

#include <nlohmann/json.hpp>

namespace airlift {

namespace {

using nlohmann::json;

constexpr const char* kTypesQuery = R"(
SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(COALESCE(
  (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(',', enumtypid, enumlabel), ';' ORDER BY enumtypid, enumsortorder)
   FROM pg_catalog.pg_enum), '') || '|' || COALESCE(
  (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(',', a.attrelid, a.attnum, a.attname, a.atttypid, a.attisdropped),
                                ';' ORDER BY a.attrelid, a.attnum)
   FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
   WHERE c.relkind = 'c' AND c.oid >= 16384), ''), pg_catalog.getdatabaseencoding())), 'hex'))";

// $1: the publications' names. A partition is followed through whichever of its ancestors is published.
constexpr const char* kTablesQuery = R"(
WITH RECURSIVE publication AS (
  SELECT p.oid, p.pubname, p.xmin, p.pubinsert AND p.pubupdate AND p.pubdelete AND p.pubtruncate AS is_whole
  FROM pg_catalog.pg_publication p JOIN pg_catalog.json_array_elements_text($1::pg_catalog.json) n(name)
    ON n.name = p.pubname
), published AS (
  SELECT c.oid, pg_catalog.bool_or(p.is_whole) AS is_whole,
         pg_catalog.string_agg(pg_catalog.concat_ws(',', p.oid, p.xmin::pg_catalog.text), ';' ORDER BY p.oid) AS by
  FROM publication p JOIN pg_catalog.pg_publication_tables t ON t.pubname = p.pubname
    JOIN pg_catalog.pg_namespace n ON n.nspname = t.schemaname
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = t.tablename
  GROUP BY c.oid
), filtered AS (
  SELECT r.prrelid FROM pg_catalog.pg_publication_rel r
  WHERE pg_catalog.to_jsonb(r) ->> 'prqual' IS NOT NULL OR pg_catalog.to_jsonb(r) ->> 'prattrs' IS NOT NULL
), tree AS (
  SELECT c.oid AS root, c.oid AS rel, c.relreplident AS identity, ''::pg_catalog.text AS link,
         EXISTS (SELECT FROM published p WHERE p.oid = c.oid) AS is_published
  FROM pg_catalog.pg_class c
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.oid >= 16384
  UNION ALL
  SELECT t.root, c.oid, t.identity, pg_catalog.concat_ws(',', i.inhparent, i.xmin::pg_catalog.text),
         t.is_published OR EXISTS (SELECT FROM published p WHERE p.oid = c.oid)
  FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.rel
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relispartition
), member AS (
  SELECT t.root, t.is_published, c.relkind, f.prrelid IS NOT NULL AS is_filtered,
         COALESCE(p.is_whole, true) AS is_whole,
         t.rel <> t.root AND (c.relreplident <> t.identity OR c.relreplident = 'i') AS has_own_identity,
         pg_catalog.concat_ws('|', c.oid, c.relkind, c.relpersistence, c.relreplident, c.relnamespace,
           pg_catalog.pg_relation_filenode(c.oid), t.link, p.by,
           (SELECT pg_catalog.string_agg(r.oid::pg_catalog.text, ';' ORDER BY r.oid)
            FROM pg_catalog.pg_publication_rel r WHERE r.prrelid = c.oid),
           CASE WHEN $2 THEN c.xmin::pg_catalog.text END,
           (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(',', a.attnum, a.attname, a.atttypid, a.atttypmod,
                     a.attcollation, a.attisdropped, a.atthasmissing, a.attgenerated,
                     CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END),
                   ';' ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute a
              LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
            WHERE a.attrelid = c.oid AND a.attnum > 0),
           (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(',', i.indexrelid, i.indkey, i.indisreplident), ';'
                   ORDER BY i.indexrelid)
            FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND (i.indisprimary OR i.indisreplident))) AS text,
         c.oid AS rel
  FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.rel
    LEFT JOIN published p ON p.oid = c.oid LEFT JOIN (SELECT DISTINCT prrelid FROM filtered) f ON f.prrelid = c.oid
)
SELECT n.nspname, c.relname,
       pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(
         pg_catalog.string_agg(m.text, E'\n' ORDER BY m.rel), pg_catalog.getdatabaseencoding())), 'hex'),
       CASE WHEN pg_catalog.bool_or(m.relkind = 'r' AND NOT m.is_published) THEN 'it is not published'
            WHEN NOT pg_catalog.bool_and(m.is_whole) THEN 'its publication leaves out some kinds of changes'
            WHEN pg_catalog.bool_or(m.is_filtered) THEN 'its publication leaves out rows or columns'
            WHEN pg_catalog.bool_or(m.has_own_identity) THEN 'its partitions have replica identities of their own'
            WHEN pg_catalog.bool_or(m.relkind = 'f') THEN 'partitions are foreign tables'
       END
FROM member m JOIN pg_catalog.pg_class c ON c.oid = m.root JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
GROUP BY n.nspname, c.relname)";

// A table that leaves a published schema and comes back shows in nothing but its row of pg_class.
bool PublishesSchemas(Connection& source, const std::string& names) {
  constexpr int kSchemasSince = 15;
  if (source.server_major() < kSchemasSince) return false;
  return source
      .Query(
          "SELECT EXISTS (SELECT FROM pg_catalog.pg_publication_namespace n JOIN pg_catalog.pg_publication p "
          "ON p.oid = n.pnpubid JOIN pg_catalog.json_array_elements_text($1::pg_catalog.json) w(name) "
          "ON w.name = p.pubname)",
          {names})
      .Boolean(0, 0);
}

}  // namespace

TableSignatures ReadTableSignatures(Connection& source, const std::vector<std::string>& publications) {
  TableSignatures signatures;
  const std::string names = json(publications).dump();
  signatures.types = source.Query(kTypesQuery).Text(0, 0);
  const Result result = source.Query(kTablesQuery, {names, PublishesSchemas(source, names) ? "true" : "false"});
  for (int row = 0; row < result.rows(); ++row)
    signatures.tables[{result.Text(row, 0), result.Text(row, 1)}] = {result.Text(row, 2), result.Text(row, 3)};
  return signatures;
}

json ToJson(const TableSignatures& signatures) {
  json tables = json::object();
  for (const auto& [name, signature] : signatures.tables) tables[name.first][name.second] = signature.text;
  return {{"types", signatures.types}, {"tables", std::move(tables)}};
}

std::string WhyNotFollowed(const json& before, const TableSignatures& now, const std::string& schema,
                           const std::string& name) {
  const auto found = now.tables.find({schema, name});
  if (found == now.tables.end()) return "the source has no such table";
  if (!found->second.obstacle.empty()) return found->second.obstacle;
  if (before.value("types", "") != now.types) return "a type was changed since it was verified";
  if (const auto tables = before.find("tables"); tables != before.end())
    if (const auto of_schema = tables->find(schema); of_schema != tables->end())
      if (const auto then = of_schema->find(name); then != of_schema->end())
        return *then == found->second.text ? "" : "it was changed by DDL, rewritten or published anew since then";
  return "it was not there at the last full verification";
}

}  // namespace airlift
