#include "compare/table_digests.h"

#include <algorithm>

#include "digest/stream_digest.h"
#include "source/extension_client.h"

namespace airlift {

namespace {

constexpr int64_t kRangeBytes = int64_t{128} << 20;
constexpr int kTidRangeScanSince = 14;

// Rows of a table that was never analyzed, by its size.
constexpr double kBytesOfUnknownRow = 100;

double EstimatedRows(const Relation& relation) {
  return std::max(relation.estimated_rows, relation.estimated_rows > 0 ? 0 : relation.bytes() / kBytesOfUnknownRow);
}

// In one statement, as fast as the server can.
PartDigests DigestAtOnce(Connection& source, const Relation& relation, uint32_t buckets) {
  SourceBuckets found = BucketsByExtension(source, relation, buckets);
  return {std::move(found.digests), found.is_complete ? "" : found.reason};
}

// With time to wait in between.
PartDigests DigestInPieces(Connection& source, const Relation& relation, uint32_t buckets, Pace& pace) {
  PartDigests sum{BucketDigests(buckets), IncompleteReason(source, relation)};
  for (const StoredTable& stored : relation.stored) {
    pace.ForEachPiece(stored, [&](const BlockRange& piece) {
      const auto found = BucketsOfPiece(source, relation, stored, piece, buckets);
      sum.digests.Merge(found ? *found : BucketsOfStored(source, relation, stored, buckets));
      return found.has_value();
    });
  }
  return sum;
}

}  // namespace

bool SideFacts::ReadsRanges(Side side) const {
  return (side == Side::kSource ? source_major : target_major) >= kTidRangeScanSince;
}

int64_t SideFacts::Parts(Side side, int64_t bytes) const {
  return ReadsRanges(side) ? std::max<int64_t>(1, bytes / kRangeBytes) : 1;
}

std::vector<DigestPart> PartsOf(const ComparedTable& table, const SideFacts& facts) {
  std::vector<DigestPart> parts;
  const auto add_streams = [&](Side side) {
    for (const StoredTable& stored : table.Of(side).stored) {
      const std::vector<BlockRange> ranges = SplitBlocks(stored.heap_blocks, facts.Parts(side, stored.bytes));
      for (const BlockRange& range : ranges)
        parts.push_back({side, false, stored, range, stored.bytes / static_cast<int64_t>(ranges.size())});
    }
  };
  if (facts.source_has_extension && !table.source.HasExpressions()) {
    parts.push_back({Side::kSource, true, {}, {}, table.source.bytes()});
  } else {
    add_streams(Side::kSource);
  }
  add_streams(Side::kTarget);
  return parts;
}

uint32_t BucketsOf(const ComparedTable& table) {
  return BucketsFor(std::max(EstimatedRows(table.source), EstimatedRows(table.target)));
}

const char* SourceDigestBy(const SideFacts& facts) { return facts.source_has_extension ? "extension" : "read stream"; }

PartDigests DigestOf(Connection& connection, const ComparedTable& table, const DigestPart& part, uint32_t buckets,
                     Pace& pace, Meter& meter) {
  pace.Await(part.side);
  // The source's columns in the source's order, whatever order or partitions the target has.
  if (!part.by_extension)
    return {BucketRange(connection, table.Of(part.side), part.stored, part.range, buckets, meter), ""};
  PartDigests made = pace.IsGentle() ? DigestInPieces(connection, table.source, buckets, pace)
                                     : DigestAtOnce(connection, table.source, buckets);
  meter.Add(static_cast<int64_t>(made.digests.Total().rows), table.source.bytes());
  return made;
}

}  // namespace airlift
