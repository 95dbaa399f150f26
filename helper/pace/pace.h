// How fast both sides may be read, and when not at all.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "catalog/relation.h"
#include "digest/image_query.h"
#include "pace/load_watch.h"
#include "pace/token_bucket.h"
#include "progress/meter.h"
#include "progress/progress.h"

namespace airlift {

struct PaceOptions {
  int64_t most_bytes_per_second = 0;  // of each side, over all jobs of this process; 0 for no limit
  LoadLimits pause_above;

  bool IsGentle() const { return most_bytes_per_second > 0 || pause_above.IsSet(); }
};

class Pace {
 public:
  Pace(const PaceOptions& options, const ConnInfo& source, Progress& progress);

  // Whether the source is to be read in pieces (ForEachPiece).
  bool IsGentle() const { return options_.IsGentle(); }
  // For the meter of what is read from `side`; null where nothing limits it.
  ReadLimit* LimitOf(Side side) { return IsGentle() ? sides_[side == Side::kTarget].get() : nullptr; }
  // Waits until `side` may be read: its rate is kept, and the source has no more to do than it may have.
  void Await(Side side);

  // Calls `read` for pieces of `table`, which the source's server reads by itself; waits before each, counts it after.
  // Where `read` says false, it has read the whole table, and there are no more pieces.
  void ForEachPiece(const StoredTable& table, const std::function<bool(const BlockRange& piece)>& read);

  // What was limited, and how often there was a pause: for the evidence.
  std::vector<std::string> Notes() const;

 private:
  class SideLimit;

  const PaceOptions options_;
  std::unique_ptr<LoadWatch> watch_;
  std::shared_ptr<ReadLimit> sides_[2];
};

}  // namespace airlift
