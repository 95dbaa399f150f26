#include "tasks/plan.h"

#include <algorithm>

#include "queue/task_kind.h"

namespace airlift {

namespace {

using nlohmann::json;

// Parts smaller than this cost more in statements and lost FREEZE than they win.
constexpr int64_t kSmallestPart = int64_t{256} << 20;
constexpr int kPartsPerJob = 2;

int64_t TotalBytes(const std::vector<Relation>& relations) {
  int64_t total = 0;
  for (const Relation& relation : relations) total += relation.bytes();
  return total;
}

int64_t CountParts(int64_t bytes, int64_t total_bytes, const MoveOptions& options) {
  if (options.split_bytes > 0) return (bytes + options.split_bytes - 1) / options.split_bytes;
  const bool would_be_last = bytes > std::max(2 * kSmallestPart, total_bytes / options.jobs);
  if (!would_be_last) return 1;
  return std::clamp<int64_t>(bytes / kSmallestPart, 1, int64_t{kPartsPerJob} * options.jobs);
}

void AddCopyTasks(std::vector<Task>& tasks, const Relation& relation, int index, int64_t total_bytes,
                  const MoveOptions& options, int source_major) {
  for (const StoredTable& table : relation.stored) {
    const auto ranges =
        relation.condition.empty() ? CopyRanges(table, total_bytes, options, source_major) : std::vector<BlockRange>(1);
    for (const BlockRange& range : ranges) {
      Task task{0, kCopyTask, index, table.bytes / static_cast<int64_t>(ranges.size()), RangeDetail(table, range)};
      task.detail["freeze"] = table.bytes > kWorthTruncating && ranges.size() == 1 && !relation.needs_routing &&
                              !options.into_existing && !relation.is_extension_configuration;
      tasks.push_back(std::move(task));
    }
  }
}

}  // namespace

std::vector<BlockRange> CopyRanges(const StoredTable& table, int64_t total_bytes, const MoveOptions& options,
                                   int source_major) {
  const int64_t parts = source_major < 14 ? 1 : CountParts(table.bytes, total_bytes, options);
  return SplitBlocks(table.heap_blocks, parts);
}

bool NeedsSourceDigest(const Relation& relation, const PlanInputs& inputs) {
  // The extension digests columns as they are; the copy's stream is what an expression made of them.
  if (inputs.source_has_extension && !relation.HasExpressions()) return true;
  for (const Column& column : relation.columns)
    if (column.is_generated || !column.is_portable) return true;
  return false;
}

std::vector<Task> PlanTasks(const std::vector<Relation>& relations, const MoveOptions& options,
                            const PlanInputs& inputs) {
  const int64_t total_bytes = TotalBytes(relations);
  std::vector<Task> tasks;
  for (size_t i = 0; i < relations.size(); ++i) {
    const Relation& relation = relations[i];
    if (relation.is_missing_on_target) continue;
    const int index = static_cast<int>(i);
    AddCopyTasks(tasks, relation, index, total_bytes, options, inputs.source_major);
    const bool has_rows_to_wait_for = !relation.stored.empty();
    if (options.verify) {
      if (NeedsSourceDigest(relation, inputs))
        tasks.push_back({0, kSourceDigestTask, index, relation.bytes(), json::object()});
      tasks.push_back({0, kReadBackTask, index, relation.bytes(), json::object(), has_rows_to_wait_for});
    }
    if (!relation.is_extension_configuration)
      tasks.push_back({0, kAnalyzeTask, index, relation.bytes(), json::object(), has_rows_to_wait_for});
  }
  return tasks;
}

void AddLargeObjectTasks(Connection& source, std::vector<Task>& tasks) {
  for (const LargeObjectBatch& batch : PlanLargeObjects(source)) {
    tasks.push_back(
        {0, kLargeObjectTask, -1, batch.bytes, {{"first_oid", batch.first_oid}, {"last_oid", batch.last_oid}}});
  }
}

LargeObjectBatch BatchFromDetail(const json& detail) {
  LargeObjectBatch batch;
  batch.first_oid = detail.at("first_oid");
  batch.last_oid = detail.at("last_oid");
  return batch;
}

json RangeDetail(const StoredTable& table, const BlockRange& range) {
  json detail = {{"oid", table.oid}, {"schema", table.schema}, {"table", table.name}, {"from", range.from}};
  if (range.to) detail["to"] = *range.to;
  return detail;
}

StoredTable TableFromDetail(const json& detail) {
  StoredTable table;
  table.oid = detail.at("oid");
  table.schema = detail.at("schema");
  table.name = detail.at("table");
  return table;
}

BlockRange RangeFromDetail(const json& detail) {
  BlockRange range{detail.at("from"), std::nullopt};
  if (detail.contains("to")) range.to = detail.at("to").get<int64_t>();
  return range;
}

}  // namespace airlift
