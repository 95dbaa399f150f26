#include "base/stop.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "base/error.h"

namespace airlift {

namespace {

std::atomic<bool> stop_requested{false};
// Cancelling over a network that is cut can take minutes.
constexpr auto kLongestCancel = std::chrono::seconds(10);

std::atomic<int> pauses{0};
int wake_pipe[2] = {-1, -1};
std::timed_mutex callbacks_mutex;  // held while the callbacks run
std::condition_variable_any pause_ended;
std::vector<std::function<void()>*> callbacks;

void HandleSignal(int signal_number) {
  if (stop_requested.load()) _exit(128 + signal_number);
  RequestStop();
}

void WatchForStop() {
  char byte;
  if (read(wake_pipe[0], &byte, 1) != 1) return;
  std::unique_lock lock(callbacks_mutex);
  pause_ended.wait(lock, [] { return pauses.load() == 0; });
  for (auto* callback : callbacks) (*callback)();
}

}  // namespace

void InstallStopHandlers() {
  if (pipe(wake_pipe) != 0) throw Error("could not create a pipe for the signal handlers");
  struct sigaction action = {};
  action.sa_handler = HandleSignal;
  sigemptyset(&action.sa_mask);
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal_number, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  std::thread(WatchForStop).detach();
}

void RequestStop() {
  stop_requested.store(true);
  const char byte = 's';
  if (wake_pipe[1] >= 0 && write(wake_pipe[1], &byte, 1) < 0) {
    // The flag is set; the watcher only shortens the wait.
  }
}

bool StopRequested() { return stop_requested.load(); }

void CheckStop() {
  if (StopRequested() && pauses.load() == 0) throw Stopped();
}

StopPause::StopPause() {
  ++pauses;
  // A cancel that is on its way would hit the statement that comes next.
  const std::unique_lock cancels_are_through(callbacks_mutex, kLongestCancel);
}

StopPause::~StopPause() {
  {
    const std::lock_guard lock(callbacks_mutex);
    --pauses;
  }
  pause_ended.notify_all();
}

StopCallback::StopCallback(std::function<void()> cancel) : cancel_(std::move(cancel)) {
  const std::lock_guard lock(callbacks_mutex);
  callbacks.push_back(&cancel_);
}

StopCallback::~StopCallback() {
  const std::lock_guard lock(callbacks_mutex);
  callbacks.erase(std::remove(callbacks.begin(), callbacks.end(), &cancel_), callbacks.end());
}

}  // namespace airlift
