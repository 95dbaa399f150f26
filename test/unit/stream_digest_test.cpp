#include "digest/stream_digest.h"

#include <gtest/gtest.h>

#include <string>

namespace airlift {
namespace {

const std::string kHeader("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
const std::string kTrailer("\377\377", 2);
const std::string kRow("\0\1\0\0\0\1x", 7);

TEST(StreamDigest, TakesHeaderAndTrailerOffTheRows) {
  StreamDigest stream;
  stream.Add(kHeader + kRow);
  stream.Add(kRow);
  stream.Add(kTrailer);
  EXPECT_EQ(stream.digest().rows, 2U);
  EXPECT_EQ(stream.digest().sum, HashBytes(kRow.data(), kRow.size()) + HashBytes(kRow.data(), kRow.size()));
}

TEST(StreamDigest, AnEmptyTableIsAHeaderWithATrailer) {
  StreamDigest stream;
  stream.Add(kHeader + kTrailer);
  EXPECT_EQ(stream.digest(), TableDigest());
}

TEST(StreamDigest, AHeaderOfItsOwnIsNoRow) {
  StreamDigest stream;
  stream.Add(kHeader);
  stream.Add(kRow);
  EXPECT_EQ(stream.digest().rows, 1U);
}

TEST(StreamDigest, AHeaderExtensionIsPassedOver) {
  std::string header = kHeader;
  header[18] = 4;
  StreamDigest stream;
  stream.Add(header + "abcd" + kRow);
  EXPECT_EQ(stream.digest().sum, HashBytes(kRow.data(), kRow.size()));
}

TEST(StreamDigest, RowsWithoutColumnsCount) {
  StreamDigest stream;
  stream.Add(kHeader + std::string(2, '\0'));
  EXPECT_EQ(stream.digest().rows, 1U);
}

// An int4[] of one element, with the flag that says whether NULLs are among the elements.
std::string ArrayRow(char has_nulls) {
  const std::string array = std::string("\0\0\0\1\0\0\0", 7) + has_nulls +
                            std::string("\0\0\0\x17\0\0\0\1\0\0\0\1", 12) + std::string("\0\0\0\4\0\0\0\7", 8);
  return std::string("\0\1\0\0\0", 5) + static_cast<char>(array.size()) + array;
}

TEST(StreamDigest, AStaleNullFlagOfAnArrayIsNoDifference) {
  StreamDigest fresh({0}), stale({0}), blind;
  for (StreamDigest* stream : {&fresh, &stale, &blind}) stream->Add(kHeader);
  fresh.Add(ArrayRow('\0'));
  stale.Add(ArrayRow('\1'));
  blind.Add(ArrayRow('\1'));
  EXPECT_EQ(fresh.digest(), stale.digest());
  EXPECT_NE(fresh.digest(), blind.digest());
}

TEST(StreamDigest, AnythingElseIsAnError) {
  StreamDigest no_header, short_row;
  EXPECT_THROW(no_header.Add(kRow), Error);
  EXPECT_THROW(StreamDigest().Add("PGCOPY\n"), Error);
  short_row.Add(kHeader);
  EXPECT_THROW(short_row.Add("x"), Error);
}

}  // namespace
}  // namespace airlift
