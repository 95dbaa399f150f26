// airlift.row_image, row_digest and small ones.
#include "digest.h"
#include "row_encoder.h"
#include "server.h"

extern "C" {
#include "utils/uuid.h"
}

AIRLIFT_SQL_FUNCTION(airlift_api_version);
AIRLIFT_SQL_FUNCTION(airlift_version);
AIRLIFT_SQL_FUNCTION(airlift_row_image);
AIRLIFT_SQL_FUNCTION(airlift_row_digest);
AIRLIFT_SQL_FUNCTION(airlift_hash_bytes);
AIRLIFT_SQL_FUNCTION(airlift_digest_bucket);

namespace {

// Of the SQL interface. Raised when a function's meaning changes; the helper asks for it.
constexpr int kApiVersion = 1;

Datum UuidDatum(airlift::Digest128 digest) {
  pg_uuid_t* uuid = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
  airlift::StoreUuid(digest, uuid->data);
  return UUIDPGetDatum(uuid);
}

bytea* NewBytea(const char* bytes, size_t size) {
  if (size > MaxAllocSize - VARHDRSZ)
    ereport(ERROR,
            (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("row image of %zu bytes is too large for a bytea", size),
             errhint("airlift.row_digest has no such limit.")));
  bytea* result = static_cast<bytea*>(palloc(VARHDRSZ + size));
  SET_VARSIZE(result, VARHDRSZ + size);
  memcpy(VARDATA(result), bytes, size);
  return result;
}

}  // namespace

Datum airlift_api_version([[maybe_unused]] PG_FUNCTION_ARGS) { PG_RETURN_INT32(kApiVersion); }

Datum airlift_version([[maybe_unused]] PG_FUNCTION_ARGS) { PG_RETURN_TEXT_P(cstring_to_text(AIRLIFT_VERSION)); }

Datum airlift_row_image(PG_FUNCTION_ARGS) {
  const airlift::ImageBuffer* image = airlift::EncodeRow(fcinfo, 0);
  if (image == nullptr) PG_RETURN_NULL();
  PG_RETURN_BYTEA_P(NewBytea(image->data(), image->length()));
}

Datum airlift_row_digest(PG_FUNCTION_ARGS) {
  const airlift::ImageBuffer* image = airlift::EncodeRow(fcinfo, 0);
  if (image == nullptr) PG_RETURN_NULL();
  return UuidDatum(airlift::HashBytes(image->data(), image->length()));
}

Datum airlift_hash_bytes(PG_FUNCTION_ARGS) {
  const bytea* bytes = PG_GETARG_BYTEA_PP(0);
  return UuidDatum(airlift::HashBytes(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes)));
}

// Buckets are numbered from 0 by the high half of the digest, taken as unsigned.
Datum airlift_digest_bucket(PG_FUNCTION_ARGS) {
  const airlift::Digest128 digest = airlift::LoadUuid(PG_GETARG_UUID_P(0)->data);
  const int32 buckets = PG_GETARG_INT32(1);
  if (buckets < 1)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("number of buckets must be at least 1")));
  PG_RETURN_INT32(static_cast<int32>(airlift::BucketOf(digest, static_cast<uint32>(buckets))));
}
