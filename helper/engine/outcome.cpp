#include "engine/outcome.h"

#include "queue/task_kind.h"

namespace airlift {

namespace {

// Sum over the tasks of `kind` per relation; absent where a relation has no such task or one without a digest.
std::vector<std::optional<TableDigest>> SumDigests(RunState& state, const char* kind, size_t relation_count,
                                                   std::vector<std::string>* notes = nullptr) {
  std::vector<std::optional<TableDigest>> sums(relation_count);
  std::vector<bool> spoiled(relation_count, false);
  for (const FinishedTask& finished : state.FinishedTasks(kind)) {
    if (finished.task.relation < 0) continue;
    const auto i = static_cast<size_t>(finished.task.relation);
    if (!finished.outcome.digest) spoiled[i] = true;
    if (spoiled[i]) {
      sums[i].reset();
      continue;
    }
    if (!sums[i]) sums[i] = TableDigest();
    sums[i]->Merge(*finished.outcome.digest);
    if (notes != nullptr && !finished.outcome.note.empty()) (*notes)[i] = finished.outcome.note;
  }
  return sums;
}

TableResult Describe(const Relation& relation) {
  TableResult table;
  table.schema = relation.schema;
  table.name = relation.name;
  for (const Column& column : relation.columns) table.columns.push_back(column.name);
  if (!relation.filter.empty()) table.condition = relation.filter.substr(sizeof("WHERE"));
  if (!relation.foreign_leaves.empty())
    table.reason = "partitions that are foreign tables were neither copied nor compared";
  return table;
}

LargeObjectsResult CollectLargeObjects(RunState& state) {
  LargeObjectsResult objects;
  for (const FinishedTask& finished : state.FinishedTasks(kLargeObjectTask))
    if (finished.outcome.digest) objects.source.Merge(*finished.outcome.digest);
  for (const FinishedTask& finished : state.FinishedTasks(kLargeObjectReadBackTask))
    if (finished.outcome.digest) objects.target.Merge(*finished.outcome.digest);
  Judge(objects);
  return objects;
}

}  // namespace

std::vector<std::optional<TableDigest>> CopyStreamDigests(RunState& state, size_t relation_count) {
  return SumDigests(state, kCopyTask, relation_count);
}

void CollectResults(RunState& state, const std::vector<Relation>& relations, bool source_has_extension,
                    RunResult& result) {
  std::vector<std::string> notes(relations.size());
  const auto streamed = CopyStreamDigests(state, relations.size());
  const auto digested = SumDigests(state, kSourceDigestTask, relations.size(), &notes);
  const auto read_back = SumDigests(state, kReadBackTask, relations.size());
  for (size_t i = 0; i < relations.size(); ++i) {
    TableResult table = Describe(relations[i]);
    if (relations[i].is_missing_on_target) {
      table.reason = "not moved: the table, or a part of it, was left out with its schema";
    } else {
      table.source = digested[i] ? digested[i] : streamed[i];
      table.source_digest_by = !digested[i] ? "copy stream" : source_has_extension ? "extension" : "read stream";
      table.target = read_back[i];
      if (relations[i].stored.empty()) table.source = table.source.value_or(TableDigest());
      if (!notes[i].empty()) table.reason = notes[i];
      if (result.was_verified) Judge(table);
    }
    result.tables.push_back(std::move(table));
  }
  if (result.was_verified) result.large_objects = CollectLargeObjects(state);
}

}  // namespace airlift
