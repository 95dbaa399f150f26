// The values of a load's settings, and the steps that set them and put back what was there.
#include <gmock/gmock.h>

#include <set>

#include "settings/load_memory.h"
#include "settings/load_settings.h"
#include "tune/tune_output.h"
#include "tune/tuning_steps.h"

namespace airlift {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int64_t kMegabyte = int64_t{1} << 20;
constexpr int64_t kGigabyte = int64_t{1} << 30;

// From a small burstable instance to the largest, at every share of shared_buffers, and odd numbers of bytes.
std::vector<ServerMemory> ManyMemories() {
  std::vector<ServerMemory> memories;
  for (const int64_t total : {kGigabyte / 2, kGigabyte, 2 * kGigabyte, 16 * kGigabyte, 777 * kMegabyte + 13,
                              64 * kGigabyte, 1536 * kGigabyte, 24576 * kGigabyte}) {
    for (const int percent : {0, 1, 10, 25, 40, 75, 99, 100, 130}) {
      const int64_t shared_buffers = total / 100 * percent;
      memories.push_back(MemoryOf(total, shared_buffers, false));
      memories.push_back(MemoryOf(0, shared_buffers, false));
      memories.push_back(MemoryOf(0, shared_buffers, true));
    }
  }
  return memories;
}

TEST(LoadMemory, IndexBuildsTogetherNeverTakeMoreThanTheMemory) {
  for (const ServerMemory& memory : ManyMemories()) {
    for (int jobs = 1; jobs <= 256; ++jobs) {
      for (const int64_t now : {int64_t{0}, kMegabyte, 64 * kMegabyte, 3 * kGigabyte + 7}) {
        const int64_t each = MaintenanceWorkMem(memory, jobs, now);
        ASSERT_LE(each * jobs, memory.total)
            << memory.total << " " << memory.shared_buffers << " " << jobs << " " << now;
        ASSERT_TRUE(each == 0 || each >= kMegabyte);
        ASSERT_EQ(each % 1024, 0);
        if (memory.is_given) {
          ASSERT_LE(each, 2 * kGigabyte);
        }
      }
    }
  }
}

TEST(LoadMemory, ASureMemoryLeavesTheSharedBuffersAlone) {
  for (const ServerMemory& memory : ManyMemories())
    for (int jobs = 1; memory.is_given && jobs <= 256; ++jobs)
      ASSERT_LE(MaintenanceWorkMem(memory, jobs, 0) * jobs, std::max<int64_t>(0, memory.total - memory.shared_buffers));
}

TEST(LoadMemory, MoreJobsGetLessEach) {
  for (const ServerMemory& memory : ManyMemories())
    for (int jobs = 2; jobs <= 256; ++jobs)
      ASSERT_LE(MaintenanceWorkMem(memory, jobs, 0), MaintenanceWorkMem(memory, jobs - 1, 0));
}

TEST(LoadMemory, AGuessLowersNothingThatFits) {
  const ServerMemory guess = MemoryOf(0, 128 * kMegabyte, false);
  EXPECT_EQ(MaintenanceWorkMem(guess, 2, 64 * kMegabyte), 64 * kMegabyte);
  EXPECT_EQ(MaintenanceWorkMem(guess, 2, 200 * kMegabyte), 200 * kMegabyte);
  EXPECT_EQ(MaintenanceWorkMem(guess, 16, 64 * kMegabyte), 32 * kMegabyte) << "jobs times this would not fit";
}

TEST(LoadMemory, SharesAsExpected) {
  EXPECT_EQ(MaintenanceWorkMem(MemoryOf(16 * kGigabyte, 4 * kGigabyte, false), 4, 64 * kMegabyte), 1536 * kMegabyte);
  EXPECT_EQ(MaintenanceWorkMem(MemoryOf(0, 4 * kGigabyte, false), 4, 64 * kMegabyte), 512 * kMegabyte);
  // Three quarters of Aurora's memory are shared buffers: a quarter is left, half of which is taken.
  EXPECT_EQ(MemoryOf(0, 24 * kGigabyte, true).total, 32 * kGigabyte);
  EXPECT_EQ(MaintenanceWorkMem(MemoryOf(0, 24 * kGigabyte, true), 4, 64 * kMegabyte), kGigabyte);
  EXPECT_EQ(MaintenanceWorkMem(ServerMemory(), 4, 64 * kMegabyte), 0);
}

TEST(LoadMemory, ParallelWorkersAreSharedOut) {
  for (int workers = 1; workers <= 128; ++workers) {
    for (int jobs = 1; jobs <= 64; ++jobs) {
      for (int most = 1; most <= 16; ++most) {
        const int each = ParallelMaintenanceWorkers(workers, jobs, most);
        ASSERT_GE(each, 1);
        ASSERT_LE(each, most);
        ASSERT_TRUE(each == 1 || each * jobs <= workers);
      }
    }
  }
}

TEST(LoadSettings, EveryRowHasAReasonWithItsSourceAndNoneRisksTheCluster) {
  std::set<std::string> names;
  LoadSettingInputs inputs;
  inputs.memory = MemoryOf(16 * kGigabyte, 4 * kGigabyte, false);
  for (const LoadSetting& setting : LoadSettings()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_STRNE(setting.purpose, "") << setting.name;
    EXPECT_STRNE(setting.source, "") << setting.name;
    EXPECT_NE(setting.value(inputs), "") << setting.name;
  }
  EXPECT_FALSE(names.contains("fsync"));
  EXPECT_FALSE(names.contains("full_page_writes"));
}

TEST(LoadSettings, WhatSilencesForeignKeysIsNeverStored) {
  for (const LoadSetting& setting : LoadSettings()) {
    if (std::string_view(setting.name) == "session_replication_role") {
      EXPECT_EQ(setting.level, SettingLevel::kSession);
    }
  }
}

TEST(TuningSteps, PutBackWhatWasThereOrNothing) {
  const RoleInDatabase where{"mas\"ter", "sh'op"};
  const Step fresh = SettingStep(where, "maintenance_work_mem", "65536kB", {});
  EXPECT_EQ(fresh.sql, "ALTER ROLE \"mas\"\"ter\" IN DATABASE \"sh'op\" SET \"maintenance_work_mem\" TO '65536kB'");
  EXPECT_EQ(fresh.undo_sql, "ALTER ROLE \"mas\"\"ter\" IN DATABASE \"sh'op\" RESET \"maintenance_work_mem\"");
  EXPECT_TRUE(IsTuning(fresh));
  const Step changed = SettingStep(where, "maintenance_work_mem", "65536kB", "77 'MB'");
  EXPECT_EQ(changed.undo_sql,
            "ALTER ROLE \"mas\"\"ter\" IN DATABASE \"sh'op\" SET \"maintenance_work_mem\" TO '77 ''MB'''");
}

TEST(TuningSteps, TablesGetBackTheirOwnWord) {
  TunableTable table{"a.b", "c\"d", {}, true};
  EXPECT_FALSE(table.IsAtRest());
  EXPECT_EQ(TableStep(kTuneTables, table).undo_sql, "ALTER TABLE \"a.b\".\"c\"\"d\" RESET (autovacuum_enabled)");
  table.autovacuum = "yes";
  EXPECT_FALSE(table.IsAtRest());
  EXPECT_EQ(TableStep(kTuneTables, table).undo_sql, "ALTER TABLE \"a.b\".\"c\"\"d\" SET (autovacuum_enabled = 'yes')");
  for (const char* off : {"off", "false", "0", "no"}) {
    table.autovacuum = off;
    EXPECT_TRUE(table.IsAtRest()) << off;
  }
}

TEST(TuningSteps, NamesThatSpellAlikeAreToldApart) {
  const TunableTable one{"a", "b.c", {}, true}, other{"a.b", "c", {}, true};
  EXPECT_NE(TableStep(kTuneTables, one).key, TableStep(kTuneTables, other).key);
}

TEST(StandingTuning, IsToldInWords) {
  StandingTuning standing{1, 1, "2026-01-01T00:00:00Z"};
  EXPECT_EQ(standing.Describe(),
            "1 setting of the migrating role and autovacuum off for 1 table, since 2026-01-01T00:00:00Z");
  standing.settings = 0;
  standing.tables = 12;
  EXPECT_EQ(standing.Describe(), "autovacuum off for 12 tables, since 2026-01-01T00:00:00Z");
}

TuneResult OnAurora() {
  TuneResult result;
  result.kind = planning::ServerKind::kAurora;
  result.inputs.target_kind = result.kind;
  result.inputs.group = "writers";
  result.inputs.cluster_group = "whole";
  result.inputs.instance = "db-1";
  result.inputs.with_replication = true;
  result.advice = planning::AdviseParameters(result.inputs);
  return result;
}

TEST(TuneOutput, AuroraHasCommandsForBothGroups) {
  const std::string text = TuneText(OnAurora());
  EXPECT_THAT(text, HasSubstr("aws rds modify-db-cluster-parameter-group --db-cluster-parameter-group-name whole "));
  EXPECT_THAT(text, HasSubstr("ParameterName=rds.logical_replication,ParameterValue=1,ApplyMethod=pending-reboot"));
  EXPECT_THAT(text, Not(HasSubstr("max_wal_size"))) << "Aurora has no such parameter";
}

TEST(TuneOutput, OtherServicesHaveNoAwsCommands) {
  TuneResult result = OnAurora();
  result.kind = planning::ServerKind::kOtherManaged;
  EXPECT_THAT(TuneText(result), Not(HasSubstr("aws rds")));
}

}  // namespace
}  // namespace airlift
