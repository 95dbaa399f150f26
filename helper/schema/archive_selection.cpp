#include "schema/archive_selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <unordered_map>

#include "pg/identifier.h"

namespace airlift {

namespace {

// Properties and links: of no interest without what they are of.
constexpr std::string_view kPropertyKinds[] = {"COMMENT", "ACL", "SECURITY LABEL", "SEQUENCE OWNED BY", "INDEX ATTACH"};

constexpr std::string_view kRowSecurity = "ROW SECURITY";
constexpr std::string_view kRelationKinds[] = {"TABLE", "VIEW", "MATERIALIZED VIEW", "FOREIGN TABLE", "SEQUENCE"};
constexpr std::string_view kPartKinds[] = {"INDEX", "CONSTRAINT", "FK CONSTRAINT", "CHECK CONSTRAINT", "TRIGGER",
                                           "RULE",  "POLICY",     "DEFAULT",       "STATISTICS",       kRowSecurity};

// The relation that an object belongs to, for the catalogs of which pg_dump makes entries of their own.
constexpr const char* kHomesQuery = R"(
SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, indexrelid, indrelid FROM pg_catalog.pg_index
UNION ALL SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, oid, conrelid FROM pg_catalog.pg_constraint WHERE conrelid <> 0
UNION ALL SELECT 'pg_catalog.pg_trigger'::pg_catalog.regclass, oid, tgrelid FROM pg_catalog.pg_trigger
UNION ALL SELECT 'pg_catalog.pg_rewrite'::pg_catalog.regclass, oid, ev_class FROM pg_catalog.pg_rewrite
UNION ALL SELECT 'pg_catalog.pg_policy'::pg_catalog.regclass, oid, polrelid FROM pg_catalog.pg_policy
UNION ALL SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass, oid, adrelid FROM pg_catalog.pg_attrdef
UNION ALL SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, oid, stxrelid FROM pg_catalog.pg_statistic_ext
UNION ALL SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, oid, oid FROM pg_catalog.pg_class
  WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S'))";

// What a table's rules and constraints ask of other relations, also where pg_dump was told to pass these over.
constexpr const char* kRelationsNeededQuery = R"(
SELECT DISTINCT CASE WHEN r.rulename = '_RETURN' THEN 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid ELSE d.classid END,
       CASE WHEN r.rulename = '_RETURN' THEN r.ev_class ELSE d.objid END, d.refobjid
FROM pg_catalog.pg_depend d
     LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objid
WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'n' AND d.refobjid >= 16384
  AND d.classid IN ('pg_catalog.pg_rewrite'::pg_catalog.regclass, 'pg_catalog.pg_constraint'::pg_catalog.regclass,
                    'pg_catalog.pg_policy'::pg_catalog.regclass, 'pg_catalog.pg_trigger'::pg_catalog.regclass))";

class Reduction {
 public:
  Reduction(Archive& archive, const Selection& selection, const ArchiveLinks& links)
      : archive_(archive), selection_(selection), links_(links) {
    for (const ArchiveEntry& entry : archive.entries) {
      by_id_[entry.dump_id] = &entry;
      if (entry.kind == "SCHEMA") schema_entries_[entry.name] = entry.dump_id;
    }
  }

  BlockedEntries Run() {
    for (const ArchiveEntry& entry : archive_.entries)
      if (IsRoot(entry)) Take(entry);
    // Properties may be of properties (a comment of an attached index): until nothing more comes.
    for (bool grows = true; grows;) {
      grows = false;
      for (const ArchiveEntry& entry : archive_.entries)
        if (!taken_.contains(entry.dump_id) && IsProperty(entry) && FollowsItsObject(entry)) {
          Take(entry);
          grows = true;
        }
    }
    Block();
    std::erase_if(archive_.entries, [this](const ArchiveEntry& entry) { return !taken_.contains(entry.dump_id); });
    return std::move(blocked_);
  }

 private:
  static bool IsProperty(const ArchiveEntry& entry) {
    return std::find(std::begin(kPropertyKinds), std::end(kPropertyKinds), entry.kind) != std::end(kPropertyKinds);
  }

  // The user relation that an entry is, or is a part of.
  const SelectedRelation* Home(const ArchiveEntry& entry) const {
    const auto found = links_.homes.find(entry.dump_id);
    return found == links_.homes.end() ? nullptr : selection_.Find(found->second);
  }

