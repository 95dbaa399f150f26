#include "mapping/resolved_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <tuple>

#include "base/error.h"
#include "mapping/expression.h"
#include "mapping/wildcard.h"
#include "pg/batch.h"
#include "pg/identifier.h"

namespace airlift {

namespace {

constexpr size_t kLongestName = 63;

// Columns of user tables, with what stands against changing them.
constexpr const char* kColumnsQuery = R"(
SELECT a.attrelid, a.attname, a.attgenerated <> '',
       EXISTS (SELECT FROM pg_catalog.pg_partitioned_table p WHERE p.partrelid = a.attrelid
               AND (a.attnum = ANY (p.partattrs::pg_catalog.int2[]) OR p.partexprs IS NOT NULL)),
       EXISTS (SELECT FROM pg_catalog.pg_depend d
               JOIN pg_catalog.pg_attrdef ad ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND ad.oid = d.objid
               JOIN pg_catalog.pg_attribute g ON g.attrelid = ad.adrelid AND g.attnum = ad.adnum AND g.attgenerated <> ''
               WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = a.attrelid
               AND d.refobjsubid = a.attnum AND g.attnum <> a.attnum)
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum)";

constexpr const char* kNamesQuery = R"(
SELECT n.nspname, c.relname, c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname NOT LIKE 'pg\_%' AND n.nspname NOT IN ('information_schema', 'airlift', 'airlift_state'))";

struct SourceColumn {
  std::string name;
  bool is_generated = false;
  bool is_in_partition_key = false;
  bool feeds_generated = false;
};

std::string Literal(const std::string& text) {
  std::string literal = "'";
  for (const char c : text) {
    literal += c;
    if (c == '\'') literal += c;
  }
  return literal + "'";
}

std::string ConditionSql(const std::string& column, const FilterCondition& condition) {
  const std::string name = QuoteIdentifier(column);
  const auto compare = [&](const char* op) { return fmt::format("{} {} {}", name, op, Literal(condition.value)); };
  if (condition.op == "eq") return compare("=");
  if (condition.op == "noteq") return compare("<>");
  if (condition.op == "gte") return compare(">=");
  if (condition.op == "ste" || condition.op == "lte") return compare("<=");
  if (condition.op == "null") return name + " IS NULL";
  if (condition.op == "notnull") return name + " IS NOT NULL";
  return fmt::format("{}{} BETWEEN {} AND {}", name, condition.op == "notbetween" ? " NOT" : "",
                     Literal(condition.value), Literal(condition.end));
}

// A length is the target's to enforce: a cast would cut the text off without a word.
std::string TypeOfStream(const std::string& type) { return type.rfind("character varying", 0) == 0 ? "text" : type; }

}  // namespace

class MappingResolver {
 public:
  MappingResolver(Connection& source, const TableMapping& mapping, const std::vector<MappedRelation>& relations,
                  const std::map<uint32_t, const SelectionMapping*>& filters)
      : source_(source), mapping_(mapping), relations_(relations), filters_(filters) {
    for (const MappedRelation& relation : relations) by_oid_[relation.oid] = &relation;
  }

  void Resolve(ResolvedMapping& into) {
    ReadColumns();
    for (const MappedRelation& relation : relations_) {
      into.by_name_[{relation.schema, relation.name}] = relation.oid;
      into.root_of_[relation.oid] = relation.root;
      MappedTable& table = into.tables_[relation.oid];
      table.oid = relation.oid;
      table.schema = relation.schema;
      table.name = relation.name;
      Name(relation, table);
      if (relation.root == relation.oid && (relation.kind == 'r' || relation.kind == 'p')) {
        Filter(relation, table);
        Columns(relation, table);
      }
    }
    CheckNames(into);
    if (problems_.empty()) Try(into);
    if (!problems_.empty()) {
      std::string list;
      for (const std::string& problem : problems_) list += (list.empty() ? "" : "\n") + problem;
      throw Error("the table mapping does not fit the source", list);
    }
    ShapeColumns(into);
    Rename(into);
    Forget(into);
  }

 private:
  static std::string Where(const MappingRule& rule) { return fmt::format("line {}, rule {}: ", rule.line, rule.id); }

  void Problem(const MappingRule& rule, const std::string& problem) { problems_.push_back(Where(rule) + problem); }

  static std::string Label(const MappedTable& table) { return DisplayName(table.schema, table.name); }

