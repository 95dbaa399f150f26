// The login that the target's subscription will use on the source.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "prepare/step.h"

namespace airlift {

// Key of the step that creates the role; done where prepare made it.
std::string ReplicationRoleKey(const std::string& role);

// Steps that give the source a role with LOGIN, REPLICATION, USAGE on the schemas and SELECT on the tables of this
// database; what it has already is left out. `verifier` is its password's, used where the role is created.
PreparePart PlanReplicationRole(Connection& source, const std::string& role, const std::string& verifier);

// Roles of the source that serve the replication to this target and nothing else: those that `prepare` made or gave
// rights to.
std::set<std::string> ReplicationRoles(Connection& target);

}  // namespace airlift
