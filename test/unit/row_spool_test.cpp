#include "row_compare/row_spool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace airlift {
namespace {

std::vector<SpooledRow> Drain(RowSpool& spool) {
  std::vector<SpooledRow> rows;
  const auto run = spool.Sorted();
  for (SpooledRow row; run->Next(&row);) rows.push_back(row);
  return rows;
}

std::vector<SpooledRow> RandomRows(size_t count) {
  std::mt19937 random(7);
  std::vector<SpooledRow> rows;
  for (size_t i = 0; i < count; ++i) {
    std::string key(random() % 40, '\0');
    for (char& c : key) c = static_cast<char>(random() % 4 * 85);  // bytes of either sign, many equal keys
    rows.push_back({key, std::to_string(random() % 3)});
  }
  return rows;
}

class Spool : public ::testing::TestWithParam<size_t> {};

// The same rows come out in order, whether they fit into memory, into a few runs on disk, or into so many that they are
// merged in turns.
TEST_P(Spool, GivesBackEveryRowInOrder) {
  std::vector<SpooledRow> rows = RandomRows(20000);
  RowSpool spool(GetParam());
  for (const SpooledRow& row : rows) spool.Add(row.key, row.payload);
  EXPECT_EQ(spool.rows(), rows.size());
  std::sort(rows.begin(), rows.end());
  EXPECT_TRUE(Drain(spool) == rows) << spool.runs() << " runs";
}

INSTANTIATE_TEST_SUITE_P(Memory, Spool, ::testing::Values(size_t{100} << 20, size_t{100} << 10, size_t{2} << 10));

TEST(RowSpool, GoesToDiskOnlyBeyondItsMemory) {
  RowSpool small(1 << 20), large(1 << 10);
  for (int i = 0; i < 100; ++i) {
    small.Add("key" + std::to_string(i), "payload");
    large.Add("key" + std::to_string(i), "payload");
  }
  EXPECT_EQ(small.runs(), 0U);
  EXPECT_GT(large.runs(), 1U);
}

TEST(RowSpool, OneEntryMayBeLargerThanEveryBuffer) {
  RowSpool spool(1 << 10);
  const std::string huge(300000, 'k');
  spool.Add(huge, "1");
  spool.Add("a", std::string(200000, 'p'));
  const auto rows = Drain(spool);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].payload.size(), 200000U);
  EXPECT_EQ(rows[1].key, huge);
}

TEST(RowSpool, NothingIsInOrder) {
  RowSpool spool;
  EXPECT_TRUE(Drain(spool).empty());
}

}  // namespace
}  // namespace airlift
