#include "cluster/cluster_result.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "model/verdict.h"

namespace airlift {
namespace {

DatabaseOutcome LeftOut(bool is_by_design) {
  DatabaseOutcome outcome;
  outcome.name = "app";
  outcome.fate = DatabaseFate::kLeftOut;
  outcome.is_by_design = is_by_design;
  return outcome;
}

TEST(ClusterResult, OfNoDatabaseIsNotVerified) {
  ClusterResult result;
  EXPECT_EQ(result.Overall(), Verdict::kNotVerified);
  EXPECT_EQ(result.ExitStatus(), kExitFailed);
  result.databases = {LeftOut(true), LeftOut(true)};
  EXPECT_EQ(result.Overall(), Verdict::kNotVerified) << "what was left out was not compared";
  EXPECT_EQ(result.ExitStatus(), kExitFailed);
  EXPECT_EQ(ClusterJson(result).at("databases").at(0).at("verdict"), "not verified");
  result.was_verified = false;
  EXPECT_EQ(result.ExitStatus(), kExitDone) << "nothing was to be proved";
}

TEST(ClusterResult, WhatIsLeftOutByDesignDoesNotCountBesideOthers) {
  ClusterResult result;
  DatabaseOutcome missing;
  missing.fate = DatabaseFate::kMissing;
  result.databases = {LeftOut(true), missing};
  EXPECT_EQ(result.Overall(), Verdict::kDiffers);
  EXPECT_EQ(result.ExitStatus(), kExitFindings);
  result.databases = {LeftOut(false)};
  EXPECT_EQ(result.Overall(), Verdict::kNotVerified);
  EXPECT_EQ(result.ExitStatus(), kExitFindings);
}

}  // namespace
}  // namespace airlift
