#include "archive/snapshot_digests.h"

#include "digest/stream_digest.h"
#include "large_objects/large_objects.h"
#include "source/extension_client.h"

namespace airlift {

SnapshotDigests::SnapshotDigests(Connection& source, std::vector<Relation> relations, Progress& progress,
                                 const std::atomic<bool>& give_up)
    : progress_(progress), give_up_(give_up), has_extension_(FindExtension(source).has_value()) {
  for (Relation& relation : relations) tables_.push_back({std::move(relation), {}, {}, {}});
  if (!has_extension_) progress_.Note(WithoutExtension({.digests = true}));
  for (ManifestTable& table : tables_) AddTable(table);
}

void SnapshotDigests::AddLargeObjects(Connection& source) {
  for (const LargeObjectBatch& batch : PlanLargeObjects(source)) {
    Add("digest large objects", batch.bytes, [this, batch](Connection& connection, Meter& meter) {
      const TableDigest digest = DigestLargeObjects(connection, batch, meter);
      const std::lock_guard lock(mutex_);
      large_objects_.Merge(digest);
    });
  }
}

void SnapshotDigests::AddTable(ManifestTable& table) {
  // The extension digests columns as they are.
  const bool by_extension = has_extension_ && !table.relation.HasExpressions();
  table.digest_by = by_extension ? "extension" : "read stream";
  if (by_extension) {
    Add("digest source", table.relation.bytes(), [&table](Connection& connection, Meter& meter) {
      const SourceDigest digest = DigestByExtension(connection, table.relation);
      table.digest = digest.digest;
      if (!digest.is_complete) table.reason = digest.reason;
      meter.Add(static_cast<int64_t>(digest.digest.rows), table.relation.bytes());
    });
    return;
  }
  for (const StoredTable& stored : table.relation.stored) {
    Add("digest source", stored.bytes, [this, &table, &stored](Connection& connection, Meter& meter) {
      const TableDigest digest = DigestRange(connection, table.relation, stored, BlockRange(), meter);
      const std::lock_guard lock(mutex_);
      table.digest.Merge(digest);
    });
  }
}

template <typename Work>
void SnapshotDigests::Add(const char* label, int64_t weight, Work work) {
  StageProgress& stage = progress_.Stage(label);
  ++stage.tasks_total;
  stage.weight_total += weight;
  jobs_.push_back({weight, [this, &stage, weight, work](ReadOnlyPair& pair) {
                     if (give_up_) return;
                     progress_.TaskStarted(stage);
                     work(pair.Get(Side::kSource), stage.meter);
                     progress_.TaskDone(stage, weight);
                   }});
}

}  // namespace airlift
