#include "compare/compare_objects.h"

#include <fmt/format.h>

#include "large_objects/large_objects.h"
#include "large_objects/metadata.h"
#include "pg/identifier.h"
#if __has_include("schema_compare/schema_compare.h")
#include "schema_compare/schema_compare.h"
#endif
#include "sequences/sequences.h"

namespace airlift {

std::vector<Job> LargeObjectComparison::MakeJobs(Connection& source) {
  std::vector<Job> jobs;
  for (const LargeObjectBatch& batch : PlanLargeObjects(source)) {
    for (const Side side : {Side::kSource, Side::kTarget}) {
      StageProgress& stage = progress_.Stage(fmt::format("large objects, {}", SideName(side)));
      ++stage.tasks_total;
      stage.weight_total += batch.bytes;
      jobs.push_back({batch.bytes, [this, side, batch, &stage](ReadOnlyPair& pair) {
                        progress_.TaskStarted(stage);
                        const TableDigest digest = DigestLargeObjects(pair.Get(side), batch, stage.meter);
                        progress_.TaskDone(stage, batch.bytes);
                        const std::lock_guard lock(mutex_);
                        digests_[side == Side::kTarget].Merge(digest);
                      }});
    }
  }
  return jobs;
}

LargeObjectsResult LargeObjectComparison::Result() const {
  LargeObjectsResult result;
  result.source = digests_[0];
  result.target = digests_[1];
  Judge(result);
  return result;
}

void CompareSequences(Connection& source, Connection& target, RunResult& result) {
  for (const SequenceComparison& sequence : CompareSequences(ReadSequences(source), ReadSequences(target)))
    result.sequences.push_back({DisplayName(sequence.schema, sequence.name), sequence.verdict, sequence.reason});
}

void CompareSchema(Connection& source, Connection& target, RunResult& result) {
#if __has_include("schema_compare/schema_compare.h")
  for (const SchemaDifference& difference : CompareSchemas(source, target)) {
    result.schema_differences.push_back(
        {difference.kind, difference.object, difference.property, difference.source, difference.target});
  }
#endif
  for (const LargeObjectDifference& difference : CompareLargeObjectMetadata(source, target)) {
    const std::string object = difference.objects == 1
                                   ? std::to_string(difference.first_oid)
                                   : fmt::format("{} and {} more", difference.first_oid, difference.objects - 1);
    result.schema_differences.push_back(
        {"large object", object, difference.property, difference.source, difference.target});
  }
  result.schema_was_compared = true;
}

}  // namespace airlift
