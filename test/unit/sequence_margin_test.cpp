#include "sequences/sequence_margin.h"

#include <gtest/gtest.h>

namespace airlift {
namespace {

SequenceValue Called(int64_t last_value) { return {"s", "q", last_value, true}; }

TEST(SequenceMargin, MovesOnInTheSequencesDirection) {
  EXPECT_EQ(Ahead(Called(10), {}, 100).last_value, 110);
  EXPECT_EQ(Ahead(Called(10), {5, 1, 10000}, 100).last_value, 510);
  EXPECT_EQ(Ahead(Called(-10), {-2, INT64_MIN, -1}, 100).last_value, -210);
}

TEST(SequenceMargin, LeavesAloneWhatWasNeverUsedOrWouldLeaveTheBounds) {
  EXPECT_EQ(Ahead({"s", "q", 1, false}, {}, 100), (SequenceValue{"s", "q", 1, false}));
  EXPECT_EQ(Ahead(Called(32700), {1, 1, 32767}, 100), Called(32700));
  EXPECT_EQ(Ahead(Called(INT64_MAX - 5), {}, 100), Called(INT64_MAX - 5));
  EXPECT_EQ(Ahead(Called(1), {INT64_MAX, 1, INT64_MAX}, 100), Called(1));
  EXPECT_EQ(Ahead(Called(-32700), {-1, -32768, -1}, 100), Called(-32700));
}

TEST(SequenceMargin, IsNothingWithoutAMargin) { EXPECT_EQ(Ahead(Called(7), {}, 0), Called(7)); }

}  // namespace
}  // namespace airlift
