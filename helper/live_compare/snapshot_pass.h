// Compares tables under one snapshot of each side: digests of buckets, then the rows of those that differ.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "compare/jobs.h"
#include "compare/table_digests.h"
#include "digest/bucket_digests.h"
#include "live_compare/live_table.h"
#include "pace/pace.h"
#include "progress/progress.h"
#include "row_compare/row_merge.h"

namespace airlift {

class SnapshotPass {
 public:
  SnapshotPass(const CompareOptions& options, const SideFacts& facts, const ReadOnlyPair::Snapshots& snapshots,
               Pace& pace, Progress& progress)
      : options_(options), facts_(facts), snapshots_(snapshots), pace_(pace), progress_(progress) {}

  // Fills the digests of the tables' results. A table that is equal is "verified"; one that cannot be read gets the
  // reason. Of the others, `found` gets the differences. No table is locked between two scans.
  using Found = std::function<void(LiveTable& table, const RowDifference& difference)>;
  void Run(const std::vector<LiveTable*>& tables, const Found& found);

 private:
  // One table while its digests are made.
  struct Digests {
    LiveTable* table = nullptr;
    std::unique_ptr<BucketDigests> of_side[2];
    BucketSet differing;
    std::string refusal;
  };
  void AddDigestJobs(Digests& digests, std::vector<Job>& jobs);
  void List(Digests& digests, const Found& found);
  Job MakeJob(Digests& digests, Side side, const char* what, int64_t weight,
              std::function<void(Connection&, Meter&)> work);
  void ListOnSource(const Digests& digests, Connection& source, RowSpool& spool, Meter& meter);
  void Merge(Digests& digests, Side side, const PartDigests& more);
  void Judge(Digests& digests);

  const CompareOptions& options_;
  const SideFacts facts_;
  const ReadOnlyPair::Snapshots snapshots_;
  Pace& pace_;
  Progress& progress_;
  std::mutex mutex_;
};

// A transaction on `connection` whose snapshot others may share; returns its name.
std::string ShareSnapshot(Connection& connection);

}  // namespace airlift
