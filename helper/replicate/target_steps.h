// What is changed on the target so that changes can be applied there, as steps with their undo.
#pragma once

#include <string>

#include "pg/connection.h"
#include "prepare/step.h"

namespace airlift {

// First parts of the steps' keys. What begins with the first is undone before the target opens (the second too: the
// application must find its triggers and policies). The memberships go with the subscriptions.
inline constexpr const char* kTriggerStep = "replicate/trigger/";
inline constexpr const char* kRowSecurityStep = "replicate/trigger/row-security/";
inline constexpr const char* kOwnerStep = "replicate/owner/";

// - Triggers ENABLE ALWAYS or ENABLE REPLICA fire for applied changes too, whose effects arrive by themselves:
// disabled.
// - FORCE ROW LEVEL SECURITY makes apply fail, since it runs as the table's owner: taken off.
// - Since 16 a subscription applies as the table's owner, by SET ROLE: membership in the owners, where it is missing.
PreparePart PlanTargetForApply(Connection& target);

}  // namespace airlift
