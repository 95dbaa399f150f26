#include "pace/chunk_plan.h"

#include <algorithm>

namespace airlift {

namespace {

constexpr double kSeconds = 0.5;
constexpr int64_t kFirst = 256;
constexpr int64_t kLeast = 8;
// From one piece to the next: a single slow one must not make hundreds of tiny ones, nor a cached one a huge one.
constexpr double kMostGrowth = 4;

}  // namespace

ChunkPlan::ChunkPlan(int64_t blocks, int64_t most)
    : blocks_(blocks), most_(std::max(kLeast, most)), size_(std::min(kFirst, most_)) {}

std::optional<BlockRange> ChunkPlan::Next() {
  if (is_over_) return std::nullopt;
  BlockRange range{at_, at_ + size_};
  taken_ = std::min(size_, blocks_ - at_);
  at_ += size_;
  if (at_ >= blocks_) {
    range.to.reset();
    is_over_ = true;
  }
  return range;
}

void ChunkPlan::Took(double seconds) {
  const double factor = std::clamp(kSeconds / std::max(seconds, 1e-6), 1 / kMostGrowth, kMostGrowth);
  size_ = std::clamp(static_cast<int64_t>(static_cast<double>(size_) * factor), kLeast, most_);
}

}  // namespace airlift
