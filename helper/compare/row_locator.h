// The second look at tables that differ: which rows, which columns, and what would mend them.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "compare/compare.h"
#include "compare/jobs.h"
#include "compare/table_digests.h"
#include "digest/bucket_digests.h"
#include "row_compare/compared_table.h"
#include "row_compare/repair.h"
#include "row_compare/row_spool.h"

namespace airlift {

// A table whose digests differ, and in which buckets.
struct DifferingTable {
  const ComparedTable* table = nullptr;
  BucketSet buckets;
  TableResult* result = nullptr;
};

class RowLocator {
 public:
  // `repair` may be null.
  RowLocator(const CompareOptions& options, const ReadOnlyPair::Snapshots& snapshots, Progress& progress,
             const SideFacts& facts, Pace& pace, RepairScript* repair)
      : options_(options), snapshots_(snapshots), progress_(progress), facts_(facts), pace_(pace), repair_(repair) {}

  // Fills TableResult::differences: one more scan of each side of each table, then the rows by key. Small tables run
  // side by side, large ones one after the other with all workers, so that memory is bounded however many differ.
  void Locate(std::vector<DifferingTable> tables);
  // The same of one table, with these connections alone.
  void LocateOne(const DifferingTable& differing, ReadOnlyPair& pair);

 private:
  struct Search;
  void Run(std::vector<Job> jobs);
  std::vector<Job> ListingJobs(Search& search);
  void ListOnSource(Search& search, Connection& source, Meter& meter);
  void AddStreamJobs(Search& search, Side side, std::vector<Job>& jobs);
  Job ListingJob(Search& search, Side side, int64_t weight, std::function<void(Connection&, StageProgress&)> list);
  void Finish(Search& search, ReadOnlyPair& pair);
  void Examine(Search& search, ReadOnlyPair& pair);
  void GiveUp(Search& search, const std::string& reason);

  const CompareOptions& options_;
  const ReadOnlyPair::Snapshots snapshots_;
  Progress& progress_;
  const SideFacts facts_;
  Pace& pace_;
  RepairScript* repair_;
};

// True for what is one table's trouble and not the run's: what this role may not read, a type that is not there.
bool IsOfOneTable(const SqlError& error);

}  // namespace airlift
