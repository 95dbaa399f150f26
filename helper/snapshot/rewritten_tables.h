// Tables that were truncated or rewritten after a snapshot was taken. Such tables have other rows under the same
// snapshot than before, mostly none: TRUNCATE and most forms of ALTER TABLE are not MVCC-safe (PostgreSQL's manual,
// "Caveats" of concurrency control).
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "catalog/relation.h"
#include "pg/connection.h"

namespace airlift {

// By OID, in a transaction under the snapshot.
std::set<uint32_t> RewrittenTables(Connection& source);

// Whether a table of RewrittenTables() has rows now, none of which the snapshot shows, for another reason than
// TRUNCATE.
bool HidesRows(Connection& under_snapshot, Connection& now, const StoredTable& table);

// Throws Error where a table of `relations` was rewritten, and has rows now of which the snapshot shows none, unless
// TRUNCATE alone may have done that: then the rows are gone in truth. Otherwise they were there all the time, and what
// was read of them, nothing, is no state that the table ever had. Returns those of which the snapshot shows nothing
// more. `source` is in no transaction.
std::set<uint32_t> RequireRowsStillShown(Connection& source, const std::string& snapshot_id,
                                         const std::vector<Relation>& relations);

}  // namespace airlift
