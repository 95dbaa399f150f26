// A table digest for each of a number of buckets, into which rows fall by their own digest: what tells which rows are
// worth a second look. The extension makes the same (airlift.digest_buckets).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "digest.h"

namespace airlift {

// One bit for each bucket, the lowest of the first byte for bucket 0.
class BucketSet {
 public:
  explicit BucketSet(uint32_t buckets = 1) : buckets_(buckets), bits_((buckets + 7) / 8) {}

  uint32_t buckets() const { return buckets_; }
  void Add(uint32_t bucket) { bits_[bucket / 8] = static_cast<unsigned char>(bits_[bucket / 8] | 1U << bucket % 8); }
  bool Holds(Digest128 row) const { return IsInBucketSet(bits_.data(), BucketOf(row, buckets_)); }
  uint32_t size() const;
  // "\x..": as SQL writes a bytea.
  std::string ToHex() const;

 private:
  uint32_t buckets_;
  std::vector<unsigned char> bits_;
};

class BucketDigests {
 public:
  explicit BucketDigests(uint32_t buckets = 1) : digests_(buckets) {}
  // From the text of airlift.digest_buckets' result; without rows it is NULL, here "". Throws Error when it is not one
  // of `buckets` buckets.
  static BucketDigests FromHex(std::string_view text, uint32_t buckets);

  // What FromHex reads.
  std::string ToHex() const;

  void AddRow(Digest128 row) { digests_[BucketOf(row, buckets())].AddRow(row); }
  // Of the same number of buckets.
  void Merge(const BucketDigests& other);

  uint32_t buckets() const { return static_cast<uint32_t>(digests_.size()); }
  // The digest of all rows.
  TableDigest Total() const;
  BucketSet Differing(const BucketDigests& other) const;

 private:
  std::vector<TableDigest> digests_;
};

// A number of buckets for a table of about so many rows: a bucket that differs holds a few hundred rows, and the
// digests of all fit into a processor's cache.
uint32_t BucketsFor(double rows);

}  // namespace airlift
