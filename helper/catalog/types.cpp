#include "catalog/types.h"

#include "pg/identifier.h"

namespace airlift {

namespace {

constexpr const char* kTypesQuery = R"(
WITH RECURSIVE ranges AS (
  SELECT rngtypid AS oid, rngsubtype FROM pg_catalog.pg_range
  %s
), used(oid) AS (
  SELECT DISTINCT a.atttypid
  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND c.oid >= 16384
  UNION
  SELECT part.oid
  FROM used JOIN pg_catalog.pg_type t ON t.oid = used.oid LEFT JOIN ranges r ON r.oid = t.oid,
       LATERAL (VALUES (t.typelem), (t.typbasetype), (r.rngsubtype)) AS part(oid)
  WHERE part.oid <> 0
)
SELECT t.oid, t.typtype, t.typsend <> 0, t.typoutput = 'pg_catalog.array_out'::pg_catalog.regproc, t.typelem,
       t.typbasetype, COALESCE(r.rngsubtype, 0), n.nspname, p.proname
FROM used JOIN pg_catalog.pg_type t ON t.oid = used.oid
     JOIN pg_catalog.pg_proc p ON p.oid = t.typoutput
     JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
     LEFT JOIN ranges r ON r.oid = t.oid)";

constexpr const char* kMultirangeTypes =
    "UNION ALL SELECT rngmultitypid, rngsubtype FROM pg_catalog.pg_range WHERE rngmultitypid <> 0";

std::string TypesQuery(int major) {
  std::string query = kTypesQuery;
  const size_t slot = query.find("%s");
  return query.replace(slot, 2, major >= 14 ? kMultirangeTypes : "");
}

TypeOid Oid(const Result& result, int row, int column) { return static_cast<TypeOid>(result.Integer(row, column)); }

}  // namespace

TypeCatalog::TypeCatalog(Connection& connection) {
  const Result result = connection.Query(TypesQuery(connection.server_major()));
  for (int row = 0; row < result.rows(); ++row) {
    Entry entry;
    entry.facts.kind = result.Text(row, 1)[0];
    entry.facts.has_send = result.Boolean(row, 2);
    entry.facts.is_array = result.Boolean(row, 3);
    entry.facts.element = Oid(result, row, 4);
    entry.facts.base = Oid(result, row, 5);
    entry.facts.range_subtype = Oid(result, row, 6);
    entry.output_function = QualifiedName(result.Text(row, 7), result.Text(row, 8));
    types_.emplace(Oid(result, row, 0), std::move(entry));
  }
}

bool TypeCatalog::Lookup(void* context, TypeOid type, TypeFacts* facts) {
  const auto* self = static_cast<const TypeCatalog*>(context);
  const auto found = self->types_.find(type);
  if (found == self->types_.end()) return false;
  *facts = found->second.facts;
  return true;
}

bool TypeCatalog::IsPortable(TypeOid type) const {
  return airlift::IsPortable(type, &TypeCatalog::Lookup, const_cast<TypeCatalog*>(this));
}

bool TypeCatalog::IsArray(TypeOid type) const {
  auto found = types_.find(type);
  while (found != types_.end() && found->second.facts.kind == 'd') found = types_.find(found->second.facts.base);
  return found != types_.end() && found->second.facts.is_array;
}

const std::string& TypeCatalog::OutputFunction(TypeOid type) const { return types_.at(type).output_function; }

}  // namespace airlift
