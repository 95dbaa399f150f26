// What a schema is restored from: entries, one per object or property, in the order in which they are executed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace airlift {

// When an entry is executed. The order of the enumerators is the order of execution; the names are stored.
enum class RestorePhase {
  kPreData,       // schemas, extensions, types, functions, tables, views ...
  kIndex,         // built by RunIndexJob, several at a time; RestorePostData attaches constraints to them
  kPostData,      // indexes of partitioned tables, exclusion constraints, statistics, rules, postponed views
  kForeignKey,    // added as NOT VALID
  kValidate,      // the same foreign keys, validated in parallel
  kTrigger,       // triggers, policies, row-level security
  kOwner,         // ALTER ... OWNER TO
  kDefaultAcl,    // ALTER DEFAULT PRIVILEGES
  kAcl,           // GRANT and REVOKE, settings of the database
  kRefresh,       // REFRESH MATERIALIZED VIEW, with the owners' eyes, as on the source
  kRename,        // what a table mapping renames, once everything else is there
  kEventTrigger,  // last, so that none fires for our own statements
};
const char* RestorePhaseName(RestorePhase phase);
RestorePhase RestorePhaseFromName(const std::string& name);

enum class EntryState { kPending, kBuilt, kDone, kKept, kSkipped, kLeftOut };
// pending: not executed yet; built: the index exists, what follows it does not; done; kept: the target had it already;
// skipped: of no use without an object that was left out; left out: see the reason.
const char* EntryStateName(EntryState state);
EntryState EntryStateFromName(const std::string& name);

// Below this a table's index or foreign key is not worth a job of its own: hundreds of them share a transaction.
inline constexpr int64_t kSmallBytes = 1024 * 1024;

struct SchemaEntry {
  int64_t entry = 0;    // position in the order of execution, from 1
  int32_t dump_id = 0;  // 0 for entries that we add
  uint32_t class_oid = 0;
  uint32_t object_oid = 0;
  std::string kind;
  std::string schema;
  std::string name;
  std::string owner;
  RestorePhase phase = RestorePhase::kPreData;
  uint32_t table_oid = 0;  // of an index or foreign key: the table it is on, at the source
  int64_t weight = 0;      // bytes at the source: of that table, and of the index
  bool is_constraint_backing = false;
  std::string build_sql;  // phase kIndex: CREATE INDEX
  std::string sql;        // the rest, or all
  std::vector<int32_t> dependencies;
  EntryState state = EntryState::kPending;
  std::string reason;
  bool expected = false;  // left out by design; on a pending entry: a refusal would surprise nobody
};

// For people: "app.t", "app.t t_pkey", "FUNCTION f(integer) in schema app".
std::string EntryLabel(const SchemaEntry& entry);

}  // namespace airlift
