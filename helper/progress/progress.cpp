#include "progress/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/format.h"
#include "base/terminal.h"

namespace airlift {

namespace {

constexpr auto kTick = std::chrono::milliseconds(100);
constexpr int kTerminalTicks = 3;  // between two drawings
constexpr int kLineTicks = 100;    // between two plain lines

}  // namespace

ProgressStyle DefaultProgressStyle() {
  return isatty(STDERR_FILENO) != 0 ? ProgressStyle::kTerminal : ProgressStyle::kLines;
}

Progress::Progress(ProgressStyle style) : style_(style) {
  if (style_ != ProgressStyle::kQuiet) thread_ = std::thread([this] { Run(); });
}

Progress::~Progress() { Stop(); }

int64_t Progress::NowMs() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began_).count();
}

StageProgress& Progress::Stage(const std::string& label) {
  const std::lock_guard lock(mutex_);
  for (const auto& stage : stages_)
    if (stage->label == label) return *stage;
  stages_.push_back(std::make_unique<StageProgress>());
  stages_.back()->label = label;
  return *stages_.back();
}

void Progress::TaskStarted(StageProgress& stage) {
  int64_t unset = -1;
  stage.started_ms.compare_exchange_strong(unset, NowMs());
}

void Progress::TaskDone(StageProgress& stage, int64_t weight) {
  stage.weight_done += weight;
  if (++stage.tasks_done >= stage.tasks_total) stage.finished_ms = NowMs();
}

void Progress::Note(const std::string& line) {
  if (style_ == ProgressStyle::kQuiet) return;
  const std::lock_guard lock(mutex_);
  if (lines_on_screen_ > 0) fmt::print(stderr, "\033[{}A\033[J", lines_on_screen_);
  lines_on_screen_ = 0;
  fmt::print(stderr, "{}\n", Inert(line));
}

void Progress::Stop() {
  if (stop_.exchange(true)) return;
  if (thread_.joinable()) thread_.join();
  if (style_ != ProgressStyle::kQuiet) Draw(true);
}

void Progress::Run() {
  const int between = style_ == ProgressStyle::kTerminal ? kTerminalTicks : kLineTicks;
  for (int tick = 1; !stop_.load(); ++tick) {
    std::this_thread::sleep_for(kTick);
    if (tick % between == 0) Draw(false);
  }
}

void Progress::Draw(bool final) {
  const std::lock_guard lock(mutex_);
  if (style_ == ProgressStyle::kTerminal && lines_on_screen_ > 0)
    fmt::print(stderr, "\033[{}A\033[J", lines_on_screen_);
  lines_on_screen_ = 0;
  for (const auto& stage : stages_) {
    const bool idle = stage->started_ms < 0;
    const bool finished = stage->finished_ms >= 0;
    // A log wants each finished stage once, at the end; a terminal always sees all of them.
    if (idle || (style_ == ProgressStyle::kLines && finished && !final)) continue;
    fmt::print(stderr, "{}\n", Line(*stage));
    ++lines_on_screen_;
  }
  std::fflush(stderr);
  if (final || style_ == ProgressStyle::kLines) lines_on_screen_ = 0;
}

std::string Progress::Line(const StageProgress& stage) const {
  const int64_t end = stage.finished_ms >= 0 ? stage.finished_ms.load() : NowMs();
  const double seconds = std::max(0.001, static_cast<double>(end - stage.started_ms) / 1000.0);
  const int64_t bytes = stage.meter.bytes;
  const int64_t total = std::max<int64_t>(1, stage.weight_total);
  const double reached = static_cast<double>(std::max(stage.weight_done.load(), std::min(bytes, total)));
  const double part = std::clamp(reached / static_cast<double>(total), 0.0, 1.0);
  std::string line =
      fmt::format("{:<24} {:>6}/{:<6}", stage.label, FormatCount(stage.tasks_done), FormatCount(stage.tasks_total));
  if (bytes > 0) {
    line += fmt::format(" {:>13} rows {:>8} {:>8}/s", FormatCount(stage.meter.rows), FormatBytes(bytes),
                        FormatBytes(static_cast<int64_t>(static_cast<double>(bytes) / seconds)));
  }
  if (stage.finished_ms >= 0) return line + "  in " + FormatSeconds(seconds);
  line += fmt::format(" {:>3.0f}%", part * 100);
  if (part > 0.02) line += "  " + FormatSeconds(seconds / part - seconds) + " left";
  return line;
}

}  // namespace airlift
