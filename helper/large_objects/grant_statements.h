// The statements that turn one large object's grants into another's.
#pragma once

#include <string>
#include <vector>

#include "large_objects/metadata_reader.h"

namespace airlift {

struct GrantStatement {
  std::string sql;
  std::string grantor;  // "" is the owner; another role is acted as by SET ROLE within `sql`
};

// Revokes first, then grants, those of the owner before those of others, whose grant options they give.
std::vector<GrantStatement> GrantStatements(uint32_t oid, const std::string& target_owner,
                                            const std::vector<LargeObjectGrant>& wanted,
                                            const std::vector<LargeObjectGrant>& present);

}  // namespace airlift
