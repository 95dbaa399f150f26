// The audit slot's life: made at a position where everything is verified, moved after another verification, dropped.
#pragma once

#include <string>
#include <vector>

#include "audit/since_verified.h"
#include "compare/compare.h"
#include "progress/progress.h"
#include "state/replication_state.h"

namespace airlift {

std::string AuditSlotName(Connection& source, const std::string& publication);

std::vector<std::string> PublicationsOf(const std::vector<SubscriptionRecord>& subscriptions);

// A copy of `from`, a slot that nothing has been read from yet and that stands at `lsn`. What is loaded at its snapshot
// is still to be verified: AuditState::SetVerified().
void CopyAuditSlot(Connection& source, Connection& target, const std::string& publication, const std::string& from,
                   const std::string& lsn, const std::vector<std::string>& publications);

// The slot, if any, and what is remembered of it. `source` may be null where it is gone.
void DropAuditSlot(Connection* source, Connection& target);

// compare --audit-slot: a full comparison with a new audit slot that begins before it. The slot stays where everything
// is verified and nothing was written meanwhile.
RunResult CompareWithNewAuditSlot(const CompareOptions& options, Progress& progress);

// compare --since-verified. Where everything is verified the slot moves on. Throws Error where there is no slot that
// could tell.
RunResult CompareSinceVerified(const CompareOptions& options, Progress& progress);

}  // namespace airlift
