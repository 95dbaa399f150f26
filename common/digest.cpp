#include "digest.h"

#include <new>

#include "byte_order.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace airlift {

Digest128 HashBytes(const void* bytes, size_t length) noexcept {
  const XXH128_hash_t hash = XXH3_128bits(bytes, length);
  return Digest128{hash.high64, hash.low64};
}

StreamingHash::StreamingHash() noexcept {
  static_assert(sizeof(XXH3_state_t) == sizeof state_ && alignof(XXH3_state_t) <= alignof(StreamingHash));
  XXH3_128bits_reset(new (state_) XXH3_state_t);
}

void StreamingHash::Add(const void* bytes, size_t length) noexcept {
  XXH3_128bits_update(reinterpret_cast<XXH3_state_t*>(state_), bytes, length);
}

Digest128 StreamingHash::Digest() const noexcept {
  const XXH128_hash_t hash = XXH3_128bits_digest(reinterpret_cast<const XXH3_state_t*>(state_));
  return Digest128{hash.high64, hash.low64};
}

void StoreUuid(Digest128 digest, unsigned char* bytes) noexcept {
  StoreBigEndian64(bytes, digest.high);
  StoreBigEndian64(bytes + 8, digest.low);
}

Digest128 LoadUuid(const unsigned char* bytes) noexcept {
  return Digest128{LoadBigEndian64(bytes), LoadBigEndian64(bytes + 8)};
}

namespace {

// Bytes after which the text form of a uuid has a hyphen.
constexpr bool HyphenFollows(size_t byte) noexcept { return byte == 3 || byte == 5 || byte == 7 || byte == 9; }

constexpr int HexValue(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

void FormatUuid(Digest128 digest, char* text) noexcept {
  static constexpr char kHex[] = "0123456789abcdef";
  unsigned char bytes[kUuidBytes];
  StoreUuid(digest, bytes);
  for (size_t i = 0; i < kUuidBytes; ++i) {
    *text++ = kHex[bytes[i] >> 4];
    *text++ = kHex[bytes[i] & 15];
    if (HyphenFollows(i)) *text++ = '-';
  }
  *text = '\0';
}

bool ParseUuid(const char* text, size_t length, Digest128* digest) noexcept {
  if (length != kUuidTextLength) return false;
  unsigned char bytes[kUuidBytes];
  for (size_t i = 0; i < kUuidBytes; ++i) {
    const int high = HexValue(*text++);
    const int low = HexValue(*text++);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<unsigned char>(high << 4 | low);
    if (HyphenFollows(i) && *text++ != '-') return false;
  }
  *digest = LoadUuid(bytes);
  return true;
}

}  // namespace airlift
