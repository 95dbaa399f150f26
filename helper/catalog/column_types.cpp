#include "catalog/column_types.h"

#include <algorithm>
#include <iterator>

namespace airlift {

namespace {

constexpr const char* kTypesQuery = R"(
WITH RECURSIVE base AS (
  SELECT t.oid AS type, t.oid, t.typtype, t.typbasetype FROM pg_catalog.pg_type t
  UNION ALL
  SELECT base.type, t.oid, t.typtype, t.typbasetype FROM base JOIN pg_catalog.pg_type t ON t.oid = base.typbasetype
  WHERE base.typtype = 'd'
)
SELECT n.nspname, c.relname, a.attname, base.oid, pg_catalog.format_type(base.oid, NULL)
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN base ON base.type = a.atttypid AND base.typtype <> 'd'
WHERE c.relkind IN ('r', 'p') AND c.oid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped)";

constexpr uint32_t kFirstOfUsers = 16384;
// text, varchar, char(n): the same bytes mean the same.
constexpr uint32_t kStrings[] = {25, 1043, 1042};

bool IsString(const ColumnType& type) {
  return std::find(std::begin(kStrings), std::end(kStrings), type.oid) != std::end(kStrings);
}

}  // namespace

ColumnTypes ReadColumnTypes(Connection& connection) {
  ColumnTypes types;
  const Result result = connection.Query(kTypesQuery);
  for (int row = 0; row < result.rows(); ++row)
    types[{result.Text(row, 0), result.Text(row, 1), result.Text(row, 2)}] = {
        static_cast<uint32_t>(result.Integer(row, 3)), result.Text(row, 4)};
  return types;
}

bool SameBytesMeanTheSame(const ColumnType& a, const ColumnType& b) {
  return a.oid == b.oid || (IsString(a) && IsString(b)) || a.oid >= kFirstOfUsers || b.oid >= kFirstOfUsers;
}

}  // namespace airlift
