// Arrays as array_send has them, with one difference (docs/row-digest-format.md, "Arrays"): the flag that says that
// there are NULL elements is set only if there are. An array keeps its null bitmap when its last NULL was overwritten,
// array_send shows that, and array_recv on the other server drops it, so that equal rows would differ.
#include "value_codec.h"
#include "varlena.h"

extern "C" {
#include "catalog/pg_type.h"
#include "utils/array.h"
}

namespace airlift {

namespace {

// An array seen through offsets that count from where its 4-byte varlena header is, or would be: that is what the
// alignment of elements refers to, also when the array lies unaligned behind a 1-byte header.
struct ArrayView {
  const char* origin;
  int dimensions;
  uint32 data_offset;
  const char* bounds;  // lengths, then lower bounds
  const char* nulls;   // bitmap or null pointer
  int count;
};

constexpr uint32 kFixedHeader = 16;  // varlena header, ndim, dataoffset, elemtype

ArrayView ViewArray(Bytes payload) {
  ArrayView view;
  view.origin = payload.data - VARHDRSZ;
  view.dimensions = LoadUnaligned<int32>(view.origin + 4);
  const uint32 data_offset = LoadUnaligned<uint32>(view.origin + 8);
  const uint32 header = kFixedHeader + 8 * view.dimensions;
  view.bounds = view.origin + kFixedHeader;
  view.nulls = data_offset != 0 ? view.origin + header : nullptr;
  view.data_offset = data_offset != 0 ? data_offset : MAXALIGN(header);
  view.count = view.dimensions > 0 ? 1 : 0;
  for (int i = 0; i < view.dimensions; ++i) view.count *= LoadUnaligned<int32>(view.bounds + 4 * i);
  return view;
}

bool IsNull(const ArrayView& array, int i) {
  return array.nulls != nullptr && (array.nulls[i / 8] & (1 << (i % 8))) == 0;
}

bool HasNull(const ArrayView& array) {
  if (array.nulls == nullptr) return false;
  for (int i = 0; i < array.count; ++i)
    if (IsNull(array, i)) return true;
  return false;
}

void AppendHeader(ImageBuffer& out, const ArrayView& array, Oid element_type) {
  out.AppendInt32(array.dimensions);
  out.AppendInt32(HasNull(array) ? 1 : 0);
  out.AppendInt32(element_type);
  for (int i = 0; i < array.dimensions; ++i) {
    out.AppendInt32(LoadUnaligned<uint32>(array.bounds + 4 * i));
    out.AppendInt32(LoadUnaligned<uint32>(array.bounds + 4 * (array.dimensions + i)));
  }
}

constexpr size_t Alignment(char typalign) {
  switch (typalign) {
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

Datum LoadElement(const char* at, const ValueCodec& codec) {
  if (!codec.element_by_value) return PointerGetDatum(at);
  switch (codec.element_length) {
    case 1:
      return CharGetDatum(*at);
    case 2:
      return Int16GetDatum(LoadUnaligned<int16>(at));
    case 4:
      return Int32GetDatum(LoadUnaligned<int32>(at));
    default:
      return LoadUnaligned<Datum>(at);
  }
}

size_t ElementSize(const char* at, const ValueCodec& codec) {
  if (codec.element_length > 0) return codec.element_length;
  if (codec.element_length == -1) return VarlenaSize(at);
  return strlen(at) + 1;
}

void AppendElements(ImageBuffer& out, const ArrayView& array, ValueCodec& codec) {
  ValueCodec& element = *codec.element;
  const size_t alignment = Alignment(codec.element_align);
  size_t offset = array.data_offset;
  for (int i = 0; i < array.count; ++i) {
    if ((i & 0xFFF) == 0xFFF) CHECK_FOR_INTERRUPTS();
    if (IsNull(array, i)) {
      out.AppendNull();
      continue;
    }
    offset = TYPEALIGN(alignment, offset);
    const char* at = array.origin + offset;
    element.write(out, LoadElement(at, codec), element);
    offset += ElementSize(at, codec);
  }
}

}  // namespace

void WriteArray(ImageBuffer& out, Datum value, ValueCodec& codec) {
  // elements that a send function reads must lie aligned
  const Payload payload = codec.element->reads_unaligned ? GetPayload(value) : GetAlignedPayload(value);
  const ArrayView array = ViewArray(payload.bytes);
  const size_t start = out.BeginValue();
  AppendHeader(out, array, codec.element_type);
  AppendElements(out, array, codec);
  out.EndValue(start);
  payload.Free();
}

}  // namespace airlift
