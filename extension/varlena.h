// Reading varlena values where they lie: any header, any alignment.
#pragma once

#include "server.h"

namespace airlift {

struct Bytes {
  const char* data;
  size_t size;
};

inline bool IsShortVarlena(const char* pointer) { return VARATT_IS_1B(pointer) && !VARATT_IS_1B_E(pointer); }

// Total size with its header of a varlena that is neither compressed nor external.
inline size_t VarlenaSize(const char* pointer) {
  if (IsShortVarlena(pointer)) return VARSIZE_1B(pointer);
  const uint32 header = LoadUnaligned<uint32>(pointer);
  return VARSIZE_4B(&header);
}

// The bytes of a varlena that is neither compressed nor external, e.g. one inside another value.
inline Bytes PlainPayload(const char* pointer) {
  const size_t header = IsShortVarlena(pointer) ? VARHDRSZ_SHORT : VARHDRSZ;
  return Bytes{pointer + header, VarlenaSize(pointer) - header};
}

// The bytes of any varlena. Where they had to be decompressed or fetched they lie in a copy, which may be large: freed
// as soon as it was used, so that a row of many such values never holds more than one.
struct Payload {
  Bytes bytes;
  void* copy;

  void Free() const {
    if (unlikely(copy != nullptr)) pfree(copy);
  }
};

inline bool IsPlainVarlena(const char* pointer) { return VARATT_IS_4B_U(pointer) || IsShortVarlena(pointer); }

inline Payload GetPayload(Datum value) {
  const char* pointer = DatumGetPointer(value);
  if (likely(IsPlainVarlena(pointer))) return Payload{PlainPayload(pointer), nullptr};
  char* copy = reinterpret_cast<char*>(PG_DETOAST_DATUM_PACKED(value));
  return Payload{PlainPayload(copy), copy};
}

// Same, with the bytes where their type wants them aligned.
inline Payload GetAlignedPayload(Datum value) {
  const char* pointer = DatumGetPointer(value);
  char* aligned = reinterpret_cast<char*>(PG_DETOAST_DATUM(value));
  return Payload{PlainPayload(aligned), aligned == pointer ? nullptr : aligned};
}

}  // namespace airlift
