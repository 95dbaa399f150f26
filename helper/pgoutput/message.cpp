#include "pgoutput/message.h"

#include <fmt/format.h>

#include "base/error.h"
#include "byte_order.h"

namespace airlift::pgoutput {

namespace {

// The least bytes that an item takes: a count that cannot fit is refused before memory is taken for it.
constexpr size_t kLeastColumn = 1 + 1 + 4 + 4;
constexpr size_t kLeastValue = 1;
constexpr size_t kRelationId = 4;

class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  size_t left() const { return bytes_.size() - at_; }

  std::string_view Bytes(size_t size) {
    if (left() < size) Fail("is cut off");
    const std::string_view taken = bytes_.substr(at_, size);
    at_ += size;
    return taken;
  }
  uint8_t Byte() { return static_cast<uint8_t>(Bytes(1).front()); }
  char Letter() { return static_cast<char>(Byte()); }
  uint16_t Unsigned16() { return LoadBigEndian16(Bytes(2).data()); }
  uint32_t Unsigned32() { return LoadBigEndian32(Bytes(4).data()); }
  uint64_t Unsigned64() { return LoadBigEndian64(Bytes(8).data()); }

  std::string ZeroTerminated() {
    const size_t end = bytes_.find('\0', at_);
    if (end == std::string_view::npos) Fail("has a name without an end");
    std::string text(bytes_.substr(at_, end - at_));
    at_ = end + 1;
    return text;
  }

  // A number of items of at least `least` bytes each.
  size_t Count(size_t count, size_t least) {
    if (count > left() / least) Fail("announces more than it holds");
    return count;
  }

  [[noreturn]] void Fail(const char* what) const {
    throw Error(fmt::format("a message of pgoutput {}", what),
                fmt::format("It has {} bytes and begins with 0x{:02x}; at byte {}.", bytes_.size(),
                            bytes_.empty() ? 0 : static_cast<unsigned>(static_cast<unsigned char>(bytes_[0])), at_));
  }

 private:
  const std::string_view bytes_;
  size_t at_ = 0;
};

Tuple ReadTuple(Cursor& cursor) {
  Tuple tuple(cursor.Count(cursor.Unsigned16(), kLeastValue));
  for (Value& value : tuple) {
    switch (cursor.Letter()) {
      case 'n':
        value.kind = Value::Kind::kNull;
        break;
      case 'u':
        value.kind = Value::Kind::kUnchanged;
        break;
      case 't':
        value.kind = Value::Kind::kText;
        value.text = cursor.Bytes(cursor.Unsigned32());
        break;
      default:
        cursor.Fail("has a value of an unknown kind");
    }
  }
  return tuple;
}

// Of the letter that was read.
OldRow OldRowOf(char letter) { return letter == 'K' ? OldRow::kKey : letter == 'O' ? OldRow::kRow : OldRow::kNone; }

Relation ReadRelation(Cursor& cursor) {
  Relation relation;
  relation.id = cursor.Unsigned32();
  relation.schema = cursor.ZeroTerminated();
  // An empty name stands for pg_catalog.
  if (relation.schema.empty()) relation.schema = "pg_catalog";
  relation.name = cursor.ZeroTerminated();
  relation.identity = cursor.Letter();
  relation.columns.resize(cursor.Count(cursor.Unsigned16(), kLeastColumn));
  for (RelationColumn& column : relation.columns) {
    column.is_identity = (cursor.Byte() & 1) != 0;
    column.name = cursor.ZeroTerminated();
    column.type = cursor.Unsigned32();
    column.modifier = static_cast<int32_t>(cursor.Unsigned32());
  }
  return relation;
}

Update ReadUpdate(Cursor& cursor) {
  Update update;
  update.relation = cursor.Unsigned32();
  char letter = cursor.Letter();
  update.old_kind = OldRowOf(letter);
  if (update.old_kind != OldRow::kNone) {
    update.old_row = ReadTuple(cursor);
    letter = cursor.Letter();
  }
  if (letter != 'N') cursor.Fail("has no new row");
  update.row = ReadTuple(cursor);
  return update;
}

Delete ReadDelete(Cursor& cursor) {
  Delete change;
  change.relation = cursor.Unsigned32();
  change.old_kind = OldRowOf(cursor.Letter());
  if (change.old_kind == OldRow::kNone) cursor.Fail("has no old row");
  change.old_row = ReadTuple(cursor);
  return change;
}

Truncate ReadTruncate(Cursor& cursor) {
  Truncate truncate;
  const uint32_t count = cursor.Unsigned32();
  const uint8_t options = cursor.Byte();
  truncate.cascade = (options & 1) != 0;
  truncate.restart_identity = (options & 2) != 0;
  truncate.relations.resize(cursor.Count(count, kRelationId));
  for (uint32_t& relation : truncate.relations) relation = cursor.Unsigned32();
  return truncate;
}

Message ReadMessage(Cursor& cursor) {
  switch (cursor.Letter()) {
    case 'B': {
      Begin begin;
      begin.final_lsn = cursor.Unsigned64();
      begin.committed_at = static_cast<int64_t>(cursor.Unsigned64());
      begin.xid = cursor.Unsigned32();
      return begin;
    }
    case 'C': {
      Commit commit;
      cursor.Byte();  // flags, unused
      commit.commit_lsn = cursor.Unsigned64();
      commit.end_lsn = cursor.Unsigned64();
      commit.committed_at = static_cast<int64_t>(cursor.Unsigned64());
      return commit;
    }
    case 'O': {
      Origin origin;
      origin.lsn = cursor.Unsigned64();
      origin.name = cursor.ZeroTerminated();
      return origin;
    }
    case 'R':
      return ReadRelation(cursor);
    case 'Y': {
      Type type;
      type.id = cursor.Unsigned32();
      type.schema = cursor.ZeroTerminated();
      type.name = cursor.ZeroTerminated();
      return type;
    }
    case 'I': {
      Insert insert;
      insert.relation = cursor.Unsigned32();
      if (cursor.Letter() != 'N') cursor.Fail("has no new row");
      insert.row = ReadTuple(cursor);
      return insert;
    }
    case 'U':
      return ReadUpdate(cursor);
    case 'D':
      return ReadDelete(cursor);
    case 'T':
      return ReadTruncate(cursor);
    case 'M': {
      LogicalMessage message;
      message.is_transactional = (cursor.Byte() & 1) != 0;
      message.lsn = cursor.Unsigned64();
      message.prefix = cursor.ZeroTerminated();
      message.content = cursor.Bytes(cursor.Unsigned32());
      return message;
    }
    default:
      cursor.Fail("is of an unknown kind");
  }
}

}  // namespace

Message Parse(std::string_view bytes) {
  Cursor cursor(bytes);
  Message message = ReadMessage(cursor);
  if (cursor.left() > 0) cursor.Fail("goes on behind its end");
  return message;
}

}  // namespace airlift::pgoutput