  void ReadColumns() {
    const Result result = source_.Query(kColumnsQuery);
    for (int row = 0; row < result.rows(); ++row)
      columns_[static_cast<uint32_t>(result.Integer(row, 0))].push_back(
          {result.Text(row, 1), result.Boolean(row, 2), result.Boolean(row, 3), result.Boolean(row, 4)});
  }

  // The one rule of those that fit; a second one is a problem.
  void Claim(const Transformation*& slot, const Transformation& rule, const std::string& object) {
    if (slot != nullptr) Problem(rule, fmt::format("{} is changed by rule {} already", object, slot->id));
    slot = &rule;
  }

  std::string NewName(const Transformation* rule, const std::string& name) {
    if (rule == nullptr) return name;
    const std::string changed = RenamedBy(*rule, name);
    if (changed.empty()) Problem(*rule, fmt::format("leaves no name of {}", DisplayName(name)));
    if (changed.size() > kLongestName)
      Problem(*rule, fmt::format("makes {} longer than {} bytes", DisplayName(name), kLongestName));
    return changed;
  }

  void Name(const MappedRelation& relation, MappedTable& table) {
    const Transformation *of_schema = nullptr, *of_table = nullptr;
    for (const Transformation& rule : mapping_.transformations) {
      if (rule.target == MappingTarget::kColumn || !MatchesWildcard(rule.schema, relation.schema)) continue;
      if (rule.target == MappingTarget::kSchema) {
        Claim(of_schema, rule, "schema " + DisplayName(relation.schema));
      } else if (relation.kind != 'S' && MatchesWildcard(rule.table, relation.name)) {
        Claim(of_table, rule, Label(table));
      }
    }
    table.target_schema = NewName(of_schema, relation.schema);
    table.target_name = NewName(of_table, relation.name);
  }

  void Filter(const MappedRelation& relation, MappedTable& table) {
    const auto found = filters_.find(relation.oid);
    if (found == filters_.end()) return;
    for (const ColumnFilter& filter : found->second->filters) {
      if (FindColumn(relation.oid, filter.column) == nullptr) {
        Problem(*found->second, fmt::format("{} has no column \"{}\"", Label(table), filter.column));
        continue;
      }
      std::string any;
      for (const FilterCondition& condition : filter.any_of)
        any += (any.empty() ? "" : " OR ") + ConditionSql(filter.column, condition);
      table.filter += fmt::format("{}({})", table.filter.empty() ? "" : " AND ", any);
    }
  }

  const SourceColumn* FindColumn(uint32_t table, const std::string& name) const {
    const auto found = columns_.find(table);
    if (found == columns_.end()) return nullptr;
    for (const SourceColumn& column : found->second)
      if (column.name == name) return &column;
    return nullptr;
  }

  void Columns(const MappedRelation& relation, MappedTable& table) {
    std::map<std::string, const Transformation*> renaming, typing, removing;
    std::set<std::string> included;
    const Transformation* including = nullptr;
    std::vector<const Transformation*> adding;
    for (const Transformation& rule : mapping_.transformations) {
      if (rule.target != MappingTarget::kColumn || !MatchesWildcard(rule.schema, relation.schema) ||
          !MatchesWildcard(rule.table, relation.name))
        continue;
      if (rule.action == MappingAction::kAddColumn) {
        adding.push_back(&rule);
        continue;
      }
      for (const SourceColumn& column : columns_[relation.oid]) {
        if (!MatchesWildcard(rule.column, column.name)) continue;
        const std::string object = Label(table) + "." + DisplayName(column.name);
        if (rule.action == MappingAction::kIncludeColumn) {
          included.insert(column.name);
          including = &rule;
        } else if (rule.action == MappingAction::kRemoveColumn) {
          removing.emplace(column.name, &rule);
        } else if (rule.action == MappingAction::kChangeType) {
          Claim(typing[column.name], rule, object);
        } else {
          Claim(renaming[column.name], rule, object);
        }
      }
    }
    for (const SourceColumn& column : columns_[relation.oid]) {
      const bool is_left = including != nullptr && !included.contains(column.name);
      if (const auto rule = removing.find(column.name); rule != removing.end() || is_left) {
        Remove(is_left ? *including : *rule->second, relation, column, table);
        continue;
      }
      if (const auto rule = typing.find(column.name); rule != typing.end())
        Retype(*rule->second, relation, column, table);
      const auto rule = renaming.find(column.name);
      const std::string name = rule == renaming.end() ? column.name : NewName(rule->second, column.name);
      if (name != column.name) table.renamed[column.name] = name;
    }
    for (const Transformation* rule : adding) Add(*rule, relation, table);
    if (table.removed.size() == columns_[relation.oid].size())
      problems_.push_back(fmt::format("{} keeps no column", Label(table)));
    if (relation.inherits && (table.HasOtherColumns() || !table.renamed.empty()))
      problems_.push_back(
          fmt::format("columns of {} cannot be changed: tables inherit from it, or it from another", Label(table)));
  }

