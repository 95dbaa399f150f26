// What the task queue of a move would do with given workers: the same order of claims, with estimated times.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace airlift::planning {

struct ScheduledTask {
  std::string kind;   // queue/task_kind.h
  int relation = -1;  // -1: none
  std::string what;   // for people
  int priority = 0;
  int64_t weight = 0;
  double seconds = 0;
  bool waits_for_copy = false;  // of its relation
  bool is_copy = false;
  // Filled by Simulate.
  double begin = 0;
  double end = 0;
};

struct Schedule {
  std::vector<ScheduledTask> tasks;
  double seconds = 0;
  // Positions in `tasks`: each waited for the one before, by its data or by its worker. The last one ends last.
  std::vector<size_t> critical_path;
};

// `jobs` workers claim the ready task of the highest priority, then of the greatest weight. Throws nothing; `jobs`
// >= 1.
Schedule Simulate(std::vector<ScheduledTask> tasks, int jobs);

}  // namespace airlift::planning
