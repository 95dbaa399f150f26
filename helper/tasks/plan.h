// From the source's tables to the tasks of the queue.
#pragma once

#include <vector>

#include "catalog/relation.h"
#include "digest/image_query.h"
#include "large_objects/large_objects.h"
#include "preflight/move_options.h"
#include "state/run_state.h"

namespace airlift {

// Tables of more than this are truncated first, so that COPY can freeze the rows. TRUNCATE makes new files and lets the
// old ones go, for which the server looks through all of its buffers: milliseconds, more than a small table's whole
// copy.
inline constexpr int64_t kWorthTruncating = 256 << 10;

struct PlanInputs {
  int source_major = 0;
  bool source_has_extension = false;
};

// The ranges in which `table` is copied: one for most, several for a table that would keep one worker busy after all
// others are done. Before version 14 the source has no TID range scan, so that every part would read the whole table.
std::vector<BlockRange> CopyRanges(const StoredTable& table, int64_t total_bytes, const MoveOptions& options,
                                   int source_major);

// True when the extension (or a stream of its own) makes the source's digest; false when the copy's stream already is
// it.
bool NeedsSourceDigest(const Relation& relation, const PlanInputs& inputs);

std::vector<Task> PlanTasks(const std::vector<Relation>& relations, const MoveOptions& options,
                            const PlanInputs& inputs);

// The source's large objects as tasks: all OIDs are covered, so that none can hide between two batches.
void AddLargeObjectTasks(Connection& source, std::vector<Task>& tasks);
LargeObjectBatch BatchFromDetail(const nlohmann::json& detail);

// A range of a stored table as a task's detail, and back.
nlohmann::json RangeDetail(const StoredTable& table, const BlockRange& range);
StoredTable TableFromDetail(const nlohmann::json& detail);
BlockRange RangeFromDetail(const nlohmann::json& detail);

}  // namespace airlift
