// Enums as enum_send has them: the label. Labels are cached by OID; a change in pg_enum makes the codec stale
// (catalog_generation), so the cache needs no invalidation of its own.
#include "server_catalog.h"
#include "value_codec.h"

extern "C" {
#include "catalog/pg_enum.h"
}

namespace airlift {

namespace {

constexpr uint32 kCachedLabels = 64;  // direct-mapped
// A label has fewer than NAMEDATALEN bytes, each of which becomes at most three of UTF8 from a single-byte encoding.
constexpr size_t kLabelCapacity = NAMEDATALEN * MAX_CONVERSION_GROWTH;

struct CachedLabel {
  Oid value;
  uint32 length;
  char text[kLabelCapacity];
};

void LoadLabel(CachedLabel* label, Oid value) {
  HeapTuple tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(value));
  if (!HeapTupleIsValid(tuple))
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION), errmsg("invalid internal value for enum: %u", value)));
  const char* name = NameStr(reinterpret_cast<Form_pg_enum>(GETSTRUCT(tuple))->enumlabel);
  const size_t size = strlen(name);
  const char* converted = pg_server_to_any(name, static_cast<int>(size), PG_UTF8);
  label->length = static_cast<uint32>(converted == name ? size : strlen(converted));
  memcpy(label->text, converted, label->length);
  label->value = value;
  ReleaseSysCache(tuple);
}

}  // namespace

struct EnumLabels {
  CachedLabel slots[kCachedLabels];
};

EnumLabels* NewEnumLabels(MemoryContext context) {
  return static_cast<EnumLabels*>(MemoryContextAllocZero(context, sizeof(EnumLabels)));
}

void WriteEnum(ImageBuffer& out, Datum value, ValueCodec& codec) {
  const Oid oid = DatumGetObjectId(value);
  CachedLabel& label = codec.labels->slots[oid % kCachedLabels];
  if (unlikely(label.value != oid)) LoadLabel(&label, oid);
  out.AppendValue(label.text, label.length);
}

}  // namespace airlift
