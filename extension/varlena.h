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

// The bytes of any varlena. Decompressed or fetched ones are palloc'ed in the current context.
inline Bytes Payload(Datum value) {
  const char* pointer = DatumGetPointer(value);
  if (likely(VARATT_IS_4B_U(pointer) || IsShortVarlena(pointer))) return PlainPayload(pointer);
  return PlainPayload(reinterpret_cast<const char*>(PG_DETOAST_DATUM_PACKED(value)));
}

}  // namespace airlift
