#include "plan/capacity.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/format.h"

namespace airlift::planning {

namespace {

constexpr int64_t kTebibyte = int64_t{1} << 40;
constexpr int64_t kGibibyte = int64_t{1} << 30;
constexpr int64_t kTableLimit = 32 * kTebibyte;  // 2^32 blocks of 8 kB
constexpr double kTableWarning = 0.8;
constexpr double kHeadroom = 1.2;
constexpr int kDaysOfGrowth = 90;
constexpr int64_t kSmallestRdsStorage = 20 * kGibibyte;
constexpr int64_t kTargetWal = 8 * kGibibyte;  // max_wal_size during the load, and what archiving has not taken yet
constexpr int kIdleSlotTimeoutSince = 18;

// Storage limits: RDS user guide, storage; Aurora user guide, quotas. An Aurora of an earlier minor has the smaller
// one.
constexpr int64_t kRdsLimit = 64 * kTebibyte;
constexpr int64_t kAuroraLimit = 256 * kTebibyte;
constexpr int64_t kAuroraLimitBefore = 128 * kTebibyte;
constexpr struct {
  int major;
  int minor;
} kAuroraLargeSince[] = {{15, 13}, {16, 9}, {17, 5}};

bool AuroraIsLarge(const TargetVersion& version) {
  for (const auto& since : kAuroraLargeSince)
    if (version.major == since.major) return version.minor < 0 || version.minor >= since.minor;
  return version.major > 17 || version.major == 0;
}

// Memory-optimised classes, for hints.
constexpr struct {
  const char* name;
  int vcpus;
  int gibibytes;
} kClasses[] = {{"db.r7g.large", 2, 16},     {"db.r7g.xlarge", 4, 32},    {"db.r7g.2xlarge", 8, 64},
                {"db.r7g.4xlarge", 16, 128}, {"db.r7g.8xlarge", 32, 256}, {"db.r7g.16xlarge", 64, 512}};

int64_t RoundUp(int64_t bytes, int64_t unit) { return (bytes + unit - 1) / unit * unit; }

void SetLimit(StoragePlan& plan, ServerKind kind, const TargetVersion& version) {
  if (kind == ServerKind::kAurora) {
    plan.limit_bytes = AuroraIsLarge(version) ? kAuroraLimit : kAuroraLimitBefore;
    plan.limit_source = "Aurora: 256 TiB from 17.5, 16.9 and 15.13 on, 128 TiB before";
    if (version.major > 0 && version.minor < 0)
      plan.notes.push_back("the newest minor version is assumed for Aurora's storage limit");
  } else if (kind == ServerKind::kRds) {
    plan.limit_bytes = kRdsLimit;
    plan.limit_source = "RDS for PostgreSQL: 64 TiB an instance";
  }
}

void FindLargestTable(const SourceFacts& facts, StoragePlan& plan) {
  for (const TableFacts& table : facts.tables) {
    for (const StoredTable& part : table.relation.stored) {
      if (part.bytes <= plan.largest_table_bytes) continue;
      plan.largest_table_bytes = part.bytes;
      plan.largest_table = table.name();
    }
  }
  const auto bytes = static_cast<double>(plan.largest_table_bytes);
  if (bytes > kTableWarning * static_cast<double>(kTableLimit))
    plan.problems.push_back(fmt::format("{} holds {} of the 32 TiB that a table can: partition it", plan.largest_table,
                                        FormatBytes(plan.largest_table_bytes)));
}

void ExplainStorage(const SourceFacts& facts, ServerKind kind, StoragePlan& plan) {
  if (plan.limit_bytes > 0 && plan.provision_bytes > plan.limit_bytes)
    plan.problems.push_back(fmt::format("{} are needed, the limit is {} ({})", FormatBytes(plan.provision_bytes),
                                        FormatBytes(plan.limit_bytes), plan.limit_source));
  if (plan.growth_per_day) {
    plan.notes.push_back(fmt::format("growth: at least {} a day, from rows inserted less rows deleted since {}",
                                     FormatBytes(*plan.growth_per_day), facts.statistics_since));
  } else {
    plan.notes.push_back("growth is not known: the server's statistics do not reach back far enough");
  }
  if (kind == ServerKind::kAurora)
    plan.notes.push_back(
        "Aurora's storage grows by itself: nothing is to be provisioned. Index builds use the "
        "instance's local disk: choose a class with room for the largest sort");
  plan.notes.push_back("indexes are counted at the size they have on the source; built anew they are seldom larger");
}

std::optional<int64_t> SlotLimit(const SourceFacts& facts) {
  const int64_t megabytes = SettingNumber(facts.settings, "max_slot_wal_keep_size", -1);
  if (megabytes < 0) return std::nullopt;
  return megabytes << 20;
}

void CheckIdleTimeout(const SourceFacts& facts, WalPlan& plan) {
  if (facts.major() < kIdleSlotTimeoutSince) return;
  const Setting* setting = FindSetting(facts.settings, "idle_replication_slot_timeout");
  if (setting == nullptr) return;
  const int64_t seconds = SettingNumber(facts.settings, setting->name, 0) * (setting->unit == "min" ? 60 : 1);
  if (seconds == 0 || static_cast<double>(seconds) > plan.seconds) return;
  plan.idle_timeout_allows = Answer::kNo;
  plan.notes.push_back(
      fmt::format("idle_replication_slot_timeout is {}: the slot, idle during the load, would be "
                  "invalidated; set it to 0 until the cutover",
                  FormatSeconds(static_cast<double>(seconds))));
}

}  // namespace

std::string TargetVersion::Text() const {
  if (major == 0) return {};
  return minor < 0 ? std::to_string(major) : fmt::format("{}.{}", major, minor);
}

TargetVersion ParseTargetVersion(const std::string& text) {
  TargetVersion version;
  const char* end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, version.major);
  bool valid = error == std::errc() && version.major >= 13 && version.major <= 99;
  if (valid && at != end) {
    const auto minor = std::from_chars(at + 1, end, version.minor);
    valid = *at == '.' && minor.ec == std::errc() && minor.ptr == end && version.minor >= 0;
  }
  if (!valid)
    throw Error("\"" + text + "\" is not a version of the target", {}, "Give the major version or both: 17 or 17.5.");
  return version;
}

