#include "settings/load_memory.h"

#include <algorithm>

namespace airlift {

namespace {

constexpr int64_t kMostPerBuild = int64_t{2} << 30;
constexpr int64_t kLeastPerBuild = int64_t{1} << 20;  // what every version of the server takes
constexpr int kUsualParallelWorkers = 8;

}  // namespace

ServerMemory MemoryOf(int64_t given, int64_t shared_buffers, bool is_aurora) {
  if (given > 0) return {given, shared_buffers, true};
  return {is_aurora ? shared_buffers / 3 * 4 : shared_buffers * 4, shared_buffers, false};
}

int64_t IndexBuildBytes(const ServerMemory& memory) {
  const int64_t half = std::max<int64_t>(0, memory.total - memory.shared_buffers) / 2;
  return memory.is_given ? half : std::min(half, memory.shared_buffers / 2);
}

int64_t MaintenanceWorkMem(const ServerMemory& memory, int jobs, int64_t now) {
  if (memory.total <= 0) return 0;
  const int64_t builds = std::max(1, jobs);
  int64_t share = std::min(IndexBuildBytes(memory) / builds, kMostPerBuild);
  if (!memory.is_given) share = std::max(share, now);
  share = std::min(share, memory.total / builds);
  return share < kLeastPerBuild ? 0 : share / 1024 * 1024;
}

int ParallelMaintenanceWorkers(int max_parallel_workers, int jobs, int most) {
  const int workers = max_parallel_workers > 0 ? max_parallel_workers : kUsualParallelWorkers;
  return std::max(1, std::min(workers / std::max(1, jobs), most));
}

}  // namespace airlift