  void Remove(const Transformation& rule, const MappedRelation& relation, const SourceColumn& column,
              MappedTable& table) {
    const std::string object = Label(table) + "." + DisplayName(column.name);
    if (column.is_in_partition_key && relation.kind == 'p')
      Problem(rule, object + " is in the partition key and cannot be left out");
    if (column.feeds_generated) Problem(rule, object + " is what a generated column is made of and cannot be left out");
    table.removed.insert(column.name);
  }

  void Retype(const Transformation& rule, const MappedRelation& relation, const SourceColumn& column,
              MappedTable& table) {
    const std::string object = Label(table) + "." + DisplayName(column.name);
    if (column.is_in_partition_key && relation.kind == 'p') Problem(rule, object + " is in the partition key");
    if (column.is_generated || column.feeds_generated)
      Problem(rule, object + " is generated, or what a generated column is made of");
    table.retyped[column.name] = rule.type;
  }

  void Add(const Transformation& rule, const MappedRelation& relation, MappedTable& table) {
    const ExpressionContext context{relation.schema, relation.name, [&](const std::string& column) {
                                      return FindColumn(relation.oid, column) != nullptr;
                                    }};
    try {
      const std::string sql = TranslateExpression(rule.expression, context);
      table.added.push_back({rule.value, rule.type, fmt::format("CAST(({}) AS {})", sql, TypeOfStream(rule.type))});
      if (rule.value.size() > kLongestName) Problem(rule, "the column's name is too long");
    } catch (const Error& error) {
      Problem(rule, fmt::format("expression for {}: {}", Label(table), error.what()));
    }
  }

  // Whatever the names were, no two may meet, and none what is there under it.
  void CheckNames(const ResolvedMapping& into) {
    std::map<std::pair<std::string, std::string>, const MappedTable*> taken;
    std::set<uint32_t> renamed;
    for (const auto& [oid, table] : into.tables_) {
      if (table.schema != table.target_schema || table.name != table.target_name) renamed.insert(oid);
      const auto [first, is_new] = taken.emplace(std::pair(table.target_schema, table.target_name), &table);
      if (!is_new)
        problems_.push_back(fmt::format("{} and {} would both arrive as {}", Label(*first->second), Label(table),
                                        DisplayName(table.target_schema, table.target_name)));
      CheckColumnNames(table);
    }
    const Result names = source_.Query(kNamesQuery);
    for (int row = 0; row < names.rows(); ++row) {
      const auto found = taken.find({names.Text(row, 0), names.Text(row, 1)});
      const auto oid = static_cast<uint32_t>(names.Integer(row, 2));
      if (found == taken.end() || found->second->oid == oid || renamed.contains(oid)) continue;
      problems_.push_back(fmt::format("{} would arrive as {}, which is the name of something else",
                                      Label(*found->second), DisplayName(names.Text(row, 0), names.Text(row, 1))));
    }
  }

  void CheckColumnNames(const MappedTable& table) {
    std::set<std::string> names;
    const auto add = [&](const std::string& name) {
      if (!names.insert(name).second)
        problems_.push_back(fmt::format("{} would have two columns \"{}\"", Label(table), name));
    };
    const auto columns = columns_.find(table.oid);
    if (columns == columns_.end()) return;
    for (const SourceColumn& column : columns->second) {
      if (table.removed.contains(column.name)) continue;
      const auto renamed = table.renamed.find(column.name);
      add(renamed == table.renamed.end() ? column.name : renamed->second);
    }
    for (const AddedColumn& column : table.added) {
      add(column.name);
      // The load goes under the source's names.
      if (table.renamed.contains(column.name) || FindColumn(table.oid, column.name) != nullptr)
        problems_.push_back(fmt::format("{} has a column \"{}\" already", Label(table), column.name));
    }
  }

