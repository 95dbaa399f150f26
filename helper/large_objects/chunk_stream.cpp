#include "large_objects/chunk_stream.h"

#include <fmt/format.h>

#include "base/error.h"
#include "byte_order.h"

namespace airlift {

namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
constexpr size_t kFixedHeader = 19;  // signature, flags, length of the extension
constexpr uint16_t kFields = 3;
constexpr uint16_t kTrailer = 0xffff;

[[noreturn]] void ThrowMalformed() { throw Error("the server's COPY stream of large objects is malformed"); }

std::string_view Take(std::string_view* data, size_t length) {
  if (data->size() < length) ThrowMalformed();
  const std::string_view taken = data->substr(0, length);
  data->remove_prefix(length);
  return taken;
}

std::string_view TakeField(std::string_view* data) { return Take(data, LoadBigEndian32(Take(data, 4).data())); }

std::string_view TakeField(std::string_view* data, size_t length) {
  const std::string_view field = TakeField(data);
  if (field.size() != length) ThrowMalformed();
  return field;
}

void SkipHeader(std::string_view* data) {
  const std::string_view fixed = Take(data, kFixedHeader);
  if (fixed.substr(0, kSignature.size()) != kSignature) ThrowMalformed();
  Take(data, LoadBigEndian32(fixed.data() + kFixedHeader - 4));
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
  if (!header_seen_) SkipHeader(&copy_data);
  header_seen_ = true;
  const uint16_t fields = LoadBigEndian16(Take(&copy_data, 2).data());
  if (fields == kTrailer) return false;
  if (fields != kFields) ThrowMalformed();
  chunk->oid = LoadBigEndian32(TakeField(&copy_data, 4).data());
  chunk->offset = static_cast<int64_t>(LoadBigEndian64(TakeField(&copy_data, 8).data()));
  chunk->data = TakeField(&copy_data);
  if (!copy_data.empty()) ThrowMalformed();
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
