#include "base/format.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace airlift {
namespace {

TEST(FormatBytes, ChoosesAUnit) {
  EXPECT_EQ(FormatBytes(0), "0 bytes");
  EXPECT_EQ(FormatBytes(998), "998 bytes");
  EXPECT_EQ(FormatBytes(1500), "1.5 kB");
  EXPECT_EQ(FormatBytes(1'280'000'000), "1.3 GB");
  EXPECT_EQ(FormatBytes(245'000'000), "245 MB");
}

TEST(FormatCount, GroupsThousands) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(-1234567), "-1,234,567");
}

TEST(FormatSeconds, GrowsIntoMinutesAndHours) {
  EXPECT_EQ(FormatSeconds(0.44), "0.4 s");
  EXPECT_EQ(FormatSeconds(42), "42 s");
  EXPECT_EQ(FormatSeconds(185), "3:05");
  EXPECT_EQ(FormatSeconds(3723), "1:02:03");
}

TEST(ParseSize, ReadsSizesAsPostgresqlDoes) {
  EXPECT_EQ(ParseSize("1048576"), 1048576);
  EXPECT_EQ(ParseSize("64kB"), 65536);
  EXPECT_EQ(ParseSize("512 MB"), int64_t{512} << 20);
  EXPECT_EQ(ParseSize("1.5gb"), int64_t{1536} << 20);
  for (const char* wrong : {"", "GB", "-1MB", "12 parsecs", "1e99GB"}) EXPECT_THROW(ParseSize(wrong), Error) << wrong;
}

}  // namespace
}  // namespace airlift
