#include "value_codec.h"

#include "portability.h"
#include "server_catalog.h"
#include "varlena.h"

namespace airlift {

uint64 catalog_generation = 1;

namespace {

void CatalogChanged(Datum, int, uint32) { ++catalog_generation; }
void RelationChanged(Datum, Oid) { ++catalog_generation; }

bool LookUpTypeFacts(void*, TypeOid type, TypeFacts* facts) {
  HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
  if (!HeapTupleIsValid(tuple)) return false;
  const Form_pg_type row = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple));
  facts->kind = row->typtype;
  facts->has_send = OidIsValid(row->typsend);
  facts->is_array = row->typoutput == F_ARRAY_OUT;
  facts->element = row->typelem;
  facts->base = row->typbasetype;
  ReleaseSysCache(tuple);
  facts->range_subtype = RangeSubtype(type, facts->kind);
  return true;
}

void WriteBySendFunction(ImageBuffer& out, Datum value, ValueCodec& codec) {
  bytea* sent = SendFunctionCall(&codec.function, value);
  out.AppendValue(VARDATA(sent), VARSIZE(sent) - VARHDRSZ);
  pfree(sent);
}

void WriteByOutputFunction(ImageBuffer& out, Datum value, ValueCodec& codec) {
  char* text = OutputFunctionCall(&codec.function, value);
  const size_t start = out.BeginValue();
  AppendServerText(out, text, strlen(text));
  out.EndValue(start);
  pfree(text);
}

void InitOutputCodec(ValueCodec* codec, Oid type, MemoryContext context) {
  Oid function;
  bool is_varlena;
  getTypeOutputInfo(type, &function, &is_varlena);
  fmgr_info_cxt(function, &codec->function, context);
  codec->write = WriteByOutputFunction;
  codec->makes_text = true;
}

void InitSendCodec(ValueCodec* codec, Oid type, MemoryContext context) {
  Oid function;
  bool is_varlena;
  getTypeBinaryOutputInfo(type, &function, &is_varlena);
  fmgr_info_cxt(function, &codec->function, context);
  codec->write = WriteBySendFunction;
  codec->calls_send = true;
}

void InitArrayCodec(ValueCodec* codec, Oid element_type, MemoryContext context) {
  codec->element = static_cast<ValueCodec*>(MemoryContextAlloc(context, sizeof(ValueCodec)));
  InitValueCodec(codec->element, element_type, context);
  codec->element_type = element_type;
  get_typlenbyvalalign(element_type, &codec->element_length, &codec->element_by_value, &codec->element_align);
  codec->calls_send = codec->element->calls_send;
  codec->write = WriteArray;
}

void InitEnumCodec(ValueCodec* codec, MemoryContext context) {
  codec->labels = NewEnumLabels(context);
  codec->reads_unaligned = true;
  codec->write = WriteEnum;
}

void InitFastCodec(ValueCodec* codec, const FastType& fast) {
  const bool converts = fast.write_server_encoding != nullptr && GetDatabaseEncoding() != PG_UTF8;
  codec->write = converts ? fast.write_server_encoding : fast.write;
  codec->inline_form = converts ? InlineForm::kNone : fast.inline_form;
  codec->reads_unaligned = true;
}

}  // namespace

void InitValueCodec(ValueCodec* codec, Oid type, MemoryContext context) {
  memset(codec, 0, sizeof *codec);
  if (!IsPortable(type, LookUpTypeFacts, nullptr)) return InitOutputCodec(codec, type, context);

  const Oid base = getBaseType(type);
  if (const FastType* fast = FindFastType(base)) return InitFastCodec(codec, *fast);

  TypeFacts facts;
  LookUpTypeFacts(nullptr, base, &facts);
  if (facts.is_array) return InitArrayCodec(codec, facts.element, context);
  if (facts.kind == TYPTYPE_ENUM) return InitEnumCodec(codec, context);
  InitSendCodec(codec, base, context);
}

void RegisterCatalogCallbacks() {
  CacheRegisterSyscacheCallback(TYPEOID, CatalogChanged, 0);
  CacheRegisterSyscacheCallback(ENUMOID, CatalogChanged, 0);
  CacheRegisterRelcacheCallback(RelationChanged, 0);
}

void AppendServerText(ImageBuffer& out, const char* text, size_t length) {
  if (length == 0) return;
  char* converted = pg_server_to_any(text, static_cast<int>(length), PG_UTF8);
  out.AppendBytes(converted, converted == text ? length : strlen(converted));
  if (converted != text) pfree(converted);
}

void ConvertTailToUtf8(ImageBuffer& out, size_t start) {
  const char* text = out.TailAsString(start);
  const size_t length = out.length() - start;
  if (length > MaxAllocSize)
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("value is too large to be converted to UTF8")));
  char* converted = pg_server_to_any(text, static_cast<int>(length), PG_UTF8);
  if (converted == text) return;
  out.ReplaceTail(start, converted, strlen(converted));
  pfree(converted);
}

}  // namespace airlift
