#include "support/helper_program.h"

#include <cstdlib>

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
  return std::make_unique<Process>(CommandFor(HelperPath(), arguments),
                                   OptionsFor(environment, std::chrono::seconds(180)));
}

std::unique_ptr<Process> StartHelperWithFaults(const std::string& points, const std::vector<std::string>& arguments) {
  return std::make_unique<Process>(CommandFor(AIRLIFT_FAULTS_PROGRAM, arguments),
                                   OptionsFor({{"PG_AIRLIFT_FAULT", points}}, std::chrono::seconds(180)));
}

}  // namespace airlift::test
