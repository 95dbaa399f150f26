// Big-endian stores and loads: the byte order of COPY BINARY and of everything that format 1 hashes.
#pragma once

#include <cstdint>
#include <cstring>

namespace airlift {

template <typename Unsigned>
constexpr Unsigned BigEndian(Unsigned value) noexcept {
  if constexpr (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__) return value;
  if constexpr (sizeof value == 2) return __builtin_bswap16(value);
  if constexpr (sizeof value == 4) return __builtin_bswap32(value);
  if constexpr (sizeof value == 8) return __builtin_bswap64(value);
}

inline void StoreBigEndian16(void* to, uint16_t value) noexcept {
  value = BigEndian(value);
  std::memcpy(to, &value, sizeof value);
}
inline void StoreBigEndian32(void* to, uint32_t value) noexcept {
  value = BigEndian(value);
  std::memcpy(to, &value, sizeof value);
}
inline void StoreBigEndian64(void* to, uint64_t value) noexcept {
  value = BigEndian(value);
  std::memcpy(to, &value, sizeof value);
}
inline uint16_t LoadBigEndian16(const void* from) noexcept {
  uint16_t value;
  std::memcpy(&value, from, sizeof value);
  return BigEndian(value);
}
inline uint32_t LoadBigEndian32(const void* from) noexcept {
  uint32_t value;
  std::memcpy(&value, from, sizeof value);
  return BigEndian(value);
}
inline uint64_t LoadBigEndian64(const void* from) noexcept {
  uint64_t value;
  std::memcpy(&value, from, sizeof value);
  return BigEndian(value);
}

}  // namespace airlift
