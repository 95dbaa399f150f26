#include "tuple_encoder.h"

#include "image_cursor.h"
#include "server_table.h"

namespace airlift {

namespace {

uint8 AlignmentInBytes(char alignment) {
  switch (alignment) {
    case TYPALIGN_CHAR:
      return 1;
    case TYPALIGN_SHORT:
      return ALIGNOF_SHORT;
    case TYPALIGN_INT:
      return ALIGNOF_INT;
    default:
      return ALIGNOF_DOUBLE;
  }
}

ColumnStep StepOf(const ValueCodec& codec) {
  switch (codec.inline_form) {
    case InlineForm::kInt16:
      return ColumnStep::kInt16;
    case InlineForm::kInt32:
      return ColumnStep::kInt32;
    case InlineForm::kInt64:
      return ColumnStep::kInt64;
    case InlineForm::kBytes:
      return ColumnStep::kBytes;
    case InlineForm::kNone:
      break;
  }
  return ColumnStep::kOther;
}

pg_attribute_always_inline const char* Align(const char* at, uint8 alignment) {
  return reinterpret_cast<const char*>(TYPEALIGN(alignment, reinterpret_cast<uintptr_t>(at)));
}

// Where the column's value begins, if the one before it ended at `at`: a varlena with a 1-byte header is not aligned.
pg_attribute_always_inline const char* StartOf(const TupleColumn& column, const char* at) {
  return column.length == -1 && *at != 0 ? at : Align(at, column.alignment);
}

pg_attribute_always_inline const char* EndOf(const TupleColumn& column, const char* start) {
  if (likely(column.length > 0)) return start + column.length;
  return column.length == -1 ? start + VARSIZE_ANY(start) : start + strlen(start) + 1;
}

pg_attribute_always_inline Datum DatumAt(const TupleColumn& column, const char* start) {
  return fetch_att(start, column.by_value, column.length);
}

}  // namespace

void TupleEncoder::Init(TupleDesc descriptor, const AttrNumber* numbers, int count, MemoryContext context) {
  descriptor_ = descriptor;
  numbers_ = numbers;
  count_ = count;
  image_.Init(context);
  codecs_context_ = AllocSetContextCreate(context, "airlift tuple codecs", ALLOCSET_SMALL_SIZES);
  scratch_ = AllocSetContextCreate(context, "airlift row scratch", ALLOCSET_DEFAULT_SIZES);
  Prepare();
}

void TupleEncoder::Prepare() {
  const uint64 generation = catalog_generation;
  generation_ = 0;
  MemoryContextReset(codecs_context_);
  columns_ = count_ > 0 ? numbers_[count_ - 1] : 0;
  table_ = static_cast<TupleColumn*>(MemoryContextAllocZero(codecs_context_, sizeof(TupleColumn) * (columns_ + 1)));
  makes_text_ = calls_send_ = false;
  int wanted = 0;
  for (int i = 0; i < columns_; ++i) {
    const FormData_pg_attribute* attribute = TupleDescAttr(descriptor_, i);
    TupleColumn& column = table_[i];
    column.length = attribute->attlen;
    column.alignment = AlignmentInBytes(attribute->attalign);
    column.by_value = attribute->attbyval;
    column.step = ColumnStep::kSkip;
    if (numbers_[wanted] != attribute->attnum) continue;
    ++wanted;
    InitValueCodec(&column.codec, attribute->atttypid, codecs_context_);
    column.step = StepOf(column.codec);
    column.missing = getmissingattr(descriptor_, attribute->attnum, &column.is_missing_null);
    makes_text_ |= column.codec.makes_text;
    calls_send_ |= column.codec.calls_send;
  }
  generation_ = generation;
}

const ImageBuffer& TupleEncoder::Encode(HeapTupleHeader tuple) {
  if (unlikely(generation_ != catalog_generation)) Prepare();
  if (unlikely(!scratch_->isReset)) MemoryContextReset(scratch_);
  const MemoryContext caller = MemoryContextSwitchTo(scratch_);

  ImageCursor cursor(image_, count_);
  const bits8* nulls = (tuple->t_infomask & HEAP_HASNULL) != 0 ? tuple->t_bits : nullptr;
  const int stored = Min(columns_, static_cast<int>(HeapTupleHeaderGetNatts(tuple)));
  const char* at = reinterpret_cast<const char*>(tuple) + tuple->t_hoff;
  for (int i = 0; i < stored; ++i) {
    TupleColumn& column = table_[i];
    if (nulls != nullptr && att_isnull(i, nulls)) {
      if (column.step != ColumnStep::kSkip) cursor.AddNull();
      continue;
    }
    switch (column.step) {
      case ColumnStep::kInt16:
        at = Align(at, sizeof(int16));
        cursor.AddInt16(LoadUnaligned<uint16>(at));
        at += sizeof(int16);
        break;
      case ColumnStep::kInt32:
        at = Align(at, sizeof(int32));
        cursor.AddInt32(LoadUnaligned<uint32>(at));
        at += sizeof(int32);
        break;
      case ColumnStep::kInt64:
        at = Align(at, ALIGNOF_DOUBLE);
        cursor.AddInt64(LoadUnaligned<uint64>(at));
        at += sizeof(int64);
        break;
      case ColumnStep::kBytes: {
        if (*at == 0) at = Align(at, ALIGNOF_INT);
        if (likely(IsPlainVarlena(at))) {
          const Bytes bytes = PlainPayload(at);
          cursor.AddBytes(bytes);
          at = bytes.data + bytes.size;
        } else {
          cursor.AddByWriter(PointerGetDatum(at), column.codec);
          at += VARSIZE_ANY(at);
        }
        break;
      }
      case ColumnStep::kOther:
        at = StartOf(column, at);
        cursor.AddByWriter(DatumAt(column, at), column.codec);
        at = EndOf(column, at);
        break;
      case ColumnStep::kSkip:
        at = EndOf(column, StartOf(column, at));
        break;
    }
  }
  for (int i = stored; i < columns_; ++i) {
    TupleColumn& column = table_[i];
    if (column.step == ColumnStep::kSkip) continue;
    if (column.is_missing_null)
      cursor.AddNull();
    else
      cursor.AddValue(column.missing, column.codec);
  }
  cursor.Suspend();
  MemoryContextSwitchTo(caller);
  return image_;
}

}  // namespace airlift
