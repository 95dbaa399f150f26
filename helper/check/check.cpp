#include "check/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/stop.h"
#include "check/check_parts.h"
#include "report/result.h"

namespace airlift {

namespace {

const char* StatusName(int status) {
  switch (status) {
    case kExitDone:
      return "ok";
    case kExitFindings:
      return "findings";
    default:
      return "failed";
  }
}

PartResult RunPart(const CheckPart& part, const CheckConfig& config) {
  const auto began = std::chrono::steady_clock::now();
  PartResult result;
  try {
    result = part.run(config);
  } catch (const Stopped&) {
    throw;
  } catch (const Error& error) {
    result.status = kExitFailed;
    result.summary = error.what();
    result.details = error.Report() + "\n";
  }
  result.part = part.name;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return result;
}

std::string Indented(const std::string& text) {
  std::string indented;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    indented += "  " + text.substr(begin, end - begin) + "\n";
    begin = end + 1;
  }
  return indented;
}

// A label's value in the text format of Prometheus.
std::string Label(const std::string& value) {
  std::string quoted = "\"";
  for (const char c : value) {
    if (c == '\n') {
      quoted += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace

int CheckReport::ExitStatus() const {
  int status = kExitDone;
  for (const PartResult& part : parts) status = std::max(status, part.status);
  return status;
}

CheckReport RunCheck(const CheckConfig& config) {
  CheckReport report;
  report.name = config.name;
  report.file_name = config.file_name;
  report.at = UtcNow();
  for (const CheckPart& part : CheckParts())
    if (part.is_wanted(config)) report.parts.push_back(RunPart(part, config));
  return report;
}

std::string CheckText(const CheckReport& report) {
  std::string subject;
  for (const PartResult& part : report.parts)
    if (part.status != kExitDone)
      subject += fmt::format("{}{} {}", subject.empty() ? "" : ", ", part.part, StatusName(part.status));
  std::string text = fmt::format("pg_airlift check {}: {}\n\n", report.name, subject.empty() ? "ok" : subject);
  for (const PartResult& part : report.parts)
    text += fmt::format("{}: {}: {}\n{}", part.part, StatusName(part.status), part.summary, Indented(part.details));
  return text + fmt::format("\n{}, by {}\n", report.at, report.file_name);
}

nlohmann::json CheckJson(const CheckReport& report) {
  nlohmann::json parts = nlohmann::json::array();
  for (const PartResult& part : report.parts)
    parts.push_back({{"part", part.part},
                     {"status", StatusName(part.status)},
                     {"summary", part.summary},
                     {"details", part.details},
                     {"seconds", part.seconds}});
  return {{"format", "pg_airlift check 1"},
          {"check", report.name},
          {"at", report.at},
          {"status", StatusName(report.ExitStatus())},
          {"exit_status", report.ExitStatus()},
          {"parts", parts}};
}

std::string CheckPrometheus(const CheckReport& report) {
  const std::string check = "check=" + Label(report.name);
  std::string text =
      "# HELP pg_airlift_check_status What a part of a check came to: 0 ok, 1 findings, 2 failed.\n"
      "# TYPE pg_airlift_check_status gauge\n";
  for (const PartResult& part : report.parts)
    text += fmt::format("pg_airlift_check_status{{{},part={}}} {}\n", check, Label(part.part), part.status);
  text +=
      "# HELP pg_airlift_check_duration_seconds How long a part took.\n"
      "# TYPE pg_airlift_check_duration_seconds gauge\n";
  for (const PartResult& part : report.parts)
    text +=
        fmt::format("pg_airlift_check_duration_seconds{{{},part={}}} {:.3f}\n", check, Label(part.part), part.seconds);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  text += fmt::format(
      "# HELP pg_airlift_check_timestamp_seconds When the check ended.\n"
      "# TYPE pg_airlift_check_timestamp_seconds gauge\n"
      "pg_airlift_check_timestamp_seconds{{{}}} {}\n",
      check, std::chrono::duration_cast<std::chrono::seconds>(now).count());
  return text;
}

}  // namespace airlift
