#include "snapshot/rewritten_tables.h"

#include <fmt/format.h>

#include "pg/identifier.h"
#include "snapshot/source_snapshot.h"

namespace airlift {

namespace {

// Under a snapshot: pg_class is read as of it, pg_relation_filenode() tells of now.
constexpr const char* kRewrittenQuery =
    "SELECT c.oid FROM pg_catalog.pg_class c WHERE c.relkind = 'r' AND c.oid >= 16384 AND c.relfilenode <> 0 "
    "AND pg_catalog.pg_relation_filenode(c.oid) <> c.relfilenode";

// What TRUNCATE leaves as it is. ALTER TABLE changes an attribute or what follows the TOAST table; whoever makes a new
// heap (also VACUUM FULL, CLUSTER, pg_repack) makes a new TOAST table with it.
constexpr const char* kMarksQuery = R"(
SELECT pg_catalog.concat_ws('|', c.reltoastrelid, c.relpersistence, c.relam,
  (SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', a.attnum, a.xmin::pg_catalog.text), ',' ORDER BY a.attnum)
   FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0))
FROM pg_catalog.pg_class c WHERE c.oid = $1)";

// Of a table without TOAST: rows that are older than its new file, as pg_repack leaves them. TRUNCATE leaves none.
constexpr const char* kOlderRowsQuery =
    "SELECT EXISTS (SELECT FROM (SELECT xmin FROM ONLY {} LIMIT 1000) r, pg_catalog.pg_class c WHERE c.oid = $1 "
    "AND c.reltoastrelid = 0 AND pg_catalog.age(r.xmin) > pg_catalog.age(c.xmin))";

std::string Marks(Connection& source, uint32_t oid) {
  const Result result = source.Query(kMarksQuery, {std::to_string(oid)});
  return result.rows() == 0 ? std::string() : result.Text(0, 0);
}

bool HasOlderRows(Connection& source, const StoredTable& table) {
  return source
      .Query(fmt::format(kOlderRowsQuery, QualifiedName(table.schema, table.name)), {std::to_string(table.oid)})
      .Boolean(0, 0);
}

bool HasRows(Connection& connection, const StoredTable& table) {
  return connection.Query("SELECT EXISTS (SELECT FROM ONLY " + QualifiedName(table.schema, table.name) + ")")
      .Boolean(0, 0);
}

// Marks() are those under the snapshot.
bool HasHiddenRows(Connection& now, const StoredTable& table, const std::string& marks) {
  // No block when its size was read: it had no rows that could be hidden.
  return table.heap_blocks > 0 && HasRows(now, table) && (Marks(now, table.oid) != marks || HasOlderRows(now, table));
}

struct Emptied {
  const StoredTable* table;
  std::string marks;  // under the snapshot
};

std::vector<Emptied> EmptiedTables(Connection& source, const std::string& snapshot_id,
                                   const std::vector<Relation>& relations) {
  std::vector<Emptied> emptied;
  Transaction snapshot(source, BeginUnderSnapshot(source, snapshot_id));
  const std::set<uint32_t> rewritten = RewrittenTables(source);
  for (const Relation& relation : relations)
    for (const StoredTable& table : relation.stored)
      if (rewritten.contains(table.oid) && !HasRows(source, table))
        emptied.push_back({&table, Marks(source, table.oid)});
  snapshot.Commit();
  return emptied;
}

}  // namespace

std::set<uint32_t> RewrittenTables(Connection& source) {
  const Result result = source.Query(kRewrittenQuery);
  std::set<uint32_t> rewritten;
  for (int row = 0; row < result.rows(); ++row) rewritten.insert(static_cast<uint32_t>(result.Integer(row, 0)));
  return rewritten;
}

bool HidesRows(Connection& under_snapshot, Connection& now, const StoredTable& table) {
  // The lock is given back: a TRUNCATE that waited for it would hold up `now`, for ever.
  under_snapshot.Execute("SAVEPOINT pg_airlift_rows");
  const bool shows_rows = HasRows(under_snapshot, table);
  const std::string marks = Marks(under_snapshot, table.oid);
  under_snapshot.Execute("ROLLBACK TO SAVEPOINT pg_airlift_rows; RELEASE SAVEPOINT pg_airlift_rows");
  return !shows_rows && HasHiddenRows(now, table, marks);
}

std::set<uint32_t> RequireRowsStillShown(Connection& source, const std::string& snapshot_id,
                                         const std::vector<Relation>& relations) {
  std::set<uint32_t> oids;
  for (const Emptied& each : EmptiedTables(source, snapshot_id, relations)) {
    const StoredTable& table = *each.table;
    oids.insert(table.oid);
    if (!HasHiddenRows(source, table, each.marks)) continue;
    throw Error(
        fmt::format("source: table {} was rewritten while the database was read",
                    DisplayName(table.schema, table.name)),
        "Older snapshots do not show what ALTER TABLE, pg_repack and the like have written anew: under the snapshot "
        "that everything is read under, the table is empty now, and it is not in truth.",
        "Run the same command again, with --restart where it says the same once more, and let no such DDL run "
        "meanwhile.");
  }
  return oids;
}

}  // namespace airlift
