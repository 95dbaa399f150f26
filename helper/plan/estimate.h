// How long `pg_airlift migrate` would take: its own task list, with measured or assumed rates.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "plan/facts.h"
#include "plan/sample.h"
#include "plan/schedule.h"

namespace airlift::planning {

// Seconds of one worker, per table, in the order of SourceFacts::tables.
struct TableTimes {
  double copy = 0;
  double source_digest = 0;
  double read_back = 0;
  double index = 0;
  double analyze = 0;
  double total() const { return copy + source_digest + read_back + index + analyze; }
};

struct EstimatedPhase {
  std::string name;
  double seconds = 0;
  std::string how;
};

struct Estimate {
  std::vector<TableTimes> tables;
  Schedule load;
  std::vector<EstimatedPhase> phases;
  double total_seconds = 0;
  // For dump and restore: first all is written, then all is read.
  double dump_seconds = 0;
  double restore_seconds = 0;
};

Estimate MakeEstimate(const SourceFacts& facts, const Rates& rates, int jobs);

}  // namespace airlift::planning
