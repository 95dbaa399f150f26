#include "archive/archive_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "base/error.h"
#include "model/state_schema.h"
#include "pg/identifier.h"
#include "schema/rewrite.h"
#include "schema/sql_lexer.h"

namespace airlift {

namespace {

// What compressed rows come to as a table, about.
constexpr int64_t kExpansion = 4;
// Who owns things where nobody said who is superuser.
constexpr const char* kUsualSuperuser = "postgres";

constexpr const char* kOwnExtensionSchema = "airlift";

bool IsOwnExtension(const ArchiveEntry& entry) { return entry.kind == "EXTENSION" && entry.name == "pg_airlift"; }

using EntriesById = std::unordered_map<int32_t, const ArchiveEntry*>;

EntriesById IndexEntries(const Archive& archive) {
  EntriesById entries;
  for (const ArchiveEntry& entry : archive.entries) entries[entry.dump_id] = &entry;
  return entries;
}

const ArchiveEntry* Dependency(const EntriesById& entries, const ArchiveEntry& entry, std::string_view kind) {
  for (const int32_t id : entry.dependencies) {
    const auto found = entries.find(id);
    if (found != entries.end() && found->second->kind == kind) return found->second;
  }
  return nullptr;
}

// The table that an index, or a constraint with the tag "table constraint", is on: a foreign key hangs on two tables.
const ArchiveEntry* TableOf(const EntriesById& entries, const ArchiveEntry& entry) {
  if (entry.kind == "INDEX") return Dependency(entries, entry, "TABLE");
  const ArchiveEntry* table = nullptr;
  for (const int32_t id : entry.dependencies) {
    const auto found = entries.find(id);
    if (found == entries.end() || found->second->kind != "TABLE" || found->second->schema != entry.schema) continue;
    const std::string& name = found->second->name;
    if (entry.name.rfind(name + " ", 0) != 0) continue;
    if (table == nullptr || name.size() > table->name.size()) table = found->second;
  }
  return table;
}

bool IsCompressed(const ArchiveFile& file) {
  if (!file.IsDirectory()) return file.archive().compression != Compression::kNone;
  for (const auto& [name, size] : file.Files())
    if (name.ends_with(".dat") && name != "toc.dat") return false;
  return true;
}

std::vector<std::string> CallArguments(const std::string& sql) {
  std::vector<std::string> arguments;
  for (const SqlToken& token : Tokenize(sql)) {
    if (token.depth != 1) continue;
    if (arguments.empty() || token.Is(",")) arguments.emplace_back();
    if (!token.Is(",")) arguments.back() += token.text;
  }
  return arguments;
}

}  // namespace

bool IsOurs(const Archive& archive, const ArchiveEntry& entry) {
  return entry.schema == kOwnExtensionSchema &&
         std::any_of(archive.entries.begin(), archive.entries.end(), IsOwnExtension);
}

std::map<TableName, ArchivedTable> ArchivedTables(const ArchiveFile& file) {
  const EntriesById entries = IndexEntries(file.archive());
  const int64_t expansion = IsCompressed(file) ? kExpansion : 1;
  std::map<TableName, ArchivedTable> tables;
  for (const ArchiveEntry& entry : file.archive().entries) {
    if (entry.kind != "TABLE DATA" || !entry.has_data || IsOurs(file.archive(), entry)) continue;
    const ArchiveEntry* table = Dependency(entries, entry, "TABLE");
    ArchivedTable archived;
    archived.dump_id = entry.dump_id;
    archived.oid = table == nullptr ? 0 : table->object_oid;
    archived.stored_bytes = file.DataBytes(entry);
    archived.estimated_bytes = archived.stored_bytes * expansion;
    if (!tables.emplace(TableName(entry.schema, entry.name), archived).second)
      throw Error(fmt::format("the archive has the rows of {} twice", DisplayName(entry.schema, entry.name)));
  }
  return tables;
}

SourceFacts FactsFromArchive(const ArchiveFile& file, const std::map<TableName, ArchivedTable>& tables,
                             const std::set<std::string>& superusers) {
  const Archive& archive = file.archive();
  const EntriesById entries = IndexEntries(archive);
  SourceFacts facts;
  facts.superusers = superusers.empty() ? std::set<std::string>{kUsualSuperuser} : superusers;
  facts.own_schemas = {AIRLIFT_STATE_SCHEMA};
  // Only a table of its own rows has an index that a job can build.
  const auto archived = [&](const ArchiveEntry* table) -> const ArchivedTable* {
    if (table == nullptr) return nullptr;
    const auto found = tables.find({table->schema, table->name});
    return found == tables.end() ? nullptr : &found->second;
  };
  for (const ArchiveEntry& entry : archive.entries) {
    if (IsOwnExtension(entry)) facts.own_schemas.insert(kOwnExtensionSchema);
    if (entry.kind == "MATERIALIZED VIEW DATA")
      if (const ArchiveEntry* view = Dependency(entries, entry, "MATERIALIZED VIEW"))
        facts.populated_materialized_views.insert(view->object_oid);
    const ArchivedTable* table = archived(TableOf(entries, entry));
    if (table == nullptr) continue;
    if (entry.kind == "INDEX")
      facts.indexes[entry.object_oid] = {table->oid, table->estimated_bytes, true,       true,
                                         true,       entry.schema,           entry.name, {}};
    if (entry.kind == "FK CONSTRAINT")
      facts.foreign_keys[entry.object_oid] = {table->oid, table->estimated_bytes, true, true};
  }
  // The archive does not say the OID of a constraint's index: any that is free will do.
  uint32_t unused = UINT32_MAX;
  for (const ArchiveEntry& entry : archive.entries) {
    if (entry.kind != "CONSTRAINT") continue;
    const ArchivedTable* table = archived(TableOf(entries, entry));
    const auto definition = IndexOfConstraint(entry.sql);
    if (table == nullptr || !definition) continue;
    while (facts.indexes.contains(unused)) --unused;
    facts.indexes[unused] = {table->oid, table->estimated_bytes, true,       true,
                             true,       entry.schema,           entry.name, *definition};
    facts.constraint_indexes[entry.object_oid] = unused;
  }
  return facts;
}

std::vector<SequenceValue> ArchivedSequences(const Archive& archive) {
  std::vector<SequenceValue> sequences;
  for (const ArchiveEntry& entry : archive.entries) {
    if (entry.kind != "SEQUENCE SET" || IsOurs(archive, entry)) continue;
    const std::vector<std::string> arguments = CallArguments(entry.sql);
    SequenceValue sequence{entry.schema, entry.name, 0, false};
    const std::string number = arguments.size() == 3 ? arguments[1] : "";
    const auto [end, status] = std::from_chars(number.data(), number.data() + number.size(), sequence.last_value);
    if (number.empty() || status != std::errc() || end != number.data() + number.size())
      throw Error(
          fmt::format("the archive's value of sequence {} cannot be read", DisplayName(entry.schema, entry.name)));
    sequence.is_called = arguments[2] == "true";
    sequences.push_back(std::move(sequence));
  }
  return sequences;
}

}  // namespace airlift
