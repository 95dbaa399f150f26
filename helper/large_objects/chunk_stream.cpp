#include "large_objects/chunk_stream.h"

#include <fmt/format.h>

#include "base/error.h"
#include "byte_order.h"

namespace airlift {

namespace {

// The value of a field that is never NULL and has `length` bytes.
const char* FixedField(const CopyFields& fields, size_t field, size_t length) {
  if (!fields[field] || fields[field]->size() != length)
    throw Error("the server's COPY stream of large objects is malformed");
  return fields[field]->data();
}

}  // namespace

// The size is asked of the server by seeking to the end. OFFSET 0 keeps the planner from merging the levels, which
// would open an object twice; the nested loop keeps the order.
std::string ChunkCopyStatement(uint32_t first_oid, uint32_t last_oid) {
  return fmt::format(
      "COPY (SELECT o.oid, piece.start, pg_catalog.lo_get(o.oid, piece.start, {0}) FROM "
      "(SELECT m.oid, pg_catalog.lo_lseek64(m.descriptor, 0, 2) AS size, pg_catalog.lo_close(m.descriptor) FROM "
      "(SELECT oid, pg_catalog.lo_open(oid, 262144) AS descriptor FROM pg_catalog.pg_largeobject_metadata "
      "WHERE oid >= {1} AND oid <= {2} ORDER BY oid OFFSET 0) m OFFSET 0) o, "
      "LATERAL pg_catalog.generate_series(0::pg_catalog.int8, GREATEST(o.size - 1, 0), {0}) AS piece(start)) "
      "TO STDOUT (FORMAT binary)",
      kLargeObjectChunk, first_oid, last_oid);
}

bool ChunkParser::Parse(std::string_view copy_data, LargeObjectChunk* chunk) {
  if (!tuples_.Parse(copy_data, &fields_)) return false;
  if (fields_.size() != 3 || !fields_[2]) throw Error("the server's COPY stream of large objects is malformed");
  chunk->oid = LoadBigEndian32(FixedField(fields_, 0, 4));
  chunk->offset = static_cast<int64_t>(LoadBigEndian64(FixedField(fields_, 1, 8)));
  chunk->data = *fields_[2];
  return true;
}

void LargeObjectsDigest::Add(const LargeObjectChunk& chunk) {
  if (chunk.oid != oid_) {
    if (chunk.oid < oid_) throw Error("the server sent large objects out of order");
    FinishObject();
    oid_ = chunk.oid;
    size_ = 0;
    content_ = StreamingHash();
  }
  if (chunk.offset != size_)
    throw Error(fmt::format("large object {}: expected the chunk at {} but got that at {}", oid_, size_, chunk.offset));
  content_.Add(chunk.data.data(), chunk.data.size());
  size_ += static_cast<int64_t>(chunk.data.size());
}

void LargeObjectsDigest::FinishObject() {
  if (oid_ == 0) return;
  unsigned char image[4 + 8 + kUuidBytes];
  StoreBigEndian32(image, oid_);
  StoreBigEndian64(image + 4, static_cast<uint64_t>(size_));
  StoreUuid(content_.Digest(), image + 12);
  objects_.AddRow(HashBytes(image, sizeof image));
}

TableDigest LargeObjectsDigest::Finish() {
  FinishObject();
  oid_ = 0;
  return objects_;
}

}  // namespace airlift
