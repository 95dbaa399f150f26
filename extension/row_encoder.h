// From the arguments of a SQL function to the image of one row.
#pragma once

#include "image_buffer.h"
#include "server.h"
#include "value_codec.h"

namespace airlift {

struct RowEncoder;

// Encodes the arguments of `fcinfo` from number `first` on, which were declared VARIADIC "any" or record. A single
// argument of a composite type stands for its live columns; otherwise each argument is a column. Null when that single
// argument is NULL: there is no row then. The result is valid until the next call from the same place in the query.
const ImageBuffer* EncodeRow(FunctionCallInfo fcinfo, int first);

}  // namespace airlift
