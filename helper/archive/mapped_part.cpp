#include "archive/mapped_part.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>

#include "archive/archive_facts.h"
#include "model/state_schema.h"
#include "pg/batch.h"
#include "pg/identifier.h"
#include "schema/rewrite.h"
#include "schema/rules.h"

namespace airlift {

namespace {

using nlohmann::json;

constexpr const char* kStoreDdl = R"(
CREATE SCHEMA IF NOT EXISTS airlift_state;
CREATE TABLE IF NOT EXISTS airlift_state.archive_mapping (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  part json NOT NULL
);
)";

// Rows and values, of which a selection of definitions knows nothing.
constexpr const char* kDataKinds[] = {"TABLE DATA", "SEQUENCE SET", "MATERIALIZED VIEW DATA"};

bool IsData(const ArchiveEntry& entry) {
  return std::any_of(std::begin(kDataKinds), std::end(kDataKinds),
                     [&](const char* kind) { return entry.kind == kind; });
}

json ToJson(const std::vector<SchemaChange>& changes) {
  json list = json::array();
  for (const SchemaChange& change : changes)
    list.push_back(
        {{"table_oid", change.table_oid}, {"schema", change.schema}, {"name", change.name}, {"sql", change.sql}});
  return list;
}

std::vector<SchemaChange> ChangesFromJson(const json& value) {
  std::vector<SchemaChange> changes;
  for (const json& change : value)
    changes.push_back({change.at("table_oid"), change.at("schema"), change.at("name"), change.at("sql")});
  return changes;
}

MappedPart MapByLinks(const Archive& archive, const Selection& selection, const ArchiveLinks& links,
                      std::vector<Relation> relations) {
  MappedPart part;
  part.mapping = selection.rules().mapping;
  Archive definitions = archive;
  std::erase_if(definitions.entries, IsData);
  part.schema.blocked = ReduceArchive(definitions, selection, links);
  for (const ArchiveEntry& entry : definitions.entries) part.entries.insert(entry.dump_id);
  for (const ArchiveEntry& entry : archive.entries)
    if (IsData(entry) && !IsOurs(archive, entry) && selection.TakesRows(entry.schema, entry.name))
      part.entries.insert(entry.dump_id);
  part.schema.before_load = selection.mapping()->before_load();
  part.schema.at_end = selection.mapping()->at_end();
  part.left_out = selection.LeftOuts();
  part.notes.push_back(selection.Summary());
  for (const MappedTable* table : selection.mapping()->Tables())
    part.notes.push_back(DisplayName(table->schema, table->name) + ": " + table->Describe());
  for (const ArchiveEntry& entry : archive.entries) {
    const std::pair name(entry.schema, entry.name);
    const auto new_name = selection.mapping()->TargetName(entry.schema, entry.name);
    if (entry.kind == "SEQUENCE SET" && new_name != name) part.renamed_sequences[name] = new_name;
  }
  part.relations = std::move(relations);
  return part;
}

// Those of the archive, by which its entries go, in the place of the trial's.
void GiveSourceOids(const Archive& archive, MappedPart& part) {
  std::map<std::pair<std::string, std::string>, uint32_t> oids;
  for (const ArchiveEntry& entry : archive.entries)
    if (entry.kind == "TABLE") oids[{entry.schema, entry.name}] = entry.object_oid;
  const auto oid_of = [&](const std::string& schema, const std::string& name) {
    const auto found = oids.find({schema, name});
    return found == oids.end() ? 0 : found->second;
  };
  for (auto* changes : {&part.schema.before_load, &part.schema.at_end})
    for (SchemaChange& change : *changes)
      if (change.table_oid != 0) change.table_oid = oid_of(change.schema, change.name);
  for (Relation& relation : part.relations) {
    relation.oid = oid_of(relation.schema, relation.name);
    for (StoredTable& table : relation.stored) table.oid = oid_of(table.schema, table.name);
  }
}

std::set<uint32_t> ChangedTables(const SelectedPart& schema) {
  std::set<uint32_t> changed;
  for (const SchemaChange& change : schema.before_load) changed.insert(change.table_oid);
  return changed;
}

}  // namespace

MappedPart MapArchive(const Archive& archive, const Selection& selection, Connection& source,
                      std::vector<Relation> relations) {
  return MapByLinks(archive, selection, ReadLinks(archive, source), std::move(relations));
}

