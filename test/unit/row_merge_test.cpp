#include "row_compare/row_merge.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace airlift {
namespace {

using Entries = std::vector<SpooledRow>;

std::vector<std::string> Merged(decltype(MergeByKey) merge, const Entries& source_rows, const Entries& target_rows) {
  RowSpool source, target;
  for (const SpooledRow& row : source_rows) source.Add(row.key, row.payload);
  for (const SpooledRow& row : target_rows) target.Add(row.key, row.payload);
  std::vector<std::string> found;
  merge(*source.Sorted(), *target.Sorted(), [&](const RowDifference& difference) {
    found.push_back(fmt::format("{} {} {}:{} rows {}", DifferenceName(difference.kind), difference.key,
                                difference.source_copies, difference.target_copies, difference.rows()));
  });
  return found;
}

using Lines = std::vector<std::string>;

TEST(MergeByKey, TellsTheThreeKindsApart) {
  EXPECT_EQ(Merged(MergeByKey, {{"c", "1"}, {"a", "1"}, {"b", "1"}}, {{"a", "1"}, {"c", "2"}, {"d", "1"}}),
            (Lines{"missing on target b 1:0 rows 1", "changed c 1:1 rows 1", "extra on target d 0:1 rows 1"}));
}

TEST(MergeByKey, EqualRowsAreNoDifference) {
  EXPECT_EQ(Merged(MergeByKey, {{"a", "1"}, {"", "2"}}, {{"", "2"}, {"a", "1"}}), Lines{});
  EXPECT_EQ(Merged(MergeByKey, {}, {}), Lines{});
}

TEST(MergeByKey, OneSideMayBeEmpty) {
  EXPECT_EQ(Merged(MergeByKey, {{"a", "1"}}, {}), Lines{"missing on target a 1:0 rows 1"});
  EXPECT_EQ(Merged(MergeByKey, {}, {{"a", "1"}}), Lines{"extra on target a 0:1 rows 1"});
}

TEST(MergeByKey, AKeyThatIsThereTwiceCountsTwice) {
  EXPECT_EQ(Merged(MergeByKey, {{"a", "1"}}, {{"a", "1"}, {"a", "1"}}), Lines{"extra on target a 0:1 rows 1"});
  EXPECT_EQ(Merged(MergeByKey, {{"a", "1"}, {"a", "2"}}, {{"a", "3"}}),
            (Lines{"changed a 1:1 rows 1", "missing on target a 1:0 rows 1"}));
}

TEST(MergeByRow, CountsCopies) {
  EXPECT_EQ(Merged(MergeByRow, {{"x", "p1"}, {"x", "p2"}, {"x", "p3"}, {"y", "p"}},
                   {{"x", "q"}, {"y", "q"}, {"z", "q"}, {"z", "r"}}),
            (Lines{"missing on target x 3:1 rows 2", "extra on target z 0:2 rows 2"}));
}

}  // namespace
}  // namespace airlift
