// The aggregate airlift.digest_buckets: a table digest for each of a number of buckets, into which rows fall by their
// own digest. One scan, no sorting or hashing by the executor: what it costs more than airlift.digest is an array.
#include "bucket_bytes.h"
#include "row_encoder.h"
#include "server.h"

AIRLIFT_SQL_FUNCTION(airlift_buckets_add);
AIRLIFT_SQL_FUNCTION(airlift_buckets_combine);
AIRLIFT_SQL_FUNCTION(airlift_buckets_serialize);
AIRLIFT_SQL_FUNCTION(airlift_buckets_deserialize);
AIRLIFT_SQL_FUNCTION(airlift_buckets_result);
AIRLIFT_SQL_FUNCTION(airlift_row_in_buckets);
AIRLIFT_SQL_FUNCTION(airlift_add_digests);

namespace {

using airlift::CheckedBuckets;
using airlift::Digest128;
using airlift::kTableDigestBytes;
using airlift::TableDigest;

struct BucketState {
  uint32 buckets;
  TableDigest digests[FLEXIBLE_ARRAY_MEMBER];
};

MemoryContext AggregateContext(FunctionCallInfo fcinfo) {
  MemoryContext context;
  if (!AggCheckCallContext(fcinfo, &context)) elog(ERROR, "aggregate function called in non-aggregate context");
  return context;
}

BucketState* NewState(MemoryContext context, uint32 buckets) {
  BucketState* state = static_cast<BucketState*>(
      MemoryContextAllocZero(context, offsetof(BucketState, digests) + sizeof(TableDigest) * buckets));
  state->buckets = buckets;
  return state;
}

BucketState* State(FunctionCallInfo fcinfo, int i) {
  return PG_ARGISNULL(i) ? nullptr : reinterpret_cast<BucketState*>(PG_GETARG_POINTER(i));
}

}  // namespace

// A NULL whole row is no row, as for airlift.digest.
Datum airlift_buckets_add(PG_FUNCTION_ARGS) {
  BucketState* state = State(fcinfo, 0);
  if (unlikely(state == nullptr)) {
    if (PG_ARGISNULL(1))
      ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("number of buckets must not be null")));
    state = NewState(AggregateContext(fcinfo), CheckedBuckets(PG_GETARG_INT32(1)));
  }
  const airlift::ImageBuffer* image = airlift::EncodeRow(fcinfo, 2);
  if (image != nullptr) {
    const Digest128 row = airlift::HashBytes(image->data(), image->length());
    state->digests[airlift::BucketOf(row, state->buckets)].AddRow(row);
  }
  PG_RETURN_POINTER(state);
}

Datum airlift_buckets_combine(PG_FUNCTION_ARGS) {
  BucketState* state = State(fcinfo, 0);
  const BucketState* other = State(fcinfo, 1);
  if (other == nullptr) {
    if (state == nullptr) PG_RETURN_NULL();
    PG_RETURN_POINTER(state);
  }
  if (state == nullptr) state = NewState(AggregateContext(fcinfo), other->buckets);
  if (state->buckets != other->buckets) elog(ERROR, "numbers of buckets differ");
  for (uint32 i = 0; i < state->buckets; ++i) state->digests[i].Merge(other->digests[i]);
  PG_RETURN_POINTER(state);
}

// Also the result: bucket by bucket the count and the sum.
Datum airlift_buckets_serialize(PG_FUNCTION_ARGS) {
  const BucketState* state = State(fcinfo, 0);
  PG_RETURN_BYTEA_P(airlift::BucketBytes(state->digests, state->buckets));
}

Datum airlift_buckets_deserialize(PG_FUNCTION_ARGS) {
  AggregateContext(fcinfo);
  const bytea* bytes = PG_GETARG_BYTEA_PP(0);
  if (VARSIZE_ANY_EXHDR(bytes) % kTableDigestBytes != 0) elog(ERROR, "unexpected size of serialized digests");
  const uint32 buckets = static_cast<uint32>(VARSIZE_ANY_EXHDR(bytes) / kTableDigestBytes);
  BucketState* state = NewState(CurrentMemoryContext, buckets);
  const char* from = VARDATA_ANY(bytes);
  for (uint32 i = 0; i < buckets; ++i, from += kTableDigestBytes) state->digests[i] = airlift::LoadTableDigest(from);
  PG_RETURN_POINTER(state);
}

// NULL where there was no row, hence no number of buckets either.
Datum airlift_buckets_result(PG_FUNCTION_ARGS) {
  AggregateContext(fcinfo);
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  return airlift_buckets_serialize(fcinfo);
}

// Whether the row's bucket is in a set of buckets: one bit for each, the lowest of the first byte is bucket 0.
Datum airlift_row_in_buckets(PG_FUNCTION_ARGS) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) PG_RETURN_NULL();
  const uint32 buckets = CheckedBuckets(PG_GETARG_INT32(0));
  const bytea* set = PG_GETARG_BYTEA_PP(1);
  if (VARSIZE_ANY_EXHDR(set) != (buckets + 7) / 8)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("a set of %u buckets must have %u bytes", buckets, (buckets + 7) / 8)));
  const airlift::ImageBuffer* image = airlift::EncodeRow(fcinfo, 2);
  if (image == nullptr) PG_RETURN_NULL();
  const Digest128 row = airlift::HashBytes(image->data(), image->length());
  PG_RETURN_BOOL(airlift::IsInBucketSet(reinterpret_cast<const unsigned char*>(VARDATA_ANY(set)),
                                        airlift::BucketOf(row, buckets)));
}

// Two results of airlift.digest_buckets -> their sum.
Datum airlift_add_digests(PG_FUNCTION_ARGS) {
  const bytea* digests = PG_GETARG_BYTEA_PP(0);
  const bytea* others = PG_GETARG_BYTEA_PP(1);
  const Size size = VARSIZE_ANY_EXHDR(digests);
  if (size != VARSIZE_ANY_EXHDR(others) || size % kTableDigestBytes != 0)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("digests are not of the same number of buckets")));
  bytea* result = static_cast<bytea*>(palloc(VARHDRSZ + size));
  SET_VARSIZE(result, VARHDRSZ + size);
  for (Size at = 0; at < size; at += kTableDigestBytes) {
    TableDigest digest = airlift::LoadTableDigest(VARDATA_ANY(digests) + at);
    digest.Merge(airlift::LoadTableDigest(VARDATA_ANY(others) + at));
    airlift::StoreTableDigest(digest, VARDATA(result) + at);
  }
  PG_RETURN_BYTEA_P(result);
}
