#include "schema/plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include "digest.h"
#include "pg/identifier.h"
#include "schema/rewrite.h"
#include "schema/rules.h"
#include "schema/sql_lexer.h"

namespace airlift {

namespace {

constexpr std::string_view kOwnExtension = "pg_airlift";
constexpr std::string_view kExtensionPrefix = "EXTENSION ";

// Kinds that pg_restore gives an ALTER ... OWNER TO.
constexpr std::string_view kOwnedKinds[] = {"AGGREGATE",
                                            "COLLATION",
                                            "CONVERSION",
                                            "DOMAIN",
                                            "EVENT TRIGGER",
                                            "FOREIGN DATA WRAPPER",
                                            "FOREIGN TABLE",
                                            "FUNCTION",
                                            "MATERIALIZED VIEW",
                                            "OPERATOR",
                                            "OPERATOR CLASS",
                                            "OPERATOR FAMILY",
                                            "PROCEDURAL LANGUAGE",
                                            "PROCEDURE",
                                            "SCHEMA",
                                            "SEQUENCE",
                                            "SERVER",
                                            "STATISTICS",
                                            "TABLE",
                                            "TEXT SEARCH CONFIGURATION",
                                            "TEXT SEARCH DICTIONARY",
                                            "TYPE",
                                            "VIEW"};

bool StartsWith(std::string_view text, std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; }

// Properties of large objects, which move with their data.
bool IsAboutLargeObject(const ArchiveEntry& e) {
  return StartsWith(e.name, "LARGE OBJECT") && (e.kind == "ACL" || e.kind == "COMMENT" || e.kind == "SECURITY LABEL");
}

class Planner {
 public:
  Planner(const SourceFacts& source, const TargetFacts& target, const SelectedPart& part)
      : source_(source), target_(target), part_(part) {}

  SchemaPlan Make(Archive archive) {
    source_database_ = archive.database;
    for (ArchiveEntry& entry : archive.entries) Add(std::move(entry));
    AddInvalidIndexes();
    AddChangesAtEnd();
    std::stable_sort(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) { return a.phase < b.phase; });
    int64_t number = 0;
    for (SchemaEntry& entry : entries_) entry.entry = ++number;
    char fingerprint[kUuidTextLength + 1];
    FormatUuid(fingerprint_, fingerprint);
    return {std::move(entries_), fingerprint};
  }

 private:
  void Add(ArchiveEntry archived) {
    const KindRule* rule = FindKindRule(archived.kind);
    if (archived.kind == "DATABASE") NoteDatabaseOwner(archived);
    if (rule != nullptr && rule->action == RuleAction::kIgnore) return;
    if (IsAboutLargeObject(archived) || IsDefaultComment(archived)) return;
    SchemaEntry entry = Convert(archived);
    entry.phase = OwnPhase(archived, rule);
    if (entry.kind == "SERVER") servers_[entry.name] = entry.dump_id;
    if (entry.kind == "USER MAPPING") AddServerDependency(&entry);
    if (rule != nullptr && rule->action == RuleAction::kLeaveOut) LeaveOut(&entry, std::string(rule->reason));
    if (const auto why = part_.blocked.find(entry.dump_id); why != part_.blocked.end()) LeaveOut(&entry, why->second);
    if (IsOurs(archived)) LeaveOut(&entry, "belongs to pg_airlift, which the target does not need");
    if (entry.state == EntryState::kPending) Prepare(archived, &entry);
    if (entry.kind == "DEFAULT ACL") entry.expected = source_.superusers.contains(entry.owner);
    if (IsExtensionComment(archived)) entry.expected = true;  // extensions belong to the service's superuser
    phases_[entry.dump_id] = entry.phase;
    // What hangs on columns that a mapping leaves out or changes goes with them.
    for (const int32_t id : entry.dependencies) entry.expected |= changed_.contains(id);
    const bool pending = entry.state == EntryState::kPending;
    entries_.push_back(std::move(entry));
    if (!pending) return;
    AddChanges(archived);
    AddCompanions(archived);
  }

  SchemaEntry Convert(ArchiveEntry& archived) {
    SchemaEntry entry;
    entry.dump_id = archived.dump_id;
    entry.class_oid = archived.class_oid;
    entry.object_oid = archived.object_oid;
    entry.kind = archived.kind;
    entry.schema = archived.schema;
    entry.name = archived.name;
    entry.owner = archived.owner;
    entry.dependencies = archived.dependencies;
    entry.sql = RemoveInternalOptions(archived.sql);
    return entry;
  }

