#include <gtest/gtest.h>

#include "pace/chunk_plan.h"
#include "pace/token_bucket.h"

namespace airlift {
namespace {

TEST(TokenBucket, KeepsTheRateOnAverage) {
  TokenBucket bucket(1000);
  double now = 5;
  for (int i = 0; i < 100; ++i) {
    bucket.Take(700, now);
    now += bucket.Wait(now);
  }
  EXPECT_NEAR(now, 5 + 70, 0.001);
}

TEST(TokenBucket, WhatWasNotUsedIsSoonLost) {
  TokenBucket bucket(1000);
  bucket.Take(0, 0);
  EXPECT_EQ(bucket.Wait(100), 0);
  bucket.Take(1500, 100);
  EXPECT_DOUBLE_EQ(bucket.Wait(100), 1);
  EXPECT_DOUBLE_EQ(bucket.Wait(100.25), 0.75);
  EXPECT_EQ(bucket.Wait(101), 0);
}

TEST(TokenBucket, ADebtOfSeveralIsTheSumOfThem) {
  TokenBucket bucket(10);
  bucket.Take(10, 0);
  bucket.Take(20, 0);
  EXPECT_DOUBLE_EQ(bucket.Wait(0), 3);
}

// A server that reads `blocks_per_second`; returns the number of pieces.
int Walk(int64_t blocks, int64_t most, double blocks_per_second) {
  ChunkPlan plan(blocks, most);
  int64_t next = 0;
  int pieces = 0;
  bool was_last = false;
  while (const auto piece = plan.Next()) {
    EXPECT_FALSE(was_last);
    EXPECT_EQ(piece->from, next);
    EXPECT_LE(plan.size(), most);
    was_last = !piece->to;
    if (piece->to) next = *piece->to;
    plan.Took(static_cast<double>(plan.size()) / blocks_per_second);
    ++pieces;
  }
  EXPECT_TRUE(was_last) << "the end must be open";
  return pieces;
}

TEST(ChunkPlan, PiecesOfHalfASecond) {
  EXPECT_NEAR(Walk(1000000, 1 << 20, 50000), 40, 4);
  EXPECT_NEAR(Walk(10000, 1 << 20, 500), 40, 4);
}

TEST(ChunkPlan, PiecesAreNoLargerThanAllowed) { EXPECT_GE(Walk(10000, 100, 1e9), 100); }

TEST(ChunkPlan, AnEmptyTableIsOnePiece) {
  EXPECT_EQ(Walk(0, 1000, 1000), 1);
  EXPECT_EQ(Walk(1, 1000, 1000), 1);
}

}  // namespace
}  // namespace airlift
