#include "state/swapped_sides.h"

#include <string>

#include "base/error.h"
#include "report/result.h"

namespace airlift {

namespace {

// Of this database's own state, where this role may read it.
bool KeepsStateOfMoveFrom(Connection& connection, const std::string& identity) {
  const Result tables = connection.Query(
      "SELECT pg_catalog.format('SELECT source_identity FROM %I.%I', n.nspname, c.relname) "
      "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE n.nspname = 'airlift_state' AND c.relname IN ('run', 'replication') "
      "AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')");
  for (int table = 0; table < tables.rows(); ++table) {
    const Result found = connection.Query(tables.Text(table, 0));
    for (int row = 0; row < found.rows(); ++row)
      if (found.Text(row, 0) == identity) return true;
  }
  return false;
}

}  // namespace

bool AreSwapped(Connection& source, Connection& target) {
  const std::string identity = ReadServerFacts(target).identity;
  return !identity.empty() && KeepsStateOfMoveFrom(source, identity);
}

void RefuseSwappedSides(Connection& source, Connection& target) {
  if (AreSwapped(source, target)) throw Error(kSwappedSides, kSwappedSidesDetail, kSwappedSidesHint);
}

}  // namespace airlift
