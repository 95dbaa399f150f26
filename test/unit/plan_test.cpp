#include "tasks/plan.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "queue/task_kind.h"

namespace airlift {
namespace {

constexpr int64_t kMegabyte = int64_t{1} << 20;
constexpr int64_t kGigabyte = int64_t{1} << 30;

Relation Table(const std::string& name, int64_t bytes) {
  Relation relation;
  relation.schema = "s";
  relation.name = name;
  relation.columns = {{"a", false, true, "", false}};
  relation.stored = {{1, "s", name, bytes / 8192, bytes}};
  return relation;
}

std::vector<Task> OfKind(const std::vector<Task>& tasks, const std::string& kind) {
  std::vector<Task> found;
  std::copy_if(tasks.begin(), tasks.end(), std::back_inserter(found),
               [&](const Task& task) { return task.kind == kind; });
  return found;
}

MoveOptions TwoJobs() {
  MoveOptions options;
  options.jobs = 2;
  return options;
}

TEST(PlanTasks, ATableOfItsOwnIsCopiedWholeAndFrozen) {
  const auto copies =
      OfKind(PlanTasks({Table("a", kMegabyte), Table("b", kMegabyte)}, TwoJobs(), {15, true}), kCopyTask);
  ASSERT_EQ(copies.size(), 2U);
  for (const Task& copy : copies) {
    EXPECT_TRUE(RangeFromDetail(copy.detail).IsWhole());
    EXPECT_TRUE(copy.detail.at("freeze").get<bool>());
  }
}

TEST(PlanTasks, ASmallTableIsNotWorthATruncate) {
  for (const Task& copy : OfKind(PlanTasks({Table("a", kWorthTruncating)}, TwoJobs(), {15, true}), kCopyTask))
    EXPECT_FALSE(copy.detail.at("freeze").get<bool>());
}

TEST(PlanTasks, ATableThatWouldBeTheLastIsSplitWithoutFreeze) {
  const auto copies =
      OfKind(PlanTasks({Table("huge", 10 * kGigabyte), Table("b", 1000)}, TwoJobs(), {15, true}), kCopyTask);
  ASSERT_EQ(copies.size(), 5U);
  EXPECT_FALSE(copies[0].detail.at("freeze").get<bool>());
}

TEST(PlanTasks, BeforeVersion14NothingIsSplit) {
  EXPECT_EQ(OfKind(PlanTasks({Table("huge", 10 * kGigabyte)}, TwoJobs(), {13, true}), kCopyTask).size(), 1U);
}

TEST(PlanTasks, SplitSizeIsObeyed) {
  MoveOptions options = TwoJobs();
  options.split_bytes = kGigabyte;
  EXPECT_EQ(OfKind(PlanTasks({Table("huge", 10 * kGigabyte)}, options, {15, true}), kCopyTask).size(), 10U);
}

TEST(PlanTasks, NeverFreezesNorTruncatesWhereOthersMayHaveRows) {
  MoveOptions options = TwoJobs();
  options.into_existing = true;
  for (const Task& copy : OfKind(PlanTasks({Table("a", kMegabyte)}, options, {15, true}), kCopyTask))
    EXPECT_FALSE(copy.detail.at("freeze").get<bool>());
}

TEST(PlanTasks, WithTheExtensionEveryTableHasADigestOfItsOwn) {
  EXPECT_EQ(OfKind(PlanTasks({Table("a", 1000)}, TwoJobs(), {15, true}), kSourceDigestTask).size(), 1U);
}

TEST(PlanTasks, WithoutItTheCopyStreamDoesWhereItIsMadeOfImages) {
  Relation generated = Table("generated", 1000);
  generated.columns.push_back({"g", true, true, "", false});
  Relation text = Table("text", 1000);
  text.columns.push_back({"e", false, false, "f", false});
  const auto digests =
      OfKind(PlanTasks({Table("a", 1000), generated, text}, TwoJobs(), {15, false}), kSourceDigestTask);
  ASSERT_EQ(digests.size(), 2U);
  EXPECT_EQ(digests[0].relation, 1);
  EXPECT_EQ(digests[1].relation, 2);
}

TEST(PlanTasks, WithoutVerificationNothingIsReadBack) {
  MoveOptions options = TwoJobs();
  options.verify = false;
  const auto tasks = PlanTasks({Table("a", 1000)}, options, {15, true});
  EXPECT_TRUE(OfKind(tasks, kReadBackTask).empty());
  EXPECT_TRUE(OfKind(tasks, kSourceDigestTask).empty());
}

TEST(PlanTasks, ATableThatTheTargetLacksHasNoTasks) {
  Relation missing = Table("missing", 1000);
  missing.is_missing_on_target = true;
  EXPECT_TRUE(PlanTasks({missing}, TwoJobs(), {15, true}).empty());
}

TEST(PlanTasks, WhatReadsTheTargetWaitsForTheCopy) {
  for (const Task& task : PlanTasks({Table("a", 1000)}, TwoJobs(), {15, true}))
    EXPECT_EQ(task.waits_for_copy, task.kind == kReadBackTask || task.kind == kAnalyzeTask) << task.kind;
}

TEST(RangeDetail, IsReadAsItIsWritten) {
  const StoredTable table{1, "s\"", "t\n", 10, 10};
  const auto detail = RangeDetail(table, {3, 7});
  EXPECT_EQ(TableFromDetail(detail).oid, 1U);
  EXPECT_EQ(TableFromDetail(detail).schema, "s\"");
  EXPECT_EQ(TableFromDetail(detail).name, "t\n");
  EXPECT_EQ(RangeFromDetail(detail).from, 3);
  EXPECT_EQ(RangeFromDetail(detail).to, 7);
}

}  // namespace
}  // namespace airlift
