// Digests of tables and large objects under one snapshot, as jobs next to others.
#pragma once

#include <atomic>
#include <mutex>
#include <vector>

#include "archive/manifest.h"
#include "compare/jobs.h"
#include "progress/progress.h"

namespace airlift {

class SnapshotDigests {
 public:
  // By the extension where `source` has it and no expression of a mapping is to be digested, else from streams. Once
  // `give_up` is true, jobs do nothing.
  SnapshotDigests(Connection& source, std::vector<Relation> relations, Progress& progress,
                  const std::atomic<bool>& give_up);

  void AddLargeObjects(Connection& source);

  // They refer to this object.
  std::vector<Job> TakeJobs() { return std::move(jobs_); }
  // Once the jobs are done.
  std::vector<ManifestTable> TakeTables() { return std::move(tables_); }
  const TableDigest& large_objects() const { return large_objects_; }

 private:
  void AddTable(ManifestTable& table);
  template <typename Work>
  void Add(const char* label, int64_t weight, Work work);

  Progress& progress_;
  const std::atomic<bool>& give_up_;
  const bool has_extension_;
  std::vector<ManifestTable> tables_;
  TableDigest large_objects_;
  std::vector<Job> jobs_;
  std::mutex mutex_;
};

}  // namespace airlift