  bool IsRoot(const ArchiveEntry& entry) const {
    if (IsProperty(entry)) return false;
    // Named after the partition.
    if (entry.kind == "TABLE ATTACH") return selection_.Takes(entry.schema, entry.name);
    if (const SelectedRelation* home = Home(entry)) return home->is_selected;
    if (entry.kind == "EXTENSION" && selection_.ExcludesExtension(entry.name)) return false;
    const std::string& schema = entry.kind == "SCHEMA" ? entry.name : entry.schema;
    if (selection_.TakesAllObjects()) return !selection_.ExcludesSchema(schema);
    if (entry.kind == "EXTENSION") return selection_.TakesExtension(entry.name);
    return !schema.empty() && selection_.TakesSchema(schema);
  }

  // All the entries that a property or link names are taken.
  bool FollowsItsObject(const ArchiveEntry& entry) const {
    size_t present = 0, taken = 0;
    for (const int32_t id : entry.dependencies) {
      present += by_id_.contains(id);
      taken += taken_.contains(id);
    }
    return present == 0 ? IsOfTakenSchema(entry) : taken == present;
  }

  // "SCHEMA public": a schema that every database has is no entry itself.
  bool IsOfTakenSchema(const ArchiveEntry& entry) const {
    constexpr std::string_view kSchema = "SCHEMA ";
    if (entry.name.rfind(kSchema, 0) != 0) return selection_.TakesAllObjects();
    const std::string schema = entry.name.substr(kSchema.size());
    return selection_.TakesAllObjects() ? !selection_.ExcludesSchema(schema) : selection_.TakesSchema(schema);
  }

  // With what it needs; relations come by being selected only.
  void Take(const ArchiveEntry& first) {
    std::vector<const ArchiveEntry*> pending = {&first};
    while (!pending.empty()) {
      const ArchiveEntry& entry = *pending.back();
      pending.pop_back();
      if (!taken_.insert(entry.dump_id).second) continue;
      std::vector<int32_t> needed = entry.dependencies;
      if (const auto schema = schema_entries_.find(entry.schema); schema != schema_entries_.end())
        needed.push_back(schema->second);
      for (const int32_t id : needed) {
        const auto found = by_id_.find(id);
        if (found == by_id_.end() || IsExcluded(*found->second)) continue;
        pending.push_back(found->second);
      }
    }
  }

  bool IsExcluded(const ArchiveEntry& entry) const {
    if (entry.kind == "EXTENSION" && selection_.ExcludesExtension(entry.name)) return true;
    const SelectedRelation* home = Home(entry);
    return home != nullptr && !home->is_selected;
  }

  // What depends on something that is not there cannot be, nor what depends on that.
  void Block() {
    for (bool grows = true; grows;) {
      grows = false;
      for (const ArchiveEntry& entry : archive_.entries) {
        if (!taken_.contains(entry.dump_id) || blocked_.contains(entry.dump_id)) continue;
        const std::string reason = Obstacle(entry);
        if (reason.empty()) continue;
        grows = true;
        if (IsProperty(entry)) {
          taken_.erase(entry.dump_id);
        } else {
          blocked_[entry.dump_id] = reason;
        }
      }
    }
  }

  // A partition is a table of its own where its root is not selected; what links both is not.
  bool IsPartitionOf(const ArchiveEntry& entry, const SelectedRelation& above) const {
    const SelectedRelation* home = Home(entry);
    return home != nullptr && home->is_partition && above.kind == 'p' && entry.kind != "TABLE ATTACH";
  }

  static std::string Needs(const SelectedRelation& relation) {
    return fmt::format("depends on {}, which is {}", DisplayName(relation.schema, relation.name), relation.reason);
  }

  std::string Obstacle(const ArchiveEntry& entry) const {
    const auto [first, last] = links_.needed.equal_range(entry.dump_id);
    for (auto each = first; each != last; ++each)
      if (const SelectedRelation* relation = selection_.Find(each->second);
          relation != nullptr && !relation->is_selected)
        return Needs(*relation);
    for (const int32_t id : entry.dependencies) {
      const auto found = by_id_.find(id);
      if (found == by_id_.end()) continue;
      const ArchiveEntry& needed = *found->second;
      if (blocked_.contains(id)) return "depends on " + Label(needed);
      if (taken_.contains(id)) continue;
      const SelectedRelation* home = Home(needed);
      if (home != nullptr && IsPartitionOf(entry, *home)) continue;
      if (home != nullptr) return Needs(*home);
      return fmt::format("depends on {}, which is not selected", Label(needed));
    }
    return {};
  }

