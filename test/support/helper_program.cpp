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

std::vector<std::string> CommandFor(const std::vector<std::string>& arguments) {
  std::vector<std::string> command = {HelperPath()};
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
  return RunProcess(CommandFor(arguments), OptionsFor(environment, limit));
}

std::unique_ptr<Process> StartHelper(const std::vector<std::string>& arguments, const Environment& environment) {
  return std::make_unique<Process>(CommandFor(arguments), OptionsFor(environment, std::chrono::seconds(180)));
}

}  // namespace airlift::test
