#include "support/helper_program.h"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace airlift::test {

namespace {

ProcessOptions OptionsFor(const Environment& environment, std::chrono::seconds limit) {
  ProcessOptions options;
  options.environment = environment;
  options.limit = limit;
  return options;
}

std::vector<std::string> CommandFor(const std::string& program, const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {program};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

}  // namespace

std::string HelperPath() {
  const char* given = getenv("PG_AIRLIFT_PROGRAM");
  return given == nullptr ? AIRLIFT_PROGRAM : given;
}

ProcessResult RunHelper(const std::vector<std::string>& arguments, const Environment& environment,
                        std::chrono::seconds limit) {
  return RunProcess(CommandFor(HelperPath(), arguments), OptionsFor(environment, limit));
}

std::unique_ptr<Process> StartHelper(const std::vector<std::string>& arguments, const Environment& environment) {
  return std::make_unique<Process>(CommandFor(HelperPath(), arguments), OptionsFor(environment, kLongestRun));
}

std::unique_ptr<Process> StartHelperWithFaults(const std::string& points, const std::vector<std::string>& arguments) {
  return std::make_unique<Process>(CommandFor(AIRLIFT_FAULTS_PROGRAM, arguments),
                                   OptionsFor({{"PG_AIRLIFT_FAULT", points}}, kLongestRun));
}

bool AwaitFaultPoint(Process& process) {
  using namespace std::chrono_literals;
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (std::chrono::steady_clock::now() < deadline && process.IsRunning()) {
    std::stringstream status;
    status << std::ifstream("/proc/" + std::to_string(process.pid()) + "/stat").rdbuf();
    if (status.str().substr(status.str().rfind(')') + 2, 1) == "T") return true;
    std::this_thread::sleep_for(5ms);
  }
  return false;
}

}  // namespace airlift::test
