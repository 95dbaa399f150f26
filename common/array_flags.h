// The one place where a row image of format 1 is not what COPY sends (docs/row-digest-format.md, section "Arrays").
#pragma once

#include <cstddef>

namespace airlift {

// Clears the "has NULL elements" flag of arrays that have none, in the row image (or COPY BINARY tuple) at `image`,
// which is `length` bytes long. `array_columns` are the positions, from 0 and ascending, of the columns whose type is a
// portable array. An image that is not well-formed is left as it is. Returns true when it changed anything.
bool ClearStaleArrayFlags(unsigned char* image, size_t length, const int* array_columns,
                          size_t array_column_count) noexcept;

}  // namespace airlift
