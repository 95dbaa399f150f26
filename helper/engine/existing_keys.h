// Foreign keys that a load found on the target, and that rested while it ran (session_replication_role = replica): the
// server takes them for valid all the same, so every one of them is proved by a query.
#pragma once

#include <vector>

#include "catalog/relation.h"
#include "pg/connection.h"
#include "report/result.h"

namespace airlift {

// The foreign keys of the loaded tables that rows break, or that could not be proved. To be called before others are
// made, which the server validates itself.
std::vector<SchemaFinding> ProveExistingForeignKeys(Connection& target, const std::vector<Relation>& relations);

}  // namespace airlift
