// The built-in types that are written straight from their datums.
//
// To add one: write its writer, add a row to kFastTypes, and add the type to sql/fast_paths.sql, which compares every
// fast path with the type's send function.
#include "server_catalog.h"
#include "value_codec.h"
#include "varlena.h"

extern "C" {
#include "utils/date.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
}

namespace airlift {

namespace {

void WriteByte(ImageBuffer& out, Datum value, ValueCodec&) {
  char* to = out.Reserve(5);
  StoreBigEndian32(to, 1);
  to[4] = DatumGetChar(value);
  out.Advance(5);
}

void WriteBool(ImageBuffer& out, Datum value, ValueCodec&) {
  char* to = out.Reserve(5);
  StoreBigEndian32(to, 1);
  to[4] = DatumGetBool(value) ? 1 : 0;
  out.Advance(5);
}

void WriteInt16(ImageBuffer& out, Datum value, ValueCodec&) {
  char* to = out.Reserve(6);
  StoreBigEndian32(to, 2);
  StoreBigEndian16(to + 4, DatumGetUInt16(value));
  out.Advance(6);
}

void WriteInt32(ImageBuffer& out, Datum value, ValueCodec&) {
  char* to = out.Reserve(8);
  StoreBigEndian32(to, 4);
  StoreBigEndian32(to + 4, DatumGetUInt32(value));
  out.Advance(8);
}

#ifndef USE_FLOAT8_BYVAL
#error "8-byte values passed by reference are not supported"
#endif

void WriteInt64(ImageBuffer& out, Datum value, ValueCodec&) {
  char* to = out.Reserve(12);
  StoreBigEndian32(to, 8);
  StoreBigEndian64(to + 4, static_cast<uint64>(value));
  out.Advance(12);
}

// time and zone, as timetz_send has them
void WriteTimeTz(ImageBuffer& out, Datum value, ValueCodec&) {
  const char* from = DatumGetPointer(value);
  char* to = out.Reserve(16);
  StoreBigEndian32(to, 12);
  StoreBigEndian64(to + 4, LoadUnaligned<uint64>(from + offsetof(TimeTzADT, time)));
  StoreBigEndian32(to + 12, LoadUnaligned<uint32>(from + offsetof(TimeTzADT, zone)));
  out.Advance(16);
}

void WriteInterval(ImageBuffer& out, Datum value, ValueCodec&) {
  const char* from = DatumGetPointer(value);
  char* to = out.Reserve(20);
  StoreBigEndian32(to, 16);
  StoreBigEndian64(to + 4, LoadUnaligned<uint64>(from + offsetof(Interval, time)));
  StoreBigEndian32(to + 12, LoadUnaligned<uint32>(from + offsetof(Interval, day)));
  StoreBigEndian32(to + 16, LoadUnaligned<uint32>(from + offsetof(Interval, month)));
  out.Advance(20);
}

template <size_t size>
void WriteFixedBytes(ImageBuffer& out, Datum value, ValueCodec&) {
  out.AppendValue(DatumGetPointer(value), size);
}

// point, lseg, box: doubles
template <int count>
void WriteDoubles(ImageBuffer& out, Datum value, ValueCodec&) {
  const char* from = DatumGetPointer(value);
  char* to = out.Reserve(4 + 8 * count);
  StoreBigEndian32(to, 8 * count);
  for (int i = 0; i < count; ++i) StoreBigEndian64(to + 4 + 8 * i, LoadUnaligned<uint64>(from + 8 * i));
  out.Advance(4 + 8 * count);
}

void WriteBytea(ImageBuffer& out, Datum value, ValueCodec&) {
  const Payload payload = GetPayload(value);
  out.AppendValue(payload.bytes.data, payload.bytes.size);
  payload.Free();
}

void WriteName(ImageBuffer& out, Datum value, ValueCodec&) {
  const char* name = DatumGetPointer(value);
  out.AppendValue(name, strnlen(name, NAMEDATALEN));
}

void WriteServerName(ImageBuffer& out, Datum value, ValueCodec&) {
  const char* name = DatumGetPointer(value);
  const size_t start = out.BeginValue();
  AppendServerText(out, name, strnlen(name, NAMEDATALEN));
  out.EndValue(start);
}

constexpr FastType kFastTypes[] = {
    {BOOLOID, WriteBool, nullptr, InlineForm::kNone},
    {CHAROID, WriteByte, nullptr, InlineForm::kNone},
    {INT2OID, WriteInt16, nullptr, InlineForm::kInt16},
    {INT4OID, WriteInt32, nullptr, InlineForm::kInt32},
    {OIDOID, WriteInt32, nullptr, InlineForm::kInt32},
    {XIDOID, WriteInt32, nullptr, InlineForm::kInt32},
    {CIDOID, WriteInt32, nullptr, InlineForm::kInt32},
    {FLOAT4OID, WriteInt32, nullptr, InlineForm::kInt32},
    {DATEOID, WriteInt32, nullptr, InlineForm::kInt32},
    {INT8OID, WriteInt64, nullptr, InlineForm::kInt64},
    {FLOAT8OID, WriteInt64, nullptr, InlineForm::kInt64},
    {CASHOID, WriteInt64, nullptr, InlineForm::kInt64},
    {TIMEOID, WriteInt64, nullptr, InlineForm::kInt64},
    {TIMESTAMPOID, WriteInt64, nullptr, InlineForm::kInt64},
    {TIMESTAMPTZOID, WriteInt64, nullptr, InlineForm::kInt64},
    {XID8OID, WriteInt64, nullptr, InlineForm::kInt64},
    {PG_LSNOID, WriteInt64, nullptr, InlineForm::kInt64},
    {TIMETZOID, WriteTimeTz, nullptr, InlineForm::kNone},
    {INTERVALOID, WriteInterval, nullptr, InlineForm::kNone},
    {UUIDOID, WriteFixedBytes<UUID_LEN>, nullptr, InlineForm::kNone},
    {MACADDROID, WriteFixedBytes<6>, nullptr, InlineForm::kNone},
    {MACADDR8OID, WriteFixedBytes<8>, nullptr, InlineForm::kNone},
    {POINTOID, WriteDoubles<2>, nullptr, InlineForm::kNone},
    {LSEGOID, WriteDoubles<4>, nullptr, InlineForm::kNone},
    {BOXOID, WriteDoubles<4>, nullptr, InlineForm::kNone},
    {LINEOID, WriteDoubles<3>, nullptr, InlineForm::kNone},
    {CIRCLEOID, WriteDoubles<3>, nullptr, InlineForm::kNone},
    {BYTEAOID, WriteBytea, nullptr, InlineForm::kBytes},
    {NUMERICOID, WriteNumeric, nullptr, InlineForm::kNone},
    {TEXTOID, WriteText, WriteServerText, InlineForm::kBytes},
    {VARCHAROID, WriteText, WriteServerText, InlineForm::kBytes},
    {BPCHAROID, WriteText, WriteServerText, InlineForm::kBytes},
    {JSONOID, WriteText, WriteServerText, InlineForm::kBytes},
    {NAMEOID, WriteName, WriteServerName, InlineForm::kNone},
    {JSONBOID, WriteJsonb, WriteServerJsonb, InlineForm::kNone},
};

}  // namespace

const FastType* FindFastType(Oid type) {
  for (const FastType& fast : kFastTypes)
    if (fast.type == type) return &fast;
  return nullptr;
}

void WriteText(ImageBuffer& out, Datum value, ValueCodec& codec) { WriteBytea(out, value, codec); }

void WriteServerText(ImageBuffer& out, Datum value, ValueCodec&) {
  const Payload text = GetPayload(value);
  const size_t start = out.BeginValue();
  AppendServerText(out, text.bytes.data, text.bytes.size);
  out.EndValue(start);
  text.Free();
}

}  // namespace airlift
