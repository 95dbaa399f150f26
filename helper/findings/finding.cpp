#include "findings/finding.h"

#include <algorithm>

#include "base/error.h"
#include "model/verdict.h"

namespace airlift {

Severity ParseSeverity(const std::string& text) {
  for (const Severity severity : {Severity::kBlocker, Severity::kWarning, Severity::kInfo})
    if (text == SeverityName(severity)) return severity;
  throw Error("unknown severity \"" + text + "\"", {}, "Use blocker, warning or info.");
}

size_t CountFindings(const AssessReport& report, Severity severity) {
  return static_cast<size_t>(std::count_if(report.findings.begin(), report.findings.end(), [&](const auto& finding) {
    return !finding.is_accepted && finding.severity != SeverityName(Severity::kError) &&
           ParseSeverity(finding.severity) <= severity;
  }));
}

size_t CountFailures(const AssessReport& report) {
  return static_cast<size_t>(std::count_if(report.findings.begin(), report.findings.end(), [](const auto& finding) {
    return !finding.is_accepted && finding.severity == SeverityName(Severity::kError);
  }));
}

int AssessExitStatus(const AssessReport& report, Severity severity) {
  if (CountFailures(report) > 0) return kExitFailed;
  return CountFindings(report, severity) > 0 ? kExitFindings : kExitDone;
}

}  // namespace airlift
