// Rows from the source's COPY to the target's, in one pass, without temporary files and in constant memory.
#pragma once

#include <cstdint>
#include <optional>

#include "catalog/relation.h"
#include "digest.h"
#include "digest/image_query.h"
#include "pg/connection.h"
#include "progress/meter.h"

namespace airlift {

struct CopyPart {
  StoredTable table;
  BlockRange range;
  // TRUNCATE before and COPY ... FREEZE: for a whole table that nobody else fills, in the caller's transaction.
  bool truncate_and_freeze = false;
};

struct CopyOutcome {
  int64_t rows = 0;
  int64_t bytes = 0;
  // The digest of the rows as the source sent them; absent where the stream is not made of row images (text format,
  // generated columns).
  std::optional<TableDigest> digest;
};

// True when a copy of `relation` streams its row images, so that CopyOutcome::digest is the source's digest.
bool CopyStreamsRowImages(const Relation& relation);

// The COPY that reads a part, and what the target executes to take it in: preparations, then its COPY.
std::string CopyOutStatement(const Relation& relation, const CopyPart& part);
std::vector<std::string> TargetStatements(const Relation& relation, const CopyPart& part);

// Copies one part within the transactions that the caller has opened on both sides. Throws Error when the target
// counted other rows than the source.
CopyOutcome CopyTablePart(Connection& source, Connection& target, const Relation& relation, const CopyPart& part,
                          Meter& meter);

}  // namespace airlift
