// Ctrl-C and SIGTERM: the first asks every worker to stop and cancels what runs on the servers, the second ends the
// process at once. Either way the servers roll back what was not committed, and a rerun goes on from the state tables.
#pragma once

#include <functional>

namespace airlift {

// Installs the handlers for SIGINT, SIGTERM and SIGHUP and ignores SIGPIPE. Call once, before any thread starts.
void InstallStopHandlers();

// Asks for a stop as the signal would; async-signal-safe.
void RequestStop();

bool StopRequested();

// Throws Stopped when a stop was requested.
void CheckStop();

// While it lives, CheckStop() throws nothing and nothing is cancelled, also what was asked for just before: what takes
// back a half-done change must not be stopped by the signal that made it necessary. A second signal still ends the
// process at once.
class StopPause {
 public:
  StopPause();
  ~StopPause();
  StopPause(const StopPause&) = delete;
  StopPause& operator=(const StopPause&) = delete;
};

// While it lives, `cancel` is called once (from a watcher thread) when a stop is requested, or when the pause ends in
// which it was.
class StopCallback {
 public:
  explicit StopCallback(std::function<void()> cancel);
  ~StopCallback();
  StopCallback(const StopCallback&) = delete;
  StopCallback& operator=(const StopCallback&) = delete;

 private:
  std::function<void()> cancel_;
};

}  // namespace airlift
