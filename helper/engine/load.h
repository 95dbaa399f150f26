// What every load into a target has in common, wherever its rows come from: one driver at a time, sessions of dead ones
// ended, memory for index builds, totals for the progress display.
#pragma once

#include <string>
#include <vector>

#include "catalog/relation.h"
#include "pg/connection.h"
#include "preflight/move_options.h"
#include "progress/progress.h"
#include "report/result.h"
#include "schema/schema_mover.h"
#include "state/run_state.h"
#include "tune/resting_tables.h"

namespace airlift {

struct RunContext;

// Throws Error where another process drives a run on this target; else ends what sessions a dead one left behind.
void TakeDriverLock(Connection& target, Progress& progress);

// The method asked for where the target has it, else "": lz4 costs a fifth of the time of pglz. Values are the same
// whatever compresses them, and columns with a method of their own keep it.
std::string OfferedCompression(Connection& target, const std::string& method, Progress& progress);

// maintenance_work_mem for each of the jobs that may build an index at the same time; 0: as the target has it.
int64_t MaintenanceWorkMemKb(Connection& target, const MoveOptions& options);

// What the sessions of the workers are to set, as far as the target lets them; notes what it refuses.
std::vector<LoadSettingUse> SessionSettings(Connection& target, const MoveOptions& options, Progress& progress);

// Puts back what rested, proves the foreign keys that rested, and writes into the result what was used.
void EndTuning(Connection& target, RestingTables& resting, const RunContext& context, RunResult& result);

// The task of each index job, which waits for its table's copy where there is one. `relations` have the OIDs by which
// the jobs name their tables.
void AddIndexTasks(const std::vector<Relation>& relations, const std::vector<IndexJob>& jobs, std::vector<Task>& tasks);

// How much there is to do, and how much is done, from the queue.
void ShowTotals(Connection& target, Progress& progress);

}  // namespace airlift