  // Not before what the entry depends on. An index that a job builds goes ahead of the partitioned index above it:
  // they meet at INDEX ATTACH only.
  RestorePhase OwnPhase(const ArchiveEntry& archived, const KindRule* rule) const {
    if (FindJob(archived) != nullptr) return RestorePhase::kIndex;
    RestorePhase phase =
        archived.section == ArchiveSection::kPostData ? RestorePhase::kPostData : RestorePhase::kPreData;
    if (rule != nullptr) phase = rule->phase;
    for (const int32_t id : archived.dependencies) {
      const auto found = phases_.find(id);
      if (found == phases_.end()) continue;
      phase = std::max(phase, found->second == RestorePhase::kIndex ? RestorePhase::kPostData : found->second);
    }
    return phase;
  }

  // The index that a worker builds for this entry, if any.
  const IndexFact* FindJob(const ArchiveEntry& archived) const {
    uint32_t index_oid = archived.object_oid;
    if (archived.kind == "CONSTRAINT") {
      const auto constraint = source_.constraint_indexes.find(archived.object_oid);
      if (constraint == source_.constraint_indexes.end()) return nullptr;
      index_oid = constraint->second;
    } else if (archived.kind != "INDEX") {
      return nullptr;
    }
    const auto found = source_.indexes.find(index_oid);
    if (found == source_.indexes.end() || !found->second.on_plain_table) return nullptr;
    // A constraint takes over btree indexes only (WITHOUT OVERLAPS has another).
    if (archived.kind == "CONSTRAINT" && !found->second.is_btree) return nullptr;
    return &found->second;
  }

  bool IsOurs(const ArchiveEntry& archived) const {
    if (archived.kind == "EXTENSION") return archived.name == kOwnExtension;
    return archived.kind == "SCHEMA" && source_.own_schemas.contains(archived.name);
  }

  static bool IsExtensionComment(const ArchiveEntry& archived) {
    return archived.kind == "COMMENT" && archived.schema.empty() && StartsWith(archived.name, kExtensionPrefix);
  }

  bool IsDefaultComment(const ArchiveEntry& archived) const {
    return IsExtensionComment(archived) &&
           source_.extensions_with_default_comment.contains(Unquoted(archived.name.substr(kExtensionPrefix.size())));
  }

  static void LeaveOut(SchemaEntry* entry, const std::string& reason) {
    entry->state = EntryState::kLeftOut;
    entry->reason = reason;
    entry->expected = true;
    entry->sql.clear();  // it may hold a password (a subscription's)
  }

  void Prepare(const ArchiveEntry& archived, SchemaEntry* entry) {
    AddToFingerprint(archived);
    if (StartsWith(entry->name, "DATABASE ") || entry->kind == "DATABASE PROPERTIES")
      entry->sql = RenameDatabase(entry->sql, source_database_, target_.database);
    if (entry->kind == "ACL") PrepareGrants(entry);
    if (const IndexFact* job = FindJob(archived)) PrepareIndex(*job, entry);
    if (entry->kind == "FK CONSTRAINT") PrepareForeignKey(entry);
    if (!archived.table_access_method.empty()) PrepareAccessMethod(archived.table_access_method, entry);
  }

  void PrepareGrants(SchemaEntry* entry) {
    std::vector<std::string> statements = GrantStatements(entry->sql);
    std::erase_if(statements, [&](const std::string& statement) {
      return std::any_of(source_.replication_roles.begin(), source_.replication_roles.end(),
                         [&](const std::string& role) { return IsGrantTo(statement, role); });
    });
    entry->sql = fmt::format("{}", fmt::join(statements, "\n"));
    if (statements.empty()) entry->state = EntryState::kDone;
  }

  // With --quote-all-identifiers, and the grantee last.
  static bool IsGrantTo(const std::string& statement, const std::string& role) {
    const std::string to = " TO " + QuoteIdentifier(role);
    const size_t at = statement.rfind(to);
    return at != std::string::npos && statement.find_first_not_of("; \n", at + to.size()) == std::string::npos;
  }