  static std::string Label(const ArchiveEntry& entry) {
    return entry.kind + " " + (entry.schema.empty() ? DisplayName(entry.name) : DisplayName(entry.schema, entry.name));
  }

  Archive& archive_;
  const Selection& selection_;
  const ArchiveLinks& links_;
  std::unordered_map<int32_t, const ArchiveEntry*> by_id_;
  std::map<std::string, int32_t> schema_entries_;
  std::set<int32_t> taken_;
  BlockedEntries blocked_;
};

}  // namespace

std::vector<std::string> UnreadableTables(Connection& source, const Selection& selection) {
  const Result result = source.Query(
      "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid >= 16384 AND n.nspname NOT LIKE 'pg\\_%' "
      "AND NOT (pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_schema_privilege(n.oid, 'USAGE'))");
  std::vector<std::string> tables;
  for (int row = 0; row < result.rows(); ++row)
    if (!selection.Takes(result.Text(row, 0), result.Text(row, 1)))
      tables.push_back(QualifiedName(result.Text(row, 0), result.Text(row, 1)));
  return tables;
}

ArchiveLinks ReadLinks(const Archive& archive, Connection& source) {
  std::map<std::pair<int64_t, int64_t>, std::vector<int32_t>> entries;  // by catalog and OID
  ArchiveLinks links;
  for (const ArchiveEntry& entry : archive.entries) {
    entries[{entry.class_oid, entry.object_oid}].push_back(entry.dump_id);
    // pg_dump gives it the table's OID and no catalog.
    if (entry.kind == kRowSecurity) links.homes[entry.dump_id] = entry.object_oid;
  }
  const auto each = [&](const Result& result, const auto& add) {
    for (int row = 0; row < result.rows(); ++row)
      if (const auto found = entries.find({result.Integer(row, 0), result.Integer(row, 1)}); found != entries.end())
        for (const int32_t id : found->second) add(id, static_cast<uint32_t>(result.Integer(row, 2)));
  };
  each(source.Query(kHomesQuery), [&](int32_t id, uint32_t relation) { links.homes[id] = relation; });
  each(source.Query(kRelationsNeededQuery), [&](int32_t id, uint32_t relation) { links.needed.emplace(id, relation); });
  return links;
}

ArchiveLinks LinksByName(const Archive& archive, const Selection& selection) {
  const auto is_any_of = [](const auto& kinds, const ArchiveEntry& entry) {
    return std::find(std::begin(kinds), std::end(kinds), entry.kind) != std::end(kinds);
  };
  std::unordered_map<int32_t, const ArchiveEntry*> relations;
  for (const ArchiveEntry& entry : archive.entries)
    if (is_any_of(kRelationKinds, entry)) relations[entry.dump_id] = &entry;
  // What it depends on and is named after: "table constraint"; else what it depends on first.
  const auto home = [&](const ArchiveEntry& entry) -> const ArchiveEntry* {
    if (is_any_of(kRelationKinds, entry)) return &entry;
    if (!is_any_of(kPartKinds, entry)) return nullptr;
    const ArchiveEntry *first = nullptr, *named = nullptr;
    for (const int32_t id : entry.dependencies) {
      const auto found = relations.find(id);
      if (found == relations.end()) continue;
      const ArchiveEntry& relation = *found->second;
      if (first == nullptr) first = &relation;
      if (relation.schema != entry.schema || (entry.name + " ").rfind(relation.name + " ", 0) != 0) continue;
      if (named == nullptr || relation.name.size() > named->name.size()) named = &relation;
    }
    return named != nullptr ? named : first;
  };
  ArchiveLinks links;
  for (const ArchiveEntry& entry : archive.entries)
    if (const ArchiveEntry* relation = home(entry))
      if (const auto oid = selection.OidOf(relation->schema, relation->name)) links.homes[entry.dump_id] = *oid;
  return links;
}

BlockedEntries ReduceArchive(Archive& archive, const Selection& selection, const ArchiveLinks& links) {
  if (selection.IsEverything()) return {};
  return Reduction(archive, selection, links).Run();
}

}  // namespace airlift
