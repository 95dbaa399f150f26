#include "digest/image_query.h"

#include <gtest/gtest.h>

namespace airlift {
namespace {

Relation TwoColumns() {
  Relation relation;
  relation.columns = {{"a", false, true, "", false}, {"b\"c", false, true, "", false}};
  return relation;
}

const StoredTable kTable{1, "s", "t", 100, 0};

TEST(SplitBlocks, CoversEveryBlockOnceAndEndsOpen) {
  for (const int64_t blocks : {0, 1, 2, 7, 100, 12345}) {
    for (const int64_t parts : {1, 2, 3, 7, 1000}) {
      const auto ranges = SplitBlocks(blocks, parts);
      ASSERT_FALSE(ranges.empty());
      EXPECT_LE(static_cast<int64_t>(ranges.size()), std::max<int64_t>(1, blocks));
      EXPECT_EQ(ranges.front().from, 0);
      for (size_t i = 0; i + 1 < ranges.size(); ++i) {
        ASSERT_TRUE(ranges[i].to.has_value());
        EXPECT_EQ(*ranges[i].to, ranges[i + 1].from);
        EXPECT_LT(ranges[i].from, *ranges[i].to);
      }
      EXPECT_FALSE(ranges.back().to.has_value()) << "rows behind the last known block must not fall off";
    }
  }
}

TEST(ImageCopyStatement, PlainWhereNothingStandsAgainstIt) {
  EXPECT_EQ(ImageCopyStatement(TwoColumns(), kTable, {}),
            "COPY \"s\".\"t\" (\"a\", \"b\"\"c\") TO STDOUT (FORMAT binary)");
}

TEST(ImageCopyStatement, RangesAreTidConditions) {
  EXPECT_EQ(ImageCopyStatement(TwoColumns(), kTable, {10, 20}),
            "COPY (SELECT \"a\", \"b\"\"c\" FROM ONLY \"s\".\"t\" WHERE ctid >= '(10,0)'::pg_catalog.tid AND "
            "ctid < '(20,0)'::pg_catalog.tid) TO STDOUT (FORMAT binary)");
}

TEST(ImageCopyStatement, GeneratedColumnsAreSelected) {
  Relation relation = TwoColumns();
  relation.columns[1].is_generated = true;
  EXPECT_EQ(ImageCopyStatement(relation, kTable, {}),
            "COPY (SELECT \"a\", \"b\"\"c\" FROM ONLY \"s\".\"t\") TO STDOUT (FORMAT binary)");
}

TEST(ImageCopyStatement, WhatIsNotPortableIsImagedByItsOutputFunction) {
  Relation relation = TwoColumns();
  relation.columns[0].is_portable = false;
  relation.columns[0].output_function = "\"pg_catalog\".\"array_out\"";
  EXPECT_EQ(ImageCopyStatement(relation, kTable, {}),
            "COPY (SELECT pg_catalog.textin(\"pg_catalog\".\"array_out\"(\"a\")), \"b\"\"c\" FROM ONLY \"s\".\"t\") "
            "TO STDOUT (FORMAT binary)");
}

TEST(ImageCopyStatement, ATableWithoutColumnsStillHasRows) {
  EXPECT_EQ(ImageCopyStatement(Relation(), kTable, {}),
            "COPY (SELECT  FROM ONLY \"s\".\"t\") TO STDOUT (FORMAT binary)");
}

TEST(RangePredicate, JoinsAnExtensionsConditionWithTheRange) {
  EXPECT_EQ(RangePredicate({5, std::nullopt}, "WHERE NOT builtin"),
            " WHERE NOT builtin AND ctid >= '(5,0)'::pg_catalog.tid");
  EXPECT_EQ(RangePredicate({}, "WHERE NOT builtin"), " WHERE NOT builtin");
  EXPECT_EQ(RangePredicate({}, ""), "");
}

}  // namespace
}  // namespace airlift
