// Table digests of what a server streams by COPY BINARY: nothing needs to be installed there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "digest.h"
#include "digest/bucket_digests.h"
#include "digest/image_query.h"
#include "digest/image_stream.h"
#include "pg/connection.h"
#include "progress/meter.h"

namespace airlift {

// Folds CopyData messages of COPY ... (FORMAT binary) into a table digest.
class StreamDigest {
 public:
  // `array_positions` as Relation::ArrayPositions gives them.
  explicit StreamDigest(std::vector<int> array_positions = {}) : images_(std::move(array_positions)) {}

  // Throws Error when a message is no tuple.
  void Add(std::string_view copy_data);
  const TableDigest& digest() const { return digest_; }

 private:
  ImageStream images_;
  TableDigest digest_;
};

// Digest of one table's rows in `range`, columns and conditions as `relation` says.
TableDigest DigestRange(Connection& connection, const Relation& relation, const StoredTable& table,
                        const BlockRange& range, Meter& meter);

// The same, split into buckets.
BucketDigests BucketRange(Connection& connection, const Relation& relation, const StoredTable& table,
                          const BlockRange& range, uint32_t buckets, Meter& meter);

}  // namespace airlift