  void PrepareIndex(const IndexFact& fact, SchemaEntry* entry) {
    entry->table_oid = fact.table_oid;
    entry->weight = fact.bytes;
    if (entry->kind == "CONSTRAINT") {
      const auto sql = UseIndexForConstraint(entry->sql);
      if (!sql) {
        entry->phase = RestorePhase::kPostData;
        return;
      }
      entry->is_constraint_backing = true;
      entry->build_sql = fact.definition;
      entry->sql = *sql;
    } else {
      std::tie(entry->build_sql, entry->sql) = SplitFirst(entry->sql);
    }
  }

  void PrepareForeignKey(SchemaEntry* entry) {
    const auto found = source_.foreign_keys.find(entry->object_oid);
    if (found == source_.foreign_keys.end() || !found->second.on_plain_table || !found->second.is_validated) return;
    if (found->second.bytes <= kSmallBytes) return;
    const auto split = SplitValidation(entry->sql);
    if (!split) return;
    entry->sql = split->add_sql;
    SchemaEntry validation = Companion(*entry, "FK VALIDATION", RestorePhase::kValidate, split->validate_sql);
    validation.table_oid = found->second.table_oid;
    validation.weight = found->second.bytes;
    entries_.push_back(std::move(validation));
  }

  void PrepareAccessMethod(const std::string& method, SchemaEntry* entry) {
    if (method == "heap") return;
    if (target_.table_access_methods.contains(method)) {
      entry->sql =
          fmt::format("SET LOCAL default_table_access_method = {};\n{}\n;SET LOCAL default_table_access_method = heap;",
                      QuoteIdentifier(method), entry->sql);
      return;
    }
    SchemaEntry note = Companion(*entry, "TABLE ACCESS METHOD", entry->phase, {});
    LeaveOut(&note, fmt::format("the target has no access method \"{}\" and uses its default", method));
    entries_.push_back(std::move(note));
  }

  // Entries of our own that follow from an archived one.
  void AddCompanions(const ArchiveEntry& archived) {
    // Behind it may stand what a mapping does to it.
    const SchemaEntry object = *std::find_if(entries_.rbegin(), entries_.rend(), [&](const SchemaEntry& entry) {
      return entry.dump_id == archived.dump_id;
    });
    if (!archived.tablespace.empty()) {
      SchemaEntry note = Companion(object, "TABLESPACE", object.phase, {});
      LeaveOut(&note, fmt::format("was in tablespace \"{}\"; managed servers have one volume", archived.tablespace));
      entries_.push_back(std::move(note));
    }
    if (archived.kind == "MATERIALIZED VIEW" && source_.populated_materialized_views.contains(archived.object_oid)) {
      // With row-level security as the owner meets it; a session of ours would rather fail.
      entries_.push_back(Companion(object, "MATERIALIZED VIEW DATA", RestorePhase::kRefresh,
                                   fmt::format("SET row_security = on; REFRESH MATERIALIZED VIEW {}; "
                                               "SET row_security = off;",
                                               QualifiedName(object.schema, object.name))));
    }
    const std::string owner_sql = OwnerStatement(archived);
    if (owner_sql.empty() || archived.owner == target_.migrating_role) return;
    const RestorePhase phase =
        object.phase == RestorePhase::kEventTrigger ? RestorePhase::kEventTrigger : RestorePhase::kOwner;
    SchemaEntry owner = Companion(object, "OWNER", phase, owner_sql);
    owner.expected = source_.superusers.contains(archived.owner);
    entries_.push_back(std::move(owner));
  }

  static SchemaEntry Companion(const SchemaEntry& object, const char* kind, RestorePhase phase,
                               const std::string& sql) {
    SchemaEntry entry;
    entry.kind = kind;
    entry.schema = object.schema;
    entry.name = object.name;
    entry.owner = object.owner;
    entry.phase = phase;
    entry.sql = sql;
    entry.dependencies = {object.dump_id};
    return entry;
  }

  // pg_dump does not record what a user mapping hangs on.
  void AddServerDependency(SchemaEntry* entry) const {
    const auto server = servers_.find(ServerOfUserMapping(entry->sql));
    if (server != servers_.end()) entry->dependencies.push_back(server->second);
  }

  void NoteDatabaseOwner(const ArchiveEntry& archived) {
    if (archived.owner == target_.migrating_role || archived.owner == target_.database_owner) return;
    SchemaEntry note;
    note.kind = "DATABASE OWNER";
    note.name = target_.database;
    note.phase = RestorePhase::kOwner;
    LeaveOut(&note,
             fmt::format("the database keeps its owner at the target (at the source it is \"{}\")", archived.owner));
    entries_.push_back(std::move(note));
  }

