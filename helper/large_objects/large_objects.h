// Large objects: planned in batches on the source, copied in constant memory, digested on either side.
// Their owners, grants and comments: large_objects/metadata.h, included here.
#pragma once

#include <cstdint>
#include <vector>

#include "digest.h"
#include "large_objects/metadata.h"
#include "pg/connection.h"
#include "progress/meter.h"

namespace airlift {

// The objects with first_oid <= oid <= last_oid.
struct LargeObjectBatch {
  uint32_t first_oid = 0;
  uint32_t last_oid = 0;
  // As the plan saw them; for progress and for claiming the largest first.
  int64_t objects = 0;
  int64_t bytes = 0;
};

// Forms batches of objects that come in the order of their OIDs.
class LargeObjectPlanner {
 public:
  void Add(uint32_t oid, int64_t size);
  // The batches cover all OIDs, gaps included, so that comparing every batch also finds objects that only the other
  // side has: at least one batch, even where there is no object.
  std::vector<LargeObjectBatch> Finish();

 private:
  std::vector<LargeObjectBatch> batches_;
};

// Batches of about a thousand objects or 64 MiB; a larger object has one of its own. Call it in the transaction that
// sees the snapshot. Throws SqlError, naming the object, where the user may not read one.
std::vector<LargeObjectBatch> PlanLargeObjects(Connection& source);

struct LargeObjectCopyOutcome {
  int64_t objects = 0;
  int64_t bytes = 0;
  // Of the content as the source sent it.
  TableDigest digest;
};

// Copies a batch within the transactions that the caller has opened on both sides; the objects keep their OIDs and
// belong to the user of `target`. An object that exists on the target is an Error, and so is one that the user may not
// read on the source. Holes of sparse objects stay holes.
LargeObjectCopyOutcome CopyLargeObjects(Connection& source, Connection& target, const LargeObjectBatch& batch,
                                        Meter& meter);

// The digest of a batch's objects as they are on `connection`, over the wire.
TableDigest DigestLargeObjects(Connection& connection, const LargeObjectBatch& batch, Meter& meter);

}  // namespace airlift
