// From the roles of the source and what stands on the target to the steps that make the target's roles, in the way a
// managed target accepts: never as superuser. Pure functions of facts.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "prepare/role_model.h"
#include "prepare/step.h"

namespace airlift {

struct RolePlanOptions {
  // Keys of steps that were done by an earlier prepare and not undone: what they made may be changed again.
  std::set<std::string> done;
  // Roles of the source that are not the application's: the replication role.
  std::set<std::string> left_alone;
  // Verifiers of new passwords by role (--new-passwords); used where the source's hash is not readable.
  std::map<std::string, std::string> new_verifiers;
};

PreparePart PlanRoles(const SourceRoles& source, const TargetRoles& target, const RolePlanOptions& options);

// Roles that get a new password where one is made: those that log in, are created by prepare, and whose hash cannot be
// read on the source.
std::vector<std::string> RolesWithoutReadablePassword(const SourceRoles& source, const TargetRoles& target,
                                                      const std::set<std::string>& done);

// "md5" and 32 hexadecimal digits, or a SCRAM-SHA-256 verifier. Anything else would be taken for a password in clear.
bool IsPasswordHash(const std::string& text);
bool IsMd5Hash(const std::string& text);

}  // namespace airlift
