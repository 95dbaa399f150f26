#include "catalog/pattern.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace airlift {
namespace {

bool Match(const std::string& pattern, const std::string& schema, const std::string& name) {
  return Matches({ParseNamePattern(pattern)}, schema, name);
}

TEST(NamePattern, MatchesAsPsqlDoes) {
  EXPECT_TRUE(Match("orders", "sales", "orders"));
  EXPECT_TRUE(Match("ORDERS", "sales", "orders"));
  EXPECT_FALSE(Match("order", "sales", "orders"));
  EXPECT_TRUE(Match("sales.*", "sales", "anything"));
  EXPECT_FALSE(Match("sales.*", "salesx", "anything"));
  EXPECT_TRUE(Match("ord*", "sales", "orders"));
  EXPECT_TRUE(Match("order?", "sales", "orders"));
}

TEST(NamePattern, QuotesKeepCaseDotsAndWildcards) {
  EXPECT_TRUE(Match("\"Orders\"", "sales", "Orders"));
  EXPECT_FALSE(Match("\"Orders\"", "sales", "orders"));
  EXPECT_TRUE(Match("\"a.b\".\"c*\"", "a.b", "c*"));
  EXPECT_FALSE(Match("\"a.b\".\"c*\"", "a.b", "cc"));
  EXPECT_TRUE(Match("\"say \"\"hi\"\"\"", "s", "say \"hi\""));
}

TEST(NamePattern, NamesWithNewlinesMatch) { EXPECT_TRUE(Match("a*c", "s", "a\nc")); }

TEST(NamePattern, RegularExpressionsWorkUnquotedOnly) {
  EXPECT_TRUE(Match("a+b", "s", "aab"));
  EXPECT_TRUE(Match("t[0-9]|u", "s", "t7"));
  EXPECT_TRUE(Match("t[0-9]|u", "s", "u"));
  EXPECT_FALSE(Match("t[0-9]|u", "s", "u7"));
  EXPECT_TRUE(Match("\"a+b$(c)\"", "s", "a+b$(c)"));
  EXPECT_FALSE(Match("\"a+b\"", "s", "aab"));
  EXPECT_TRUE(Match("cash$", "s", "cash$"));
  EXPECT_TRUE(Match("t[]", "s", "t[]"));
  EXPECT_THROW(Match("t[0", "s", "t"), Error);
}

TEST(NamePattern, AQuestionMarkIsACharacterNotAByte) {
  EXPECT_TRUE(Match("caf?", "s", "caf\xC3\xA9"));
  EXPECT_FALSE(Match("caf??", "s", "caf\xC3\xA9"));
  EXPECT_FALSE(Match("caf?", "s",
                     "caf\xC3"
                     "\xA9x"));
}

TEST(NamePattern, BadPatternsAreErrors) {
  for (const char* wrong : {"", "a.b.c", "\"open", "s."}) EXPECT_THROW(ParseNamePattern(wrong), Error) << wrong;
}

// What std::regex reads into an int without a look at its range.
TEST(NamePattern, HugeNumbersAreErrors) {
  for (const char* pattern : {"a{2000}", "a{1,99999999999}", "a{00002}", "(a)\\99999999999"})
    EXPECT_THROW(Match(pattern, "s", "a"), Error) << pattern;
  EXPECT_TRUE(Match("a{2}{255}|b{1,2}", "s", "bb"));
  EXPECT_TRUE(Match("\"job{20261231}\"", "s", "job{20261231}"));
  EXPECT_TRUE(Match("job,20261231", "s", "job,20261231"));
}

TEST(NamePattern, ADatabaseMayStandBefore) {
  const auto database = [](std::string pattern, int parts) {
    const std::string name = TakeDatabase(pattern, parts);
    return name + " | " + pattern;
  };
  EXPECT_EQ(database("Db.s.t", 2), "db | s.t");
  EXPECT_EQ(database("\"D.\"\"b\".s.\"a.b\"", 2), "D.\"b | s.\"a.b\"");
  EXPECT_EQ(database("s.t", 2), " | s.t");
  EXPECT_EQ(database("a.b.c.d", 2), " | a.b.c.d");
  EXPECT_EQ(database("db.s*", 1), "db | s*");
  EXPECT_EQ(database("s*", 1), " | s*");
}

TEST(Matches, WithoutPatternsEverythingDoes) { EXPECT_TRUE(Matches({}, "s", "t")); }

}  // namespace
}  // namespace airlift
