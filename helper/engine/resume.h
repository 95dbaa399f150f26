// Going on after a helper died: what was copied under the former snapshot is kept if it is still true under the new
// one.
#pragma once

#include <set>

#include "engine/worker.h"
#include "pg/connection.h"
#include "state/run_state.h"

namespace airlift {

// Compares every table that was copied before with the source under the new snapshot: where the digest of the rows that
// were copied equals the source's digest now, the copy stays; any other table is emptied and copied again. So all
// tables stand at the new snapshot, exactly. Says which is which.
void KeepWhatIsStillTrue(RunState& state, Connection& source, Connection& target, RunContext& context,
                         Progress& progress);

// Those of context.relations that were truncated or rewritten on the source since the snapshot was taken
// (snapshot/rewritten_tables.h).
std::set<int> RewrittenRelations(Connection& source, const RunContext& context);

// Of these, once the queue is done: where what was copied is not what the snapshot shows now, the table is emptied and
// its tasks are to be done again. Returns how many. Replication brings the TRUNCATE itself, later; a load without it
// ends with what the source has under its snapshot. Throws Error where a table was rewritten so that the snapshot does
// not show rows any more which are there.
int StartRewrittenOver(RunState& state, Connection& source, Connection& target, const RunContext& context,
                       Progress& progress);

// Drops what a move into an empty database created: every user schema and object that belongs to no extension.
void DropCreatedObjects(Connection& target);

}  // namespace airlift
