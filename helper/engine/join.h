// Taking part in a load that another process drives.
#pragma once

#include <cstdint>
#include <optional>

#include "pg/connection.h"
#include "preflight/move_options.h"
#include "progress/progress.h"

namespace airlift {

// Held by the driver of a load as long as others may take its tasks: from the plan, or from what a resumed run has made
// of the former one's, to the last task.
class OpenLoad {
 public:
  explicit OpenLoad(Connection& target);
  ~OpenLoad();
  OpenLoad(const OpenLoad&) = delete;
  OpenLoad& operator=(const OpenLoad&) = delete;

 private:
  Connection& target_;
};
bool LoadIsOpen(Connection& target);

// Works on the load in progress on the target until every task is done; the number of tasks done here, or nullopt where
// there is no load. `options`: connections, jobs and compression count.
std::optional<int64_t> JoinLoad(const MoveOptions& options, Progress& progress);

}  // namespace airlift
