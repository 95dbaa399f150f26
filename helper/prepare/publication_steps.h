// Replica identity and publications, made by the extension on the source.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.h"
#include "prepare/step.h"
#include "source/extension_prepare.h"

namespace airlift {

// `patterns` as psql's \d takes them; all tables when empty. Where the source lacks the extension, or it is too old for
// this, a finding says so.
//
// Keys that are missing, as unique indexes built without blocking the application; then the identities have to be
// planned again.
PreparePart PlanIdentityIndexes(Connection& source, const std::vector<std::string>& patterns);
// One step, and so one transaction, for each table: no lock is held while another is waited for. `lock_timeout` is that
// of each try, in seconds.
PreparePart PlanReplicaIdentity(Connection& source, const std::vector<std::string>& patterns, double lock_timeout);
// `identities_follow`: a dry run whose replica identities are not made yet, so that asking the extension whether the
// tables can be published would tell nothing.
PreparePart PlanPublication(Connection& source, const PublicationRequest& request, bool identities_follow);

}  // namespace airlift