MappedPart MapArchiveByTrial(const Archive& archive, const SelectionRules& rules, Connection& target) {
  const Transaction transaction(target);  // never committed
  target.Execute("SET LOCAL check_function_bodies = off; SET LOCAL default_tablespace = ''");
  std::vector<std::string> statements;
  for (const ArchiveEntry& entry : archive.entries) {
    const KindRule* rule = FindKindRule(entry.kind);
    if (entry.section != ArchiveSection::kPreData || entry.sql.empty()) continue;
    if (rule == nullptr || rule->action == RuleAction::kRestore) statements.push_back(RemoveInternalOptions(entry.sql));
  }
  RunEach(target, statements, [](size_t, const std::string&) {});  // the restore itself tells of refusals
  const Selection selection(target, rules);
  MappedPart part =
      MapByLinks(archive, selection, LinksByName(archive, selection), selection.Apply(target, LoadRelations(target)));
  GiveSourceOids(archive, part);
  return part;
}

void KeepPart(const MappedPart& part, Archive& archive) {
  std::erase_if(archive.entries, [&](const ArchiveEntry& entry) { return !part.entries.contains(entry.dump_id); });
}

json ToJson(const MappedPart& part) {
  json blocked = json::array();
  for (const auto& [dump_id, reason] : part.schema.blocked) blocked.push_back({{"entry", dump_id}, {"reason", reason}});
  json relations = json::array();
  for (const Relation& relation : part.relations) relations.push_back(airlift::ToJson(relation));
  json renamed = json::array();
  for (const auto& [from, to] : part.renamed_sequences)
    renamed.push_back(
        {{"schema", from.first}, {"name", from.second}, {"new_schema", to.first}, {"new_name", to.second}});
  json left_out = json::array();
  for (const LeftOut& each : part.left_out)
    left_out.push_back(
        {{"kind", each.kind}, {"object", each.object}, {"reason", each.reason}, {"expected", each.expected}});
  return {{"document", json::parse(part.mapping)},
          {"entries", part.entries},
          {"blocked", std::move(blocked)},
          {"before_load", ToJson(part.schema.before_load)},
          {"at_end", ToJson(part.schema.at_end)},
          {"left_out", std::move(left_out)},
          {"notes", part.notes},
          {"renamed_sequences", std::move(renamed)},
          {"relations", std::move(relations)}};
}

MappedPart MappedPartFromJson(const json& value) {
  MappedPart part;
  part.mapping = value.at("document").dump();
  part.entries = value.at("entries").get<std::set<int32_t>>();
  for (const json& each : value.at("blocked")) part.schema.blocked[each.at("entry")] = each.at("reason");
  part.schema.before_load = ChangesFromJson(value.at("before_load"));
  part.schema.at_end = ChangesFromJson(value.at("at_end"));
  for (const json& each : value.at("left_out"))
    part.left_out.push_back({each.at("kind"), each.at("object"), each.at("reason"), each.at("expected")});
  part.notes = value.at("notes").get<std::vector<std::string>>();
  for (const json& each : value.at("renamed_sequences"))
    part.renamed_sequences[{each.at("schema"), each.at("name")}] = {each.at("new_schema"), each.at("new_name")};
  for (const json& relation : value.at("relations")) part.relations.push_back(RelationFromJson(relation));
  return part;
}

std::optional<MappedPart> MappedPartStore::Find() {
  if (!target_.Query("SELECT pg_catalog.to_regclass('airlift_state.archive_mapping') IS NOT NULL").Boolean(0, 0))
    return std::nullopt;
  const Result result = target_.Query("SELECT part FROM airlift_state.archive_mapping");
  if (result.rows() == 0) return std::nullopt;
  return MappedPartFromJson(json::parse(result.Text(0, 0)));
}

void MappedPartStore::Write(const MappedPart& part) {
  target_.Execute(kStoreDdl);
  target_.Query("DELETE FROM airlift_state.archive_mapping");
  target_.Query("INSERT INTO airlift_state.archive_mapping (part) VALUES ($1)", {ToJson(part).dump()});
}

std::string ShapeTable(uint32_t table_oid) {
  return fmt::format("{}.archive_rows_{}", AIRLIFT_STATE_SCHEMA, table_oid);
}

bool ChangesRows(const MappedPart& part, const Relation& relation) {
  const std::set<uint32_t> changed = ChangedTables(part.schema);
  return !relation.filter.empty() || std::any_of(relation.stored.begin(), relation.stored.end(),
                                                 [&](const StoredTable& table) { return changed.contains(table.oid); });
}

std::vector<SchemaChange> MakeShapeTables(const MappedPart& part) {
  const std::set<uint32_t> changed = ChangedTables(part.schema);
  std::vector<SchemaChange> shapes;
  for (const Relation& relation : part.relations)
    for (const StoredTable& table : relation.stored)
      if (!relation.filter.empty() || changed.contains(table.oid))
        shapes.push_back({table.oid, table.schema, table.name,
                          fmt::format("CREATE UNLOGGED TABLE {} (LIKE {} INCLUDING GENERATED);", ShapeTable(table.oid),
                                      QualifiedName(table.schema, table.name))});
  return shapes;
}

}  // namespace airlift
