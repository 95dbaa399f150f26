// What must be provisioned: storage, an instance for the load, and WAL that the source keeps meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plan/facts.h"

namespace airlift::planning {

// A version of the target as given: "17" or "17.5". Minor -1: not given.
struct TargetVersion {
  int major = 0;
  int minor = -1;
  std::string Text() const;
};
// Throws Error when the text is no version from 13 on.
TargetVersion ParseTargetVersion(const std::string& text);

struct StoragePlan {
  int64_t stored_bytes = 0;  // tables, TOAST and indexes as they are on the source
  int64_t live_bytes = 0;    // rows freshly written
  int64_t index_bytes = 0;
  int64_t large_object_bytes = 0;
  std::optional<int64_t> growth_per_day;
  int64_t wal_bytes = 0;  // that the target itself keeps
  int64_t provision_bytes = 0;
  int64_t limit_bytes = 0;
  std::string limit_source;
  int64_t largest_table_bytes = 0;
  std::string largest_table;
  std::vector<std::string> problems;  // what does not fit
  std::vector<std::string> notes;
};
StoragePlan PlanStorage(const SourceFacts& facts, ServerKind target_kind, const TargetVersion& version);

struct InstancePlan {
  int vcpus = 0;
  int64_t memory_bytes = 0;
  std::string example_class;
  std::vector<std::string> notes;
};
InstancePlan PlanInstance(const SourceFacts& facts, int jobs, ServerKind target_kind);

enum class Answer { kYes, kNo, kUnknown };
const char* AnswerName(Answer answer);  // "yes", "no", "cannot be seen from SQL"

struct WalPlan {
  double bytes_per_second = 0;
  bool is_known = false;
  double seconds = 0;  // for which the source must keep it
  int64_t retained_bytes = 0;
  int64_t retained_with_margin = 0;           // twice as long
  Answer slot_limit_allows = Answer::kYes;    // max_slot_wal_keep_size
  Answer idle_timeout_allows = Answer::kYes;  // idle_replication_slot_timeout, 18 and later
  Answer disk_allows = Answer::kUnknown;
  std::vector<std::string> notes;
};
WalPlan PlanWal(const SourceFacts& facts, double seconds);

}  // namespace airlift::planning
