#include "base/compression.h"

#include <gtest/gtest.h>

#include <random>

#include "base/error.h"

namespace airlift {
namespace {

// Words and noise: something to compress, and more than any buffer.
std::string Sample() {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < 3000000) {
    text += "row " + std::to_string(random() % 1000) + "\t";
    for (int i = 0; i < 20; ++i) text += static_cast<char>(random());
  }
  return text;
}

std::string Compress(Compression method, const std::string& text, size_t piece) {
  std::string packed;
  const ByteSink sink = [&](std::string_view bytes) { packed += bytes; };
  const auto compressor = MakeCompressor(method);
  for (size_t at = 0; at < text.size(); at += piece) compressor->Feed(std::string_view(text).substr(at, piece), sink);
  compressor->Finish(sink);
  return packed;
}

std::string Decompress(Compression method, const std::string& packed, size_t piece) {
  std::string text;
  const auto decompressor = MakeDecompressor(method);
  for (size_t at = 0; at < packed.size(); at += piece)
    decompressor->Feed(std::string_view(packed).substr(at, piece), [&](std::string_view bytes) { text += bytes; });
  decompressor->Finish();
  return text;
}

class EveryCompression : public testing::TestWithParam<Compression> {};

TEST_P(EveryCompression, GivesBackWhatItTook) {
  const std::string text = Sample();
  for (const size_t piece : {size_t{1} << 30, size_t{65536}, size_t{7777}}) {
    const std::string packed = Compress(GetParam(), text, piece);
    EXPECT_TRUE(Decompress(GetParam(), packed, piece) == text);
  }
  EXPECT_EQ(Decompress(GetParam(), Compress(GetParam(), "", 1), 1), "");
  EXPECT_EQ(Decompress(GetParam(), Compress(GetParam(), "a", 1), 1), "a");
}

TEST_P(EveryCompression, NoticesDamage) {
  if (GetParam() == Compression::kNone) return;
  const std::string packed = Compress(GetParam(), Sample(), 65536);
  EXPECT_THROW(Decompress(GetParam(), packed.substr(0, packed.size() - 1), 65536), Error);
  EXPECT_THROW(Decompress(GetParam(), packed.substr(0, packed.size() / 2), 65536), Error);
  for (const size_t at : {packed.size() / 5, packed.size() / 2, packed.size() - 2}) {
    std::string damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    EXPECT_THROW(Decompress(GetParam(), damaged, 65536), Error);
  }
  EXPECT_THROW(Decompress(GetParam(), "what is this, no compressed data at all", 5), Error);
}

TEST_P(EveryCompression, HasAName) { EXPECT_EQ(CompressionFromName(CompressionName(GetParam())), GetParam()); }

INSTANTIATE_TEST_SUITE_P(All, EveryCompression,
                         testing::Values(Compression::kNone, Compression::kGzip, Compression::kLz4,
                                         Compression::kZstd));

TEST(CompressionFromName, RefusesOtherWords) { EXPECT_THROW(CompressionFromName("rar"), Error); }

}  // namespace
}  // namespace airlift
