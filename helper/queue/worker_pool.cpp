#include "queue/worker_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "base/stop.h"
#include "pg/batch.h"
#include "pg/connection.h"

namespace airlift {

namespace {

constexpr auto kShortestPause = std::chrono::milliseconds(20);
constexpr auto kLongestPause = std::chrono::milliseconds(100);
constexpr auto kTickPause = std::chrono::milliseconds(50);

// Failures of all workers, and whether they should stop.
class Failures {
 public:
  void Add(const std::string& report) {
    const std::lock_guard lock(mutex_);
    reports_.push_back(report);
    failed_ = true;
  }
  bool any() const { return failed_; }
  std::string Joined() {
    const std::lock_guard lock(mutex_);
    std::string joined;
    for (const std::string& report : reports_) joined += (joined.empty() ? "" : "\n") + report;
    return joined;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> reports_;
  std::atomic<bool> failed_{false};
};

void Work(QueueWorker& worker, const Failures& failures) {
  auto pause = kShortestPause;
  while (!failures.any()) {
    CheckStop();
    if (worker.RunOneTask()) {
      pause = kShortestPause;
      continue;
    }
    if (worker.IsOver()) return;
    // Another worker is at the last tasks that can be done now; what it finishes may ready more.
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, kLongestPause);
  }
}

}  // namespace

void RunWorkers(int count, const std::function<std::unique_ptr<QueueWorker>(int)>& make,
                const std::function<void()>& tick) {
  Failures failures;
  std::atomic<int> running{count};
  std::vector<std::jthread> threads;
  for (int number = 1; number <= count; ++number) {
    threads.emplace_back([&, number] {
      try {
        Work(*make(number), failures);
      } catch (const Stopped&) {
        failures.Add("");
      } catch (const Error& error) {
        failures.Add(error.Report());
      } catch (const std::exception& error) {
        failures.Add(error.what());
      }
      --running;
    });
  }
  bool tick_failed = false;
  while (running > 0) {
    std::this_thread::sleep_for(kTickPause);
    if (tick_failed) continue;
    try {
      tick();
    } catch (const Error& error) {
      tick_failed = true;
      failures.Add(error.Report());
    }
  }
  threads.clear();
  CheckStop();
  if (failures.any())
    throw Error(failures.Joined(), {}, "Everything finished so far is kept: run the same command again to go on.");
}

void NoticeLostPeer(Connection& target) {
  constexpr const char* kSettings[] = {"tcp_keepalives_idle = 5", "tcp_keepalives_interval = 2",
                                       "tcp_keepalives_count = 3", "tcp_user_timeout = 10000"};
  for (const char* setting : kSettings) target.Execute(std::string("SET ") + setting);
  // Of version 14, and not of every platform.
  TryStatement(target, "SET client_connection_check_interval = '5s'");
}

}  // namespace airlift
