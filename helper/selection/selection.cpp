#include "selection/selection.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "catalog/pattern.h"
#include "mapping/resolved_mapping.h"
#include "mapping/wildcard.h"
#include "pg/identifier.h"
#include "selection/filter_file.h"

namespace airlift {

namespace {

constexpr const char* kNotSelected = "not selected";

constexpr const char* kRelationsQuery = R"(
SELECT c.oid, n.nspname, c.relname, c.relkind, c.relispartition
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND c.relpersistence <> 't' AND c.oid >= 16384
  AND n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', 'airlift', 'airlift_state')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                  AND d.objid = c.oid AND d.deptype = 'e'))";

constexpr const char* kInheritsQuery = "SELECT inhparent, inhrelid FROM pg_catalog.pg_inherits";

constexpr const char* kOwnedSequencesQuery = R"(
SELECT d.objid, d.refobjid, a.attname, d.deptype = 'i'
FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
     JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objsubid = 0
  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i'))";

constexpr const char* kUsedSequencesQuery = R"(
SELECT d.refobjid, ad.adrelid
FROM pg_catalog.pg_depend d
     JOIN pg_catalog.pg_attrdef ad ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND ad.oid = d.objid
     JOIN pg_catalog.pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass)";

constexpr const char* kMatchQuery = R"(
SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  AND c.relname OPERATOR(pg_catalog.~) $1 COLLATE pg_catalog.default
  AND CASE WHEN $2 = '' THEN pg_catalog.pg_table_is_visible(c.oid)
           ELSE n.nspname OPERATOR(pg_catalog.~) $2 COLLATE pg_catalog.default END)";

constexpr const char* kSchemasQuery = R"(
SELECT nspname FROM pg_catalog.pg_namespace
WHERE nspname OPERATOR(pg_catalog.~) $1 COLLATE pg_catalog.default
  AND nspname NOT LIKE 'pg\_%' AND nspname NOT IN ('information_schema', 'airlift', 'airlift_state'))";

constexpr const char* kExtensionsQuery =
    "SELECT extname FROM pg_catalog.pg_extension WHERE extname OPERATOR(pg_catalog.~) $1 COLLATE pg_catalog.default";

std::string Whole(const std::string& regex) { return "^(" + regex + ")$"; }

uint32_t Oid(const Result& result, int row, int column) { return static_cast<uint32_t>(result.Integer(row, column)); }

// Names without a schema mean what the role's own search_path shows, as with pg_dump; ours is empty otherwise.
class OwnSearchPath {
 public:
  explicit OwnSearchPath(Connection& connection) : connection_(connection) {
    connection_.Execute("SET search_path TO DEFAULT");
  }
  ~OwnSearchPath() {
    try {
      connection_.Query("SELECT pg_catalog.set_config('search_path', '', false)");
    } catch (const Error&) {
      // The transaction failed: its rollback puts the setting back.
    }
  }
  OwnSearchPath(const OwnSearchPath&) = delete;
  OwnSearchPath& operator=(const OwnSearchPath&) = delete;

 private:
  Connection& connection_;
};

Result MatchOnServer(Connection& source, const SelectionRule& rule, const char* query, const Parameters& parameters) {
  try {
    return source.Query(query, parameters);
  } catch (const SqlError& error) {
    if (!error.IsClass("2201")) throw;  // an invalid regular expression
    throw Error(fmt::format("{}: {}", rule.origin, error.primary()));
  }
}

// Throws Error where it is of another database.
NamePattern PatternOf(Connection& source, const SelectionRule& rule) {
  ParsedPattern pattern = ParsePattern(rule.kind, rule.pattern);
  if (!pattern.database.empty() && pattern.database != source.Query("SELECT pg_catalog.current_database()").Text(0, 0))
    throw Error(fmt::format("{}: \"{}\" is not the source's database", rule.origin, pattern.database));
  return pattern.name;
}

bool IsTable(char kind) { return kind == 'r' || kind == 'p'; }

const char* KindWord(char kind) {
  switch (kind) {
    case 'v':
      return "VIEW";
    case 'm':
      return "MATERIALIZED VIEW";
    case 'f':
      return "FOREIGN TABLE";
    case 'S':
      return "SEQUENCE";
    default:
      return "TABLE";
  }
}

std::string Label(const SelectedRelation& relation) { return DisplayName(relation.schema, relation.name); }

}  // namespace

Selection::Selection(Connection& source, SelectionRules rules, Heirs heirs) : rules_(std::move(rules)) {
  if (IsEverything()) return;
  ReadRelations(source);
  Match(source, heirs);
  if (!rules_.mapping.empty()) MatchMapping();
  Decide();
  FollowSequences();
  if (heirs == Heirs::kWithParents) RequireParents();
  if (!rules_.mapping.empty()) ResolveMapping(source);
}

