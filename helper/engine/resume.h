// Going on after a helper died: what was copied under the former snapshot is kept if it is still true under the new
// one.
#pragma once

#include "engine/worker.h"
#include "pg/connection.h"
#include "state/run_state.h"

namespace airlift {

// Compares every table that was copied before with the source under the new snapshot: where the digest of the rows that
// were copied equals the source's digest now, the copy stays; any other table is emptied and copied again. So all
// tables stand at the new snapshot, exactly. Says which is which.
void KeepWhatIsStillTrue(RunState& state, Connection& source, Connection& target, RunContext& context,
                         Progress& progress);

// Drops what a move into an empty database created: every user schema and object that belongs to no extension.
void DropCreatedObjects(Connection& target);

}  // namespace airlift
