// Counters that workers add to and the progress display reads.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/stop.h"

namespace airlift {

// What slows reading down (pace/pace.h).
class ReadLimit {
 public:
  virtual ~ReadLimit() = default;
  // Counts what was read; never throws and never waits.
  virtual void Charge(int64_t bytes) = 0;
  // Waits until more may be read.
  virtual void Await() = 0;
};

struct Meter {
  std::atomic<int64_t> rows{0};
  std::atomic<int64_t> bytes{0};
  ReadLimit* limit = nullptr;  // set before any worker reads; null where nothing limits

  void Add(int64_t more_rows, int64_t more_bytes) {
    rows.fetch_add(more_rows, std::memory_order_relaxed);
    bytes.fetch_add(more_bytes, std::memory_order_relaxed);
  }
};

// Adds to a meter now and then instead of at every row. At the same moments it notices a stop request, and waits where
// the meter has a limit.
class MeterBatch {
 public:
  explicit MeterBatch(Meter& meter) : meter_(meter) {}
  ~MeterBatch() { AddAll(); }
  MeterBatch(const MeterBatch&) = delete;
  MeterBatch& operator=(const MeterBatch&) = delete;

  void Add(int64_t rows, int64_t bytes) {
    rows_ += rows;
    bytes_ += bytes;
    if (bytes_ >= kFlushBytes) Flush();
  }

 private:
  static constexpr int64_t kFlushBytes = 1 << 20;

  void AddAll() {
    meter_.Add(rows_, bytes_);
    if (meter_.limit != nullptr) meter_.limit->Charge(bytes_);
    rows_ = bytes_ = 0;
  }

  void Flush() {
    AddAll();
    CheckStop();
    if (meter_.limit != nullptr) meter_.limit->Await();
  }

  Meter& meter_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace airlift
