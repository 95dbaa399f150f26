#include "row_encoder.h"

#include "image_cursor.h"
#include "pinned_settings.h"
#include "server_catalog.h"

extern "C" {
#include "utils/typcache.h"
}

namespace airlift {

// What one call site keeps between rows, in FmgrInfo.fn_extra.
struct RowEncoder {
  ImageBuffer image;
  MemoryContext codecs_context;  // everything that depends on types; reset when they change
  MemoryContext scratch;         // reset per row

  uint64 generation;  // catalog_generation when the codecs were made; 0 = none
  int first_argument;
  bool is_record;
  Oid record_type;  // the row type that the codecs are for; invalid = none
  int32 record_typmod;

  TupleDesc descriptor;  // records: all attributes, dropped ones included
  Datum* values;
  bool* nulls;

  int columns;
  int live_columns;
  ValueCodec* codecs;  // those of dropped columns are unused
  bool* dropped;       // null when no column is
  bool makes_text;
  bool calls_send;
};

namespace {

template <typename T>
T* AllocateArray(MemoryContext context, int count) {
  return static_cast<T*>(MemoryContextAllocZero(context, sizeof(T) * (count > 0 ? count : 1)));
}

RowEncoder* NewEncoder(FunctionCallInfo fcinfo, int first) {
  if (get_fn_expr_variadic(fcinfo->flinfo))
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("VARIADIC with an array is not supported"),
                    errhint("Give the columns one by one, or as one row.")));
  const MemoryContext parent = fcinfo->flinfo->fn_mcxt;
  RowEncoder* encoder = AllocateArray<RowEncoder>(parent, 1);
  encoder->image.Init(parent);
  encoder->codecs_context = AllocSetContextCreate(parent, "airlift column codecs", ALLOCSET_SMALL_SIZES);
  encoder->scratch = AllocSetContextCreate(parent, "airlift row scratch", ALLOCSET_DEFAULT_SIZES);
  encoder->first_argument = first;
  return encoder;
}

void AllocateColumns(RowEncoder* encoder, int columns) {
  encoder->columns = columns;
  encoder->live_columns = columns;
  encoder->codecs = AllocateArray<ValueCodec>(encoder->codecs_context, columns);
  encoder->dropped = nullptr;
  encoder->makes_text = false;
  encoder->calls_send = false;
}

void AddColumn(RowEncoder* encoder, int i, Oid type) {
  ValueCodec* codec = &encoder->codecs[i];
  InitValueCodec(codec, type, encoder->codecs_context);
  encoder->makes_text |= codec->makes_text;
  encoder->calls_send |= codec->calls_send;
}

void DropColumn(RowEncoder* encoder, int i) {
  if (encoder->dropped == nullptr) encoder->dropped = AllocateArray<bool>(encoder->codecs_context, encoder->columns);
  encoder->dropped[i] = true;
  --encoder->live_columns;
}

void ForgetCodecs(RowEncoder* encoder) {
  encoder->generation = 0;
  MemoryContextReset(encoder->codecs_context);
}

Oid ArgumentType(FunctionCallInfo fcinfo, int i) {
  const Oid type = get_fn_expr_argtype(fcinfo->flinfo, i);
  if (!OidIsValid(type)) elog(ERROR, "could not determine the data type of argument %d", i);
  return type;
}

void PrepareArguments(FunctionCallInfo fcinfo, RowEncoder* encoder) {
  const uint64 generation = catalog_generation;
  ForgetCodecs(encoder);
  const int first = encoder->first_argument;
  const int columns = PG_NARGS() - first;
  encoder->is_record = columns == 1 && type_is_rowtype(ArgumentType(fcinfo, first));
  if (!encoder->is_record) {
    AllocateColumns(encoder, columns);
    for (int i = 0; i < columns; ++i) AddColumn(encoder, i, ArgumentType(fcinfo, first + i));
  }
  encoder->record_type = InvalidOid;
  encoder->generation = generation;
}

