// Findings that commands report of what they did or tried, with ids of the same form as those of the catalogue of
// checks: what no query can foresee. A unit test sees that every id in the program is in one of the two, and in
// docs/checks.md.
#pragma once

#include <cstddef>
#include <string>

namespace airlift {

struct ReportedFinding {
  const char* id;
  const char* command;   // which reports it: "prepare", "undo", "plan"
  const char* severity;  // as SeverityName: blocker and warning count in the exit status, info does not
  const char* title;
  const char* remedy;
};

size_t ReportedFindingCount() noexcept;
// Sorted by id; ids are unique, and none is that of a check.
const ReportedFinding& ReportedFindingAt(size_t index) noexcept;

// Whether a check or a command reports findings under this id.
bool IsKnownFinding(const std::string& id) noexcept;

}  // namespace airlift
