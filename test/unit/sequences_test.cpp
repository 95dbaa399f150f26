#include "sequences/sequences.h"

#include <gtest/gtest.h>

#include <limits>

namespace airlift {
namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();

TEST(CompareSequences, TheSameStateInAnotherOrderIsVerified) {
  const auto compared = CompareSequences({{"a", "x", kMax, true}, {"b", "y", kMin, false}},
                                         {{"b", "y", kMin, false}, {"a", "x", kMax, true}});
  ASSERT_EQ(compared.size(), 2u);
  for (const auto& sequence : compared) {
    EXPECT_EQ(sequence.verdict, Verdict::kVerified);
    EXPECT_EQ(sequence.reason, "");
  }
}

TEST(CompareSequences, IsCalledAloneMakesADifference) {
  const auto compared = CompareSequences({{"a", "x", 1, true}}, {{"a", "x", 1, false}});
  ASSERT_EQ(compared.size(), 1u);
  EXPECT_EQ(compared[0].verdict, Verdict::kDiffers);
  EXPECT_EQ(compared[0].reason, "source: last_value 1, is_called true; target: last_value 1, is_called false");
}

TEST(CompareSequences, LastValueAloneMakesADifference) {
  const auto compared = CompareSequences({{"a", "x", kMax, true}}, {{"a", "x", kMax - 1, true}});
  ASSERT_EQ(compared.size(), 1u);
  EXPECT_EQ(compared[0].verdict, Verdict::kDiffers);
}

TEST(CompareSequences, ASequenceOfOneSideOnlyIsADifference) {
  const auto compared = CompareSequences({{"a", "x", 1, true}, {"a", "z", 1, true}}, {{"a", "y", 1, true}});
  ASSERT_EQ(compared.size(), 3u);
  EXPECT_EQ(compared[0].reason, "missing on the target");
  EXPECT_EQ(compared[1].reason, "on the target only");
  EXPECT_EQ(compared[2].reason, "missing on the target");
  for (const auto& sequence : compared) EXPECT_EQ(sequence.verdict, Verdict::kDiffers);
}

TEST(CompareSequences, SchemaAndNameAreNotRunTogether) {
  const auto compared = CompareSequences({{"a", "b.c", 1, true}}, {{"a.b", "c", 1, true}});
  EXPECT_EQ(compared.size(), 2u);
}

TEST(CompareSequences, NothingIsNothing) { EXPECT_TRUE(CompareSequences({}, {}).empty()); }

}  // namespace
}  // namespace airlift
