#include "base/patience.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <thread>
#include <vector>

#include "base/format.h"
#include "base/stop.h"
#include "base/terminal.h"

namespace airlift {

namespace {

constexpr auto kSilence = std::chrono::seconds(2);

std::mutex mutex;
std::vector<std::function<void(const std::string&)>*> announcers;

}  // namespace

Announcer::Announcer(std::function<void(const std::string&)> tell) : tell_(std::move(tell)) {
  const std::lock_guard lock(mutex);
  announcers.push_back(&tell_);
}

Announcer::~Announcer() {
  const std::lock_guard lock(mutex);
  announcers.erase(std::remove(announcers.begin(), announcers.end(), &tell_), announcers.end());
}

void Announce(const std::string& line) {
  const std::lock_guard lock(mutex);
  if (!announcers.empty()) return (*announcers.back())(line);
  fmt::print(stderr, "{}\n", Inert("pg_airlift: " + line));
}

Patience::Patience(Clock::duration limit, std::string what) : limit_(limit), what_(std::move(what)) {}

void Patience::Pause(Clock::duration pause) {
  CheckStop();
  if (!is_told_ && Clock::now() > began_ + kSilence) {
    is_told_ = true;
    Announce(fmt::format("waiting for {}, for {} at most", what_,
                         FormatSeconds(std::chrono::duration<double>(limit_).count())));
  }
  std::this_thread::sleep_for(pause);
}

}  // namespace airlift
