// check: what is to be looked at again and again, for cron and systemd timers: silent while all is well.
#include "check/check.h"
#include "base/terminal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "cli/command.h"
#include "cli/html_file.h"
#include "model/verdict.h"

namespace airlift {

namespace {

struct CheckArguments {
  std::string config;
  bool json = false;
  bool verbose = false;
};

// Held until the process ends, however it ends. The file stays: removing it would let two runs hold two locks.
class RunLock {
 public:
  explicit RunLock(const std::string& path) : fd_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    if (fd_ < 0) throw Error(fmt::format("could not open lock file \"{}\": {}", path, std::strerror(errno)));
    if (flock(fd_, LOCK_EX | LOCK_NB) == 0) return;
    const int reason = errno;
    close(fd_);
    if (reason != EWOULDBLOCK) throw Error(fmt::format("could not lock \"{}\": {}", path, std::strerror(reason)));
    throw Error("this check is running already", fmt::format("File \"{}\" is locked.", path),
                "Let the schedule leave more time between runs, or see what the running one waits for.");
  }
  ~RunLock() { close(fd_); }
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  const int fd_;
};

int Run(const CheckArguments& arguments) {
  const CheckConfig config = ReadCheckConfig(arguments.config);
  const RunLock lock(config.lock_file);
  const CheckReport report = RunCheck(config);
  const int status = report.ExitStatus();
  if (arguments.json) {
    fmt::print("{}\n", CheckJson(report).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  } else if (status != kExitDone || arguments.verbose) {
    PrintText(CheckText(report));
  }
  // Behind the message, which is told also where this fails.
  if (!config.textfile.empty()) WriteWholeFile(config.textfile, CheckPrometheus(report));
  return status;
}

}  // namespace

std::function<int()> SetupCheck(CLI::App& app) {
  auto arguments = std::make_shared<CheckArguments>();
  app.add_option("-c,--config", arguments->config, "what to check: see docs/schedule.md")
      ->type_name("FILE")
      ->required();
  auto* json = app.add_flag("--json", arguments->json, "print JSON, also when all is well");
  app.add_flag("-v,--verbose", arguments->verbose, "print the message also when all is well")->excludes(json);
  app.footer("Exit status: 0 all is well (and nothing is printed), 1 findings, 2 something could not be checked.");
  return [arguments] { return Run(*arguments); };
}

}  // namespace airlift
