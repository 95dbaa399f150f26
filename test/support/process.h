// Programs that a test runs: with a time limit, and gone when the test is.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace airlift::test {

// For what should not hang, not for what should be fast: machines are slow, sanitizers slower.
constexpr std::chrono::seconds kLongestRun{600};

struct ProcessResult {
  int status = -1;  // exit status, or 128 + signal
  bool timed_out = false;
  std::string out;
  std::string err;

  std::string Describe() const;
};

struct ProcessOptions {
  std::map<std::string, std::string> environment;  // on top of the test's own
  std::chrono::seconds limit = kLongestRun;
  std::string input;
};

// A running program. The destructor kills it and what it started.
class Process {
 public:
  Process(const std::vector<std::string>& command, const ProcessOptions& options = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool IsRunning();
  // To this process alone, not to what it started.
  void Signal(int signal_number);
  // What it has written to standard error.
  std::string ErrorsSoFar() const;
  // Waits until it ends or the limit given at the start has passed (then everything is killed).
  ProcessResult Wait();

 private:
  void Reap(int wait_status);

  pid_t pid_ = -1;
  bool ended_ = false;
  std::chrono::steady_clock::time_point deadline_;
  int out_ = -1;
  int err_ = -1;
  ProcessResult result_;
};

ProcessResult RunProcess(const std::vector<std::string>& command, const ProcessOptions& options = {});

// The same; throws std::runtime_error with both outputs when the status is not 0. Returns stdout.
std::string RunOrThrow(const std::vector<std::string>& command, const ProcessOptions& options = {});

}  // namespace airlift::test