void Selection::ReadRelations(Connection& source) {
  const Result relations = source.Query(kRelationsQuery);
  for (int row = 0; row < relations.rows(); ++row) {
    SelectedRelation relation;
    relation.schema = relations.Text(row, 1);
    relation.name = relations.Text(row, 2);
    relation.kind = relations.Text(row, 3)[0];
    relation.is_partition = relations.Boolean(row, 4);
    by_name_[{relation.schema, relation.name}] = Oid(relations, row, 0);
    relations_.emplace(Oid(relations, row, 0), std::move(relation));
  }
  const Result inherits = source.Query(kInheritsQuery);
  for (int row = 0; row < inherits.rows(); ++row) children_.emplace(Oid(inherits, row, 0), Oid(inherits, row, 1));
  const Result owned = source.Query(kOwnedSequencesQuery);
  for (int row = 0; row < owned.rows(); ++row)
    owned_.push_back({Oid(owned, row, 0), Oid(owned, row, 1), owned.Text(row, 2), owned.Boolean(row, 3)});
  const Result used = source.Query(kUsedSequencesQuery);
  for (int row = 0; row < used.rows(); ++row) used_.emplace_back(Oid(used, row, 0), Oid(used, row, 1));
}

std::vector<uint32_t> Selection::MatchRelations(Connection& source, const SelectionRule& rule) const {
  const NamePattern pattern = PatternOf(source, rule);
  const OwnSearchPath path(source);
  const Result result =
      MatchOnServer(source, rule, kMatchQuery,
                    {Whole(pattern.name_regex), pattern.schema_regex.empty() ? "" : Whole(pattern.schema_regex)});
  std::vector<uint32_t> matched;
  for (int row = 0; row < result.rows(); ++row)
    if (relations_.contains(Oid(result, row, 0))) matched.push_back(Oid(result, row, 0));
  return matched;
}

std::vector<std::string> Selection::MatchNames(Connection& source, const SelectionRule& rule) const {
  const char* query = rule.kind == SelectedKind::kSchema ? kSchemasQuery : kExtensionsQuery;
  const Result result = MatchOnServer(source, rule, query, {Whole(PatternOf(source, rule).name_regex)});
  std::vector<std::string> matched;
  for (int row = 0; row < result.rows(); ++row) matched.push_back(result.Text(row, 0));
  return matched;
}

std::set<uint32_t> Selection::WithChildren(const std::vector<uint32_t>& relations) const {
  std::set<uint32_t> all;
  std::vector<uint32_t> pending = relations;
  while (!pending.empty()) {
    const uint32_t oid = pending.back();
    pending.pop_back();
    if (!all.insert(oid).second) continue;
    const auto [first, last] = children_.equal_range(oid);
    for (auto child = first; child != last; ++child) pending.push_back(child->second);
  }
  return all;
}

namespace {
// As pg_dump 17 has it: --extension takes nothing else, a filter file's line takes the extension whatever else comes.
bool IsBesides(const SelectionRule& rule) {
  return rule.kind == SelectedKind::kExtension && rule.origin.rfind(kFilterFile, 0) == 0;
}
}  // namespace

void Selection::Match(Connection& source, Heirs heirs) {
  std::string unmatched;
  for (const SelectionRule& rule : rules_.rules) {
    has_includes_ |= rule.is_include && !IsBesides(rule);
    bool is_matched = false;
    if (rule.kind == SelectedKind::kSchema || rule.kind == SelectedKind::kExtension) {
      const bool is_schema = rule.kind == SelectedKind::kSchema;
      has_schema_includes_ |= is_schema && rule.is_include;
      for (const std::string& name : MatchNames(source, rule)) {
        is_matched = true;
        if (is_schema && !rule.is_include) {
          excluded_schemas_.emplace(name, rule.origin);
        } else {
          (is_schema ? schemas_ : rule.is_include ? extensions_ : excluded_extensions_).insert(name);
        }
      }
    } else {
      const bool is_data = rule.kind == SelectedKind::kTableData || rule.kind == SelectedKind::kTableDataAndChildren;
      const bool with_children =
          rule.kind == SelectedKind::kTableAndChildren || rule.kind == SelectedKind::kTableDataAndChildren;
      has_table_includes_ |= rule.is_include;
      const std::vector<uint32_t> found = MatchRelations(source, rule);
      is_matched = !found.empty();
      auto& into = is_data ? without_rows_ : rule.is_include ? included_ : excluded_;
      // pg_dump takes a partitioned table for its definition; who compares one means its rows.
      const std::set<uint32_t> meant = with_children            ? WithChildren(found)
                                       : heirs == Heirs::kAlone ? WithPartitions(found)
                                                                : std::set<uint32_t>(found.begin(), found.end());
      for (const uint32_t oid : meant) into.emplace(oid, rule.origin);
    }
    // A wish that nothing answers is a mistake more often than not.
    if (!is_matched && rule.is_include) unmatched += (unmatched.empty() ? "" : "\n") + rule.origin;
  }
  if (!unmatched.empty())
    throw Error("nothing on the source matches", unmatched,
                "Names without a schema mean what the role's search_path shows: write schema.name, or *.name.");
}

