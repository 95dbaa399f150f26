#include "digest/bucket_digests.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "digest/image_stream.h"

namespace airlift {
namespace {

using std::string_literals::operator""s;

BucketDigests Of(uint32_t buckets, std::initializer_list<const char*> rows) {
  BucketDigests digests(buckets);
  for (const std::string row : rows) digests.AddRow(HashBytes(row.data(), row.size()));
  return digests;
}

TEST(BucketDigests, SumUpToTheTable) {
  TableDigest table;
  for (const std::string row : {"a", "b", "b", "c"}) table.AddRow(HashBytes(row.data(), row.size()));
  for (const uint32_t buckets : {1U, 7U, 256U}) EXPECT_EQ(Of(buckets, {"a", "b", "b", "c"}).Total(), table);
}

TEST(BucketOf, IsTheRemainderWhateverTheNumber) {
  const Digest128 digest{0xfedcba9876543210, 5};
  for (const uint32_t buckets : {1U, 2U, 3U, 8U, 1000U, 65536U})
    EXPECT_EQ(BucketOf(digest, buckets), 0xfedcba9876543210 % buckets) << buckets;
}

TEST(BucketDigests, MergedPartsAreTheWhole) {
  BucketDigests left = Of(16, {"a", "b"});
  left.Merge(Of(16, {"c"}));
  EXPECT_EQ(left.Differing(Of(16, {"c", "b", "a"})).size(), 0U);
}

TEST(BucketDigests, ADifferingRowMarksItsBucketsAndNoOther) {
  const BucketSet set = Of(65536, {"a", "b", "old"}).Differing(Of(65536, {"b", "a", "new"}));
  EXPECT_EQ(set.size(), 2U);
  EXPECT_TRUE(set.Holds(HashBytes("old", 3)));
  EXPECT_TRUE(set.Holds(HashBytes("new", 3)));
  EXPECT_FALSE(set.Holds(HashBytes("a", 1)));
}

TEST(BucketDigests, AreReadAsTheExtensionWritesThem) {
  const std::string text = "\\x000000000000000201234567-89ab-cdef"s.substr(0, 18) + "0123456789abcdeffedcba9876543210" +
                           "0000000000000000" + "00000000000000000000000000000000";
  const BucketDigests digests = BucketDigests::FromHex(text, 2);
  EXPECT_EQ(digests.Total(), (TableDigest{2, {0x0123456789abcdef, 0xfedcba9876543210}}));
  EXPECT_EQ(BucketDigests::FromHex("", 2).Total(), TableDigest());
  EXPECT_THROW(BucketDigests::FromHex(text, 3), Error);
  EXPECT_THROW(BucketDigests::FromHex(text.substr(2) + "00", 2), Error);
  EXPECT_THROW(BucketDigests::FromHex(text.substr(0, text.size() - 1) + "g", 2), Error);
}

TEST(BucketSet, IsWrittenAsTheExtensionReadsIt) {
  BucketSet set(10);
  set.Add(0);
  set.Add(9);
  EXPECT_EQ(set.ToHex(), "\\x0102");
}

TEST(BucketDigests, HexadecimalComesBack) {
  BucketDigests digests(4);
  for (uint64_t i = 1; i < 20; ++i) digests.AddRow({i * 0x9e3779b97f4a7c15, i});
  const BucketDigests back = BucketDigests::FromHex(digests.ToHex(), 4);
  EXPECT_EQ(back.Differing(digests).size(), 0U);
  EXPECT_EQ(back.Total(), digests.Total());
}

TEST(BucketsFor, KeepsBucketsSmallAndTheirNumberBounded) {
  EXPECT_EQ(BucketsFor(0), 1U);
  EXPECT_EQ(BucketsFor(200), 1U);
  EXPECT_EQ(BucketsFor(2e6), 8192U);
  EXPECT_EQ(BucketsFor(1e12), kMaxBuckets);
}

const std::string kHeader = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0"s;
const std::string kTuple = "\0\3\0\0\0\2ab\377\377\377\377\0\0\0\1c"s;

TEST(ImageStream, GivesImagesAndNothingElse) {
  ImageStream stream;
  std::string_view image;
  EXPECT_FALSE(stream.Image(kHeader, &image));
  ASSERT_TRUE(stream.Image(kTuple, &image));
  EXPECT_EQ(image, kTuple);
  EXPECT_FALSE(stream.Image("\377\377"s, &image));
  EXPECT_THROW(stream.Image("x", &image), Error);
  EXPECT_THROW(ImageStream().Image(kTuple, &image), Error);
}

TEST(ImageStream, ALastColumnBesidesTheImageIsTakenOff) {
  ImageStream stream;
  std::string_view image, last;
  const std::string message = kHeader + kTuple;
  ASSERT_TRUE(stream.ImageBeforeLast(message, 1, &image, &last));
  EXPECT_EQ(image, "\0\2\0\0\0\2ab\377\377\377\377"s);
  EXPECT_EQ(last, "c");
  EXPECT_THROW(stream.ImageBeforeLast(kTuple, 2, &image, &last), Error);
  EXPECT_THROW(stream.ImageBeforeLast("\0\0"s, 1, &image, &last), Error);
}

TEST(SubImage, TakesColumnsInTheOrderAskedFor) {
  EXPECT_EQ(SubImage(kTuple, {2, 0}), "\0\2\0\0\0\1c\0\0\0\2ab"s);
  EXPECT_EQ(SubImage(kTuple, {1}), "\0\1\377\377\377\377"s);
  EXPECT_THROW(SubImage(kTuple, {3}), Error);
  EXPECT_THROW(SubImage(std::string_view(kTuple).substr(0, 10), {2}), Error);
}

}  // namespace
}  // namespace airlift
