#include "pace/pace.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/format.h"
#include "base/stop.h"
#include "pace/chunk_plan.h"

namespace airlift {

namespace {

using Seconds = std::chrono::duration<double>;

// A stop request, or the end of a pause, is noticed within this time.
constexpr double kLongestSleep = 0.1;
constexpr int64_t kMostBlocks = int64_t{1} << 17;

double Now() { return Seconds(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

class Pace::SideLimit : public ReadLimit {
 public:
  SideLimit(int64_t rate, LoadWatch& watch)
      : is_limited_(rate > 0), bucket_(static_cast<double>(rate)), watch_(watch) {}

  void Charge(int64_t bytes) override {
    if (!is_limited_) return;
    const std::lock_guard lock(mutex_);
    bucket_.Take(bytes, Now());
  }

  void Await() override {
    for (;;) {
      CheckStop();
      const double debt = Debt();
      const double wait = watch_.IsBusy() ? kLongestSleep : debt;
      if (wait <= 0) return;
      std::this_thread::sleep_for(Seconds(std::min(wait, kLongestSleep)));
    }
  }

 private:
  double Debt() {
    if (!is_limited_) return 0;
    const std::lock_guard lock(mutex_);
    return bucket_.Wait(Now());
  }

  const bool is_limited_;
  std::mutex mutex_;
  TokenBucket bucket_;
  LoadWatch& watch_;
};

Pace::Pace(const PaceOptions& options, const ConnInfo& source, Progress& progress)
    : options_(options), watch_(std::make_unique<LoadWatch>(options.pause_above, source, progress)) {
  for (auto& side : sides_) side = std::make_shared<SideLimit>(options.most_bytes_per_second, *watch_);
}

void Pace::Await(Side side) {
  if (ReadLimit* limit = LimitOf(side)) limit->Await();
}

void Pace::ForEachPiece(const StoredTable& table, const std::function<bool(const BlockRange&)>& read) {
  ReadLimit& limit = *sides_[0];
  const int64_t bytes_per_block = std::max<int64_t>(1, table.bytes / std::max<int64_t>(1, table.heap_blocks));
  const int64_t rate = options_.most_bytes_per_second;
  ChunkPlan plan(table.heap_blocks, rate > 0 ? std::min(kMostBlocks, rate / 2 / bytes_per_block) : kMostBlocks);
  while (const auto piece = plan.Next()) {
    limit.Await();
    const double began = Now();
    const bool was_piece = read(*piece);
    plan.Took(Now() - began);
    limit.Charge(was_piece ? plan.size() * bytes_per_block : table.bytes);
    if (!was_piece) return;
  }
}

std::vector<std::string> Pace::Notes() const {
  std::vector<std::string> notes;
  if (options_.most_bytes_per_second > 0)
    notes.push_back(
        fmt::format("each side was read at no more than {}/s", FormatBytes(options_.most_bytes_per_second)));
  if (watch_->pauses() > 0)
    notes.push_back(fmt::format("pauses because the source was busy: {}, {} in all", watch_->pauses(),
                                FormatSeconds(watch_->paused_seconds())));
  return notes;
}

}  // namespace airlift
