// The content of large objects as a stream of chunks, and its digest.
//
// Digest of an object (part of format 1): HashBytes over 28 bytes: oid as int4, size as int8, both big-endian, and the
// 16 bytes of HashBytes over the whole content. A set of objects has the TableDigest of these, one "row" an object.
// Holes of sparse objects count as the zero bytes that reading them gives.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "digest.h"
#include "pg/copy_binary.h"

namespace airlift {

// Bytes of an object that travel as one value: a multiple of the page size that large objects are stored in.
inline constexpr int64_t kLargeObjectChunk = 256 * 1024;

struct LargeObjectChunk {
  uint32_t oid = 0;
  int64_t offset = 0;
  std::string_view data;
};

// COPY statement that streams the objects with first_oid <= oid <= last_oid: their chunks in order, an empty chunk for
// an empty object. Needs SELECT on each of them, no more: not on pg_largeobject, which only superusers read.
std::string ChunkCopyStatement(uint32_t first_oid, uint32_t last_oid);

// Parses the CopyData messages of that statement.
class ChunkParser {
 public:
  // False for the file's trailer. `chunk` points into `copy_data`. Throws Error when the message is no such tuple.
  bool Parse(std::string_view copy_data, LargeObjectChunk* chunk);

 private:
  CopyBinaryParser tuples_;
  CopyFields fields_;
};

// Folds chunks into the digest of all objects. Throws Error where chunks are not in order or leave a gap.
class LargeObjectsDigest {
 public:
  void Add(const LargeObjectChunk& chunk);
  // After the last chunk.
  TableDigest Finish();

 private:
  void FinishObject();

  TableDigest objects_;
  StreamingHash content_;
  uint32_t oid_ = 0;  // no object has OID 0
  int64_t size_ = 0;
};

}  // namespace airlift