  // The server is asked whether it understands filters and expressions.
  void Try(const ResolvedMapping& into) {
    for (const auto& [oid, table] : into.tables_) {
      const std::string from = " FROM ONLY " + QualifiedName(table.schema, table.name);
      const auto ask = [&](const std::string& sql, const std::string& what) {
        if (const auto refusal = TryStatement(source_, sql)) problems_.push_back(fmt::format("{}: {}", what, *refusal));
      };
      if (!table.filter.empty())
        ask("SELECT" + from + " WHERE " + table.filter + " LIMIT 0",
            Where(*filters_.at(oid)) + "filter of " + Label(table));
      for (const auto& [column, type] : table.retyped)
        ask(fmt::format("SELECT CAST({} AS {}){} LIMIT 0", QuoteIdentifier(column), type, from),
            fmt::format("{}.{} as {}", Label(table), DisplayName(column), type));
      for (const AddedColumn& column : table.added)
        ask("SELECT " + column.expression + from + " LIMIT 0",
            fmt::format("added column {}.{}", Label(table), DisplayName(column.name)));
    }
  }

  void ShapeColumns(ResolvedMapping& into) {
    for (const MappedRelation& relation : relations_) {
      const MappedTable& table = into.tables_.at(relation.root);
      if (!table.HasOtherColumns() || (relation.kind != 'r' && relation.kind != 'p')) continue;
      const auto alter = [&](const std::string& action) {
        into.before_load_.push_back(
            {relation.oid, relation.schema, relation.name,
             fmt::format("ALTER TABLE {} {};", QualifiedName(relation.schema, relation.name), action)});
      };
      for (const std::string& column : table.removed) alter("DROP COLUMN " + QuoteIdentifier(column));
      for (const auto& [column, type] : table.retyped)
        alter(fmt::format("ALTER COLUMN {} TYPE {} USING NULL", QuoteIdentifier(column), type));
      for (const AddedColumn& column : table.added)
        alter(fmt::format("ADD COLUMN {} {}", QuoteIdentifier(column.name), column.type));
    }
  }

  void AtEnd(ResolvedMapping& into, const MappedTable& table, const std::string& sql) {
    into.at_end_.push_back({table.oid, table.schema, table.name, sql});
  }

  // Columns, then tables under their schemas' old names, then schemas. Through names that nobody has, since new ones
  // may be others' old ones.
  void Rename(ResolvedMapping& into) {
    for (const auto& [oid, table] : into.tables_) {
      const std::string name = QualifiedName(table.schema, table.name);
      int number = 0;
      for (const auto& [from, to] : table.renamed)
        AtEnd(into, table,
              fmt::format("ALTER TABLE {} RENAME COLUMN {} TO {};", name, QuoteIdentifier(from),
                          QuoteIdentifier(fmt::format("airlift_{}", ++number))));
      number = 0;
      for (const auto& [from, to] : table.renamed)
        AtEnd(into, table,
              fmt::format("ALTER TABLE {} RENAME COLUMN {} TO {};", name,
                          QuoteIdentifier(fmt::format("airlift_{}", ++number)), QuoteIdentifier(to)));
    }
    const auto passing = [](const MappedTable& table) { return fmt::format("airlift_{}", table.oid); };
    for (const bool second : {false, true}) {
      for (const auto& [oid, table] : into.tables_) {
        if (table.name == table.target_name) continue;
        const std::string from = second ? passing(table) : table.name;
        AtEnd(into, table,
              fmt::format("ALTER TABLE {} RENAME TO {};", QualifiedName(table.schema, from),
                          QuoteIdentifier(second ? table.target_name : passing(table))));
      }
    }
    RenameSchemas(into);
  }

  // As a whole where the new name is free, so that all that is in the schema goes with it; else table by table.
  void RenameSchemas(ResolvedMapping& into) {
    std::map<std::string, std::set<std::string>> sources_of;
    std::set<std::string> moved;
    for (const auto& [oid, table] : into.tables_) {
      sources_of[table.target_schema].insert(table.schema);
      if (table.schema != table.target_schema) moved.insert(table.schema);
    }
    std::set<std::string> schemas;
    const Result names = source_.Query("SELECT nspname FROM pg_catalog.pg_namespace");
    for (int row = 0; row < names.rows(); ++row) schemas.insert(names.Text(row, 0));
    std::set<std::string> made;
    for (const auto& [target, from] : sources_of) {
      for (const std::string& schema : from) {
        if (schema == target) continue;
        into.renames_schemas_ = true;
        if (from.size() == 1 && schema != "public" && !schemas.contains(target)) {
          into.at_end_.push_back(
              {0, schema, "",
               fmt::format("ALTER SCHEMA {} RENAME TO {};", QuoteIdentifier(schema), QuoteIdentifier(target))});
          continue;
        }
        if (target != "public" && !(schemas.contains(target) && sources_of[target].contains(target)) &&
            made.insert(target).second)
          into.at_end_.push_back(
              {0, target, "", fmt::format("CREATE SCHEMA IF NOT EXISTS {};", QuoteIdentifier(target))});
        for (const auto& [oid, table] : into.tables_) {
          if (table.schema != schema || by_oid_.at(oid)->is_owned) continue;
          AtEnd(into, table,
                fmt::format("ALTER TABLE {} SET SCHEMA {};", QualifiedName(schema, table.target_name),
                            QuoteIdentifier(target)));
        }
      }
    }
  }

