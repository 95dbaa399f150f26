#include "row_encoder.h"

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

  uint64 generation;  // CatalogGeneration() when the codecs were made; 0 = none
  int first_argument;
  bool is_record;
  uint64 record_identifier;  // of the row type that the codecs are for

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
  const uint64 generation = CatalogGeneration();
  ForgetCodecs(encoder);
  const int first = encoder->first_argument;
  const int columns = PG_NARGS() - first;
  encoder->is_record = columns == 1 && type_is_rowtype(ArgumentType(fcinfo, first));
  if (!encoder->is_record) {
    AllocateColumns(encoder, columns);
    for (int i = 0; i < columns; ++i) AddColumn(encoder, i, ArgumentType(fcinfo, first + i));
  }
  encoder->record_identifier = 0;
  encoder->generation = generation;
}

// Codecs for one row type, to be replaced when a row of another comes.
void PrepareRecord(RowEncoder* encoder, Oid type, int32 typmod, uint64 identifier) {
  const uint64 generation = CatalogGeneration();
  ForgetCodecs(encoder);
  TupleDesc descriptor = lookup_rowtype_tupdesc(type, typmod);
  const MemoryContext caller = MemoryContextSwitchTo(encoder->codecs_context);
  encoder->descriptor = CreateTupleDescCopy(descriptor);
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
  encoder->record_identifier = identifier;
  encoder->generation = generation;
}

void WriteArguments(RowEncoder* encoder, const NullableDatum* arguments) {
  ImageBuffer& image = encoder->image;
  for (int i = 0; i < encoder->columns; ++i) {
    if (arguments[i].isnull)
      image.AppendNull();
    else
      encoder->codecs[i].write(image, arguments[i].value, encoder->codecs[i]);
  }
}

void WriteRecord(RowEncoder* encoder) {
  ImageBuffer& image = encoder->image;
  for (int i = 0; i < encoder->columns; ++i) {
    if (encoder->dropped != nullptr && encoder->dropped[i]) continue;
    if (encoder->nulls[i])
      image.AppendNull();
    else
      encoder->codecs[i].write(image, encoder->values[i], encoder->codecs[i]);
  }
}

struct WriteCall {
  RowEncoder* encoder;
  const NullableDatum* arguments;
};

void WriteColumns(void* call) {
  RowEncoder* encoder = static_cast<WriteCall*>(call)->encoder;
  if (encoder->is_record)
    WriteRecord(encoder);
  else
    WriteArguments(encoder, static_cast<WriteCall*>(call)->arguments);
}

void WriteRow(RowEncoder* encoder, const NullableDatum* arguments) {
  WriteCall call{encoder, arguments};
  encoder->image.Clear();
  encoder->image.AppendInt16(static_cast<uint16>(encoder->live_columns));

  const bool pins = encoder->makes_text && !TextSettingsArePinned();
  const int level = pins ? PinTextSettings() : 0;
  if (encoder->calls_send)
    CallWithUtf8Client(WriteColumns, &call);
  else
    WriteColumns(&call);
  if (pins) UnpinTextSettings(level);
}

void OpenRecord(RowEncoder* encoder, Datum record) {
  HeapTupleHeader header = DatumGetHeapTupleHeader(record);
  const Oid type = HeapTupleHeaderGetTypeId(header);
  const int32 typmod = HeapTupleHeaderGetTypMod(header);
  // the identifier changes with the row type's definition, e.g. by ALTER TABLE
  const uint64 identifier = assign_record_type_identifier(type, typmod);
  if (unlikely(encoder->record_identifier != identifier)) PrepareRecord(encoder, type, typmod, identifier);

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
  if (unlikely(encoder->generation != CatalogGeneration())) PrepareArguments(fcinfo, encoder);

  const NullableDatum* arguments = &fcinfo->args[first];
  if (encoder->is_record && arguments[0].isnull) return nullptr;

  MemoryContextReset(encoder->scratch);
  const MemoryContext caller = MemoryContextSwitchTo(encoder->scratch);
  if (encoder->is_record) OpenRecord(encoder, arguments[0].value);
  WriteRow(encoder, arguments);
  MemoryContextSwitchTo(caller);
  return &encoder->image;
}

}  // namespace airlift
