#include "base/error.h"

#include <gtest/gtest.h>

namespace airlift {
namespace {

TEST(Error, ReportHasThePartsThatExist) {
  EXPECT_EQ(Error("first").Report(), "first");
  EXPECT_EQ(Error("first", "More.", "Do.").Report(), "first\nDETAIL:  More.\nHINT:  Do.");
}

TEST(Error, NothingInAReportActsOnATerminal) {
  EXPECT_EQ(Error("table \"\x1b[2J\x07\x7f\r\"",
                  "\xc2\x9b"
                  "31m.",
                  "\xc3\x9b\tis a letter.")
                .Report(),
            "table \"\\x1b[2J\\x07\\x7f\\x0d\"\nDETAIL:  \\x9b31m.\nHINT:  \xc3\x9b\tis a letter.");
}

}  // namespace
}  // namespace airlift
