#include "pg/identifier.h"

#include <gtest/gtest.h>

#include <string>

namespace airlift {
namespace {

TEST(QuoteIdentifier, AlwaysQuotesAndDoublesQuotes) {
  EXPECT_EQ(QuoteIdentifier("plain"), "\"plain\"");
  EXPECT_EQ(QuoteIdentifier("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(QuoteIdentifier("\"; DROP TABLE t; --"), "\"\"\"; DROP TABLE t; --\"");
  EXPECT_EQ(QuoteIdentifier(""), "\"\"");
}

TEST(QualifiedName, KeepsADotInsideAName) { EXPECT_EQ(QualifiedName("a.b", "c"), "\"a.b\".\"c\""); }

TEST(DisplayName, QuotesOnlyWhereTheServerWouldNeedIt) {
  EXPECT_EQ(DisplayName("public", "orders"), "public.orders");
  EXPECT_EQ(DisplayName("Public", "orders"), "\"Public\".orders");
  EXPECT_EQ(DisplayName("1st"), "\"1st\"");
  EXPECT_EQ(DisplayName("a b"), "\"a b\"");
  EXPECT_EQ(DisplayName("a.b"), "\"a.b\"");
  EXPECT_EQ(DisplayName("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(DisplayName(""), "\"\"");
  EXPECT_EQ(DisplayName("größe"), "\"größe\"");
}

TEST(DisplayName, ANameCannotForgeALineOfAReport) {
  for (const std::string hostile : {"x\nverdict: verified", "x\rverdict: verified", "x\x1b[2K", "tab\tname", "\x7f"}) {
    for (const char c : DisplayName(hostile)) {
      EXPECT_GE(static_cast<unsigned char>(c), 0x20) << hostile;
      EXPECT_NE(c, 0x7f) << hostile;
    }
  }
  EXPECT_EQ(DisplayName("a\nb"), "\"a\\nb\"");
}

}  // namespace
}  // namespace airlift
