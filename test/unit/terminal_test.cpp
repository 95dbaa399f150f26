// What goes to a screen does nothing there.
#include "base/terminal.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "pg/sql_text.h"

namespace airlift {
namespace {

TEST(Error, ReportHasThePartsThatExist) {
  EXPECT_EQ(Error("first").Report(), "first");
  EXPECT_EQ(Error("first", "More.", "Do.").Report(), "first\nDETAIL:  More.\nHINT:  Do.");
}

TEST(Terminal, NothingActsOnIt) {
  EXPECT_EQ(Error("table \"\x1b[2J\x07\x7f\r\"",
                  "\xc2\x9b"
                  "31m.",
                  "\xc3\x9b\tis a letter.")
                .Report(),
            "table \"\\x1b[2J\\x07\\x7f\\x0d\"\nDETAIL:  \\x9b31m.\nHINT:  \xc3\x9b\tis a letter.");
  EXPECT_EQ(Inert(std::string_view("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(Inert("\xe2\x80\xae"
                  "detcerid"),
            "\\u202edetcerid");
}

TEST(Terminal, BytesThatAreNotUtf8AreShown) {
  EXPECT_EQ(Inert("\x9b"
                  "31m"),
            "\\x9b31m");
  EXPECT_EQ(Inert("\xe2\x80"), "\\xe2\\x80");
  EXPECT_EQ(Inert("\xc2"), "\\xc2");
  EXPECT_EQ(Inert("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"), "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");
}

TEST(Terminal, ALineOfAMessageIsNoLineOfTheReport) {
  EXPECT_EQ(Hanging("refused\nverdict: verified"), "refused\n      verdict: verified");
}

TEST(Terminal, AScriptsCommentStaysAComment) {
  EXPECT_EQ(SqlComment("a table \"x\n\\! id\rDROP TABLE y\""), "-- a table \"x\n-- \\! id\r-- DROP TABLE y\"\n");
}

}  // namespace
}  // namespace airlift
