// Table digests of what a server streams by COPY BINARY: nothing needs to be installed there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "digest.h"
#include "digest/image_query.h"
#include "pg/connection.h"
#include "progress/meter.h"

namespace airlift {

// Folds CopyData messages of COPY ... (FORMAT binary) into a table digest: every message is one row image, but for the
// file header (19 bytes or more, before the first row) and the trailer (a column count of -1).
class StreamDigest {
 public:
  // `array_positions` as Relation::ArrayPositions gives them: their stale flags are not part of format 1.
  explicit StreamDigest(std::vector<int> array_positions = {}) : array_positions_(std::move(array_positions)) {}

  // Throws Error when a message is no tuple.
  void Add(std::string_view copy_data);
  const TableDigest& digest() const { return digest_; }

 private:
  const std::vector<int> array_positions_;
  std::string image_;  // of a row whose arrays were looked at
  TableDigest digest_;
  bool header_seen_ = false;
};

// Digest of one table's rows in `range`, columns and conditions as `relation` says.
TableDigest DigestRange(Connection& connection, const Relation& relation, const StoredTable& table,
                        const BlockRange& range, Meter& meter);

}  // namespace airlift
