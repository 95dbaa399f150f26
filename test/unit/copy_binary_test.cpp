#include "pg/copy_binary.h"

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace airlift {
namespace {

using std::string_literals::operator""s;

const std::string kHeader = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"s;
const std::string kTuple = "\0\3\0\0\0\2ab\377\377\377\377\0\0\0\0"s;
const std::string kTrailer = "\377\377"s;

TEST(CopyBinaryParser, TellsNullFromEmpty) {
  CopyBinaryParser parser;
  CopyFields fields;
  const std::string first = kHeader + kTuple;
  ASSERT_TRUE(parser.Parse(first, &fields));
  ASSERT_EQ(fields.size(), 3u);
  EXPECT_EQ(fields[0], "ab");
  EXPECT_EQ(fields[1], std::nullopt);
  EXPECT_EQ(fields[2], "");
  ASSERT_TRUE(parser.Parse(kTuple, &fields));
  EXPECT_EQ(fields.size(), 3u);
  EXPECT_FALSE(parser.Parse(kTrailer, &fields));
}

TEST(CopyBinaryParser, SkipsAnExtensionOfTheHeader) {
  CopyBinaryParser parser;
  CopyFields fields;
  const std::string header = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\3xyz"s;
  const std::string first = header + kTuple;
  ASSERT_TRUE(parser.Parse(first, &fields));
  EXPECT_EQ(fields[0], "ab");
}

TEST(CopyBinaryParser, RefusesWhatIsNoTuple) {
  CopyFields fields;
  const std::string whole = kHeader + kTuple;
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_THROW(CopyBinaryParser().Parse(std::string_view(whole).substr(0, length), &fields), Error) << length;
  EXPECT_THROW(CopyBinaryParser().Parse(whole + "x", &fields), Error);
  EXPECT_THROW(CopyBinaryParser().Parse(kTuple, &fields), Error);
}

}  // namespace
}  // namespace airlift
