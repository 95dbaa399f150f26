// Writes chunks of large objects such that holes stay holes.
#pragma once

#include <cstdint>

#include "large_objects/chunk_stream.h"
#include "large_objects/pipelined_writer.h"

namespace airlift {

// Leaves out the pages of zeros around a chunk's data: a gap reads the same and takes no room, so that a sparse object
// stays one. The last byte of an object that ends in zeros is written, since it makes the size.
class SparseWriter {
 public:
  // As PipelinedWriter: `target` is in pipeline mode until Finish() or the destructor.
  explicit SparseWriter(Connection& target) : writer_(target) {}

  // Chunks of one object come in order, the first with offset 0; an empty object is one empty chunk. Offsets are
  // multiples of the page size that large objects are stored in.
  void Add(const LargeObjectChunk& chunk);
  void Finish();

 private:
  void FinishObject();

  PipelinedWriter writer_;
  uint32_t oid_ = 0;
  int64_t size_ = 0;
  bool size_is_made_ = true;
};

}  // namespace airlift
