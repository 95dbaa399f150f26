// How one column's values become bytes of the row image.
//
// A codec is resolved once per column and call site; writing a value is then one call through a pointer. Types with a
// writer of their own stand in fast_types.cpp; the rest go through their send function, or through their output
// function where the binary form is not portable (common/portability.h).
#pragma once

#include "image_buffer.h"
#include "server.h"

namespace airlift {

struct ValueCodec;

// Appends the 4-byte length and the value, which is not NULL. Scratch memory is palloc'ed in the current context, which
// the caller resets per row. May ereport.
using ValueWriter = void (*)(ImageBuffer& out, Datum value, ValueCodec& codec);

struct EnumLabels;

// Values that the row writer puts down itself, without a call.
enum class InlineForm : uint8 { kNone, kInt16, kInt32, kInt64, kBytes };

struct ValueCodec {
  ValueWriter write;
  InlineForm inline_form;
  // True when the writer reads through pointers that need no alignment, so that array elements can be written where
  // they lie.
  bool reads_unaligned;
  // True when an output function is called, whose text depends on settings (common/text_settings.h).
  bool makes_text;
  // True when a send function is called, which may convert text to the client's encoding.
  bool calls_send;

  FmgrInfo function;  // send or output function

  // Arrays: the elements' codec and layout.
  ValueCodec* element;
  Oid element_type;
  int16 element_length;
  bool element_by_value;
  char element_align;

  EnumLabels* labels;
};

// Fills `codec` for values of `type`; memory that it needs comes from `context`.
void InitValueCodec(ValueCodec* codec, Oid type, MemoryContext context);

// Changes whenever a type, an enum label or a relation's columns changed: codecs resolved before may be stale.
extern uint64 catalog_generation;
void RegisterCatalogCallbacks();

// The writers, in write_*.cpp. "Server" variants are for databases whose encoding is not UTF8.
void WriteText(ImageBuffer& out, Datum value, ValueCodec& codec);
void WriteServerText(ImageBuffer& out, Datum value, ValueCodec& codec);
void WriteNumeric(ImageBuffer& out, Datum value, ValueCodec& codec);
void WriteJsonb(ImageBuffer& out, Datum value, ValueCodec& codec);
void WriteServerJsonb(ImageBuffer& out, Datum value, ValueCodec& codec);
void WriteArray(ImageBuffer& out, Datum value, ValueCodec& codec);
void WriteEnum(ImageBuffer& out, Datum value, ValueCodec& codec);
EnumLabels* NewEnumLabels(MemoryContext context);

// The writer of built-in type `type` for this database, or null when it has none.
struct FastType {
  Oid type;
  ValueWriter write;
  ValueWriter write_server_encoding;  // where that differs
  InlineForm inline_form;             // of what `write` writes
};
const FastType* FindFastType(Oid type);

// Appends text of the server's encoding as UTF8, without a length.
void AppendServerText(ImageBuffer& out, const char* text, size_t length);
// Converts the image's bytes from `start` on from the server's encoding to UTF8.
void ConvertTailToUtf8(ImageBuffer& out, size_t start);

}  // namespace airlift