// Tables and views by name; partitions with what they are partitions of.
void Selection::MatchMapping() {
  mapping_rules_ = std::make_shared<const TableMapping>(ParseTableMapping(rules_.mapping, rules_.mapping_origin));
  has_includes_ = has_table_includes_ = true;
  std::string problems;
  const auto problem = [&](const MappingRule& rule, const std::string& what) {
    problems += fmt::format("{}line {}, rule {}: {}", problems.empty() ? "" : "\n", rule.line, rule.id, what);
  };
  for (const SelectionMapping& rule : mapping_rules_->selections) {
    std::vector<uint32_t> matched;
    for (const auto& [name, oid] : by_name_) {
      const char kind = relations_.at(oid).kind;
      const bool is_view = kind == 'v' || kind == 'm';
      if (kind == 'S' || !(is_view ? rule.takes_views : rule.takes_tables)) continue;
      const bool matches =
          rule.action == SelectionMapping::Action::kExplicit
              ? WithoutBrackets(rule.schema) == name.first && WithoutBrackets(rule.table) == name.second
              : MatchesWildcard(rule.schema, name.first) && MatchesWildcard(rule.table, name.second);
      if (!matches) continue;
      matched.push_back(oid);
      if (rule.filters.empty()) continue;
      const auto [first, is_new] = filters_.emplace(oid, &rule);
      if (!is_new)
        problem(rule,
                fmt::format("table {} has filters of rule {} already", Label(relations_.at(oid)), first->second->id));
      if (kind != 'r' && kind != 'p')
        problem(rule, fmt::format("{} is no table and has no filter", Label(relations_.at(oid))));
    }
    const bool is_exclude = rule.action == SelectionMapping::Action::kExclude;
    if (matched.empty() && !is_exclude && (!HasWildcard(rule.schema) && !HasWildcard(rule.table)))
      problem(rule, fmt::format("there is no table {} on the source",
                                DisplayName(WithoutBrackets(rule.schema), WithoutBrackets(rule.table))));
    for (const uint32_t oid : WithPartitions(matched))
      (is_exclude ? excluded_ : included_).emplace(oid, "rule " + rule.id);
  }
  if (!problems.empty()) throw Error("the table mapping does not fit the source", problems);
  if (included_.empty()) throw Error("no table of the source matches the table mapping");
}

std::set<uint32_t> Selection::WithPartitions(const std::vector<uint32_t>& relations) const {
  std::set<uint32_t> all;
  for (const uint32_t oid : WithChildren(relations))
    if (std::find(relations.begin(), relations.end(), oid) != relations.end() || relations_.at(oid).is_partition)
      all.insert(oid);
  return all;
}

// A sequence is of no use without the column that it is for; an identity needs a column of integers.
void Selection::DropWithColumn(const OwnedSequence& each) {
  const auto found = relations_.find(each.sequence);
  const MappedTable* table = mapping_->Find(each.table);
  if (found == relations_.end() || table == nullptr) return;
  const auto type = table->retyped.find(each.column);
  const bool is_integer = type == table->retyped.end() || type->second.ends_with("int") || type->second == "integer";
  if (!table->removed.contains(each.column) && (!each.is_identity || is_integer)) return;
  found->second.is_selected = false;
  found->second.reason = "not selected: its column is left out or changed";
}

