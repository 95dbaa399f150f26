// What a long run shows while it works: a live view on a terminal, a plain line now and then in a log.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/patience.h"
#include "progress/meter.h"

namespace airlift {

// One line of the view: work of one kind.
struct StageProgress {
  std::string label;
  std::atomic<int64_t> tasks_total{0};
  std::atomic<int64_t> tasks_done{0};
  std::atomic<int64_t> weight_total{0};  // bytes as the catalogs estimate them
  std::atomic<int64_t> weight_done{0};
  Meter meter;
  std::atomic<int64_t> started_ms{-1};  // since the display began
  std::atomic<int64_t> finished_ms{-1};
};

enum class ProgressStyle { kQuiet, kLines, kTerminal };

// kTerminal when standard error is one, else kLines.
ProgressStyle DefaultProgressStyle();

class Progress {
 public:
  explicit Progress(ProgressStyle style);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // The stage of that label, made at the first call; stages are shown in the order in which they were made.
  StageProgress& Stage(const std::string& label);
  void TaskStarted(StageProgress& stage);
  void TaskDone(StageProgress& stage, int64_t weight);

  // A line of its own ("schema: 120 objects"), above the live view. Goes to standard error.
  void Note(const std::string& line);
  // Draws the last state and stops drawing.
  void Stop();

 private:
  void Run();
  void Draw(bool final);
  std::string Line(const StageProgress& stage) const;
  int64_t NowMs() const;

  const ProgressStyle style_;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<StageProgress>> stages_;
  int lines_on_screen_ = 0;
  std::atomic<bool> stop_{false};
  std::thread thread_;
  // What is waited for anywhere is told here.
  const Announcer announcer_{[this](const std::string& line) { Note(line); }};
};

}  // namespace airlift
