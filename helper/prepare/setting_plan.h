#pragma once

#include <set>
#include <string>

#include "prepare/role_plan.h"

namespace airlift {

// Appends a step for each setting of a role in `roles`, or of the database, that the target lacks. One that the target
// has with another value is kept, unless an earlier prepare set it.
void PlanSettings(const SourceRoles& source, const TargetRoles& target, const std::set<std::string>& done,
                  const std::set<std::string>& roles, PreparePart& plan);

}  // namespace airlift