  // What arrives as it is needs no entry.
  static void Forget(ResolvedMapping& into) {
    std::erase_if(into.tables_, [](const auto& entry) {
      const MappedTable& table = entry.second;
      return !table.IsRenamed() && !table.HasOtherColumns() && table.filter.empty();
    });
  }

  Connection& source_;
  const TableMapping& mapping_;
  const std::vector<MappedRelation>& relations_;
  const std::map<uint32_t, const SelectionMapping*>& filters_;
  std::map<uint32_t, const MappedRelation*> by_oid_;
  std::map<uint32_t, std::vector<SourceColumn>> columns_;
  std::vector<std::string> problems_;
};

ResolvedMapping::ResolvedMapping(Connection& source, const TableMapping& mapping,
                                 const std::vector<MappedRelation>& relations,
                                 const std::map<uint32_t, const SelectionMapping*>& filters) {
  MappingResolver(source, mapping, relations, filters).Resolve(*this);
}

const MappedTable* ResolvedMapping::Find(uint32_t oid) const {
  const auto found = tables_.find(oid);
  return found == tables_.end() ? nullptr : &found->second;
}

const MappedTable* ResolvedMapping::Find(const std::string& schema, const std::string& name) const {
  const auto found = by_name_.find({schema, name});
  return found == by_name_.end() ? nullptr : Find(found->second);
}

const MappedTable* ResolvedMapping::OfRelation(uint32_t oid) const {
  const auto root = root_of_.find(oid);
  return root == root_of_.end() ? nullptr : Find(root->second);
}

std::pair<std::string, std::string> ResolvedMapping::TargetName(const std::string& schema,
                                                                const std::string& name) const {
  const MappedTable* table = Find(schema, name);
  return table == nullptr ? std::pair(schema, name) : std::pair(table->target_schema, table->target_name);
}

void ResolvedMapping::Apply(Relation& relation) const {
  const MappedTable* table = OfRelation(relation.oid);
  if (table == nullptr) return;
  if (!table->filter.empty()) relation.filter = "WHERE (" + table->filter + ")";
  std::erase_if(relation.columns, [&](const Column& column) { return table->removed.contains(column.name); });
  for (Column& column : relation.columns) {
    const auto type = table->retyped.find(column.name);
    if (type == table->retyped.end()) continue;
    column = {column.name, false,
              true,        {},
              false,       fmt::format("CAST({} AS {})", QuoteIdentifier(column.name), TypeOfStream(type->second))};
  }
  for (const AddedColumn& added : table->added)
    relation.columns.push_back({added.name, false, true, {}, false, added.expression});
}

Relation ResolvedMapping::AsItArrives(Relation relation) const {
  relation = OnTarget(std::move(relation));
  if (const MappedTable* table = OfRelation(relation.oid)) {
    for (Column& column : relation.columns)
      if (const auto renamed = table->renamed.find(column.name); renamed != table->renamed.end())
        column.name = renamed->second;
  }
  std::tie(relation.schema, relation.name) = TargetName(relation.schema, relation.name);
  for (StoredTable& stored : relation.stored)
    std::tie(stored.schema, stored.name) = TargetName(stored.schema, stored.name);
  return relation;
}

std::vector<const MappedTable*> ResolvedMapping::Tables() const {
  std::vector<const MappedTable*> tables;
  for (const auto& [oid, table] : tables_) tables.push_back(&table);
  return tables;
}

std::string MappedTable::Describe() const {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  if (schema != target_schema || name != target_name) add("arrives as " + DisplayName(target_schema, target_name));
  if (!filter.empty()) add("rows where " + filter);
  for (const std::string& column : removed) add("without column " + DisplayName(column));
  for (const auto& [column, new_name] : renamed)
    add(fmt::format("column {} as {}", DisplayName(column), DisplayName(new_name)));
  for (const auto& [column, type] : retyped) add(fmt::format("column {} as {}", DisplayName(column), type));
  for (const AddedColumn& column : added)
    add(fmt::format("with column {} = {}", DisplayName(column.name), column.expression));
  return text;
}

}  // namespace airlift
