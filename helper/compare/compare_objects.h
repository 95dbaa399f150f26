// Comparing what is no table: sequences, large objects, schema.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "compare/compared_selection.h"
#include "compare/jobs.h"
#include "large_objects/large_objects.h"
#include "pace/pace.h"
#include "pg/connection.h"
#include "progress/progress.h"
#include "report/result.h"

namespace airlift {

// Digests of all large objects of both sides, as jobs next to those of the tables.
class LargeObjectComparison {
 public:
  LargeObjectComparison(Progress& progress, Pace& pace) : progress_(progress), pace_(pace) {}

  // One job per batch of the source's plan and side; the batches cover all OIDs.
  std::vector<Job> MakeJobs(Connection& source);
  // Once the jobs are done.
  LargeObjectsResult Result() const;

 private:
  void Digest(ReadOnlyPair& pair, Side side, const LargeObjectBatch& batch, Meter& meter);

  Progress& progress_;
  Pace& pace_;
  std::mutex mutex_;
  TableDigest digests_[2];
  std::string refusal_;  // of an object that one side's role may not read
};

void CompareSequences(Connection& source, Connection& target, const ComparedSelection& selection, RunResult& result);

// Fills result.schema_differences, with the owners, grants and comments of large objects.
void CompareSchema(Connection& source, Connection& target, RunResult& result);

}  // namespace airlift
