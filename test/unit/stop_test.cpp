#include "base/stop.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/error.h"

namespace airlift {
namespace {

using namespace std::chrono_literals;

bool IsStopped() {
  try {
    CheckStop();
    return false;
  } catch (const Stopped&) {
    return true;
  }
}

template <typename Condition>
bool ComesTrue(Condition condition) {
  for (const auto deadline = std::chrono::steady_clock::now() + 10s; std::chrono::steady_clock::now() < deadline;
       std::this_thread::sleep_for(1ms))
    if (condition()) return true;
  return false;
}

// A process is stopped once: each test has one of its own, which tells by its status how far it came.

TEST(Stop, ASignalCancelsAndStops) {
  EXPECT_EXIT(
      {
        InstallStopHandlers();
        std::atomic<int> cancelled{0};
        const StopCallback callback([&] { ++cancelled; });
        if (IsStopped()) _exit(1);
        raise(SIGINT);
        if (!IsStopped()) _exit(2);
        _exit(ComesTrue([&] { return cancelled == 1; }) ? 0 : 3);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(Stop, NothingIsCancelledInAPause) {
  EXPECT_EXIT(
      {
        InstallStopHandlers();
        std::atomic<int> cancelled{0};
        const StopCallback callback([&] { ++cancelled; });
        {
          const StopPause outer;
          const StopPause inner;
          raise(SIGTERM);
          std::this_thread::sleep_for(200ms);
          if (IsStopped()) _exit(1);
          if (cancelled != 0) _exit(2);
        }
        if (!IsStopped()) _exit(3);
        _exit(ComesTrue([&] { return cancelled == 1; }) ? 0 : 4);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(Stop, APauseBeginsWhenCancelsAreThrough) {
  EXPECT_EXIT(
      {
        InstallStopHandlers();
        std::atomic<bool> began{false};
        std::atomic<bool> ended{false};
        const StopCallback callback([&] {
          began = true;
          std::this_thread::sleep_for(300ms);
          ended = true;
        });
        raise(SIGHUP);
        if (!ComesTrue([&] { return began.load(); })) _exit(1);
        const StopPause pause;
        _exit(ended ? 0 : 2);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(Stop, TheSecondSignalEndsTheProcessAlsoInAPause) {
  EXPECT_EXIT(
      {
        InstallStopHandlers();
        const StopPause pause;
        raise(SIGINT);
        raise(SIGINT);
        _exit(0);
      },
      ::testing::ExitedWithCode(128 + SIGINT), "");
}

}  // namespace
}  // namespace airlift