void Selection::ResolveMapping(Connection& source) {
  std::map<uint32_t, uint32_t> root_of;
  std::set<uint32_t> inheriting, owned;
  for (const OwnedSequence& each : owned_) owned.insert(each.sequence);
  for (const auto& [parent, child] : children_) {
    const SelectedRelation* above = Find(parent);
    const SelectedRelation* below = Find(child);
    if (above == nullptr || below == nullptr) continue;
    if (!below->is_partition) {
      inheriting.insert({parent, child});
    } else if (above->is_selected && below->is_selected) {
      root_of[child] = parent;
    }
  }
  std::vector<MappedRelation> relations;
  for (const auto& [name, oid] : by_name_) {
    const SelectedRelation& relation = relations_.at(oid);
    if (!relation.is_selected) continue;
    uint32_t root = oid;
    for (auto above = root_of.find(root); above != root_of.end(); above = root_of.find(root)) root = above->second;
    relations.push_back(
        {oid, name.first, name.second, relation.kind, root, inheriting.contains(oid), owned.contains(oid)});
  }
  mapping_ = std::make_shared<const ResolvedMapping>(source, *mapping_rules_, relations, filters_);
  for (const OwnedSequence& each : owned_) DropWithColumn(each);
}

void Selection::Decide() {
  // As pg_dump: where tables are asked for, schemas do not count.
  if (has_table_includes_) schemas_.clear();
  for (const auto& [schema, origin] : excluded_schemas_) schemas_.erase(schema);
  for (auto& [oid, relation] : relations_) {
    if (has_table_includes_) {
      relation.is_selected = included_.contains(oid);
    } else if (has_schema_includes_) {
      relation.is_selected = schemas_.contains(relation.schema);
    } else {
      relation.is_selected = !has_includes_;  // --extension alone: no table
    }
    if (!relation.is_selected) relation.reason = kNotSelected;
    const auto excluded = excluded_.find(oid);
    const auto schema = excluded_schemas_.find(relation.schema);
    if (excluded != excluded_.end() || (!has_table_includes_ && schema != excluded_schemas_.end())) {
      const bool by_name = excluded != excluded_.end();
      relation.is_excluded = relation.is_selected || !has_includes_;
      relation.is_selected = false;
      relation.reason = "excluded by " + (by_name ? excluded->second : schema->second);
    }
    const auto data = without_rows_.find(oid);
    if (relation.is_selected && data != without_rows_.end()) {
      relation.has_rows = false;
      relation.reason = "its rows are excluded by " + data->second;
    }
  }
}

// A sequence goes with the table that owns it; one that a default asks comes along, or the table could not be made.
void Selection::FollowSequences() {
  for (const auto& [sequence, table, column, is_identity] : owned_) {
    const auto found = relations_.find(sequence);
    const auto owner = relations_.find(table);
    if (found == relations_.end() || owner == relations_.end()) continue;
    const bool rows = found->second.has_rows && owner->second.has_rows;
    found->second.is_selected = owner->second.is_selected;
    found->second.has_rows = owner->second.is_selected ? rows : true;
    found->second.is_excluded = false;
    if (!owner->second.is_selected) {
      found->second.reason = "belongs to table " + Label(owner->second);
    } else if (rows) {
      found->second.reason.clear();
    } else if (!owner->second.has_rows) {
      found->second.reason = owner->second.reason;
    }
  }
  for (const auto& [sequence, table] : used_) {
    const auto found = relations_.find(sequence);
    const auto user = relations_.find(table);
    if (found == relations_.end() || user == relations_.end() || !user->second.is_selected) continue;
    if (found->second.is_selected) continue;
    found->second.is_selected = true;
    found->second.is_excluded = false;
    found->second.reason.clear();
  }
}

// An heir cannot be made without its parents; a partition can, as a table of its own.
void Selection::RequireParents() const {
  std::string orphans;
  for (const auto& [parent, child] : children_) {
    const SelectedRelation* above = Find(parent);
    const SelectedRelation* below = Find(child);
    if (above == nullptr || below == nullptr || !below->is_selected || below->is_partition || above->is_selected)
      continue;
    orphans += fmt::format("{}table {} inherits from {}, which is {}", orphans.empty() ? "" : "\n", Label(*below),
                           Label(*above), above->reason);
  }
  if (!orphans.empty())
    throw Error("tables are selected without those that they inherit from", orphans,
                "Select the parents too (--table, or --table-and-children of the uppermost).");
}

const SelectedRelation* Selection::Find(uint32_t oid) const {
  const auto found = relations_.find(oid);
  return found == relations_.end() ? nullptr : &found->second;
}

std::optional<uint32_t> Selection::OidOf(const std::string& schema, const std::string& name) const {
  const auto found = by_name_.find({schema, name});
  return found == by_name_.end() ? std::nullopt : std::optional(found->second);
}

bool Selection::Takes(const std::string& schema, const std::string& name) const {
  const auto found = by_name_.find({schema, name});
  return found == by_name_.end() || relations_.at(found->second).is_selected;
}

bool Selection::TakesRows(const std::string& schema, const std::string& name) const {
  const auto found = by_name_.find({schema, name});
  return found == by_name_.end() || (relations_.at(found->second).is_selected && relations_.at(found->second).has_rows);
}

