// The sample of one table.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.h"
#include "plan/sample.h"

namespace airlift::planning {

struct SampleBudget {
  double seconds = 1;
  int64_t bytes = int64_t{64} << 20;
};

// Reads rows of the table's largest part until the budget is spent, into a temporary table of `target` where that is
// not null; with `in_depth`, also digests by the extension, reads back and builds an index. Throws SqlError where a
// side refuses; both sides are rolled back.
TableSample SampleTable(Connection& source, Connection* target, const TableFacts& table, size_t position,
                        const SampleBudget& budget, bool in_depth, bool has_extension);

}  // namespace airlift::planning
