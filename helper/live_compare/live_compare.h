// Compares two databases, to the row, while native logical replication runs from one to the other and the application
// goes on writing. docs/live-compare.md: how, and why the result is exact. Reads only, but for short row locks.
#pragma once

#include "compare/compare.h"
#include "live_compare/live_options.h"
#include "progress/progress.h"
#include "report/result.h"

namespace airlift {

// Throws Error when a side cannot be reached or read, when an option makes no sense here, and when replication stands
// still. A table of which the result cannot be proved is "not verified", with the reason.
RunResult CompareLive(const CompareOptions& options, const LiveOptions& live, Progress& progress);

}  // namespace airlift
