#include "array_flags.h"

#include <cstdint>

#include "byte_order.h"

namespace airlift {

namespace {

constexpr uint32_t kNull = 0xFFFFFFFF;
constexpr size_t kArrayHeader = 12;  // dimensions, flag, element type

// Moves over a length and as many bytes; false at a NULL, or with `*at` null when the bytes do not suffice.
bool SkipValue(const unsigned char** at, const unsigned char* end) noexcept {
  const size_t left = static_cast<size_t>(end - *at);
  const uint32_t size = left < 4 ? 0 : LoadBigEndian32(*at);
  if (left >= 4 && size == kNull) {
    *at += 4;
    return false;
  }
  const bool suffices = left >= 4 && left - 4 >= size;
  *at = suffices ? *at + 4 + size : nullptr;
  return suffices;
}

bool HasNullElement(const unsigned char* array, size_t size) noexcept {
  const size_t bounds = size_t{8} * LoadBigEndian32(array);
  if (size - kArrayHeader < bounds) return true;  // not an array: leave it alone
  const unsigned char* const end = array + size;
  for (const unsigned char* at = array + kArrayHeader + bounds; at != end;)
    if (!SkipValue(&at, end)) return true;
  return false;
}

bool ClearFlag(unsigned char* array, size_t size) noexcept {
  if (size < kArrayHeader || LoadBigEndian32(array + 4) != 1 || HasNullElement(array, size)) return false;
  StoreBigEndian32(array + 4, 0);
  return true;
}

}  // namespace

bool ClearStaleArrayFlags(unsigned char* image, size_t length, const int* array_columns,
                          size_t array_column_count) noexcept {
  if (length < 2) return false;
  const unsigned char* const end = image + length;
  const unsigned char* at = image + 2;
  const int columns = LoadBigEndian16(image);
  bool changed = false;
  for (int column = 0; column < columns && array_column_count > 0; ++column) {
    const unsigned char* const start = at;
    const bool has_value = SkipValue(&at, end);
    if (at == nullptr) break;
    if (column != *array_columns) continue;
    ++array_columns;
    --array_column_count;
    if (has_value) changed |= ClearFlag(image + (start - image) + 4, static_cast<size_t>(at - start) - 4);
  }
  return changed;
}

}  // namespace airlift
