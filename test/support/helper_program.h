// Runs the pg_airlift program that was built with the tests (or PG_AIRLIFT_PROGRAM).
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/process.h"

namespace airlift::test {

using Environment = std::map<std::string, std::string>;

std::string HelperPath();

// The limit is far above what a test needs: it turns a hang into a failure.
ProcessResult RunHelper(const std::vector<std::string>& arguments, const Environment& environment = {},
                        std::chrono::seconds limit = kLongestRun);

std::unique_ptr<Process> StartHelper(const std::vector<std::string>& arguments, const Environment& environment = {});

// The program with fault points (test/faults/fault_point.cpp): it stops itself at each of `points`, "NAME:N,...".
std::unique_ptr<Process> StartHelperWithFaults(const std::string& points, const std::vector<std::string>& arguments);
// Until it has stopped itself; false where it has not within half a minute, or has ended.
bool AwaitFaultPoint(Process& process);

}  // namespace airlift::test
