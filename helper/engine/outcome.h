// From the finished tasks to the verdict of each table.
#pragma once

#include <vector>

#include "catalog/relation.h"
#include "report/result.h"
#include "state/run_state.h"

namespace airlift {

// Fills result.tables and result.large_objects.
void CollectResults(RunState& state, const std::vector<Relation>& relations, bool source_has_extension,
                    RunResult& result);

// The source's digest of one relation as its copy tasks streamed it; absent when a part has none.
std::vector<std::optional<TableDigest>> CopyStreamDigests(RunState& state, size_t relation_count);

}  // namespace airlift
