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

// The functions below take and return the address where the text goes on, and keep it in a register: through the
// buffer's own members it would be stored and loaded again for every few bytes.
inline char* MakeRoom(ImageBuffer& out, char* to, size_t size) {
  if (likely(static_cast<size_t>(out.end() - to) >= size)) return to;
  out.AdvanceTo(to);
  return out.Reserve(size);
}

// Copies `size` bytes; false when one of them must be escaped.
inline bool CopyClean(char* to, const char* from, size_t size) {
  uint64 escapes = 0;
  if (size >= 8) {
    for (size_t i = 0; i < size - 8; i += 8) {
      const uint64 word = LoadUnaligned<uint64>(from + i);
      memcpy(to + i, &word, 8);
      escapes |= EscapeMask(word);
    }
    const uint64 last = LoadUnaligned<uint64>(from + size - 8);
    memcpy(to + size - 8, &last, 8);
    return (escapes | EscapeMask(last)) == 0;
  }
  if (size >= 4) {
    const uint32 first = LoadUnaligned<uint32>(from);
    const uint32 last = LoadUnaligned<uint32>(from + size - 4);
    memcpy(to, &first, 4);
    memcpy(to + size - 4, &last, 4);
    return EscapeMask(uint64{last} << 32 | first) == 0;
  }
  bool clean = true;
  for (size_t i = 0; i < size; ++i) {
    to[i] = from[i];
    clean &= !NeedsEscape(static_cast<unsigned char>(from[i]));
  }
  return clean;
}

pg_noinline char* PutEscapedText(ImageBuffer& out, char* to, const char* from, size_t size) {
  const char* const end = from + size;
  to = MakeRoom(out, to, size + 8);
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
      if (likely(!NeedsEscape(c)))
        *to++ = *from;
      else
        to = PutEscaped(MakeRoom(out, to, static_cast<size_t>(end - from) + 16), c);
    }
  }
  return to;
}

inline char* PutString(ImageBuffer& out, char* to, const char* from, size_t size) {
  to = MakeRoom(out, to, size + 2);
  *to++ = '"';
  if (likely(CopyClean(to, from, size)))
    to += size;
  else
    to = MakeRoom(out, PutEscapedText(out, to, from, size), 1);
  *to++ = '"';
  return to;
}

inline char* PutNumeric(ImageBuffer& out, char* to, const char* at) {
  const NumericView number = ViewNumeric(PlainPayload(at));
  return PutNumericText(MakeRoom(out, to, NumericTextRoom(number)), number);
}

template <size_t size>
inline char* PutLiteral(ImageBuffer& out, char* to, const char (&text)[size]) {
  to = MakeRoom(out, to, size - 1);
  memcpy(to, text, size - 1);
  return to + size - 1;
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

char* PutContainer(ImageBuffer& out, char* to, const char* at);

inline char* PutChild(ImageBuffer& out, char* to, const char* values, Child child) {
  switch (child.entry & JENTRY_TYPEMASK) {
    case JENTRY_ISSTRING:
      return PutString(out, to, values + child.offset, child.size);
    case JENTRY_ISNUMERIC:
      return PutNumeric(out, to, values + INTALIGN(child.offset));
    case JENTRY_ISBOOL_TRUE:
      return PutLiteral(out, to, "true");
    case JENTRY_ISBOOL_FALSE:
      return PutLiteral(out, to, "false");
    case JENTRY_ISNULL:
      return PutLiteral(out, to, "null");
    case JENTRY_ISCONTAINER:
      return PutContainer(out, to, values + INTALIGN(child.offset));
    default:
      elog(ERROR, "unexpected jsonb entry type %u", child.entry & JENTRY_TYPEMASK);
  }
}

char* PutObject(ImageBuffer& out, char* to, const Container& object) {
  Cursor keys{object.entries, 0};
  Cursor values = AfterKeys(object);
  to = PutLiteral(out, to, "{");
  for (uint32 i = 0; i < object.count; ++i) {
    if (i > 0) to = PutLiteral(out, to, ", ");
    const Child key = Next(keys);
    to = PutString(out, to, object.values + key.offset, key.size);
    to = PutLiteral(out, to, ": ");
    to = PutChild(out, to, object.values, Next(values));
  }
  return PutLiteral(out, to, "}");
}

char* PutElements(ImageBuffer& out, char* to, const Container& array) {
  Cursor elements{array.entries, 0};
  for (uint32 i = 0; i < array.count; ++i) {
    if (i > 0) to = PutLiteral(out, to, ", ");
    to = PutChild(out, to, array.values, Next(elements));
  }
  return to;
}

char* PutContainer(ImageBuffer& out, char* to, const char* at) {
  check_stack_depth();
  CHECK_FOR_INTERRUPTS();
  const Container container(at);
  if (container.IsObject()) return PutObject(out, to, container);
  if (container.IsScalar()) return PutElements(out, to, container);  // a bare scalar is stored as an array of one
  to = PutLiteral(out, to, "[");
  to = PutElements(out, to, container);
  return PutLiteral(out, to, "]");
}

}  // namespace

void WriteJsonb(ImageBuffer& out, Datum value, ValueCodec&) {
  const Payload document = GetPayload(value);
  const size_t start = out.BeginValue();
  char* to = out.Reserve(document.bytes.size);
  *to++ = kJsonbSendVersion;
  out.AdvanceTo(PutContainer(out, to, document.bytes.data));
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
