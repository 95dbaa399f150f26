// The catalogue of checks (common/checks) run in this server.
#pragma once

#include "checks/check.h"
#include "server.h"

namespace airlift {

// Texts are palloc'd; NULL where there is none.
struct Finding {
  const Check* check;
  Severity severity;  // the check's, or kError where it failed
  const char* object;
  const char* detail;
  const char* fix_sql;
  const char* undo_sql;
};

struct FindingList {
  Finding* items;
  size_t count;
  size_t capacity;
};

// Major version of this server.
inline constexpr int kServerMajor = PG_VERSION_NUM / 10000;

// Runs the source's checks that concern the assessment, or of these only those whose ids are among `only` (a text[];
// NULL for all), with the privileges of the current user. Findings are sorted by severity, check and object. A check
// that fails is a finding with severity "error": its object is the SQLSTATE, its detail the message.
FindingList RunSourceChecks(const Assessment& assessment, const ArrayType* only);

}  // namespace airlift
