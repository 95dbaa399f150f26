// What is changed on a server so that a subscription can apply there, as steps with their undo.
#pragma once

#include <string>

#include "pg/connection.h"
#include "prepare/step.h"

namespace airlift {

// First parts of the steps' keys: on the target, while the source replicates to it, and on the source for the way back.
inline constexpr const char* kForwardSteps = "replicate/";
inline constexpr const char* kWayBackSteps = "way-back/";
// And on the target while a fallback compares.
inline constexpr const char* kFallbackSteps = "fallback/";
// After these: what is undone before the server opens, for the application must find its triggers and policies. The
// memberships go with the subscriptions.
inline constexpr const char* kPutAsideSteps = "trigger/";

// - Triggers ENABLE ALWAYS or ENABLE REPLICA fire for applied changes too, whose effects arrive by themselves:
// disabled.
// - FORCE ROW LEVEL SECURITY makes apply fail, since it runs as the table's owner: taken off.
// - Since 16 a subscription applies as the table's owner, by SET ROLE: membership in the owners, where it is missing.
PreparePart PlanForApply(Connection& subscriber, const std::string& first_part);
// The second alone: a role without BYPASSRLS cannot read such a table whole, not even as its owner.
PreparePart PlanUnforcedRowSecurity(Connection& server, const std::string& first_part);

}  // namespace airlift
