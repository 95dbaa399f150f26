// Waiting for something that is not ours: never without a limit, and never silently.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace airlift {

// Where lines for the user go while it lives (the newest one's, where there are several); without one, standard error.
class Announcer {
 public:
  explicit Announcer(std::function<void(const std::string&)> tell);
  ~Announcer();
  Announcer(const Announcer&) = delete;
  Announcer& operator=(const Announcer&) = delete;

 private:
  std::function<void(const std::string&)> tell_;
};

void Announce(const std::string& line);

class Patience {
 public:
  using Clock = std::chrono::steady_clock;

  // `what` ("the session that uses slot x") is told, with the limit, when the wait has lasted two seconds.
  Patience(Clock::duration limit, std::string what);

  bool IsOver() const { return Clock::now() >= began_ + limit_; }
  // One pause of the wait. Throws Stopped.
  void Pause(Clock::duration pause);

 private:
  const Clock::time_point began_ = Clock::now();
  const Clock::duration limit_;
  const std::string what_;
  bool is_told_ = false;
};

}  // namespace airlift
