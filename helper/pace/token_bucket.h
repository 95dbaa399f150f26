// A rate that is kept on average: what is taken beyond it becomes a debt that time pays.
#pragma once

#include <algorithm>
#include <cstdint>

namespace airlift {

class TokenBucket {
 public:
  // `rate` per second; what was not used within half a second is lost.
  explicit TokenBucket(double rate) : rate_(rate) {}

  // `now` in seconds of any clock that goes forward, the same for all calls.
  void Take(int64_t amount, double now) {
    Refill(now);
    level_ -= static_cast<double>(amount);
  }
  // Seconds until nothing is owed.
  double Wait(double now) {
    Refill(now);
    return level_ >= 0 ? 0 : -level_ / rate_;
  }

 private:
  static constexpr double kKeptSeconds = 0.5;

  void Refill(double now) {
    if (last_ >= 0) level_ = std::min(rate_ * kKeptSeconds, level_ + rate_ * (now - last_));
    last_ = now;
  }

  const double rate_;
  double level_ = 0;
  double last_ = -1;
};

}  // namespace airlift
