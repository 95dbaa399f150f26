// SQL that makes the rows of the target equal to those of the source. It is written for somebody to read and to run;
// pg_airlift never runs it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/temporary_file.h"
#include "pg/connection.h"
#include "report/result.h"
#include "row_compare/compared_table.h"

namespace airlift {

// '...' or, where the text has a backslash, E'...': means the same whatever standard_conforming_strings is.
std::string SqlLiteral(std::string_view text);

// What the target's catalog says of a column, as far as statements depend on it.
struct TargetColumn {
  std::string output_function;       // qualified and quoted
  std::string output_argument = {};  // what the function takes, where it is another type than the column's; else ""
  uint32_t type = 0;                 // OID; of a domain, its base type's
  bool is_composite = false;
  bool is_generated = false;
  bool is_always_identity = false;
};

struct TargetTableFacts {
  std::map<std::string, TargetColumn> columns;
  bool has_other_unique_keys = false;  // or exclusion constraints: an update may collide with a row yet to be changed
  bool has_triggers = false;           // of the user's, enabled
};
TargetTableFacts ReadTargetTableFacts(Connection& target, const ComparedTable& table);

// Statements for one table. Not to be used by several threads.
class TableRepair {
 public:
  // The text of the column at a position of ComparedTable::source.columns; nullopt is NULL.
  using TextOf = std::function<std::optional<std::string_view>(size_t position)>;

  // `silences_triggers`: the script sets session_replication_role, so that a changed row may be deleted and inserted.
  TableRepair(const ComparedTable& table, TargetTableFacts facts, bool silences_triggers);

  // True when a row with these changed columns cannot be changed by UPDATE, or might collide while it is.
  bool MustReplace(const std::vector<size_t>& changed) const;
  void Insert(const TextOf& text_of, uint64_t copies = 1);
  void Update(const TextOf& text_of, const std::vector<size_t>& changed);
  void DeleteByKey(const TextOf& text_of);
  // Of rows that are equal in all columns.
  void DeleteCopies(const TextOf& text_of, uint64_t copies);
  // Ends statements that are open.
  void Finish();

  const ComparedTable& table() const { return table_; }
  const TargetTableFacts& facts() const { return facts_; }
  SpilledText& deletes() { return deletes_; }
  SpilledText& updates() { return updates_; }
  SpilledText& inserts() { return inserts_; }

 private:
  const TargetColumn& Facts(size_t position) const;
  std::string KeyCondition(const TextOf& text_of) const;
  std::string RowCondition(const TextOf& text_of) const;
  void CloseInsert();
  void CloseDelete();

  const ComparedTable& table_;
  const TargetTableFacts facts_;
  const bool silences_triggers_;
  std::vector<size_t> insertable_;
  std::string insert_head_;
  bool plain_key_ = false;  // one column, compared by pg_catalog's =
  int open_inserts_ = 0;    // rows of the statement that is open
  int open_deletes_ = 0;
  int64_t insert_began_ = 0;
  SpilledText deletes_;
  SpilledText updates_;
  SpilledText inserts_;
};

// The whole file.
class RepairScript {
 public:
  // Asks the target whether session_replication_role may be set, and which foreign keys there are.
  explicit RepairScript(Connection& target);

  bool silences_triggers() const { return silences_triggers_; }
  // Takes a finished table's statements; from any thread.
  void Add(TableRepair& repair);
  // A line for the reader, as a comment at the top.
  void AddNote(const std::string& note);
  // Deletes first, referencing tables before referenced ones; then updates; then inserts, the other way round.
  void Write(const std::string& path, const RunResult& result);

 private:
  struct Segment {
    int64_t from = 0;
    int64_t to = 0;
  };
  struct Part {
    uint32_t oid = 0;  // of the target's table
    Segment deletes, updates, inserts;
  };
  Segment Store(SpilledText& text);
  std::vector<const Part*> ReferencingFirst() const;
  std::string Header(const RunResult& result) const;
  void Copy(const Segment& segment, std::FILE* file) const;

  bool silences_triggers_ = false;
  std::multimap<uint32_t, uint32_t> references_;  // of a table to those that reference it
  std::mutex mutex_;
  TemporaryFile store_;
  std::vector<Part> parts_;
  std::vector<std::string> notes_;
  std::vector<std::string> tables_with_triggers_;
};

}  // namespace airlift
