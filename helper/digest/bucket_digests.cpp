#include "digest/bucket_digests.h"

#include <fmt/format.h>

#include <bit>

#include "base/error.h"
#include "byte_order.h"

namespace airlift {

namespace {

constexpr double kRowsPerBucket = 256;

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// False when `text` has no `size` bytes in hexadecimal at `at`.
bool DecodeHex(std::string_view text, size_t at, size_t size, unsigned char* bytes) {
  for (size_t i = 0; i < size; ++i) {
    const int high = HexValue(text[at + 2 * i]);
    const int low = HexValue(text[at + 2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<unsigned char>(high << 4 | low);
  }
  return true;
}

}  // namespace

uint32_t BucketSet::size() const {
  uint32_t count = 0;
  for (const unsigned char byte : bits_) count += static_cast<uint32_t>(std::popcount(byte));
  return count;
}

std::string BucketSet::ToHex() const {
  std::string text = "\\x";
  for (const unsigned char byte : bits_) text += fmt::format("{:02x}", byte);
  return text;
}

BucketDigests BucketDigests::FromHex(std::string_view text, uint32_t buckets) {
  BucketDigests digests(buckets);
  if (text.empty()) return digests;
  bool is_good = text.size() == 2 + 2 * kTableDigestBytes * buckets && text.substr(0, 2) == "\\x";
  for (size_t i = 0; is_good && i < buckets; ++i) {
    unsigned char bytes[kTableDigestBytes];
    is_good = DecodeHex(text, 2 + 2 * kTableDigestBytes * i, kTableDigestBytes, bytes);
    digests.digests_[i] = {LoadBigEndian64(bytes), LoadUuid(bytes + 8)};
  }
  if (!is_good) throw Error("the server returned no bucket digests");
  return digests;
}

std::string BucketDigests::ToHex() const {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string text = "\\x";
  text.reserve(2 + 2 * kTableDigestBytes * digests_.size());
  for (const TableDigest& digest : digests_) {
    unsigned char bytes[kTableDigestBytes];
    StoreBigEndian64(bytes, digest.rows);
    StoreUuid(digest.sum, bytes + 8);
    for (const unsigned char byte : bytes) {
      text += kDigits[byte >> 4];
      text += kDigits[byte & 15];
    }
  }
  return text;
}

void BucketDigests::Merge(const BucketDigests& other) {
  for (size_t i = 0; i < digests_.size(); ++i) digests_[i].Merge(other.digests_[i]);
}

TableDigest BucketDigests::Total() const {
  TableDigest total;
  for (const TableDigest& digest : digests_) total.Merge(digest);
  return total;
}

BucketSet BucketDigests::Differing(const BucketDigests& other) const {
  BucketSet set(buckets());
  for (uint32_t i = 0; i < buckets(); ++i)
    if (digests_[i] != other.digests_[i]) set.Add(i);
  return set;
}

uint32_t BucketsFor(double rows) {
  uint32_t buckets = 1;
  while (buckets < kMaxBuckets && buckets * kRowsPerBucket < rows) buckets *= 2;
  return buckets;
}

}  // namespace airlift
