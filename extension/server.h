// The server's headers, for C++: include this first. Version differences stand in server_catalog.h.
#pragma once

extern "C" {
#include "postgres.h"

#include "access/htup_details.h"
#include "access/tupdesc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif
}

#if PG_VERSION_NUM < 130000
#error "pg_airlift needs PostgreSQL 13 or newer"
#endif

// Declares a function that SQL may call; its name also stands in exports.txt.
#define AIRLIFT_SQL_FUNCTION(name)          \
  extern "C" {                              \
  PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
  PG_FUNCTION_INFO_V1(name);                \
  }                                         \
  static_assert(true, "")

namespace airlift {

// Loads from memory that may be unaligned: values inside a varlena with a 1-byte header.
template <typename T>
inline T LoadUnaligned(const void* from) {
  T value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

}  // namespace airlift
