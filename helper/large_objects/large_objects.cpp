#include "large_objects/large_objects.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "large_objects/chunk_stream.h"
#include "large_objects/sparse_writer.h"

namespace airlift {

namespace {

constexpr int64_t kBatchObjects = 1000;
constexpr int64_t kBatchBytes = int64_t{64} << 20;

constexpr const char* kSizesStatement =
    "COPY (SELECT m.oid, pg_catalog.lo_lseek64(m.descriptor, 0, 2), pg_catalog.lo_close(m.descriptor) FROM "
    "(SELECT oid, pg_catalog.lo_open(oid, 262144) AS descriptor FROM pg_catalog.pg_largeobject_metadata "
    "ORDER BY oid OFFSET 0) m) TO STDOUT";

// "oid TAB size TAB ..." of COPY's text format.
bool ParseSize(std::string_view line, uint32_t* oid, int64_t* size) {
  const char* end = line.data() + line.size();
  const auto first = std::from_chars(line.data(), end, *oid);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '\t') return false;
  return std::from_chars(first.ptr + 1, end, *size).ec == std::errc();
}

template <typename Consume>
LargeObjectCopyOutcome ReadChunks(Connection& connection, const LargeObjectBatch& batch, Meter& meter,
                                  Consume consume) {
  connection.StartCopyOut(ChunkCopyStatement(batch.first_oid, batch.last_oid));
  ChunkParser parser;
  LargeObjectsDigest digest;
  LargeObjectCopyOutcome outcome;
  MeterBatch progress(meter);
  std::string_view data;
  LargeObjectChunk chunk;
  while (connection.NextCopyData(&data)) {
    if (!parser.Parse(data, &chunk)) continue;
    digest.Add(chunk);
    consume(chunk);
    const auto size = static_cast<int64_t>(chunk.data.size());
    outcome.bytes += size;
    progress.Add(chunk.offset == 0 ? 1 : 0, size);
  }
  outcome.digest = digest.Finish();
  outcome.objects = static_cast<int64_t>(outcome.digest.rows);
  return outcome;
}

}  // namespace

void LargeObjectPlanner::Add(uint32_t oid, int64_t size) {
  if (batches_.empty()) {
    batches_.push_back({1, 0, 0, 0});
  } else if (batches_.back().objects >= kBatchObjects || batches_.back().bytes + size > kBatchBytes) {
    batches_.back().last_oid = oid - 1;
    batches_.push_back({oid, 0, 0, 0});
  }
  ++batches_.back().objects;
  batches_.back().bytes += size;
}

std::vector<LargeObjectBatch> LargeObjectPlanner::Finish() {
  if (batches_.empty()) batches_.push_back({1, 0, 0, 0});
  batches_.back().last_oid = std::numeric_limits<uint32_t>::max();
  return std::move(batches_);
}

std::vector<LargeObjectBatch> PlanLargeObjects(Connection& source) try {
  source.StartCopyOut(kSizesStatement);
  LargeObjectPlanner planner;
  std::string_view line;
  while (source.NextCopyData(&line)) {
    uint32_t oid = 0;
    int64_t size = 0;
    if (!ParseSize(line, &oid, &size)) throw Error("the server's list of large objects is malformed");
    planner.Add(oid, size);
  }
  return planner.Finish();
} catch (const SqlError& error) {
  if (error.sqlstate() != "42501") throw;
  throw SqlError(error.side(), error.sqlstate(), error.primary(), error.detail(),
                 "Connect as a superuser, or as a role that owns every large object or was granted SELECT on it.");
}

LargeObjectCopyOutcome CopyLargeObjects(Connection& source, Connection& target, const LargeObjectBatch& batch,
                                        Meter& meter) {
  SparseWriter writer(target);
  const LargeObjectCopyOutcome outcome =
      ReadChunks(source, batch, meter, [&](const LargeObjectChunk& chunk) { writer.Add(chunk); });
  writer.Finish();
  return outcome;
}

TableDigest DigestLargeObjects(Connection& connection, const LargeObjectBatch& batch, Meter& meter) {
  return ReadChunks(connection, batch, meter, [](const LargeObjectChunk&) {}).digest;
}

}  // namespace airlift