  // What a mapping does to an empty table, before anything else hangs on it.
  void AddChanges(const ArchiveEntry& archived) {
    if (archived.kind != "TABLE" || archived.object_oid == 0) return;
    tables_[archived.object_oid] = archived.dump_id;
    const SchemaEntry table = entries_.back();
    for (const SchemaChange& change : part_.before_load) {
      if (change.table_oid != archived.object_oid) continue;
      entries_.push_back(Companion(table, kMappingKind, table.phase, change.sql));
      AddToFingerprint(change.sql);
      changed_.insert(archived.dump_id);
    }
  }

  void AddChangesAtEnd() {
    for (const SchemaChange& change : part_.at_end) {
      SchemaEntry entry;
      entry.kind = kMappingKind;
      entry.schema = change.schema;
      entry.name = change.name.empty() ? "schema" : change.name;
      entry.phase = RestorePhase::kRename;
      entry.sql = change.sql;
      const auto table = tables_.find(change.table_oid);
      if (table != tables_.end()) entry.dependencies = {table->second};
      entries_.push_back(std::move(entry));
      AddToFingerprint(change.sql);
    }
  }

  void AddToFingerprint(const std::string& sql) {
    ArchiveEntry change;
    change.kind = kMappingKind;
    change.sql = sql;
    AddToFingerprint(change);
  }

  // pg_dump passes over them without a word.
  void AddInvalidIndexes() {
    for (const auto& [oid, fact] : source_.indexes) {
      if (fact.is_valid) continue;
      SchemaEntry entry;
      entry.kind = "INDEX";
      entry.schema = fact.schema;
      entry.name = fact.name;
      entry.object_oid = oid;
      entry.phase = RestorePhase::kIndex;
      LeaveOut(&entry, "is not valid at the source");
      entries_.push_back(std::move(entry));
    }
  }

  // The first statement and the others.
  static std::pair<std::string, std::string> SplitFirst(const std::string& sql) {
    const std::vector<std::string> statements = SplitStatements(sql);
    std::string rest;
    for (size_t i = 1; i < statements.size(); ++i) rest += statements[i];
    return {statements.empty() ? std::string() : statements[0], rest};
  }

  void AddToFingerprint(const ArchiveEntry& e) {
    std::string text(kUuidBytes, '\0');
    StoreUuid(fingerprint_, reinterpret_cast<unsigned char*>(text.data()));
    for (const std::string* part : {&e.kind, &e.schema, &e.name, &e.owner, &e.tablespace, &e.table_access_method})
      text += *part + '\0';
    text += RemoveInternalOptions(e.sql);
    fingerprint_ = HashBytes(text.data(), text.size());
  }

  const SourceFacts& source_;
  const TargetFacts& target_;
  const SelectedPart& part_;
  std::string source_database_;
  std::vector<SchemaEntry> entries_;
  std::unordered_map<uint32_t, int32_t> tables_;  // by OID
  std::set<int32_t> changed_;                     // tables, by dump_id
  std::unordered_map<int32_t, RestorePhase> phases_;
  std::unordered_map<std::string, int32_t> servers_;
  Digest128 fingerprint_;
};

}  // namespace

std::string OwnerStatement(const ArchiveEntry& entry) {
  if (entry.owner.empty()) return {};
  if (std::find(std::begin(kOwnedKinds), std::end(kOwnedKinds), entry.kind) == std::end(kOwnedKinds)) return {};
  std::string object;
  if (entry.kind == "SCHEMA") {  // schema public has a comment in place of a DROP
    object = "SCHEMA " + QuoteIdentifier(entry.name);
  } else if (StartsWith(entry.drop_sql, "DROP ")) {
    object = entry.drop_sql.substr(5);
    while (!object.empty() && (object.back() == '\n' || object.back() == ';')) object.pop_back();
  } else {
    return {};  // the sequence of an identity column goes with its table
  }
  return fmt::format("ALTER {} OWNER TO {};", object, QuoteIdentifier(entry.owner));
}

SchemaPlan MakePlan(Archive archive, const SourceFacts& source, const TargetFacts& target, const SelectedPart& part) {
  return Planner(source, target, part).Make(std::move(archive));
}

}  // namespace airlift
