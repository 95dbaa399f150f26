#include "live_compare/snapshot_pass.h"

#include <fmt/format.h>

#include <list>

#include "row_compare/row_listing.h"

namespace airlift {

std::string ShareSnapshot(Connection& connection) {
  connection.Execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  return connection.Query("SELECT pg_catalog.pg_export_snapshot()").Text(0, 0);
}

void SnapshotPass::Run(const std::vector<LiveTable*>& tables, const Found& found) {
  std::list<Digests> all;
  std::vector<Job> jobs;
  for (LiveTable* table : tables) {
    all.emplace_back();
    all.back().table = table;
    AddDigestJobs(all.back(), jobs);
  }
  RunJobs(std::move(jobs), options_.jobs, options_.source, options_.target, snapshots_);
  for (Digests& digests : all) {
    Judge(digests);
    if (digests.refusal.empty() && digests.differing.size() > 0) List(digests, found);
    if (!digests.refusal.empty()) digests.table->result.reason = digests.refusal;
  }
}

// Locks are given back after each scan: a TRUNCATE waits for one of them, not for all.
Job SnapshotPass::MakeJob(Digests& digests, Side side, const char* what, int64_t weight,
                          std::function<void(Connection&, Meter&)> work) {
  StageProgress& stage = progress_.Stage(fmt::format("{} {}", what, SideName(side)));
  ++stage.tasks_total;
  stage.weight_total += weight;
  stage.meter.limit = pace_.LimitOf(side);
  return {weight, [this, &digests, side, weight, work = std::move(work), &stage](ReadOnlyPair& pair) {
            progress_.TaskStarted(stage);
            try {
              work(pair.Get(side), stage.meter);
            } catch (const SqlError& error) {
              if (!IsOfOneTable(error)) throw;
              const std::lock_guard lock(mutex_);
              digests.refusal = error.what();
            }
            pair.Reset(side);
            progress_.TaskDone(stage, weight);
          }};
}

void SnapshotPass::AddDigestJobs(Digests& digests, std::vector<Job>& jobs) {
  const LiveTable& each = *digests.table;
  digests.table->result.source_digest_by = SourceDigestBy(facts_);
  for (const DigestPart& part : PartsOf(each.table, facts_))
    jobs.push_back(MakeJob(
        digests, part.side, "digest", part.weight, [this, &digests, &each, part](Connection& connection, Meter& meter) {
          Merge(digests, part.side, DigestOf(connection, each.table, part, each.buckets, pace_, meter));
        }));
}

void SnapshotPass::Merge(Digests& digests, Side side, const PartDigests& more) {
  const std::lock_guard lock(mutex_);
  auto& mine = digests.of_side[side == Side::kTarget];
  if (mine) {
    mine->Merge(more.digests);
  } else {
    mine = std::make_unique<BucketDigests>(more.digests);
  }
  if (!more.reason.empty()) digests.refusal = more.reason;
}

void SnapshotPass::Judge(Digests& digests) {
  if (!digests.refusal.empty()) return;
  for (auto& of_side : digests.of_side)
    if (!of_side) of_side = std::make_unique<BucketDigests>(digests.table->buckets);
  TableResult& result = digests.table->result;
  result.source = digests.of_side[0]->Total();
  result.target = digests.of_side[1]->Total();
  digests.differing = digests.of_side[0]->Differing(*digests.of_side[1]);
  if (digests.differing.size() == 0) result.verdict = Verdict::kVerified;
  for (auto& of_side : digests.of_side) of_side.reset();
}

void SnapshotPass::ListOnSource(const Digests& digests, Connection& source, RowSpool& spool, Meter& meter) {
  const ComparedTable& table = digests.table->table;
  if (!pace_.IsGentle() || !facts_.ReadsRanges(Side::kSource))
    return ListRowsByExtension(source, table, digests.differing, spool, meter);
  for (const StoredTable& stored : table.source.stored) {
    pace_.ForEachPiece(stored, [&](const BlockRange& piece) {
      ListPieceByExtension(source, table, stored, piece, digests.differing, spool, meter);
      return true;
    });
  }
}

void SnapshotPass::List(Digests& digests, const Found& found) {
  LiveTable& each = *digests.table;
  RowSpool source, target;
  std::vector<Job> jobs;
  for (const DigestPart& part : PartsOf(each.table, facts_)) {
    RowSpool& spool = part.side == Side::kSource ? source : target;
    jobs.push_back(MakeJob(digests, part.side, "list rows of", part.weight,
                           [this, &digests, &each, &spool, part](Connection& connection, Meter& meter) {
                             pace_.Await(part.side);
                             if (part.by_extension) return ListOnSource(digests, connection, spool, meter);
                             ListStreamedRows(connection, each.table, part.stored, part.range, digests.differing, spool,
                                              meter);
                           }));
  }
  RunJobs(std::move(jobs), options_.jobs, options_.source, options_.target, snapshots_);
  if (!digests.refusal.empty()) return;
  const auto source_rows = source.Sorted();
  const auto target_rows = target.Sorted();
  const auto merge = each.table.HasKey() ? MergeByKey : MergeByRow;
  bool is_same = true;
  merge(*source_rows, *target_rows, [&](const RowDifference& difference) {
    is_same = false;
    found(each, difference);
  });
  // Snapshots do not hide that a table was emptied: both sides may have been since their digests were made.
  if (is_same) each.result.verdict = Verdict::kVerified;
}

}  // namespace airlift
