// A table mapping's transformations and filters for the tables of one source: per table the rows, columns and names
// that arrive, and the statements that shape the target accordingly.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "catalog/relation.h"
#include "mapping/table_mapping.h"
#include "pg/connection.h"

namespace airlift {

struct AddedColumn {
  std::string name;
  std::string type;
  std::string expression;  // SQL, of the source's columns
};

struct MappedTable {
  uint32_t oid = 0;
  std::string schema, name;
  std::string target_schema, target_name;
  std::string filter;  // condition of the rows that are moved; "" for all
  std::set<std::string> removed;
  std::map<std::string, std::string> renamed;  // columns
  std::map<std::string, std::string> retyped;  // columns, with the SQL type
  std::vector<AddedColumn> added;

  bool IsRenamed() const { return schema != target_schema || name != target_name || !renamed.empty(); }
  bool HasOtherColumns() const { return !removed.empty() || !retyped.empty() || !added.empty(); }
  // For people, what is other than at the source; "" where nothing is.
  std::string Describe() const;
};

// A statement on the target. Before the load it follows the table's own definition; at the end everything is there.
struct SchemaChange {
  uint32_t table_oid = 0;  // at the source; 0 for none
  std::string schema, name;
  std::string sql;
};

// A selected relation, as the mapping sees it.
struct MappedRelation {
  uint32_t oid = 0;
  std::string schema, name;
  char kind = 'r';
  uint32_t root = 0;      // of a partition whose root is selected, else its own
  bool inherits = false;  // has heirs, or is one
  bool is_owned = false;  // a sequence of a column
};

class ResolvedMapping {
 public:
  // Throws Error with all rules that cannot be followed.
  ResolvedMapping(Connection& source, const TableMapping& mapping, const std::vector<MappedRelation>& relations,
                  const std::map<uint32_t, const SelectionMapping*>& filters);

  // The table, or the root of a partition; null where it arrives as it is.
  const MappedTable* Find(uint32_t oid) const;
  const MappedTable* Find(const std::string& schema, const std::string& name) const;
  // The same of a relation that is loaded: the table's own, or that of its root.
  const MappedTable* OfRelation(uint32_t oid) const;
  std::pair<std::string, std::string> TargetName(const std::string& schema, const std::string& name) const;

  // The rows, columns and expressions of the source's relation.
  void Apply(Relation& relation) const;
  // What Apply made, as the target has it once everything is done: under its new names, its rows chosen already.
  Relation AsItArrives(Relation relation) const;

  const std::vector<SchemaChange>& before_load() const { return before_load_; }
  const std::vector<SchemaChange>& at_end() const { return at_end_; }
  bool RenamesSchemas() const { return renames_schemas_; }
  std::vector<const MappedTable*> Tables() const;

 private:
  friend class MappingResolver;
  std::map<uint32_t, MappedTable> tables_;
  std::map<uint32_t, uint32_t> root_of_;
  std::map<std::pair<std::string, std::string>, uint32_t> by_name_;
  std::vector<SchemaChange> before_load_, at_end_;
  bool renames_schemas_ = false;
};

}  // namespace airlift
