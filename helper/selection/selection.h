// What the rules mean for one source: each relation moved or not, with its rows or without, and why. Everything that
// moves, replicates or compares a part of a database asks here.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalog/relation.h"
#include "model/verdict.h"
#include "pg/connection.h"
#include "selection/selection_rules.h"
#include "sequences/sequences.h"

namespace airlift {

class ResolvedMapping;
struct SelectionMapping;
struct TableMapping;

struct SelectedRelation {
  std::string schema;
  std::string name;
  char kind = 'r';  // pg_class.relkind
  bool is_partition = false;
  bool is_selected = true;
  bool has_rows = true;  // false: the definition alone is moved
  std::string reason;    // why not: "not selected", "excluded by ..."
  bool is_excluded = false;
};

class Selection {
 private:
  struct OwnedSequence {
    uint32_t sequence = 0;
    uint32_t table = 0;
    std::string column;
    bool is_identity = false;
  };

 public:
  // Everything.
  Selection() = default;
  // Reads the source's catalogs, in the caller's transaction if there is one. Throws Error with every rule that cannot
  // be followed: includes that match nothing, a table whose parent is not selected where tables are to be made.
  enum class Heirs { kWithParents, kAlone };
  Selection(Connection& source, SelectionRules rules, Heirs heirs = Heirs::kWithParents);

  bool IsEverything() const { return rules_.IsEmpty(); }
  const SelectionRules& rules() const { return rules_; }
  // What a table mapping makes of the tables; null where they arrive as they are.
  const ResolvedMapping* mapping() const { return mapping_.get(); }

  // Objects that are no relations: all, those of selected schemas, or only what selected ones need.
  bool TakesAllObjects() const { return !has_includes_; }
  bool TakesSchema(const std::string& schema) const { return schemas_.contains(schema); }
  bool ExcludesSchema(const std::string& schema) const {
    return !has_table_includes_ && excluded_schemas_.contains(schema);
  }
  bool TakesExtension(const std::string& name) const { return extensions_.contains(name); }
  bool ExcludesExtension(const std::string& name) const { return excluded_extensions_.contains(name); }
  // As pg_dump has it: not where only some tables or schemas are asked for.
  bool TakesLargeObjects() const { return !has_includes_; }

  // The user relation with this OID at the source; null where there is none, or it is a member of an extension.
  const SelectedRelation* Find(uint32_t oid) const;
  bool Takes(const std::string& schema, const std::string& name) const;
  bool TakesRows(const std::string& schema, const std::string& name) const;

  // Whether a table that the source does not have, or that is a member of an extension there, would be selected by its
  // name.
  bool WouldTake(const std::string& schema, const std::string& name) const;
  std::optional<uint32_t> OidOf(const std::string& schema, const std::string& name) const;
  bool Knows(const std::string& schema, const std::string& name) const { return by_name_.contains({schema, name}); }

  // Those of `relations`, all of the source's, whose rows are moved. A partitioned table that is not selected with all
  // its partitions is replaced by those that are.
  std::vector<Relation> Apply(Connection& source, std::vector<Relation> relations) const;
  // Tables, qualified, whose rows stay behind.
  std::vector<std::string> TablesWithoutRows() const;
  // For ReadSequences; empty where everything is taken.
  SequenceFilter Sequences() const;

  // What was excluded by name, and the tables whose rows stay behind.
  std::vector<LeftOut> LeftOuts() const;
  // "3 of 12 tables are selected"; "" where nothing is left out.
  std::string Summary() const;

 private:
  void ReadRelations(Connection& source);
  void Match(Connection& source, Heirs heirs);
  void MatchMapping();
  std::set<uint32_t> WithPartitions(const std::vector<uint32_t>& relations) const;
  void ResolveMapping(Connection& source);
  void DropWithColumn(const OwnedSequence& each);
  std::vector<uint32_t> MatchRelations(Connection& source, const SelectionRule& rule) const;
  std::vector<std::string> MatchNames(Connection& source, const SelectionRule& rule) const;
  std::set<uint32_t> WithChildren(const std::vector<uint32_t>& relations) const;
  void Decide();
  void FollowSequences();
  void RequireParents() const;

  SelectionRules rules_;
  bool has_includes_ = false;
  std::set<std::string> schemas_;     // taken as wholes
  std::set<std::string> extensions_;  // asked for by name
  std::set<std::string> excluded_extensions_;
  std::unordered_map<uint32_t, SelectedRelation> relations_;
  std::map<std::pair<std::string, std::string>, uint32_t> by_name_;
  std::multimap<uint32_t, uint32_t> children_;  // parent -> child: partitions and heirs
  std::vector<OwnedSequence> owned_;
  std::vector<std::pair<uint32_t, uint32_t>> used_;                     // sequence, a table whose default asks it
  std::map<uint32_t, std::string> included_, excluded_, without_rows_;  // with the rule's origin
  std::map<std::string, std::string> excluded_schemas_;
  std::shared_ptr<const TableMapping> mapping_rules_;
  std::map<uint32_t, const SelectionMapping*> filters_;  // of mapping_rules_
  std::shared_ptr<const ResolvedMapping> mapping_;
  bool has_table_includes_ = false;
  bool has_schema_includes_ = false;
};

}  // namespace airlift
