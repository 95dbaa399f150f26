// A table in pieces that each take about half a second, however fast its server is: between two, there is time to wait.
#pragma once

#include <cstdint>
#include <optional>

#include "digest/image_query.h"

namespace airlift {

class ChunkPlan {
 public:
  // `most` blocks in one piece.
  ChunkPlan(int64_t blocks, int64_t most);

  // The next piece; the last one is open-ended, so that no row can fall off. A table without blocks is one piece.
  std::optional<BlockRange> Next();
  // How long the last piece took: the next one is sized after it.
  void Took(double seconds);

  // Blocks of the last piece.
  int64_t size() const { return taken_; }

 private:
  const int64_t blocks_;
  const int64_t most_;
  int64_t size_;
  int64_t at_ = 0;
  int64_t taken_ = 0;
  bool is_over_ = false;
};

}  // namespace airlift
