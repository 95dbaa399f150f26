// From tuples as they lie in a table's pages to row images, without the executor and without Datums in between.
#pragma once

#include "image_buffer.h"
#include "server.h"
#include "value_codec.h"

namespace airlift {

// What is done with one stored column on the way through a tuple.
enum class ColumnStep : uint8 { kSkip, kInt16, kInt32, kInt64, kBytes, kOther };

struct TupleColumn {
  ColumnStep step;
  uint8 alignment;  // in bytes
  bool by_value;
  int16 length;  // as pg_attribute.attlen
  ValueCodec codec;
  // For tuples older than the column.
  Datum missing;
  bool is_missing_null;
};

class TupleEncoder {
 public:
  // For images of the columns with these numbers, which ascend. Memory comes from `context`.
  void Init(TupleDesc descriptor, const AttrNumber* numbers, int count, MemoryContext context);

  // Valid until the next call.
  const ImageBuffer& Encode(HeapTupleHeader tuple);

  // These hold for the types of the columns: see ValueCodec.
  bool makes_text() const { return makes_text_; }
  bool calls_send() const { return calls_send_; }

 private:
  void Prepare();

  TupleDesc descriptor_;
  const AttrNumber* numbers_;
  int count_;
  uint64 generation_;  // catalog_generation when the codecs were made; 0 = none
  int columns_;        // up to the last one wanted
  TupleColumn* table_;
  bool makes_text_;
  bool calls_send_;
  ImageBuffer image_;
  MemoryContext codecs_context_;
  MemoryContext scratch_;  // reset per row
};

}  // namespace airlift
