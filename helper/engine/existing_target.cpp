#include "engine/existing_target.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "pg/identifier.h"

namespace airlift {

namespace {

// The type below any domains, and how it is written.
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

struct Type {
  uint32_t oid = 0;
  std::string name;
};
using ColumnName = std::tuple<std::string, std::string, std::string>;

std::map<ColumnName, Type> ReadTypes(Connection& connection) {
  std::map<ColumnName, Type> types;
  const Result result = connection.Query(kTypesQuery);
  for (int row = 0; row < result.rows(); ++row)
    types[{result.Text(row, 0), result.Text(row, 1), result.Text(row, 2)}] = {
        static_cast<uint32_t>(result.Integer(row, 3)), result.Text(row, 4)};
  return types;
}

bool IsString(const Type& type) {
  return std::find(std::begin(kStrings), std::end(kStrings), type.oid) != std::end(kStrings);
}

// Of others the server tells by itself, or their names would have to be trusted.
bool MeansTheSame(const Type& a, const Type& b) {
  return a.oid == b.oid || (IsString(a) && IsString(b)) || a.oid >= kFirstOfUsers || b.oid >= kFirstOfUsers;
}

}  // namespace

void RefuseOtherTypes(Connection& source, Connection& target, const std::vector<Relation>& relations) {
  const std::map<ColumnName, Type> of_source = ReadTypes(source), of_target = ReadTypes(target);
  for (const Relation& relation : relations) {
    if (relation.is_missing_on_target || !relation.AllPortable()) continue;
    for (const Column& column : relation.columns) {
      if (column.is_generated || !column.expression.empty()) continue;
      const ColumnName name{relation.schema, relation.name, column.name};
      const auto mine = of_source.find(name), other = of_target.find(name);
      if (mine == of_source.end() || other == of_target.end() || MeansTheSame(mine->second, other->second)) continue;
      throw Error(fmt::format("column {} of table {} is of another type on the target", DisplayName(column.name),
                              relation.display_name()),
                  fmt::format("{} on the source, {} on the target: rows go in binary form, and would mean something "
                              "else there.",
                              mine->second.name, other->second.name),
                  "Alter the column on the target, drop the table there, or leave it out.");
    }
  }
}

void RefuseExistingLargeObjects(Connection& target) {
  if (!target.Query("SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)").Boolean(0, 0)) return;
  throw Error("the target holds large objects already",
              "A move that goes on after a kill makes all of them anew, and could not tell which are its own.",
              "Remove them, or name what is to be moved (--schema, --table): large objects are left out then.");
}

}  // namespace airlift
