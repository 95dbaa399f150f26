// Work for several threads with connections of their own to both sides, largest first.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace airlift {

// Connections of one thread, opened when first used, in a read-only transaction under the snapshot given for that side.
class ReadOnlyPair {
 public:
  struct Snapshots {
    std::string source;
    std::string target;
  };
  ReadOnlyPair(const ConnInfo& source, const ConnInfo& target, const Snapshots& snapshots)
      : source_info_(source), target_info_(target), snapshots_(snapshots) {}

  Connection& Get(Side side);
  // After an error: the next Get starts a new transaction.
  void Reset(Side side);

 private:
  ConnInfo source_info_;
  ConnInfo target_info_;
  Snapshots snapshots_;
  std::unique_ptr<Connection> connections_[2];
};

struct Job {
  int64_t weight = 0;
  std::function<void(ReadOnlyPair&)> run;
};

// Runs all jobs on `threads` threads. The first exception stops the taking of jobs and is thrown again.
void RunJobs(std::vector<Job> jobs, int threads, const ConnInfo& source, const ConnInfo& target,
             const ReadOnlyPair::Snapshots& snapshots);

}  // namespace airlift
