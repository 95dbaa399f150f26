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
  Reduction(Archive& archive, const Selection& selection, Connection& source)
      : archive_(archive), selection_(selection) {
    const Result homes = source.Query(kHomesQuery);
    for (int row = 0; row < homes.rows(); ++row)
      homes_[{homes.Integer(row, 0), homes.Integer(row, 1)}] = static_cast<uint32_t>(homes.Integer(row, 2));
    const Result needed = source.Query(kRelationsNeededQuery);
    for (int row = 0; row < needed.rows(); ++row)
      relations_needed_.emplace(std::pair(needed.Integer(row, 0), needed.Integer(row, 1)),
                                static_cast<uint32_t>(needed.Integer(row, 2)));
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
    const auto found = homes_.find({entry.class_oid, entry.object_oid});
    return found == homes_.end() ? nullptr : selection_.Find(found->second);
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
    const auto [first, last] = relations_needed_.equal_range({entry.class_oid, entry.object_oid});
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
  std::map<std::pair<int64_t, int64_t>, uint32_t> homes_;                  // by catalog and OID
  std::multimap<std::pair<int64_t, int64_t>, uint32_t> relations_needed_;  // by catalog and OID
  std::unordered_map<int32_t, const ArchiveEntry*> by_id_;
  std::map<std::string, int32_t> schema_entries_;
  std::set<int32_t> taken_;
  BlockedEntries blocked_;
};

}  // namespace

BlockedEntries ReduceArchive(Archive& archive, const Selection& selection, Connection& source) {
  if (selection.IsEverything()) return {};
  return Reduction(archive, selection, source).Run();
}

}  // namespace airlift
