// A table of both sides as one thing to compare: the columns, the rows that count, and the key by which its rows are
// told apart.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "catalog/relation.h"
#include "pg/connection.h"

namespace airlift {

// A column of a unique index, as one server has it.
struct KeyPart {
  std::string column;
  std::string type;      // for a CAST, qualified
  std::string equality;  // OPERATOR("schema".=) of the index's operator class
};

// The primary key, or what does as well: unique, valid, immediate, neither partial nor of expressions, every column NOT
// NULL, under the columns' own collations.
struct UniqueKey {
  bool is_primary = false;
  std::vector<KeyPart> parts;
};

// Of all user tables by OID: the primary key first, then those with fewer columns first.
std::map<uint32_t, std::vector<UniqueKey>> ReadUniqueKeys(Connection& connection);

struct KeyColumn {
  size_t position = 0;  // in ComparedTable::source.columns
  KeyPart source;
  KeyPart target;
};

struct ComparedTable {
  // Columns that are compared, in the source's order; condition: the rows that are compared.
  Relation source;
  // As it is on the target; see AlignTarget.
  Relation target;
  std::vector<KeyColumn> key;          // in the source index's order; empty: rows have no key but themselves
  bool is_reduced = false;             // by a condition or a sample: a row that is missing here may still exist
  bool has_other_unique_keys = false;  // on the target
  bool is_mapped = false;              // the target's rows are not the source's as they are: see mapping/

  bool HasKey() const { return !key.empty(); }
  const Relation& Of(Side side) const { return side == Side::kSource ? source : target; }
  std::vector<size_t> KeyPositions() const;
  // FROM item that yields the table's own rows: ONLY "s"."t", or "s"."t" where it is partitioned.
  std::string From(Side side) const;
};

// Makes the target's columns those of the source, one by one, with the names that they have there, and its rows those
// that are compared. Both sides have the same columns.
void AlignTarget(ComparedTable& table);

// The first of the source's keys that the target has as well and whose columns are all compared.
std::vector<KeyColumn> CommonKey(const Relation& source, const std::vector<UniqueKey>& source_keys,
                                 const std::vector<UniqueKey>& target_keys);

// For a worker in another process.
nlohmann::json ToJson(const ComparedTable& table);
ComparedTable ComparedTableFromJson(const nlohmann::json& json);

}  // namespace airlift
