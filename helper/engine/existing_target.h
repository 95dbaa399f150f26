// What a move into a database that has tables already refuses, before it copies a row.
#pragma once

#include <vector>

#include "catalog/relation.h"
#include "pg/connection.h"

namespace airlift {

// Throws Error where a column that would go in binary form is of another built-in type on the target: eight bytes of a
// bigint are a valid double precision, timestamp or money, and another value; read back they are the same eight bytes.
void RefuseOtherTypes(Connection& source, Connection& target, const std::vector<Relation>& relations);

// Throws Error where the target has large objects: which of them came with a move cannot be told when it is resumed.
void RefuseExistingLargeObjects(Connection& target);

}  // namespace airlift
