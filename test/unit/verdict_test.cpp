#include "model/verdict.h"

#include <gtest/gtest.h>

namespace airlift {
namespace {

constexpr Verdict kAll[] = {Verdict::kVerified, Verdict::kDiffers, Verdict::kNotVerified};

TEST(Combine, AWholeIsVerifiedOnlyWhereEveryPartIs) {
  for (const Verdict a : kAll) {
    for (const Verdict b : kAll) {
      EXPECT_EQ(Combine(a, b) == Verdict::kVerified, a == Verdict::kVerified && b == Verdict::kVerified);
      EXPECT_EQ(Combine(a, b), Combine(b, a));
    }
  }
}

TEST(Combine, ADifferenceIsNotHiddenByWhatCouldNotBeTold) {
  EXPECT_EQ(Combine(Verdict::kDiffers, Verdict::kNotVerified), Verdict::kDiffers);
  EXPECT_EQ(Combine(Verdict::kVerified, Verdict::kNotVerified), Verdict::kNotVerified);
}

TEST(VerdictName, IsOneOfTheThreeWords) {
  EXPECT_STREQ(VerdictName(Verdict::kVerified), "verified");
  EXPECT_STREQ(VerdictName(Verdict::kDiffers), "differs");
  EXPECT_STREQ(VerdictName(Verdict::kNotVerified), "not verified");
}

}  // namespace
}  // namespace airlift
