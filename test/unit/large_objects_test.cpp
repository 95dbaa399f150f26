#include "large_objects/large_objects.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/error.h"
#include "byte_order.h"
#include "large_objects/chunk_stream.h"
#include "large_objects/grant_statements.h"

namespace airlift {
namespace {

constexpr int64_t kMiB = 1 << 20;
constexpr uint32_t kLastOid = std::numeric_limits<uint32_t>::max();

void ExpectBatch(const LargeObjectBatch& batch, uint32_t first, uint32_t last, int64_t objects, int64_t bytes) {
  EXPECT_EQ(batch.first_oid, first);
  EXPECT_EQ(batch.last_oid, last);
  EXPECT_EQ(batch.objects, objects);
  EXPECT_EQ(batch.bytes, bytes);
}

TEST(LargeObjectPlanner, WithoutObjectsOneBatchCoversAllOids) {
  const auto batches = LargeObjectPlanner().Finish();
  ASSERT_EQ(batches.size(), 1u);
  ExpectBatch(batches[0], 1, kLastOid, 0, 0);
}

TEST(LargeObjectPlanner, BatchesMeetAndCoverAllOids) {
  LargeObjectPlanner planner;
  for (uint32_t oid = 1000; oid < 1000 + 5 * 2500; oid += 5) planner.Add(oid, 10);
  const auto batches = planner.Finish();
  ASSERT_EQ(batches.size(), 3u);
  ExpectBatch(batches[0], 1, 5999, 1000, 10000);
  ExpectBatch(batches[1], 6000, 10999, 1000, 10000);
  ExpectBatch(batches[2], 11000, kLastOid, 500, 5000);
}

TEST(LargeObjectPlanner, ALargeObjectHasABatchOfItsOwn) {
  LargeObjectPlanner planner;
  planner.Add(10, 5);
  planner.Add(20, int64_t{4} << 40);
  planner.Add(30, 5);
  const auto batches = planner.Finish();
  ASSERT_EQ(batches.size(), 3u);
  ExpectBatch(batches[0], 1, 19, 1, 5);
  ExpectBatch(batches[1], 20, 29, 1, int64_t{4} << 40);
  ExpectBatch(batches[2], 30, kLastOid, 1, 5);
}

TEST(LargeObjectPlanner, BytesCloseABatch) {
  LargeObjectPlanner planner;
  for (uint32_t oid = 1; oid <= 5; ++oid) planner.Add(oid, 30 * kMiB);
  EXPECT_EQ(planner.Finish().size(), 3u);
}

TEST(LargeObjectPlanner, TheLastOidMayBeAnObject) {
  LargeObjectPlanner planner;
  planner.Add(1, 100 * kMiB);
  planner.Add(kLastOid, 100 * kMiB);
  const auto batches = planner.Finish();
  ASSERT_EQ(batches.size(), 2u);
  ExpectBatch(batches[0], 1, kLastOid - 1, 1, 100 * kMiB);
  ExpectBatch(batches[1], kLastOid, kLastOid, 1, 100 * kMiB);
}

std::string Tuple(uint32_t oid, int64_t offset, const std::string& data) {
  std::string tuple(2 + 4 + 4 + 4 + 8 + 4, '\0');
  StoreBigEndian16(tuple.data(), 3);
  StoreBigEndian32(tuple.data() + 2, 4);
  StoreBigEndian32(tuple.data() + 6, oid);
  StoreBigEndian32(tuple.data() + 10, 8);
  StoreBigEndian64(tuple.data() + 14, static_cast<uint64_t>(offset));
  StoreBigEndian32(tuple.data() + 22, static_cast<uint32_t>(data.size()));
  return tuple + data;
}

const std::string kHeader("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
const std::string kTrailer("\377\377", 2);

TEST(ChunkParser, ReadsTheTupleBehindTheHeaderAndTheTrailer) {
  ChunkParser parser;
  LargeObjectChunk chunk;
  const std::string first = kHeader + Tuple(kLastOid, 0, "abc");
  ASSERT_TRUE(parser.Parse(first, &chunk));
  EXPECT_EQ(chunk.oid, kLastOid);
  EXPECT_EQ(chunk.data, "abc");
  const std::string second = Tuple(7, int64_t{1} << 41, "");
  ASSERT_TRUE(parser.Parse(second, &chunk));
  EXPECT_EQ(chunk.offset, int64_t{1} << 41);
  EXPECT_EQ(chunk.data, "");
  EXPECT_FALSE(parser.Parse(kTrailer, &chunk));
}

TEST(ChunkParser, OfNoObjectsThereIsTheTrailerOnly) {
  ChunkParser parser;
  LargeObjectChunk chunk;
  EXPECT_FALSE(parser.Parse(kHeader + kTrailer, &chunk));
}

TEST(ChunkParser, RefusesWhatIsNoChunk) {
  LargeObjectChunk chunk;
  const std::string whole = kHeader + Tuple(7, 0, "abc");
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_THROW(ChunkParser().Parse(std::string_view(whole).substr(0, length), &chunk), Error) << length;
  EXPECT_THROW(ChunkParser().Parse(whole + "x", &chunk), Error);
  EXPECT_THROW(ChunkParser().Parse(Tuple(7, 0, "abc"), &chunk), Error);
}

TableDigest DigestOf(std::initializer_list<LargeObjectChunk> chunks) {
  LargeObjectsDigest digest;
  for (const LargeObjectChunk& chunk : chunks) digest.Add(chunk);
  return digest.Finish();
}

TEST(LargeObjectsDigest, IsTheSumOfTheObjectsImages) {
  unsigned char image[28];
  StoreBigEndian32(image, 9);
  StoreBigEndian64(image + 4, 6);
  StoreUuid(HashBytes("abcdef", 6), image + 12);
  TableDigest expected;
  expected.AddRow(HashBytes(image, sizeof image));
  EXPECT_EQ(DigestOf({{9, 0, "abcdef"}}), expected);
  EXPECT_EQ(DigestOf({{9, 0, "ab"}, {9, 2, "cdef"}}), expected);
}

TEST(LargeObjectsDigest, TellsApartWhatDiffers) {
  const TableDigest objects = DigestOf({{1, 0, "a"}, {2, 0, "b"}});
  EXPECT_EQ(objects.rows, 2u);
  EXPECT_NE(objects, DigestOf({{1, 0, "b"}, {2, 0, "a"}}));
  EXPECT_NE(objects, DigestOf({{1, 0, "a"}, {3, 0, "b"}}));
  EXPECT_NE(objects, DigestOf({{1, 0, "a"}}));
  EXPECT_NE(objects, DigestOf({{1, 0, "a"}, {2, 0, std::string_view("b\0", 2)}}));
  EXPECT_NE(DigestOf({{1, 0, ""}}), DigestOf({}));
}

TEST(LargeObjectsDigest, MergesAcrossBatches) {
  TableDigest merged = DigestOf({{1, 0, "a"}});
  merged.Merge(DigestOf({{2, 0, "b"}}));
  EXPECT_EQ(merged, DigestOf({{1, 0, "a"}, {2, 0, "b"}}));
}

TEST(LargeObjectsDigest, RefusesAGapOrAnotherOrder) {
  EXPECT_THROW(DigestOf({{1, 1, "a"}}), Error);
  EXPECT_THROW(DigestOf({{1, 0, "a"}, {1, 2, "b"}}), Error);
  EXPECT_THROW(DigestOf({{2, 0, "a"}, {1, 0, "b"}}), Error);
}

TEST(StreamingHash, IsHashBytesHoweverTheBytesAreCut) {
  std::string bytes(3000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7919 >> 3);
  for (const size_t length : {0u, 1u, 16u, 17u, 128u, 129u, 240u, 241u, 1024u, 3000u}) {
    for (const size_t cut : {1u, 63u, 64u, 257u}) {
      StreamingHash hash;
      for (size_t at = 0; at < length; at += cut) hash.Add(bytes.data() + at, std::min<size_t>(cut, length - at));
      EXPECT_EQ(hash.Digest(), HashBytes(bytes.data(), length)) << length << " by " << cut;
    }
  }
}

std::vector<std::string> Sql(const std::vector<LargeObjectGrant>& wanted,
                             const std::vector<LargeObjectGrant>& present) {
  std::vector<std::string> sql;
  for (const GrantStatement& statement : GrantStatements(5, "me", wanted, present)) sql.push_back(statement.sql);
  return sql;
}

TEST(GrantStatements, NothingToDoWhereTheGrantsAreThere) {
  EXPECT_TRUE(Sql({{"", "a", "SELECT", false}}, {{"", "a", "SELECT", false}}).empty());
}

TEST(GrantStatements, GrantsOfTheOwnerComeBeforeThoseThatTheyAllow) {
  EXPECT_EQ(Sql({{"a", "b\"c", "SELECT", false}, {"", "a", "SELECT", true}, {"", std::nullopt, "UPDATE", false}}, {}),
            (std::vector<std::string>{
                "GRANT SELECT ON LARGE OBJECT 5 TO \"a\" WITH GRANT OPTION",
                "GRANT UPDATE ON LARGE OBJECT 5 TO PUBLIC",
                "SET ROLE \"a\"; GRANT SELECT ON LARGE OBJECT 5 TO \"b\"\"c\"; RESET ROLE",
            }));
}

TEST(GrantStatements, WhatTheSourceTookFromTheOwnerIsTakenOnTheTarget) {
  EXPECT_EQ(Sql({{"", "", "SELECT", false}}, {{"", "", "SELECT", false}, {"", "", "UPDATE", false}}),
            (std::vector<std::string>{"REVOKE UPDATE ON LARGE OBJECT 5 FROM \"me\""}));
}

TEST(GrantStatements, AGrantOptionIsGivenAndTakenAlone) {
  EXPECT_EQ(Sql({{"", "a", "SELECT", true}}, {{"", "a", "SELECT", false}}),
            (std::vector<std::string>{"GRANT SELECT ON LARGE OBJECT 5 TO \"a\" WITH GRANT OPTION"}));
  EXPECT_EQ(Sql({{"", "a", "SELECT", false}}, {{"", "a", "SELECT", true}}),
            (std::vector<std::string>{"REVOKE GRANT OPTION FOR SELECT ON LARGE OBJECT 5 FROM \"a\""}));
}

}  // namespace
}  // namespace airlift