bool Selection::WouldTake(const std::string& schema, const std::string& name) const {
  bool is_included = !has_table_includes_ && !has_schema_includes_;
  for (const SelectionRule& rule : rules_.rules) {
    if (rule.kind == SelectedKind::kExtension ||
        (rule.is_include && has_table_includes_ && rule.kind == SelectedKind::kSchema))
      continue;
    const NamePattern pattern = ParsePattern(rule.kind, rule.pattern).name;
    const bool matches =
        rule.kind == SelectedKind::kSchema ? Matches({pattern}, {}, schema) : Matches({pattern}, schema, name);
    if (!matches) continue;
    if (!rule.is_include) return false;
    is_included = true;
  }
  return is_included;
}

std::vector<Relation> Selection::Apply(Connection& source, std::vector<Relation> relations) const {
  if (IsEverything()) return relations;
  const auto takes_rows = [&](const StoredTable& table) { return TakesRows(table.schema, table.name); };
  std::vector<Relation> applied;
  for (Relation& relation : relations) {
    const bool takes_root = Takes(relation.schema, relation.name);
    if (!relation.is_partitioned) {
      if (takes_root && TakesRows(relation.schema, relation.name)) applied.push_back(std::move(relation));
      continue;
    }
    const std::set<uint32_t> tree = WithChildren({relation.oid});
    const bool takes_tree = std::all_of(tree.begin(), tree.end(), [this](uint32_t oid) {
      const SelectedRelation* part = Find(oid);
      return part == nullptr || part->is_selected || part->kind == 'f';
    });
    if (takes_tree && std::all_of(relation.stored.begin(), relation.stored.end(), takes_rows)) {
      applied.push_back(std::move(relation));
      continue;
    }
    std::vector<uint32_t> leaves;
    for (const StoredTable& leaf : relation.stored)
      if (takes_rows(leaf)) leaves.push_back(leaf.oid);
    if (takes_root && relation.needs_routing && !leaves.empty())
      throw Error(fmt::format("table {} can be moved with all its partitions, or with none", relation.display_name()),
                  "The target may place its rows in other partitions than the source has them in.",
                  "Select it with --table-and-children, or select the partitions without it.");
    for (Relation& leaf : LoadTables(source, leaves)) applied.push_back(std::move(leaf));
  }
  if (mapping_ != nullptr)
    for (Relation& relation : applied) mapping_->Apply(relation);
  return applied;
}

std::vector<std::string> Selection::TablesWithoutRows() const {
  std::vector<std::string> tables;
  for (const auto& [name, oid] : by_name_)
    if (IsTable(relations_.at(oid).kind) && !TakesRows(name.first, name.second))
      tables.push_back(QualifiedName(name.first, name.second));
  return tables;
}

SequenceFilter Selection::Sequences() const {
  if (IsEverything()) return {};
  return [this](const std::string& schema, const std::string& name) { return TakesRows(schema, name); };
}

std::vector<LeftOut> Selection::LeftOuts() const {
  std::vector<LeftOut> list;
  for (const auto& [name, oid] : by_name_) {
    const SelectedRelation& relation = relations_.at(oid);
    if (relation.is_excluded) {
      list.push_back({KindWord(relation.kind), Label(relation), relation.reason, true});
    } else if (relation.is_selected && !relation.has_rows && relation.kind != 'p') {
      list.push_back({std::string(KindWord(relation.kind)) + (relation.kind == 'S' ? " SET" : " DATA"), Label(relation),
                      relation.reason, true});
    }
  }
  // A partitioned table without some of its partitions: pg_dump takes them by their own names.
  for (const auto& [parent, child] : children_) {
    const SelectedRelation* above = Find(parent);
    const SelectedRelation* below = Find(child);
    if (above == nullptr || below == nullptr || !above->is_selected || below->is_selected || below->is_excluded)
      continue;
    list.push_back(
        {"TABLE", Label(*below), fmt::format("not selected, as {} is; see --table-and-children", Label(*above)), true});
  }
  for (const std::string& name : excluded_extensions_)
    list.push_back({"EXTENSION", DisplayName(name), "excluded by --exclude-extension", true});
  return list;
}

std::string Selection::Summary() const {
  if (IsEverything()) return {};
  size_t tables = 0, selected = 0;
  for (const auto& [oid, relation] : relations_) {
    tables += IsTable(relation.kind);
    selected += IsTable(relation.kind) && relation.is_selected;
  }
  return fmt::format("{} of {} tables are selected", selected, tables);
}

}  // namespace airlift
