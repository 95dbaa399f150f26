#include "replicate/published_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "catalog/relation.h"
#include "mapping/resolved_mapping.h"
#include "pg/identifier.h"
#include "replicate/replication_checks.h"

namespace airlift {

namespace {

// A table that is published brings along those that inherit from it.
std::vector<std::string> UnselectedHeirs(Connection& source, const Selection& selection) {
  const Result result = source.Query(
      "SELECT DISTINCT n.nspname, c.relname FROM pg_catalog.pg_inherits i "
      "JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relkind = 'r' AND NOT c.relispartition "
      "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace");
  std::vector<std::string> heirs;
  for (int row = 0; row < result.rows(); ++row)
    if (!selection.TakesRows(result.Text(row, 0), result.Text(row, 1)))
      heirs.push_back(QualifiedName(result.Text(row, 0), result.Text(row, 1)));
  return heirs;
}

// What the mapping leaves of rows and columns, for the publication.
void AddFiltersAndColumns(const std::vector<Relation>& relations, const Selection& selection,
                          PublicationRequest& request) {
  if (selection.mapping() == nullptr) return;
  nlohmann::json filters = nlohmann::json::object(), columns = nlohmann::json::object();
  for (const Relation& relation : relations) {
    const MappedTable* table = selection.mapping()->OfRelation(relation.oid);
    if (table == nullptr) continue;
    const std::string name = QualifiedName(relation.schema, relation.name);
    if (!table->filter.empty()) filters[name] = table->filter;
    if (table->removed.empty()) continue;
    nlohmann::json& list = columns[name] = nlohmann::json::array();
    for (const Column& column : relation.columns)
      if (!column.is_generated) list.push_back(column.name);
  }
  if (!filters.empty()) request.row_filters = filters.dump();
  if (!columns.empty()) request.column_lists = columns.dump();
}

constexpr int kRowFiltersSince = 15;

std::string ListOf(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list + ".";
}

}  // namespace

void CheckMappedTables(const std::vector<const MappedTable*>& tables, int source_major, bool extension_prepares,
                       std::vector<PreflightProblem>& problems) {
  std::vector<std::string> renamed, changed, reduced;
  for (const MappedTable* table : tables) {
    const std::string name = DisplayName(table->schema, table->name);
    if (table->IsRenamed()) renamed.push_back(name);
    if (!table->retyped.empty() || !table->added.empty()) changed.push_back(name);
    if (!table->filter.empty() || !table->removed.empty()) reduced.push_back(name);
  }
  if (!renamed.empty())
    problems.push_back({"the table mapping renames what is to be replicated",
                        "Logical replication finds tables and columns by their names: " + ListOf(renamed),
                        "Leave the renaming out and rename after the cutover, or move with --type full-load."});
  if (!changed.empty())
    problems.push_back({"the table mapping changes or adds columns of what is to be replicated",
                        "Logical replication carries columns as they are: " + ListOf(changed),
                        "Change the columns after the cutover, or move with --type full-load."});
  if (reduced.empty()) return;
  if (source_major < kRowFiltersSince) {
    problems.push_back(
        {fmt::format("the source, PostgreSQL {}, has no row filters and column lists of publications", source_major),
         "The table mapping leaves rows or columns out of: " + ListOf(reduced),
         "Version 15 or later has them; or move with --type full-load."});
  } else if (!extension_prepares) {
    problems.push_back(
        {"row filters and column lists need the pg_airlift extension on the source",
         "It tries them against the replica identities, lest updates fail in the application: " + ListOf(reduced),
         "On the source: CREATE EXTENSION pg_airlift; or move with --type full-load."});
  }
}

void CheckMapping(Connection& source, const Selection& selection, std::vector<PreflightProblem>& problems) {
  if (selection.mapping() == nullptr) return;
  CheckMappedTables(selection.mapping()->Tables(), source.server_major(), ExtensionPrepares(source), problems);
}

PublicationRequest RequestPublication(Connection& source, const Selection& selection, const std::string& name,
                                      int groups) {
  PublicationRequest request;
  request.name = name;
  request.groups = groups;
  request.exclude_tables = UnloggedTables(source);
  const std::vector<Relation> relations = selection.Apply(source, LoadRelations(source));
  request.via_partition_root =
      std::any_of(relations.begin(), relations.end(), [](const Relation& relation) { return relation.needs_routing; });
  if (selection.IsEverything()) return request;
  for (const Relation& relation : relations)
    if (!relation.is_extension_configuration) request.tables.push_back(QualifiedName(relation.schema, relation.name));
  AddFiltersAndColumns(relations, selection, request);
  if (request.tables.empty()) throw Error("no table is selected that could be replicated");
  for (std::string& heir : UnselectedHeirs(source, selection)) request.exclude_tables.push_back(std::move(heir));
  return request;
}

}  // namespace airlift
