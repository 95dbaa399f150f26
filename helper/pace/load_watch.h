// What else the source has to do: sessions at work, standbys that fall behind.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "pg/connection.h"
#include "progress/progress.h"

namespace airlift {

struct LoadLimits {
  std::optional<int64_t> sessions;  // active ones of others
  std::optional<int64_t> lag;       // bytes of WAL that a receiver, or this standby, has not replayed

  bool IsSet() const { return sessions || lag; }
};

class LoadWatch {
 public:
  // Throws Error where the role may not see what others do.
  LoadWatch(const LoadLimits& limits, const ConnInfo& source, Progress& progress);

  // True while the source has more to do than the limits allow. Asks it at most once a second, in a session of its own.
  // Says in `progress` when a pause begins, and why, and when it ends.
  bool IsBusy();

  int64_t pauses() const { return pauses_; }
  double paused_seconds() const { return paused_seconds_; }

 private:
  // Why to pause; "" for no reason.
  std::string Reason();

  const LoadLimits limits_;
  const ConnInfo source_info_;
  Progress& progress_;
  std::mutex mutex_;
  std::unique_ptr<Connection> source_;
  double asked_at_;
  double paused_at_ = 0;
  bool is_busy_ = false;
  int64_t pauses_ = 0;
  double paused_seconds_ = 0;
};

}  // namespace airlift
