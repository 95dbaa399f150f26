// Row counts of views: a sign that what is computed from the tables is the same as well.
#pragma once

#include <mutex>
#include <vector>

#include "compare/compared_selection.h"
#include "compare/jobs.h"
#include "progress/progress.h"
#include "report/result.h"

namespace airlift {

class ViewComparison {
 public:
  explicit ViewComparison(Progress& progress) : progress_(progress) {}

  // One job for each view or materialized view of the source and side; the user's, whose names match `patterns`.
  std::vector<Job> MakeJobs(Connection& source, const ComparedSelection& selection);
  // Once the jobs are done.
  std::vector<ObjectResult> Results() const;

 private:
  struct Counts {
    std::string schema;
    std::string name;
    std::optional<int64_t> rows[2];
    std::string refusal;
  };
  void Count(ReadOnlyPair& pair, Side side, size_t i);

  Progress& progress_;
  std::mutex mutex_;
  std::vector<Counts> views_;
};

}  // namespace airlift
