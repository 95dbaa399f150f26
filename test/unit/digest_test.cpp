#include "digest.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace airlift {
namespace {

using nlohmann::json;

json Vectors() {
  std::ifstream file(std::string(AIRLIFT_TEST_DIRECTORY) + "/vectors/format1.json");
  return json::parse(file);
}

std::string FromHex(const std::string& hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return bytes;
}

std::string Text(Digest128 digest) {
  char text[kUuidTextLength + 1];
  FormatUuid(digest, text);
  return text;
}

TEST(HashBytes, FitsThePublishedVectors) {
  const json vectors = Vectors();
  ASSERT_GE(vectors.at("hashes").size(), 3U);
  for (const json& vector : vectors.at("hashes")) {
    const std::string bytes = FromHex(vector.at("bytes"));
    EXPECT_EQ(Text(HashBytes(bytes.data(), bytes.size())), vector.at("digest")) << bytes.size() << " bytes";
  }
}

TEST(Sum, CarriesFromTheLowHalfIntoTheHighOne) {
  const Digest128 a{1, ~uint64_t{0}};
  const Digest128 b{2, 1};
  EXPECT_EQ(a + b, (Digest128{4, 0}));
}

TEST(Sum, WrapsAround) {
  const Digest128 most{~uint64_t{0}, ~uint64_t{0}};
  EXPECT_EQ(most + (Digest128{0, 1}), Digest128{});
}

TEST(TableDigest, IsIndependentOfOrderAndOfHowItIsCut) {
  const Digest128 rows[] = {HashBytes("a", 1), HashBytes("b", 1), HashBytes("c", 1)};
  TableDigest forward, left, right;
  for (const Digest128 row : rows) forward.AddRow(row);
  left.AddRow(rows[2]);
  right.AddRow(rows[1]);
  right.AddRow(rows[0]);
  left.Merge(right);
  EXPECT_EQ(forward, left);
}

TEST(TableDigest, TellsADuplicateFromAnother) {
  TableDigest aab, abb;
  for (const char* row : {"a", "a", "b"}) aab.AddRow(HashBytes(row, 1));
  for (const char* row : {"a", "b", "b"}) abb.AddRow(HashBytes(row, 1));
  EXPECT_NE(aab, abb);
}

TEST(TableDigest, DoesNotLoseAPairOfEqualRowsAsExclusiveOrWould) {
  TableDigest none, pair;
  pair.AddRow(HashBytes("a", 1));
  pair.AddRow(HashBytes("a", 1));
  EXPECT_NE(none.sum, pair.sum);
}

TEST(Uuid, IsReadAsItIsWritten) {
  const Digest128 digest{0x0123456789abcdef, 0xfedcba9876543210};
  EXPECT_EQ(Text(digest), "01234567-89ab-cdef-fedc-ba9876543210");
  Digest128 read;
  ASSERT_TRUE(ParseUuid("01234567-89AB-cdef-fedc-ba9876543210", 36, &read));
  EXPECT_EQ(read, digest);
}

TEST(Uuid, NothingElseIsAccepted) {
  Digest128 read;
  for (const std::string text : {"", "01234567-89ab-cdef-fedc-ba987654321", "0123456789ab-cdef-fedc-ba9876543210-0000",
                                 "g1234567-89ab-cdef-fedc-ba9876543210", "{0123456-89ab-cdef-fedc-ba987654321}",
                                 "01234567-89ab-cdef-fedc-ba98765432100"})
    EXPECT_FALSE(ParseUuid(text.data(), text.size(), &read)) << text;
}

}  // namespace
}  // namespace airlift
