// The move: schema and data from the source into the target under one snapshot, each row proved, in resumable steps.
#pragma once

#include <functional>
#include <string>

#include "engine/companion.h"
#include "preflight/move_options.h"
#include "progress/progress.h"
#include "report/result.h"

namespace airlift {

// Runs, or goes on with, the move that `options` describes. Throws Error when it cannot end; what was done is kept in
// the target's schema airlift_state, and the same call goes on from there. `companion` is null where nothing replicates
// afterwards.
RunResult RunMove(const MoveOptions& options, Progress& progress, MoveCompanion* companion = nullptr);

// What RunMove would do: the SQL and the programs, one step per line, made by the same code. Changes nothing.
Description DescribeMove(const MoveOptions& options, MoveCompanion* companion = nullptr);

}  // namespace airlift
