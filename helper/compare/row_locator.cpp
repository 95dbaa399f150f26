#include "compare/row_locator.h"

#include <algorithm>

#include "digest/image_query.h"
#include "row_compare/row_examiner.h"
#include "row_compare/row_listing.h"
#include "row_compare/row_merge.h"

namespace airlift {

namespace {

constexpr int64_t kLargeTable = int64_t{64} << 20;

}  // namespace

bool IsOfOneTable(const SqlError& error) {
  return error.IsClass("42") || error.IsClass("22") || error.IsClass("0A") || error.sqlstate() == "08P01";
}

// One table under examination.
struct RowLocator::Search {
  explicit Search(DifferingTable found) : differing(std::move(found)) {}

  const ComparedTable& table() const { return *differing.table; }
  int64_t bytes() const { return table().source.bytes() + table().target.bytes(); }

  DifferingTable differing;
  RowSpool source;
  RowSpool target;
  std::mutex mutex;
  std::string refusal;
};

void RowLocator::Run(std::vector<Job> jobs) {
  RunJobs(std::move(jobs), options_.jobs, options_.source, options_.target, snapshots_);
}

void RowLocator::Locate(std::vector<DifferingTable> tables) {
  std::vector<Job> small;
  std::vector<DifferingTable> large;
  for (DifferingTable& differing : tables) {
    if (differing.table->source.bytes() + differing.table->target.bytes() >= kLargeTable) {
      large.push_back(std::move(differing));
      continue;
    }
    // Made when its turn comes and gone when it is over: many tables may wait.
    small.push_back(
        {differing.table->source.bytes(), [this, differing](ReadOnlyPair& pair) { LocateOne(differing, pair); }});
  }
  Run(std::move(small));
  for (DifferingTable& differing : large) {
    Search search(std::move(differing));
    Run(ListingJobs(search));
    Run({{0, [&](ReadOnlyPair& pair) { Finish(search, pair); }}});
  }
}

void RowLocator::LocateOne(const DifferingTable& differing, ReadOnlyPair& pair) {
  Search search(differing);
  for (const Job& job : ListingJobs(search)) job.run(pair);
  Finish(search, pair);
}

std::vector<Job> RowLocator::ListingJobs(Search& search) {
  std::vector<Job> jobs;
  if (facts_.source_has_extension && !search.table().source.HasExpressions()) {
    jobs.push_back(ListingJob(
        search, Side::kSource, search.table().source.bytes(),
        [this, &search](Connection& source, StageProgress& stage) { ListOnSource(search, source, stage.meter); }));
  } else {
    AddStreamJobs(search, Side::kSource, jobs);
  }
  AddStreamJobs(search, Side::kTarget, jobs);
  return jobs;
}

void RowLocator::ListOnSource(Search& search, Connection& source, Meter& meter) {
  const ComparedTable& table = search.table();
  const BucketSet& buckets = search.differing.buckets;
  if (!pace_.IsGentle() || !facts_.ReadsRanges(Side::kSource))
    return ListRowsByExtension(source, table, buckets, search.source, meter);
  for (const StoredTable& stored : table.source.stored) {
    pace_.ForEachPiece(stored, [&](const BlockRange& piece) {
      ListPieceByExtension(source, table, stored, piece, buckets, search.source, meter);
      return true;
    });
  }
}

void RowLocator::AddStreamJobs(Search& search, Side side, std::vector<Job>& jobs) {
  for (const StoredTable& stored : search.table().Of(side).stored) {
    const int64_t parts = facts_.Parts(side, stored.bytes);
    for (const BlockRange& range : SplitBlocks(stored.heap_blocks, parts)) {
      jobs.push_back(ListingJob(search, side, stored.bytes / parts,
                                [&search, side, stored, range](Connection& connection, StageProgress& stage) {
                                  RowSpool& spool = side == Side::kSource ? search.source : search.target;
                                  ListStreamedRows(connection, search.table(), stored, range, search.differing.buckets,
                                                   spool, stage.meter);
                                }));
    }
  }
}

Job RowLocator::ListingJob(Search& search, Side side, int64_t weight,
                           std::function<void(Connection&, StageProgress&)> list) {
  StageProgress& stage = progress_.Stage(side == Side::kSource ? "list rows of source" : "list rows of target");
  ++stage.tasks_total;
  stage.weight_total += weight;
  stage.meter.limit = pace_.LimitOf(side);
  return {weight, [this, &search, side, weight, list = std::move(list), &stage](ReadOnlyPair& pair) {
            progress_.TaskStarted(stage);
            try {
              pace_.Await(side);
              list(pair.Get(side), stage);
            } catch (const SqlError& error) {
              if (!IsOfOneTable(error)) throw;
              pair.Reset(side);
              GiveUp(search, error.what());
            }
            progress_.TaskDone(stage, weight);
          }};
}

void RowLocator::GiveUp(Search& search, const std::string& reason) {
  const std::lock_guard lock(search.mutex);
  if (search.refusal.empty()) search.refusal = reason;
}

void RowLocator::Finish(Search& search, ReadOnlyPair& pair) {
  if (search.refusal.empty()) {
    try {
      Examine(search, pair);
    } catch (const SqlError& error) {
      if (!IsOfOneTable(error)) throw;
      for (const Side side : {Side::kSource, Side::kTarget}) pair.Reset(side);
      GiveUp(search, error.what());
    }
  }
  if (search.refusal.empty()) return;
  TableDifferences differences;
  differences.reason = "the rows could not be told: " + search.refusal;
  search.differing.result->differences = differences;
  if (repair_ != nullptr)
    repair_->AddNote("Not mended: " + search.table().target.display_name() + ": " + search.refusal);
}

void RowLocator::Examine(Search& search, ReadOnlyPair& pair) {
  const ComparedTable& table = search.table();
  Connection& source = pair.Get(Side::kSource);
  Connection& target = pair.Get(Side::kTarget);
  std::optional<TableRepair> repair;
  if (repair_ != nullptr && table.is_mapped)
    repair_->AddNote("Not mended: " + table.source.display_name() + ": a table mapping changes what arrives");
  if (repair_ != nullptr && !table.is_mapped)
    repair.emplace(table, ReadTargetTableFacts(target, table), repair_->silences_triggers());
  RowExaminer examiner(source, target, table, {options_.show_values, options_.max_rows}, repair ? &*repair : nullptr);
  const auto source_rows = search.source.Sorted();
  const auto target_rows = search.target.Sorted();
  const auto merge = table.HasKey() ? MergeByKey : MergeByRow;
  merge(*source_rows, *target_rows, [&](const RowDifference& difference) { examiner.Add(difference); });
  search.differing.result->differences = examiner.Finish();
  if (repair) repair_->Add(*repair);
}

}  // namespace airlift
