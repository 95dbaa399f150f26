#include "engine/existing_target.h"

#include <fmt/format.h>

#include "catalog/column_types.h"
#include "pg/identifier.h"

namespace airlift {

void RefuseOtherTypes(Connection& source, Connection& target, const std::vector<Relation>& relations) {
  const ColumnTypes of_source = ReadColumnTypes(source), of_target = ReadColumnTypes(target);
  for (const Relation& relation : relations) {
    if (relation.is_missing_on_target || !relation.AllPortable()) continue;
    for (const Column& column : relation.columns) {
      if (column.is_generated || !column.expression.empty()) continue;
      const ColumnTypes::key_type name{relation.schema, relation.name, column.name};
      const auto mine = of_source.find(name), other = of_target.find(name);
      if (mine == of_source.end() || other == of_target.end() || SameBytesMeanTheSame(mine->second, other->second))
        continue;
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
