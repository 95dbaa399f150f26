#pragma once

#include "pg/connection.h"
#include "prepare/role_model.h"

namespace airlift {

// Password hashes are read where pg_authid is readable. Settings: of all databases and of the connected one.
SourceRoles ReadSourceRoles(Connection& source);
TargetRoles ReadTargetRoles(Connection& target);

}  // namespace airlift