// Codecs for one row type, to be replaced when a row of another comes.
void PrepareRecord(RowEncoder* encoder, Oid type, int32 typmod) {
  const uint64 generation = catalog_generation;
  ForgetCodecs(encoder);
  TupleDesc descriptor = lookup_rowtype_tupdesc(type, typmod);
  const MemoryContext caller = MemoryContextSwitchTo(encoder->codecs_context);
  encoder->descriptor = CreateTupleDescCopyConstr(descriptor);
  MemoryContextSwitchTo(caller);
  ReleaseTupleDesc(descriptor);

  const int columns = encoder->descriptor->natts;
  AllocateColumns(encoder, columns);
  encoder->values = AllocateArray<Datum>(encoder->codecs_context, columns);
  encoder->nulls = AllocateArray<bool>(encoder->codecs_context, columns);
  for (int i = 0; i < columns; ++i) {
    const FormData_pg_attribute* attribute = TupleDescAttr(encoder->descriptor, i);
    if (attribute->attisdropped)
      DropColumn(encoder, i);
    else
      AddColumn(encoder, i, attribute->atttypid);
  }
  encoder->record_type = type;
  encoder->record_typmod = typmod;
  encoder->generation = generation;
}

void WriteArguments(RowEncoder* encoder, const NullableDatum* arguments) {
  ImageCursor cursor(encoder->image, encoder->live_columns);
  ValueCodec* const end = encoder->codecs + encoder->columns;
  for (ValueCodec* codec = encoder->codecs; codec < end; ++codec, ++arguments) {
    if (arguments->isnull)
      cursor.AddNull();
    else
      cursor.AddValue(arguments->value, *codec);
  }
  cursor.Suspend();
}

void WriteRecord(RowEncoder* encoder) {
  ImageCursor cursor(encoder->image, encoder->live_columns);
  const int columns = encoder->columns;
  for (int i = 0; i < columns; ++i) {
    if (encoder->dropped != nullptr && encoder->dropped[i]) continue;
    if (encoder->nulls[i])
      cursor.AddNull();
    else
      cursor.AddValue(encoder->values[i], encoder->codecs[i]);
  }
  cursor.Suspend();
}

inline void WriteColumns(RowEncoder* encoder, const NullableDatum* arguments) {
  if (encoder->is_record)
    WriteRecord(encoder);
  else
    WriteArguments(encoder, arguments);
}

struct WriteCall {
  RowEncoder* encoder;
  const NullableDatum* arguments;
};

void WriteColumnsOfCall(void* argument) {
  const WriteCall* call = static_cast<WriteCall*>(argument);
  WriteColumns(call->encoder, call->arguments);
}

// Where functions are called whose result depends on the session: its settings, its client's encoding.
pg_noinline void WriteColumnsPinned(RowEncoder* encoder, const NullableDatum* arguments) {
  WriteCall call{encoder, arguments};
  const bool pins = encoder->makes_text && !TextSettingsArePinned();
  const int level = pins ? PinTextSettings() : 0;
  if (encoder->calls_send)
    CallWithUtf8Client(WriteColumnsOfCall, &call);
  else
    WriteColumnsOfCall(&call);
  if (pins) UnpinTextSettings(level);
}

void OpenRecord(RowEncoder* encoder, Datum record) {
  HeapTupleHeader header = DatumGetHeapTupleHeader(record);
  const Oid type = HeapTupleHeaderGetTypeId(header);
  const int32 typmod = HeapTupleHeaderGetTypMod(header);
  if (unlikely(encoder->record_type != type || encoder->record_typmod != typmod)) PrepareRecord(encoder, type, typmod);

  HeapTupleData tuple;
  tuple.t_len = HeapTupleHeaderGetDatumLength(header);
  ItemPointerSetInvalid(&tuple.t_self);
  tuple.t_tableOid = InvalidOid;
  tuple.t_data = header;
  heap_deform_tuple(&tuple, encoder->descriptor, encoder->values, encoder->nulls);
}

}  // namespace

const ImageBuffer* EncodeRow(FunctionCallInfo fcinfo, int first) {
  RowEncoder* encoder = static_cast<RowEncoder*>(fcinfo->flinfo->fn_extra);
  if (unlikely(encoder == nullptr)) fcinfo->flinfo->fn_extra = encoder = NewEncoder(fcinfo, first);
  if (unlikely(encoder->generation != catalog_generation)) PrepareArguments(fcinfo, encoder);

  const NullableDatum* arguments = &fcinfo->args[first];
  if (encoder->is_record && arguments[0].isnull) return nullptr;

  if (unlikely(!encoder->scratch->isReset)) MemoryContextReset(encoder->scratch);
  const MemoryContext caller = MemoryContextSwitchTo(encoder->scratch);
  if (encoder->is_record) OpenRecord(encoder, arguments[0].value);
  if (unlikely(encoder->makes_text || encoder->calls_send))
    WriteColumnsPinned(encoder, arguments);
  else
    WriteColumns(encoder, arguments);
  MemoryContextSwitchTo(caller);
  return &encoder->image;
}

}  // namespace airlift
