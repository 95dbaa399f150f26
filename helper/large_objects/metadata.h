// Owners, grants and comments of large objects: carried over and compared. Objects are read page by page, so that
// memory does not grow with their number; many objects with the same finding are one entry.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/verdict.h"
#include "pg/connection.h"

namespace airlift {

// Gives the target's objects the owners, grants and comments of the source's, doing nothing where they have them.
// Returned is what the target refused (a role that is missing there, or that the user may not act as): one entry for
// all objects with the same reason. Objects that the target does not have are passed over: their copy has told. Call it
// outside of a transaction on the target, since every changed owner locks its object until the end.
std::vector<LeftOut> ApplyLargeObjectOwnersAndGrants(Connection& source, Connection& target);

struct LargeObjectDifference {
  std::string property;  // "existence", "owner", "grants", "comment"
  std::string source;    // "missing" or "present" for existence
  std::string target;
  int64_t objects = 0;  // with this very difference
  uint32_t first_oid = 0;
};

// Grants are compared with the owner's name taken out, so that another owner alone is one difference, not two.
std::vector<LargeObjectDifference> CompareLargeObjectMetadata(Connection& source, Connection& target);

}  // namespace airlift
