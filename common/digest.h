// Digests of format 1: docs/row-digest-format.md is the specification, test/vectors/ pins it.
//
// Compiled into the extension and into the helper: no PostgreSQL header, no allocation, no exceptions,
// trivially destructible types only (ereport(ERROR) is a longjmp and would skip a destructor).
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace airlift {

// The format whose digests this code computes. Format 1 never changes; a better one is format 2.
inline constexpr int kDigestFormat = 1;

// A 128-bit number; as text it is a UUID, most significant byte first.
struct Digest128 {
  uint64_t high = 0;
  uint64_t low = 0;

  friend constexpr bool operator==(Digest128 a, Digest128 b) noexcept { return a.high == b.high && a.low == b.low; }
  friend constexpr bool operator!=(Digest128 a, Digest128 b) noexcept { return !(a == b); }
};

// Sum modulo 2^128.
constexpr Digest128 operator+(Digest128 a, Digest128 b) noexcept {
  const uint64_t low = a.low + b.low;
  return Digest128{a.high + b.high + (low < a.low ? 1u : 0u), low};
}

// XXH3 128-bit, seed 0, of a row image: the row digest.
Digest128 HashBytes(const void* bytes, size_t length) noexcept;

// HashBytes of bytes that come in pieces: the same digest, however they are cut.
class StreamingHash {
 public:
  StreamingHash() noexcept;
  void Add(const void* bytes, size_t length) noexcept;
  // Of all bytes added so far; more may follow.
  Digest128 Digest() const noexcept;

 private:
  // Room for xxHash's own state, whose header stays out of this one.
  alignas(64) unsigned char state_[576];
};

// Row count and sum of row digests: independent of order, mergeable, and duplicates count.
struct TableDigest {
  uint64_t rows = 0;
  Digest128 sum;

  constexpr void AddRow(Digest128 row) noexcept {
    ++rows;
    sum = sum + row;
  }
  constexpr void Merge(const TableDigest& other) noexcept {
    rows += other.rows;
    sum = sum + other.sum;
  }
  friend constexpr bool operator==(const TableDigest& a, const TableDigest& b) noexcept {
    return a.rows == b.rows && a.sum == b.sum;
  }
  friend constexpr bool operator!=(const TableDigest& a, const TableDigest& b) noexcept { return !(a == b); }
};

// The rows of a table are parted into at most so many buckets.
inline constexpr uint32_t kMaxBuckets = 65536;

// The bucket, from 0, that a digest falls into; `buckets` is at least 1.
constexpr uint32_t BucketOf(Digest128 digest, uint32_t buckets) noexcept {
  // A division for each row would be felt.
  if ((buckets & (buckets - 1)) == 0) return static_cast<uint32_t>(digest.high & (buckets - 1));
  return static_cast<uint32_t>(digest.high % buckets);
}

// True when bit `bucket` of a set of buckets is one; bit 0 is the lowest of the first byte.
constexpr bool IsInBucketSet(const unsigned char* set, uint32_t bucket) noexcept {
  return (set[bucket / 8] >> (bucket % 8) & 1) != 0;
}

inline constexpr size_t kUuidBytes = 16;
// A table digest as bytes: the count, then the sum, big-endian.
inline constexpr size_t kTableDigestBytes = 8 + kUuidBytes;
inline constexpr size_t kUuidTextLength = 36;

// The 16 bytes of a uuid value, most significant first.
void StoreUuid(Digest128 digest, unsigned char* bytes) noexcept;
Digest128 LoadUuid(const unsigned char* bytes) noexcept;

// Writes 36 characters and a terminating NUL.
void FormatUuid(Digest128 digest, char* text) noexcept;
// Accepts the 36-character form only, in either case; false when `text` is anything else.
bool ParseUuid(const char* text, size_t length, Digest128* digest) noexcept;

static_assert(std::is_trivially_destructible_v<StreamingHash>);
static_assert(std::is_trivially_destructible_v<TableDigest> && std::is_trivially_copyable_v<TableDigest>);

}  // namespace airlift
