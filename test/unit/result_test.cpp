// No false "verified", no status 0 that is not earned.
#include "report/result.h"

#include <gtest/gtest.h>

namespace airlift {
namespace {

TableDigest Digest(uint64_t rows, uint64_t low) {
  TableDigest digest;
  digest.rows = rows;
  digest.sum.low = low;
  return digest;
}

TableResult Judged(std::optional<TableDigest> source, std::optional<TableDigest> target,
                   const std::string& reason = "") {
  TableResult table;
  table.source = source;
  table.target = target;
  table.reason = reason;
  Judge(table);
  return table;
}

RunResult WithTable(Verdict verdict) {
  RunResult result;
  TableResult table;
  table.verdict = verdict;
  result.tables.push_back(table);
  return result;
}

TEST(Judge, OnlyEqualDigestsOfBothSidesAreVerified) {
  EXPECT_EQ(Judged(Digest(1, 1), Digest(1, 1)).verdict, Verdict::kVerified);
  EXPECT_EQ(Judged(Digest(1, 1), Digest(2, 1)).verdict, Verdict::kDiffers);
  EXPECT_EQ(Judged(Digest(1, 1), Digest(1, 2)).verdict, Verdict::kDiffers);
  EXPECT_EQ(Judged(std::nullopt, Digest(1, 1)).verdict, Verdict::kNotVerified);
  EXPECT_EQ(Judged(Digest(1, 1), std::nullopt).verdict, Verdict::kNotVerified);
  EXPECT_EQ(Judged(std::nullopt, std::nullopt).verdict, Verdict::kNotVerified);
}

TEST(Judge, EqualDigestsThatMayLackRowsAreNotVerified) {
  EXPECT_EQ(Judged(Digest(1, 1), Digest(1, 1), "rows may be hidden").verdict, Verdict::kNotVerified);
}

TEST(ExitStatus, IsZeroOnlyWhenAllIsVerifiedAndNothingIsMissing) {
  EXPECT_EQ(WithTable(Verdict::kVerified).ExitStatus(), kExitDone);
  EXPECT_EQ(WithTable(Verdict::kDiffers).ExitStatus(), kExitFindings);
  EXPECT_EQ(WithTable(Verdict::kNotVerified).ExitStatus(), kExitFailed);
}

// Two empty databases are equal. (A selection that leaves nothing is refused before anything starts.)
TEST(ExitStatus, OfTwoEmptyDatabases) {
  RunResult result;
  result.large_objects.emplace();  // none of them
  EXPECT_EQ(result.ExitStatus(), kExitDone);
  EXPECT_NE(Summary(result).find("there was nothing to compare"), std::string::npos) << Summary(result);
  result.sequences.push_back({"s", Verdict::kVerified, ""});
  EXPECT_EQ(Summary(result).find("nothing to compare"), std::string::npos) << Summary(result);
  result.sequences.clear();
  result.was_verified = false;
  EXPECT_EQ(Summary(result).find("nothing to compare"), std::string::npos) << Summary(result);
}

TEST(ExitStatus, RefusedObjectsAreFindingsUnlessAllowed) {
  RunResult result = WithTable(Verdict::kVerified);
  result.left_out.push_back({"EXTENSION", "x", "not available", false});
  EXPECT_EQ(result.ExitStatus(), kExitFindings);
  result.allow_refused = true;
  EXPECT_EQ(result.ExitStatus(), kExitDone);
  result.tables[0].verdict = Verdict::kDiffers;
  EXPECT_EQ(result.ExitStatus(), kExitFindings);
}

TEST(ExitStatus, WhatIsLeftOutByDesignIsNoFinding) {
  RunResult result = WithTable(Verdict::kVerified);
  result.left_out.push_back({"PUBLICATION", "p", "set up anew", true});
  EXPECT_EQ(result.ExitStatus(), kExitDone);
}

TEST(ExitStatus, SchemaDifferencesAreFindingsUnlessInformational) {
  RunResult result = WithTable(Verdict::kVerified);
  result.schema_differences.push_back({"extension", "x", "version", "1", "2", true});
  EXPECT_EQ(result.ExitStatus(), kExitDone);
  result.schema_differences.push_back({"index", "i", "existence", "present", "missing", false});
  EXPECT_EQ(result.ExitStatus(), kExitFindings);
}

TEST(Verdict, SequencesAndLargeObjectsCountAsTablesDo) {
  RunResult result = WithTable(Verdict::kVerified);
  result.sequences.push_back({"s", Verdict::kDiffers, ""});
  EXPECT_EQ(result.DataVerdict(), Verdict::kDiffers);
  result.sequences.clear();
  result.large_objects = LargeObjectsResult();
  result.large_objects->source.rows = 1;
  Judge(*result.large_objects);
  EXPECT_EQ(result.DataVerdict(), Verdict::kDiffers);
}

TEST(Verdict, WithoutVerificationNothingIsVerified) {
  RunResult result;
  result.was_verified = false;
  EXPECT_EQ(result.DataVerdict(), Verdict::kNotVerified);
  EXPECT_EQ(result.ExitStatus(), kExitDone);
  EXPECT_NE(Summary(result).find("verdict: not verified"), std::string::npos);
}

TEST(Summary, EndsWithTheVerdict) {
  const std::string text = Summary(WithTable(Verdict::kDiffers));
  EXPECT_EQ(text.substr(text.rfind("verdict")), "verdict: differs\n");
}

}  // namespace
}  // namespace airlift
