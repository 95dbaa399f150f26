// A comparison whose tables are tasks of a queue on the target: it can be stopped and resumed, and others may join it.
#pragma once

#include <vector>

#include "compare/compare.h"
#include "compare/compared_selection.h"
#include "compare/comparison_state.h"
#include "pace/pace.h"
#include "progress/progress.h"
#include "row_compare/compared_table.h"

namespace airlift {

// A table that both sides have.
struct TablePair {
  const ComparedTable* table = nullptr;
  uint32_t buckets = 1;
  TableResult* result = nullptr;  // what is known of it before; in the end, what came out
};

class SharedComparison {
 public:
  // Throws Error where another process drives a comparison on this target, or one with other options was begun.
  SharedComparison(const CompareOptions& options, Progress& progress);

  // Compares the tables, or goes on with it. Returns how many were finished before.
  int64_t Run(ComparisonRecord record, const std::vector<TablePair>& tables, Pace& pace);

 private:
  Progress& progress_;
  const CompareOptions& options_;
  Connection target_;
  ComparisonState state_;
  bool resumes_ = false;
};

// What of the options decides the result, for the state.
nlohmann::json ComparisonFingerprint(const CompareOptions& options, const ComparedSelection& selection);

// Once the result is written: nothing of the comparison stays on the target.
void ForgetComparison(const ConnInfo& target);

// Joins the comparison in progress on the target, if any, until it is over; the number of tasks done here, or nullopt
// where there is none.
std::optional<int64_t> JoinComparison(const CompareOptions& options, Progress& progress);

}  // namespace airlift
