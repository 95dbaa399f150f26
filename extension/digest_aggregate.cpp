// The aggregate airlift.digest: row count and sum of row digests modulo 2^128.
#include "byte_order.h"
#include "digest.h"
#include "row_encoder.h"
#include "server.h"

extern "C" {
#include "utils/uuid.h"
}

AIRLIFT_SQL_FUNCTION(airlift_digest_add);
AIRLIFT_SQL_FUNCTION(airlift_digest_combine);
AIRLIFT_SQL_FUNCTION(airlift_digest_serialize);
AIRLIFT_SQL_FUNCTION(airlift_digest_deserialize);
AIRLIFT_SQL_FUNCTION(airlift_digest_result);

namespace {

using airlift::TableDigest;

// Between workers of one query: the count, then the sum, big-endian.
constexpr size_t kSerializedSize = 8 + airlift::kUuidBytes;

TableDigest* NewState(FunctionCallInfo fcinfo) {
  MemoryContext context;
  if (!AggCheckCallContext(fcinfo, &context)) elog(ERROR, "aggregate function called in non-aggregate context");
  TableDigest* state = static_cast<TableDigest*>(MemoryContextAlloc(context, sizeof(TableDigest)));
  *state = TableDigest{};
  return state;
}

TableDigest* State(FunctionCallInfo fcinfo, int i) {
  return PG_ARGISNULL(i) ? nullptr : reinterpret_cast<TableDigest*>(PG_GETARG_POINTER(i));
}

TupleDesc ResultDescriptor(FunctionCallInfo fcinfo) {
  if (fcinfo->flinfo->fn_extra == nullptr) {
    TupleDesc descriptor;
    const MemoryContext caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
    if (get_call_result_type(fcinfo, nullptr, &descriptor) != TYPEFUNC_COMPOSITE)
      elog(ERROR, "airlift.digest must return a composite type");
    fcinfo->flinfo->fn_extra = BlessTupleDesc(CreateTupleDescCopy(descriptor));
    MemoryContextSwitchTo(caller);
  }
  return static_cast<TupleDesc>(fcinfo->flinfo->fn_extra);
}

}  // namespace

// A NULL whole row, as the empty side of an outer join has it, is no row and not counted.
Datum airlift_digest_add(PG_FUNCTION_ARGS) {
  TableDigest* state = State(fcinfo, 0);
  if (unlikely(state == nullptr)) state = NewState(fcinfo);
  const airlift::ImageBuffer* image = airlift::EncodeRow(fcinfo, 1);
  if (image != nullptr) state->AddRow(airlift::HashBytes(image->data(), image->length()));
  PG_RETURN_POINTER(state);
}

Datum airlift_digest_combine(PG_FUNCTION_ARGS) {
  TableDigest* state = State(fcinfo, 0);
  const TableDigest* other = State(fcinfo, 1);
  if (state == nullptr) state = NewState(fcinfo);
  if (other != nullptr) state->Merge(*other);
  PG_RETURN_POINTER(state);
}

Datum airlift_digest_serialize(PG_FUNCTION_ARGS) {
  if (!AggCheckCallContext(fcinfo, nullptr)) elog(ERROR, "aggregate function called in non-aggregate context");
  const TableDigest* state = State(fcinfo, 0);
  bytea* result = static_cast<bytea*>(palloc(VARHDRSZ + kSerializedSize));
  SET_VARSIZE(result, VARHDRSZ + kSerializedSize);
  airlift::StoreBigEndian64(VARDATA(result), state->rows);
  airlift::StoreUuid(state->sum, reinterpret_cast<unsigned char*>(VARDATA(result)) + 8);
  PG_RETURN_BYTEA_P(result);
}

Datum airlift_digest_deserialize(PG_FUNCTION_ARGS) {
  if (!AggCheckCallContext(fcinfo, nullptr)) elog(ERROR, "aggregate function called in non-aggregate context");
  const bytea* from = PG_GETARG_BYTEA_PP(0);
  if (VARSIZE_ANY_EXHDR(from) != kSerializedSize) elog(ERROR, "unexpected size of a serialized digest");
  TableDigest* state = static_cast<TableDigest*>(palloc(sizeof(TableDigest)));
  state->rows = airlift::LoadBigEndian64(VARDATA_ANY(from));
  state->sum = airlift::LoadUuid(reinterpret_cast<const unsigned char*>(VARDATA_ANY(from)) + 8);
  PG_RETURN_POINTER(state);
}

// No rows at all are a digest too: 0 and the zero uuid.
Datum airlift_digest_result(PG_FUNCTION_ARGS) {
  const TableDigest* state = State(fcinfo, 0);
  const TableDigest digest = state != nullptr ? *state : TableDigest{};
  pg_uuid_t uuid;
  airlift::StoreUuid(digest.sum, uuid.data);
  Datum values[] = {Int64GetDatum(static_cast<int64>(digest.rows)), UUIDPGetDatum(&uuid)};
  bool nulls[] = {false, false};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(ResultDescriptor(fcinfo), values, nulls)));
}
