// Compares two databases that stand still, to the row: every table's digest on both sides, the rows and columns that
// differ, sequences, large objects and schema. Reads only; nothing is installed or written on either side, but for the
// state of a comparison that may be resumed.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "compare/subset.h"
#include "pace/pace.h"
#include "pg/conninfo.h"
#include "progress/progress.h"
#include "report/result.h"
#include "selection/selection_rules.h"

namespace airlift {

struct CompareOptions {
  ConnInfo source;
  ConnInfo target;
  int jobs = 2;
  // Narrows what is recorded on the target as the migration's own selection.
  SelectionRules selection;
  // Of these tables alone, by schema and name; all that are selected where it is empty.
  std::set<std::pair<std::string, std::string>> only;
  bool with_schema = true;          // schema, sequences and large objects too, when all of the database is compared
  bool with_large_objects = false;  // these also where the schema is not asked for
  SubsetOptions subset;
  bool show_values = false;  // of rows that differ; off, because data may be private
  uint64_t max_rows = 1000;  // listed per table; 0: tables only, no second look at those that differ
  std::string repair;        // file for the SQL that mends the target; "" for none
  bool with_views = false;   // row counts of views
  PaceOptions pace;
  // Keeps finished tables in schema airlift_state of the target, to go on from there; other processes may join. The
  // caller forgets it (compare/shared_comparison.h) once the result is written.
  bool resume = false;
  bool restart = false;  // do not go on with what is there
};

// Throws Error when a side cannot be reached or read; a table that cannot be read is "not verified" in the result.
RunResult CompareDatabases(const CompareOptions& options, Progress& progress);

}  // namespace airlift
