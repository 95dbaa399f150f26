// The tables of a database as units of copying and comparing, read from the catalogs in a constant number of queries.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "catalog/pattern.h"
#include "pg/connection.h"

namespace airlift {

struct Column {
  std::string name;
  bool is_generated = false;  // GENERATED ALWAYS AS (...): recomputed by the target, never copied
  // True when the type's binary form means the same on another server (common/portability.h).
  bool is_portable = true;
  std::string output_function;  // qualified and quoted; what images a column that is not portable
  bool is_array = false;        // its binary form is array_send's (common/array_flags.h)
  // What this side selects for the column where that is not the column of this name: a conversion, a constant, another
  // name. Everything above is then about the expression. Its references to columns are not qualified.
  std::string expression = {};
  // On this side, where `name` is the other side's; "" where it is the same.
  std::string stored_name = {};
};

// A table that has rows of its own: an ordinary table or a leaf partition.
struct StoredTable {
  uint32_t oid = 0;
  std::string schema;
  std::string name;
  int64_t heap_blocks = 0;
  int64_t bytes = 0;  // heap, TOAST, maps
};

// A unit of comparison: an ordinary table, or a partitioned table with its leaves.
struct Relation {
  uint32_t oid = 0;
  std::string schema;
  std::string name;
  bool is_partitioned = false;
  std::vector<Column> columns;  // live ones, in attnum order
  std::vector<StoredTable> stored;
  double estimated_rows = 0;
  // Rows must be routed through the partitioned table on the target, because what partition a row belongs to may be
  // another one there (hash of an enum, range of a text under another collation).
  bool needs_routing = false;
  // Leaves that are foreign tables: their rows are neither copied nor compared.
  std::vector<std::string> foreign_leaves;
  // "WHERE ..." of an extension's configuration table (pg_extension.extcondition); empty for user tables.
  std::string condition;
  bool is_extension_configuration = false;
  // "WHERE ..." of the source's rows that are moved, where not all are; the target has no others.
  std::string filter;
  // The target has no such table, because its definition was left out there: nothing to copy into.
  bool is_missing_on_target = false;

  int64_t bytes() const;
  std::string display_name() const;
  bool AllPortable() const;
  bool HasGenerated() const;
  bool HasExpressions() const;
  // "WHERE ..." by which the source's rows are read; "" for all.
  std::string SourceCondition() const;
  // Positions in the row image, from 0, of columns imaged by array_send.
  std::vector<int> ArrayPositions() const;
};

// The same relation as the target has it: its columns are there under their names, and rows that are not moved are not.
Relation OnTarget(Relation relation);

// All user tables whose name matches `patterns` (all when empty), ordered by schema and name. Temporary tables, system
// schemas, extensions' own tables (other than their configuration tables) and our own state are left out.
std::vector<Relation> LoadRelations(Connection& connection, const std::vector<NamePattern>& patterns = {});

// Ordinary tables or leaf partitions by OID, each as a relation of its own, ordered by schema and name.
std::vector<Relation> LoadTables(Connection& connection, const std::vector<uint32_t>& oids);
// The same by name; nullopt where there is none.
std::optional<Relation> FindTable(Connection& connection, const std::string& schema, const std::string& name);

// The leaves (or the table itself) of one relation as they are on `connection` now; empty when it does not exist.
std::vector<StoredTable> LoadStoredTables(Connection& connection, const std::string& schema, const std::string& name);

// Once it was read by name, in the same transaction: throws Error where another table was read. Names are resolved as
// they are now, whatever snapshot the rows are read under, and the lock on what was read lets nobody rename it since.
void RequireReadByName(Connection& source, const StoredTable& table);

// For the state tables: a helper that takes over needs no second look at the source's catalogs.
nlohmann::json ToJson(const Relation& relation);
Relation RelationFromJson(const nlohmann::json& json);

}  // namespace airlift
