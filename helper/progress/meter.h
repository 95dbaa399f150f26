// Counters that workers add to and the progress display reads.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/stop.h"

namespace airlift {

struct Meter {
  std::atomic<int64_t> rows{0};
  std::atomic<int64_t> bytes{0};

  void Add(int64_t more_rows, int64_t more_bytes) {
    rows.fetch_add(more_rows, std::memory_order_relaxed);
    bytes.fetch_add(more_bytes, std::memory_order_relaxed);
  }
};

// Adds to a meter now and then instead of at every row, and notices a stop request at the same moments.
class MeterBatch {
 public:
  explicit MeterBatch(Meter& meter) : meter_(meter) {}
  ~MeterBatch() { meter_.Add(rows_, bytes_); }
  MeterBatch(const MeterBatch&) = delete;
  MeterBatch& operator=(const MeterBatch&) = delete;

  void Add(int64_t rows, int64_t bytes) {
    rows_ += rows;
    bytes_ += bytes;
    if (bytes_ >= kFlushBytes) Flush();
  }

 private:
  static constexpr int64_t kFlushBytes = 1 << 20;

  void Flush() {
    meter_.Add(rows_, bytes_);
    rows_ = bytes_ = 0;
    CheckStop();
  }

  Meter& meter_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace airlift
