// Compares two databases that stand still, to the row: every table's digest on both sides, sequences, large objects and
// schema. Reads only; nothing is installed or written on either side.
#pragma once

#include <string>
#include <vector>

#include "pg/conninfo.h"
#include "progress/progress.h"
#include "report/result.h"

namespace airlift {

struct CompareOptions {
  ConnInfo source;
  ConnInfo target;
  int jobs = 2;
  std::vector<std::string> tables;  // name patterns; empty: the whole database
  bool with_schema = true;          // schema, sequences and large objects too, when no pattern is given
};

// Throws Error when a side cannot be reached or read; a table that cannot be read is "not verified" in the result.
RunResult CompareDatabases(const CompareOptions& options, Progress& progress);

}  // namespace airlift
