// From decoded changes to the keys of the rows that they touched.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "pgoutput/message.h"
#include "row_compare/compared_table.h"
#include "row_compare/row_spool.h"

namespace airlift {

// A key as it was spooled: the table's index (4 bytes, big-endian), then each column's text behind its length (the
// same).
struct TouchedKey {
  size_t table = 0;
  std::vector<std::string> columns;
};
TouchedKey ReadTouchedKey(std::string_view spooled);

class KeyCollector {
 public:
  // `tables` outlive this; those without a key are only counted.
  explicit KeyCollector(const std::vector<ComparedTable>& tables);

  // A message of pgoutput. Changes of tables that are not among ours are passed over.
  void Take(std::string_view message);

  // From now on changes are counted, and keys not kept.
  void StopKeeping() { keeps_ = false; }
  // Changes of rows of the table, truncations included.
  uint64_t changes(size_t table) const { return changes_[table]; }
  // Why not every key that was touched could be told; "" where all are kept.
  const std::string& obstacle(size_t table) const { return obstacles_[table]; }

  RowSpool& spool() { return spool_; }

 private:
  // A relation as the stream describes it.
  struct Described {
    size_t table = 0;
    size_t columns = 0;
    std::vector<size_t> key;  // positions of the key's columns; empty where they cannot be told
  };

  void Describe(const pgoutput::Relation& relation);
  void Change(uint32_t relation, const pgoutput::Tuple* old_row, const pgoutput::Tuple* row);
  void Truncate(uint32_t relation);
  bool Keep(const Described& described, const pgoutput::Tuple& tuple, const pgoutput::Tuple* old_row);
  void Refuse(size_t table, const char* why);

  const std::vector<ComparedTable>& tables_;
  std::map<uint32_t, size_t> table_of_oid_;
  std::map<uint32_t, Described> described_;
  std::vector<uint64_t> changes_;
  std::vector<std::string> obstacles_;
  RowSpool spool_;
  // Keys seen lately: a row that changes all the time is not spooled each time.
  std::unordered_set<std::string> recent_;
  size_t recent_bytes_ = 0;
  bool keeps_ = true;
};

}  // namespace airlift
