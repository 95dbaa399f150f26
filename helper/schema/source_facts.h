// What the source's catalog knows and pg_dump's archive does not say.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "pg/connection.h"

namespace airlift {

struct IndexFact {
  uint32_t table_oid = 0;
  int64_t bytes = 0;            // of table and index
  bool on_plain_table = false;  // an ordinary table or a leaf partition
  bool is_btree = false;
  bool is_valid = true;
  std::string schema;
  std::string name;
  std::string definition;  // CREATE UNIQUE INDEX, for indexes of primary key and unique constraints
};

struct ForeignKeyFact {
  uint32_t table_oid = 0;
  int64_t bytes = 0;  // of the referencing table
  bool on_plain_table = false;
  bool is_validated = false;
};

struct SourceFacts {
  std::unordered_map<uint32_t, IndexFact> indexes;            // by the index's OID
  std::unordered_map<uint32_t, uint32_t> constraint_indexes;  // constraint (primary key, unique) -> index
  std::unordered_map<uint32_t, ForeignKeyFact> foreign_keys;  // by the constraint's OID
  std::unordered_set<uint32_t> populated_materialized_views;
  std::set<std::string> superusers;
  std::set<std::string> extensions_with_default_comment;
  std::set<std::string> replication_roles;  // the migration's own: what is granted to them stays on the source
  std::set<std::string> own_schemas;        // of our extension, of our state
};

SourceFacts ReadSourceFacts(Connection& source);

}  // namespace airlift
