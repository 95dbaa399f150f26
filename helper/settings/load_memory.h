// How much memory the target has, and what each index build of a load may take of it.
#pragma once

#include <cstdint>

namespace airlift {

struct ServerMemory {
  int64_t total = 0;  // bytes; 0 where nothing is known
  int64_t shared_buffers = 0;
  bool is_given = false;  // by somebody who knows the instance; else told from shared_buffers
};

// `given` 0: not known. RDS gives shared_buffers a quarter of the memory, Aurora three quarters.
ServerMemory MemoryOf(int64_t given, int64_t shared_buffers, bool is_aurora);

// What all index builds of a load may take together: half of what the shared buffers leave, and no more than half of
// the shared buffers where the memory is a guess.
int64_t IndexBuildBytes(const ServerMemory& memory);

// maintenance_work_mem for one of `jobs` index builds at once, in whole kB: never more than memory over jobs, and at
// most 2 GB beyond what is set now. A guess of the memory does not lower `now` otherwise. 0: leave it as it is (nothing
// is known, or the share is below what the server takes). Parallel workers of one build share this amount.
int64_t MaintenanceWorkMem(const ServerMemory& memory, int jobs, int64_t now);

// max_parallel_maintenance_workers for one of `jobs` builds: their share of max_parallel_workers (0: not known), at
// most `most` and at least 1.
int ParallelMaintenanceWorkers(int max_parallel_workers, int jobs, int most);

}  // namespace airlift
