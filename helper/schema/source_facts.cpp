#include "schema/source_facts.h"

#include "model/state_schema.h"

namespace airlift {

namespace {

constexpr const char* kIndexesSql = R"(
SELECT i.indexrelid, i.indrelid,
       coalesce(pg_catalog.pg_relation_size(tc.oid), 0) + coalesce(pg_catalog.pg_relation_size(ic.oid), 0), tc.relkind = 'r', am.amname = 'btree',
       i.indisvalid OR ic.relkind = 'I', n.nspname, ic.relname, con.oid,
       CASE WHEN con.oid IS NOT NULL THEN pg_catalog.pg_get_indexdef(i.indexrelid) END
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class ic ON ic.oid = i.indexrelid
JOIN pg_catalog.pg_class tc ON tc.oid = i.indrelid
JOIN pg_catalog.pg_am am ON am.oid = ic.relam
JOIN pg_catalog.pg_namespace n ON n.oid = ic.relnamespace
LEFT JOIN pg_catalog.pg_constraint con
  ON con.conindid = i.indexrelid AND con.conrelid = i.indrelid AND con.contype IN ('p', 'u')
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND tc.relpersistence <> 't')";

constexpr const char* kForeignKeysSql = R"(
SELECT con.oid, con.conrelid, coalesce(pg_catalog.pg_relation_size(tc.oid), 0), tc.relkind = 'r', con.convalidated
FROM pg_catalog.pg_constraint con JOIN pg_catalog.pg_class tc ON tc.oid = con.conrelid
WHERE con.contype = 'f')";

constexpr const char* kMaterializedViewsSql = R"(
SELECT oid FROM pg_catalog.pg_class WHERE relkind = 'm' AND relispopulated)";

constexpr const char* kSuperusersSql = "SELECT rolname FROM pg_catalog.pg_roles WHERE rolsuper";

// CREATE EXTENSION sets the comment of the control file; pg_dump writes it out all the same.
constexpr const char* kDefaultCommentsSql = R"(
SELECT e.extname FROM pg_catalog.pg_extension e
JOIN pg_catalog.pg_available_extensions a ON a.name = e.extname
WHERE a.comment IS NOT DISTINCT FROM pg_catalog.obj_description(e.oid, 'pg_extension'))";

constexpr const char* kOwnSchemasSql =
    "SELECT n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname = '" AIRLIFT_STATE_SCHEMA
    R"(' OR (n.nspname = 'airlift' AND EXISTS (
  SELECT FROM pg_catalog.pg_extension e WHERE e.extname = 'pg_airlift' AND e.extnamespace = n.oid)))";

std::set<std::string> NameSet(Connection& source, const char* sql) {
  const Result result = source.Query(sql);
  std::set<std::string> names;
  for (int row = 0; row < result.rows(); ++row) names.insert(result.Text(row, 0));
  return names;
}

uint32_t Oid(const Result& result, int row, int column) { return static_cast<uint32_t>(result.Integer(row, column)); }

void ReadIndexes(Connection& source, SourceFacts* facts) {
  const Result result = source.Query(kIndexesSql);
  for (int row = 0; row < result.rows(); ++row) {
    IndexFact fact;
    fact.table_oid = Oid(result, row, 1);
    fact.bytes = result.Integer(row, 2);
    fact.on_plain_table = result.Boolean(row, 3);
    fact.is_btree = result.Boolean(row, 4);
    fact.is_valid = result.Boolean(row, 5);
    fact.schema = result.Text(row, 6);
    fact.name = result.Text(row, 7);
    if (!result.IsNull(row, 8)) facts->constraint_indexes[Oid(result, row, 8)] = Oid(result, row, 0);
    fact.definition = result.Text(row, 9);
    facts->indexes.emplace(Oid(result, row, 0), std::move(fact));
  }
}

void ReadForeignKeys(Connection& source, SourceFacts* facts) {
  const Result result = source.Query(kForeignKeysSql);
  for (int row = 0; row < result.rows(); ++row) {
    facts->foreign_keys[Oid(result, row, 0)] = {Oid(result, row, 1), result.Integer(row, 2), result.Boolean(row, 3),
                                                result.Boolean(row, 4)};
  }
}

}  // namespace

SourceFacts ReadSourceFacts(Connection& source) {
  SourceFacts facts;
  ReadIndexes(source, &facts);
  ReadForeignKeys(source, &facts);
  const Result views = source.Query(kMaterializedViewsSql);
  for (int row = 0; row < views.rows(); ++row) facts.populated_materialized_views.insert(Oid(views, row, 0));
  facts.superusers = NameSet(source, kSuperusersSql);
  facts.extensions_with_default_comment = NameSet(source, kDefaultCommentsSql);
  facts.own_schemas = NameSet(source, kOwnSchemasSql);
  return facts;
}

}  // namespace airlift
