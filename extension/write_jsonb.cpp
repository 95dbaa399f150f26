// jsonb as jsonb_send has it: a version byte, then the text that jsonb_out prints. The text is written straight from
// the on-disk tree (src/include/utils/jsonb.h describes it), without the server's iterator and string builder.
#include "numeric_view.h"
#include "value_codec.h"
#include "varlena.h"

extern "C" {
#include "utils/jsonb.h"
}

namespace airlift {

namespace {

constexpr char kJsonbSendVersion = 1;

// In each byte of the result the highest bit is set where the byte of `word` must be escaped: below 0x20, '"' or '\'.
// Bytes above a first hit may be wrong, which does not matter to a test against zero.
constexpr uint64 EscapeMask(uint64 word) {
  constexpr uint64 kOnes = 0x0101010101010101;
  constexpr uint64 kHighs = 0x8080808080808080;
  const uint64 quote = word ^ (kOnes * '"');
  const uint64 backslash = word ^ (kOnes * '\\');
  return (((word - kOnes * 0x20) & ~word) | ((quote - kOnes) & ~quote) | ((backslash - kOnes) & ~backslash)) & kHighs;
}

constexpr bool NeedsEscape(unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; }

// At most six bytes, as escape_json writes them.
char* PutEscaped(char* to, unsigned char c) {
  static constexpr char kHex[] = "0123456789abcdef";
  *to++ = '\\';
  switch (c) {
    case '\b':
      *to++ = 'b';
      break;
    case '\f':
      *to++ = 'f';
      break;
    case '\n':
      *to++ = 'n';
      break;
    case '\r':
      *to++ = 'r';
      break;
    case '\t':
      *to++ = 't';
      break;
    case '"':
    case '\\':
      *to++ = static_cast<char>(c);
      break;
    default:
      memcpy(to, "u00", 3);
      to[3] = kHex[c >> 4];
      to[4] = kHex[c & 15];
      to += 5;
  }
  return to;
}

void AppendJsonString(ImageBuffer& out, const char* from, size_t size) {
  const char* const end = from + size;
  char* to = out.Reserve(size + 10);
  *to++ = '"';
  while (from < end) {
    for (uint64 word; end - from >= 8; from += 8, to += 8) {
      word = LoadUnaligned<uint64>(from);
      if (EscapeMask(word) != 0) break;
      memcpy(to, &word, 8);
    }
    // One by one: the last few, or the eight among which one must be escaped.
    const char* const stop = end - from < 8 ? end : from + 8;
    for (; from < stop; ++from) {
      const unsigned char c = static_cast<unsigned char>(*from);
      if (likely(!NeedsEscape(c))) {
        *to++ = *from;
        continue;
      }
      out.AdvanceTo(to);
      to = PutEscaped(out.Reserve(static_cast<size_t>(end - from) + 16), c);
    }
  }
  *to++ = '"';
  out.AdvanceTo(to);
}

// The children of one array or object.
struct Container {
  uint32 header;
  uint32 count;
  const char* entries;
  const char* values;  // offsets count from here

  explicit Container(const char* at) : header(LoadUnaligned<uint32>(at)), count(header & JB_CMASK) {
    entries = at + sizeof(uint32);
    values = entries + sizeof(JEntry) * count * (IsObject() ? 2 : 1);
  }
  bool IsObject() const { return (header & JB_FOBJECT) != 0; }
  bool IsScalar() const { return (header & JB_FSCALAR) != 0; }
};

// Walks the entries of a container in order and keeps the offset of the next child.
struct Cursor {
  const char* entry;
  uint32 offset;
};

struct Child {
  JEntry entry;
  uint32 offset;
  uint32 size;
};

inline Child Next(Cursor& cursor) {
  const JEntry entry = LoadUnaligned<JEntry>(cursor.entry);
  const uint32 start = cursor.offset;
  // every 32nd entry holds the end offset instead of the length
  cursor.offset = JBE_HAS_OFF(entry) ? JBE_OFFLENFLD(entry) : start + JBE_OFFLENFLD(entry);
  cursor.entry += sizeof(JEntry);
  return Child{entry, start, cursor.offset - start};
}

inline Cursor AfterKeys(const Container& container) {
  Cursor cursor{container.entries, 0};
  for (uint32 i = 0; i < container.count; ++i) Next(cursor);
  return cursor;
}

void AppendContainer(ImageBuffer& out, const char* at);

void AppendChild(ImageBuffer& out, const char* values, Child child) {
  switch (child.entry & JENTRY_TYPEMASK) {
    case JENTRY_ISSTRING:
      return AppendJsonString(out, values + child.offset, child.size);
    case JENTRY_ISNUMERIC:
      return AppendNumericText(out, ViewNumeric(PlainPayload(values + INTALIGN(child.offset))));
    case JENTRY_ISBOOL_TRUE:
      return out.AppendBytes("true", 4);
    case JENTRY_ISBOOL_FALSE:
      return out.AppendBytes("false", 5);
    case JENTRY_ISNULL:
      return out.AppendBytes("null", 4);
    case JENTRY_ISCONTAINER:
      return AppendContainer(out, values + INTALIGN(child.offset));
    default:
      elog(ERROR, "unexpected jsonb entry type %u", child.entry & JENTRY_TYPEMASK);
  }
}

void AppendObject(ImageBuffer& out, const Container& object) {
  Cursor keys{object.entries, 0};
  Cursor values = AfterKeys(object);
  out.AppendByte('{');
  for (uint32 i = 0; i < object.count; ++i) {
    if (i > 0) out.AppendBytes(", ", 2);
    const Child key = Next(keys);
    AppendJsonString(out, object.values + key.offset, key.size);
    out.AppendBytes(": ", 2);
    AppendChild(out, object.values, Next(values));
  }
  out.AppendByte('}');
}

void AppendElements(ImageBuffer& out, const Container& array) {
  Cursor elements{array.entries, 0};
  for (uint32 i = 0; i < array.count; ++i) {
    if (i > 0) out.AppendBytes(", ", 2);
    AppendChild(out, array.values, Next(elements));
  }
}

void AppendContainer(ImageBuffer& out, const char* at) {
  check_stack_depth();
  CHECK_FOR_INTERRUPTS();
  const Container container(at);
  if (container.IsObject()) return AppendObject(out, container);
  if (container.IsScalar()) return AppendElements(out, container);  // a bare scalar is stored as an array of one
  out.AppendByte('[');
  AppendElements(out, container);
  out.AppendByte(']');
}

}  // namespace

void WriteJsonb(ImageBuffer& out, Datum value, ValueCodec&) {
  const Payload document = GetPayload(value);
  const size_t start = out.BeginValue();
  out.AppendByte(kJsonbSendVersion);
  AppendContainer(out, document.bytes.data);
  out.EndValue(start);
  document.Free();
}

void WriteServerJsonb(ImageBuffer& out, Datum value, ValueCodec& codec) {
  const size_t start = out.length() + 4;
  WriteJsonb(out, value, codec);
  ConvertTailToUtf8(out, start + 1);
  out.EndValue(start);
}

}  // namespace airlift
