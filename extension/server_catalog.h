// Catalog access, and where it differs between server versions.
#pragma once

#include "server.h"

extern "C" {
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/syscache.h"
}

#if PG_VERSION_NUM < 140000
#define PG_LSNOID LSNOID
#endif

namespace airlift {

// pg_range.rngsubtype of a range or multirange type, else InvalidOid. Multiranges came with 14.
inline Oid RangeSubtype(Oid type, char kind) {
#if PG_VERSION_NUM >= 140000
  if (kind == TYPTYPE_MULTIRANGE) return get_range_subtype(get_multirange_range(type));
#endif
  return kind == TYPTYPE_RANGE ? get_range_subtype(type) : InvalidOid;
}

}  // namespace airlift
