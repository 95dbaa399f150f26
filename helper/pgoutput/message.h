// Messages of the output plugin pgoutput, protocol version 1, values in text form. Bytes that are no such message are
// an Error, never a guess: nothing is read beyond the end, and nothing is left over.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace airlift::pgoutput {

struct Begin {
  uint64_t final_lsn = 0;  // of the transaction's commit record
  int64_t committed_at = 0;
  uint32_t xid = 0;
};

struct Commit {
  uint64_t commit_lsn = 0;
  uint64_t end_lsn = 0;
  int64_t committed_at = 0;
};

struct Origin {
  uint64_t lsn = 0;
  std::string name;
};

struct RelationColumn {
  bool is_identity = false;  // part of the replica identity; with FULL every column is
  std::string name;
  uint32_t type = 0;
  int32_t modifier = 0;
};

// Sent before the first change of a relation, and again whenever its definition may have changed.
struct Relation {
  uint32_t id = 0;  // its OID
  std::string schema;
  std::string name;
  char identity = 'd';  // pg_class.relreplident
  std::vector<RelationColumn> columns;
};

struct Type {
  uint32_t id = 0;
  std::string schema;
  std::string name;
};

struct Value {
  enum class Kind { kNull, kUnchanged, kText };
  Kind kind = Kind::kNull;
  std::string_view text;  // into the message
};
using Tuple = std::vector<Value>;

struct Insert {
  uint32_t relation = 0;
  Tuple row;
};

// What an old row was sent for: kKey, whose other columns are NULL; kRow, with REPLICA IDENTITY FULL.
enum class OldRow { kNone, kKey, kRow };

struct Update {
  uint32_t relation = 0;
  OldRow old_kind = OldRow::kNone;  // kNone: the identity's columns did not change
  Tuple old_row;
  Tuple row;
};

struct Delete {
  uint32_t relation = 0;
  OldRow old_kind = OldRow::kNone;
  Tuple old_row;
};

struct Truncate {
  std::vector<uint32_t> relations;
  bool cascade = false;
  bool restart_identity = false;
};

// Of pg_logical_emit_message().
struct LogicalMessage {
  bool is_transactional = false;
  uint64_t lsn = 0;
  std::string prefix;
  std::string_view content;  // into the message
};

using Message = std::variant<Begin, Commit, Origin, Relation, Type, Insert, Update, Delete, Truncate, LogicalMessage>;

// Views in the result are into `bytes`.
Message Parse(std::string_view bytes);

}  // namespace airlift::pgoutput
