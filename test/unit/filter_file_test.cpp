#include "selection/filter_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"

namespace airlift {
namespace {

SelectionRules Parse(std::string_view text) {
  SelectionRules rules;
  ParseFilterFile(text, "f", rules);
  return rules;
}

std::string ErrorOf(std::string_view text) {
  try {
    Parse(text);
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

TEST(FilterFile, LinesBecomeRules) {
  const SelectionRules rules = Parse(
      "# a comment\n"
      "\n"
      "include table app.*   # with a comment behind\n"
      "  EXCLUDE\ttable_data_and_children app . log\n"
      "exclude schema old\r\n"
      "include extension citext");
  ASSERT_EQ(rules.rules.size(), 4U);
  EXPECT_EQ(rules.rules[0], (SelectionRule{true, SelectedKind::kTable, "app.*", ""}));
  EXPECT_EQ(rules.rules[1], (SelectionRule{false, SelectedKind::kTableDataAndChildren, "app.log", ""}));
  EXPECT_EQ(rules.rules[2], (SelectionRule{false, SelectedKind::kSchema, "old", ""}));
  EXPECT_EQ(rules.rules[3], (SelectionRule{true, SelectedKind::kExtension, "citext", ""}));
  EXPECT_EQ(rules.rules[1].origin, "filter file \"f\", line 4");
}

TEST(FilterFile, QuotedNamesKeepWhatIsInThem) {
  EXPECT_EQ(Parse("include table \"a # b\".\"c  d\"").rules[0].pattern, "\"a # b\".\"c  d\"");
  EXPECT_EQ(Parse("include table \"say \"\"hi\"\"\"").rules[0].pattern, "\"say \"\"hi\"\"\"");
  EXPECT_EQ(Parse("include table \"two\nlines\"\nexclude table x").rules[0].pattern, "\"two\nlines\"");
  EXPECT_EQ(Parse("include table \"two\nlines\"\nexclude table x").rules[1].origin, "filter file \"f\", line 3");
  EXPECT_EQ(Parse("include table \"two\\nlines\\\\\"").rules[0].pattern, "\"two\nlines\\\"");
  EXPECT_EQ(Parse("include table \"a\"\"\n\"\"b\"").rules[0].pattern, "\"a\"\"\n\"\"b\"");
}

TEST(FilterFile, BlanksBesideDotsAndParenthesesDoNotCount) {
  EXPECT_EQ(Parse("include table shop . ( a | b )  # either").rules[0].pattern, "shop.(a | b)");
}

// A file that excludes must not exclude less than pg_dump would, nor more.
TEST(FilterFile, BlanksAndCommasAsPgDumpReadsThem) {
  EXPECT_EQ(Parse("exclude table shop. \"Log\"").rules[0].pattern, "shop. \"Log\"");
  EXPECT_EQ(Parse("exclude table a \"b\"c d").rules[0].pattern, "a \"b\"c d");
  EXPECT_EQ(Parse("exclude table a,b , c").rules[0].pattern, "a, b, c");
  EXPECT_EQ(Parse("exclude table t#not this").rules[0].pattern, "t");
  EXPECT_EQ(Parse("exclude table \"two\r\nlines\"\r\n").rules[0].pattern, "\"two\nlines\"");
}

TEST(FilterFile, ErrorsNameTheLine) {
  EXPECT_EQ(ErrorOf("\n\ninclde table x"),
            "filter file \"f\", line 3: invalid filter command (expected \"include\" or \"exclude\")");
  EXPECT_EQ(ErrorOf("include"), "filter file \"f\", line 1: missing filter object type");
  EXPECT_EQ(ErrorOf("include tabel x"), "filter file \"f\", line 1: unsupported filter object type: \"tabel\"");
  EXPECT_EQ(ErrorOf("include table   # none"), "filter file \"f\", line 1: missing object name pattern");
  EXPECT_EQ(ErrorOf("include table_data x"), "filter file \"f\", line 1: \"table_data\" can be excluded only");
  EXPECT_THAT(ErrorOf("include table x\ninclude foreign_data s"), testing::HasSubstr("line 2: \"foreign_data\": rows"));
  EXPECT_THAT(ErrorOf("include table \"open\n\n"), testing::HasSubstr("unexpected end of file in a quoted name"));
  EXPECT_THAT(ErrorOf("exclude table a.b.c.d"), testing::HasSubstr("line 1: too many dots"));
  EXPECT_THAT(ErrorOf("exclude schema a.b.c"), testing::HasSubstr("too many dots"));
  EXPECT_THAT(ErrorOf("exclude extension a.b"), testing::HasSubstr("a name without a dot is wanted"));
  EXPECT_THAT(ErrorOf(std::string_view("exclude table a\0b", 17)), testing::HasSubstr("NUL character"));
}

TEST(FilterFile, WhatIsNoFileIsNotAnEmptyOne) {
  SelectionRules rules;
  for (const char* path : {"/", "/nosuch/file"})
    EXPECT_THROW(
        {
          try {
            ReadFilterFile(path, rules);
          } catch (const Error& error) {
            EXPECT_THAT(error.what(), testing::HasSubstr(path));
            throw;
          }
        },
        Error);
}

// Whatever the bytes are: rules or an Error, and no rule without a pattern.
TEST(FilterFile, AnyBytesAreRulesOrAnError) {
  std::mt19937 random(4711);
  const std::string words[] = {"include ", "exclude ", "table ", "schema ", "\"",          "\n",   "#", ".", "*",
                               "\\",       "a",        " ",      "\r\n",    "table_data ", "\xC3", "?", "(", "["};
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (size_t n = random() % 12; n > 0; --n) text += words[random() % std::size(words)];
    try {
      for (const SelectionRule& rule : Parse(text).rules) EXPECT_FALSE(rule.pattern.empty()) << text;
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace airlift
