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
  // Between jobs: now and then a new transaction under the same snapshot, which gives the locks of the tables back, and
  // more rarely a new session, which gives back what the server's process keeps in mind of each table. 200,000 tables
  // read in one transaction would fill the server's lock table.
  void Refresh();
  // After an error: the next Get starts a new transaction.
  void Reset(Side side);

 private:
  ConnInfo source_info_;
  ConnInfo target_info_;
  Snapshots snapshots_;
  std::unique_ptr<Connection> connections_[2];
  int jobs_in_transaction_ = 0;
  int jobs_in_session_ = 0;
};

struct Job {
  int64_t weight = 0;
  std::function<void(ReadOnlyPair&)> run;
};

// Runs all jobs on `threads` threads. The first exception stops the taking of jobs and is thrown again.
void RunJobs(std::vector<Job> jobs, int threads, const ConnInfo& source, const ConnInfo& target,
             const ReadOnlyPair::Snapshots& snapshots);

}  // namespace airlift