StoragePlan PlanStorage(const SourceFacts& facts, ServerKind target_kind, const TargetVersion& version) {
  StoragePlan plan;
  plan.index_bytes = facts.index_bytes();
  plan.stored_bytes = facts.table_bytes() + plan.index_bytes;
  plan.live_bytes = facts.live_bytes();
  plan.large_object_bytes = facts.large_object_bytes;
  plan.growth_per_day = facts.growth_per_day();
  plan.wal_bytes = target_kind == ServerKind::kAurora ? 0 : kTargetWal;
  const double data = static_cast<double>(plan.live_bytes + plan.index_bytes + plan.large_object_bytes) * kHeadroom;
  plan.provision_bytes =
      RoundUp(static_cast<int64_t>(data) + plan.growth_per_day.value_or(0) * kDaysOfGrowth + plan.wal_bytes, kGibibyte);
  if (target_kind == ServerKind::kRds) plan.provision_bytes = std::max(plan.provision_bytes, kSmallestRdsStorage);
  plan.notes.push_back(fmt::format("live rows and indexes with a fifth to spare, {} days of growth{}", kDaysOfGrowth,
                                   plan.wal_bytes > 0 ? ", " + FormatBytes(plan.wal_bytes) + " for WAL" : ""));
  SetLimit(plan, target_kind, version);
  FindLargestTable(facts, plan);
  ExplainStorage(facts, target_kind, plan);
  return plan;
}

InstancePlan PlanInstance(const SourceFacts& facts, int jobs, ServerKind target_kind) {
  InstancePlan plan;
  // An index build sorts best when its keys fit: the largest index, once for each job, in half of the memory.
  int64_t largest_index = 0;
  for (const TableFacts& table : facts.tables)
    for (const IndexFacts& index : table.indexes) largest_index = std::max(largest_index, index.bytes);
  const int64_t sort = std::clamp(largest_index, int64_t{256} << 20, 2 * kGibibyte);
  plan.vcpus = jobs;
  plan.memory_bytes = std::max(2 * jobs * sort, 4 * kGibibyte);
  for (const auto& known : kClasses) {
    plan.example_class = known.name;
    if (known.vcpus >= plan.vcpus && known.gibibytes * kGibibyte >= plan.memory_bytes) break;
  }
  plan.notes.push_back(
      fmt::format("{} jobs keep {} vCPU of the target busy; give --jobs as many as the target has", jobs, plan.vcpus));
  plan.notes.push_back("this is for the load; size the instance for the application afterwards");
  if (target_kind == ServerKind::kRds)
    plan.notes.push_back(
        "during the load: --no-multi-az and --backup-retention-period 0, more provisioned IOPS; put "
        "back afterwards and take a snapshot");
  return plan;
}

const char* AnswerName(Answer answer) {
  switch (answer) {
    case Answer::kYes:
      return "yes";
    case Answer::kNo:
      return "no";
    case Answer::kUnknown:
      break;
  }
  return "cannot be seen from SQL";
}

WalPlan PlanWal(const SourceFacts& facts, double seconds) {
  WalPlan plan;
  plan.is_known = facts.wal.measured_bytes_per_second.has_value() || facts.wal.average_bytes_per_second.has_value();
  plan.bytes_per_second = facts.wal.bytes_per_second();
  plan.seconds = seconds;
  plan.retained_bytes = static_cast<int64_t>(plan.bytes_per_second * seconds);
  plan.retained_with_margin = 2 * plan.retained_bytes + kGibibyte;
  if (!plan.is_known) plan.notes.push_back("the source does not tell its WAL position: the WAL rate is not known");
  if (const auto limit = SlotLimit(facts)) {
    plan.slot_limit_allows = *limit >= plan.retained_with_margin ? Answer::kYes : Answer::kNo;
    if (plan.slot_limit_allows == Answer::kNo)
      plan.notes.push_back(
          fmt::format("max_slot_wal_keep_size is {}, the slot would be lost: set it to -1 or {} at least",
                      FormatBytes(*limit), FormatBytes(plan.retained_with_margin)));
  }
  CheckIdleTimeout(facts, plan);
  plan.notes.push_back(fmt::format(
      "free disk beside pg_wal must be {} at least{}: look with df on the source",
      FormatBytes(plan.retained_with_margin),
      facts.wal.directory_bytes ? fmt::format(" (pg_wal holds {} now)", FormatBytes(*facts.wal.directory_bytes)) : ""));
  return plan;
}

}  // namespace airlift::planning
