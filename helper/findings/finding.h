// What an assessment found.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "checks/check.h"

namespace airlift {

struct AssessFinding {
  std::string check_id;
  std::string severity;  // as SeverityName; "error" where the check failed
  std::string object;
  std::string detail;
  std::string remedy;
  std::optional<std::string> fix_sql;   // for the check's side: paired checks are mended on the target
  std::optional<std::string> undo_sql;  // nullopt as well where what the fix does cannot be undone
  bool is_accepted = false;             // the user chose to live with it
  std::string accepted_reason;
};

struct AssessSide {
  std::string database;
  std::string version;  // as the server gives it
  std::string address;  // conninfo without password
};

struct AssessReport {
  AssessSide source;
  std::optional<AssessSide> target;
  Assessment assessment;
  std::vector<AssessFinding> findings;  // by severity, check, object
  std::vector<std::string> checks_run;
  std::vector<std::string> not_run;  // need a target that was not given
  std::vector<std::string> notes;
};

// Findings that are not accepted and at least as severe as `severity`; failed checks are not among them.
size_t CountFindings(const AssessReport& report, Severity severity);
// Failed checks that are not accepted.
size_t CountFailures(const AssessReport& report);
// 2 where a check failed, 1 where there are findings at the severity or above, else 0.
int AssessExitStatus(const AssessReport& report, Severity severity);

// Throws Error for any other text than blocker, warning, info.
Severity ParseSeverity(const std::string& text);

}  // namespace airlift
