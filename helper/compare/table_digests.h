// The bucket digests of a table's two sides, in parts that can be made by anyone who sees the same snapshots.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "digest/bucket_digests.h"
#include "digest/image_query.h"
#include "pace/pace.h"
#include "pg/connection.h"
#include "progress/progress.h"
#include "row_compare/compared_table.h"

namespace airlift {

// What decides how each side is read.
struct SideFacts {
  bool source_has_extension = false;
  int source_major = 0;
  int target_major = 0;

  // Whether a range of blocks costs no more than its share of the table.
  bool ReadsRanges(Side side) const;
  // Ranges of blocks into which a table of so many bytes is cut: several readers share a large one.
  int64_t Parts(Side side, int64_t bytes) const;
};

// Some of the rows of one side.
struct DigestPart {
  Side side = Side::kSource;
  bool by_extension = false;  // all rows, digested by the source's server
  StoredTable stored;         // else those of this table in `range`
  BlockRange range;
  int64_t weight = 0;
};

std::vector<DigestPart> PartsOf(const ComparedTable& table, const SideFacts& facts);

// How many buckets this table's digests have.
uint32_t BucketsOf(const ComparedTable& table);

// What the evidence calls the way the source is digested.
const char* SourceDigestBy(const SideFacts& facts);

struct PartDigests {
  BucketDigests digests;
  std::string reason;  // why they do not speak of all rows; "" where they do
};
PartDigests DigestOf(Connection& connection, const ComparedTable& table, const DigestPart& part, uint32_t buckets,
                     Pace& pace, Meter& meter);

}  // namespace airlift
