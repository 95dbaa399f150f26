// What a plan concludes from facts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plan/capacity.h"
#include "plan/estimate.h"
#include "plan/parameters.h"
#include "plan/schedule.h"
#include "plan/strategy.h"
#include "plan/trial.h"

namespace airlift::planning {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr int64_t kGigabyte = int64_t{1} << 30;
constexpr int64_t kTebibyte = int64_t{1} << 40;

TableFacts Table(uint32_t oid, const std::string& name, int64_t bytes, std::vector<uint32_t> references = {}) {
  TableFacts table;
  table.relation.oid = oid;
  table.relation.schema = "s";
  table.relation.name = name;
  table.relation.columns = {{"a", false, true, "", false}};
  table.relation.stored = {{oid, "s", name, bytes / 8192, bytes}};
  table.relation.estimated_rows = static_cast<double>(bytes) / 100;
  table.live_bytes = bytes;
  table.references = std::move(references);
  table.foreign_keys = static_cast<int>(table.references.size());
  return table;
}

SourceFacts Source(int64_t bytes = kGigabyte) {
  SourceFacts facts;
  facts.version = 150020;
  facts.database_bytes = bytes;
  facts.user_is_superuser = true;
  facts.tables = {Table(1, "t", bytes)};
  facts.settings = {{"wal_level", "logical", "", "replica", "configuration file", "postmaster"}};
  return facts;
}

Rates AssumedRates() {
  Rates rates;
  FillRates(rates, false, true);
  return rates;
}

std::string ChosenWay(const SourceFacts& facts, std::optional<double> max_downtime, ServerKind kind = ServerKind::kRds,
                      int target_major = 0) {
  const Estimate estimate = MakeEstimate(facts, AssumedRates(), 2);
  StrategyInputs inputs{.source = facts, .estimate = estimate};
  inputs.max_downtime = max_downtime;
  inputs.target_kind = kind;
  inputs.target_major = target_major;
  const auto verdicts = DecideStrategy(inputs);
  const StrategyVerdict* chosen = Chosen(verdicts);
  return chosen == nullptr ? "" : chosen->name;
}

TEST(Strategy, WithoutALimitTheStreamedLoadIsTheSimplest) {
  EXPECT_EQ(ChosenWay(Source(), std::nullopt), "streamed-load");
}

TEST(Strategy, ALimitThatTheLoadKeepsChangesNothing) { EXPECT_EQ(ChosenWay(Source(), 3600), "streamed-load"); }

TEST(Strategy, AShorterLimitNeedsReplication) {
  EXPECT_EQ(ChosenWay(Source(500 * kGigabyte), 300), "load-and-replication");
}

TEST(Strategy, ALimitBelowACutoverLeavesNothing) { EXPECT_EQ(ChosenWay(Source(500 * kGigabyte), 5), ""); }

TEST(Strategy, FromRdsToAuroraOfTheSameMajorStorageCopiesItself) {
  SourceFacts rds = Source(500 * kGigabyte);
  rds.kind = ServerKind::kRds;
  EXPECT_EQ(ChosenWay(rds, 600, ServerKind::kAurora, 15), "aurora-read-replica");
  EXPECT_EQ(ChosenWay(rds, 600, ServerKind::kAurora, 17), "load-and-replication");
  EXPECT_EQ(ChosenWay(rds, 600, ServerKind::kRds, 15), "load-and-replication");
}

TEST(Strategy, AnOlderTargetRulesEverythingOut) {
  EXPECT_EQ(ChosenWay(Source(), std::nullopt, ServerKind::kRds, 14), "");
}

TEST(Strategy, AStandbyBefore16CannotBeReplicatedFrom) {
  SourceFacts standby = Source(500 * kGigabyte);
  standby.is_standby = true;
  EXPECT_EQ(ChosenWay(standby, 300), "");
  standby.version = 160000;
  EXPECT_EQ(ChosenWay(standby, 300), "load-and-replication");
}

std::vector<std::string> TextsFor(const SourceFacts& facts, Way way, Effect effect) {
  const Estimate estimate = MakeEstimate(facts, AssumedRates(), 2);
  const StrategyInputs inputs{.source = facts, .estimate = estimate};
  for (const StrategyVerdict& verdict : DecideStrategy(inputs))
    if (verdict.way == way) return verdict.Texts(effect);
  return {};
}

TEST(Strategy, WhatReplicationNeedsFirstIsNamed) {
  SourceFacts facts = Source();
  EXPECT_THAT(TextsFor(facts, Way::kLoadAndReplication, Effect::kPrepare), IsEmpty());
  facts.settings[0].value = "replica";
  facts.tables[0].identity = Identity::kNone;
  facts.tables[0].updated = 1;
  facts.tables[0].is_unlogged = true;
  facts.large_objects = 3;
  const auto texts = TextsFor(facts, Way::kLoadAndReplication, Effect::kPrepare);
  EXPECT_THAT(texts, ElementsAre(HasSubstr("wal_level"), HasSubstr("no replica identity"), HasSubstr("unlogged"),
                                 HasSubstr("large objects")));
}

TEST(Strategy, DmsSaysWhatItLoses) {
  SourceFacts facts = Source();
  facts.views = 4;
  EXPECT_THAT(TextsFor(facts, Way::kDms, Effect::kLoses), ::testing::Contains(HasSubstr("4 views")));
  facts.user_is_superuser = false;
  EXPECT_THAT(TextsFor(facts, Way::kDms, Effect::kRejects), ElementsAre(HasSubstr("superuser")));
}

TEST(Strategy, EveryWayIsAnswered) {
  const SourceFacts facts = Source();
  const Estimate estimate = MakeEstimate(facts, AssumedRates(), 2);
  const auto verdicts = DecideStrategy({.source = facts, .estimate = estimate});
  EXPECT_EQ(verdicts.size(), 9U);
  for (const StrategyVerdict& verdict : verdicts) {
    EXPECT_FALSE(verdict.road.empty());
    EXPECT_EQ(verdict.is_rejected, !verdict.Texts(Effect::kRejects).empty()) << verdict.name;
  }
}

TEST(Schedule, WorkersShareTasksAndDependentsWait) {
  std::vector<ScheduledTask> tasks(4);
  tasks[0] = {"copy", 0, "copy a", 60, 10, 4, false, true};
  tasks[1] = {"copy", 1, "copy b", 60, 5, 1, false, true};
  tasks[2] = {"index", 0, "index a", 30, 10, 2, true, false};
  tasks[3] = {"index", 1, "index b", 30, 5, 1, true, false};
  const Schedule two = Simulate(tasks, 2);
  EXPECT_DOUBLE_EQ(two.seconds, 6);
  EXPECT_THAT(two.critical_path, ElementsAre(0U, 2U));
  const Schedule one = Simulate(tasks, 1);
  EXPECT_DOUBLE_EQ(one.seconds, 8);
  EXPECT_EQ(one.critical_path.size(), 4U);
  EXPECT_DOUBLE_EQ(Simulate({}, 3).seconds, 0);
}

TEST(Schedule, AWorkerThatIdlesWaitsForTheLastCopyOfItsTable) {
  std::vector<ScheduledTask> tasks(3);
  tasks[0] = {"copy", 0, "part 1", 60, 5, 3, false, true};
  tasks[1] = {"copy", 0, "part 2", 60, 5, 1, false, true};
  tasks[2] = {"index", 0, "index", 30, 5, 1, true, false};
  const Schedule schedule = Simulate(tasks, 2);
  EXPECT_DOUBLE_EQ(schedule.tasks[2].begin, 3);
  EXPECT_THAT(schedule.critical_path, ElementsAre(0U, 2U));
}

TEST(Estimate, MoreJobsAreNotSlowerAndLessEfficiencyIsNotFaster) {
  SourceFacts facts = Source(10 * kGigabyte);
  facts.tables.push_back(Table(2, "u", 10 * kGigabyte));
  Rates rates = AssumedRates();
  const double one = MakeEstimate(facts, rates, 1).total_seconds;
  const double two = MakeEstimate(facts, rates, 2).total_seconds;
  EXPECT_LT(two, one);
  rates.efficiency = 0.5;
  EXPECT_GT(MakeEstimate(facts, rates, 2).total_seconds, two);
}

TEST(Capacity, LimitsOfAuroraGoByMinorVersion) {
  const SourceFacts facts = Source(100 * kTebibyte);
  EXPECT_THAT(PlanStorage(facts, ServerKind::kRds, {17, 5}).problems, Not(IsEmpty()));
  EXPECT_EQ(PlanStorage(facts, ServerKind::kAurora, {17, 5}).limit_bytes, 256 * kTebibyte);
  EXPECT_EQ(PlanStorage(facts, ServerKind::kAurora, {17, 4}).limit_bytes, 128 * kTebibyte);
  EXPECT_EQ(PlanStorage(facts, ServerKind::kAurora, {16, 9}).limit_bytes, 256 * kTebibyte);
  EXPECT_EQ(PlanStorage(facts, ServerKind::kAurora, {14, 20}).limit_bytes, 128 * kTebibyte);
  EXPECT_THAT(PlanStorage(Source(), ServerKind::kRds, {17, 5}).problems, IsEmpty());
}

TEST(Capacity, GrowthCountsWhatStaysAndNeedsTime) {
  SourceFacts facts = Source(1000 * 100);
  facts.tables[0].inserted = 300;
  facts.tables[0].deleted = 100;
  EXPECT_FALSE(facts.growth_per_day());
  facts.statistics_days = 2;
  EXPECT_EQ(*facts.growth_per_day(), 100 * 100);
}

TEST(Capacity, ASlotThatWouldBeLostIsTold) {
  SourceFacts facts = Source();
  facts.wal.measured_bytes_per_second = 10e6;
  EXPECT_EQ(PlanWal(facts, 3600).slot_limit_allows, Answer::kYes);
  facts.settings.push_back({"max_slot_wal_keep_size", "1024", "MB", "-1", "configuration file", "sighup"});
  EXPECT_EQ(PlanWal(facts, 3600).slot_limit_allows, Answer::kNo);
  facts.version = 180000;
  facts.settings.push_back({"idle_replication_slot_timeout", "10", "min", "0", "configuration file", "sighup"});
  EXPECT_EQ(PlanWal(facts, 3600).idle_timeout_allows, Answer::kNo);
  EXPECT_EQ(PlanWal(facts, 60).idle_timeout_allows, Answer::kYes);
}

TargetFacts Target() {
  TargetFacts target;
  target.version = 150020;
  target.settings = {{"max_wal_size", "2048", "MB", "1024", "configuration file", "sighup"},
                     {"synchronous_commit", "on", "", "on", "default", "user"},
                     {"autovacuum", "on", "", "on", "default", "sighup"}};
  return target;
}

std::string Joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

TEST(Parameters, ThePreviousValueComesBackNotTheDefault) {
  const TargetFacts target = Target();
  ParameterInputs inputs;
  inputs.target = &target;
  inputs.memory = {16 * kGigabyte, 4 * kGigabyte, true};
  inputs.group = "g";
  inputs.instance = "i";
  const auto advice = AdviseParameters(inputs);
  EXPECT_THAT(Joined(ParameterCommands(advice, inputs, false)),
              HasSubstr("ParameterName=max_wal_size,ParameterValue=16384,ApplyMethod=immediate"));
  const std::string undo = Joined(ParameterCommands(advice, inputs, true));
  EXPECT_THAT(undo, HasSubstr("ParameterName=max_wal_size,ParameterValue=2048,"));
  EXPECT_THAT(undo, HasSubstr("ParameterName=autovacuum,ParameterValue=1,"));
  EXPECT_THAT(SessionStatements(advice, false), ElementsAre("SET synchronous_commit = 'off';"));
  EXPECT_THAT(SessionStatements(advice, true), ElementsAre("RESET synchronous_commit;"));
}

TEST(Parameters, WhatIsHighEnoughIsNotLowered) {
  TargetFacts target = Target();
  target.settings.push_back({"max_worker_processes", "64", "", "8", "configuration file", "postmaster"});
  target.settings.push_back({"max_replication_slots", "10", "", "10", "default", "postmaster"});
  ParameterInputs inputs;
  inputs.target = &target;
  inputs.with_replication = true;
  inputs.group = "g";
  inputs.instance = "i";
  const std::string commands = Joined(ParameterCommands(AdviseParameters(inputs), inputs, false));
  EXPECT_THAT(commands, Not(HasSubstr("max_worker_processes")));
  EXPECT_THAT(commands, HasSubstr("ParameterName=max_replication_slots,ParameterValue=20,ApplyMethod=pending-reboot"));
}

TEST(Parameters, WithoutATargetTheCommandsAskFirst) {
  ParameterInputs inputs;
  inputs.group = "g";
  inputs.instance = "i";
  const auto commands = ParameterCommands(AdviseParameters(inputs), inputs, false);
  EXPECT_THAT(Joined(commands), HasSubstr("aws rds describe-db-parameters"));
}

TEST(Parameters, AuroraHasAClusterGroupAndNoCheckpoints) {
  ParameterInputs inputs;
  inputs.target_kind = ServerKind::kAurora;
  inputs.with_replication = true;
  inputs.group = "g";
  inputs.instance = "i";
  const std::string commands = Joined(ParameterCommands(AdviseParameters(inputs), inputs, false));
  EXPECT_THAT(commands, HasSubstr("modify-db-cluster-parameter-group --db-cluster-parameter-group-name g-cluster"));
  EXPECT_THAT(commands, HasSubstr("rds.logical_replication,ParameterValue=1,ApplyMethod=pending-reboot"));
  EXPECT_THAT(commands, HasSubstr("reboot-db-instance"));
  EXPECT_THAT(commands, Not(HasSubstr("max_wal_size")));
}

TEST(Trial, IsTheSmallestSetThatForeignKeysKeepTogether) {
  const std::vector<TableFacts> tables = {Table(1, "a", 1000), Table(2, "b", 2000, {1}), Table(3, "c", 500),
                                          Table(4, "d", 90000, {2})};
  const Trial trial = PlanTrial(tables, "src", "dst");
  EXPECT_THAT(trial.tables, ElementsAre(0U, 1U));
  EXPECT_EQ(trial.bytes, 3000);
  EXPECT_FALSE(trial.commands.empty());
}

TEST(Trial, CyclesAndSelfReferencesEnd) {
  EXPECT_EQ(PlanTrial({Table(1, "a", 1000, {2}), Table(2, "b", 1000, {1})}, "s", "t").tables.size(), 2U);
  EXPECT_EQ(PlanTrial({Table(1, "a", 1000, {1})}, "s", "t").tables.size(), 1U);
  EXPECT_TRUE(PlanTrial({}, "s", "t").tables.empty());
  EXPECT_TRUE(PlanTrial({Table(1, "a", 1000, {9})}, "s", "t").tables.empty()) << "what it needs is not in the plan";
}

TEST(Trial, AHostileNameStaysOneWordOfTheCommand) {
  const Trial trial = PlanTrial({Table(1, "x'; rm -rf / #\n\"", 1000)}, "s", "t");
  for (const std::string& command : trial.commands) EXPECT_EQ(command.find('\n'), std::string::npos);
  EXPECT_THAT(trial.commands[1], HasSubstr("--table=$'\"s\".\"x\\'; rm -rf / #\\x0a\"\"\"'"));
}

TEST(Fallback, SpeaksOfEveryoneWhateverTheWay) {
  EXPECT_FALSE(PlanFallback(nullptr).empty());
  for (const FallbackStep& step : PlanFallback(nullptr)) EXPECT_FALSE(step.who.empty() || step.how.empty());
}

}  // namespace
}  // namespace airlift::planning
