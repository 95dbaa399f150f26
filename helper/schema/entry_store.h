// The schema's entries in the target database: the plan and its progress in one table, so that nothing but the target
// is needed to go on, and each entry's state is committed together with what the entry did.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "schema/entry.h"

namespace airlift {

// To be executed once schema airlift_state exists.
extern const char* const kSchemaStateDdl;

struct SchemaLoad {
  std::string fingerprint;  // of the source's schema
  bool into_existing = false;
};

// What of an entry has become known in the caller's transaction.
struct EntryOutcome {
  int64_t entry = 0;
  EntryState state = EntryState::kDone;
  std::string reason;
  bool expected = false;
};

class EntryStore {
 public:
  explicit EntryStore(Connection& target) : target_(target) {}

  std::optional<SchemaLoad> FindLoad();
  // Stores a new load, in the caller's transaction.
  void Write(const SchemaLoad& load, const std::vector<SchemaEntry>& entries);

  // Up to `limit` pending (or built) entries of `phase` behind `after`, in order.
  std::vector<SchemaEntry> Pending(RestorePhase phase, int64_t after, int limit);
  // The same for an owner or default ACL phase: those of one role.
  std::vector<SchemaEntry> PendingOfOwner(RestorePhase phase, const std::string& owner, int64_t after, int limit);
  std::vector<std::string> PendingOwners(RestorePhase phase);
  // Roles that pending grants name in SET ROLE.
  std::vector<std::string> PendingGrantors();
  // Whether any of the phase's entries was executed.
  bool HasBegun(RestorePhase phase);
  std::optional<SchemaEntry> Find(int64_t entry);
  // Entries of archive objects that were left out (what depends on them is not tried) or that were there already.
  std::vector<SchemaEntry> MissingOrKept();
  // Entries to report, in order: left out, kept, or done with something lost.
  std::vector<SchemaEntry> Reported();

  // In the caller's transaction.
  void Save(const std::vector<EntryOutcome>& outcomes);
  void LeaveOutOwner(RestorePhase phase, const std::string& owner, const std::string& reason);
  // Clears executed statements that may hold passwords (user mappings, foreign servers).
  void ForgetPasswords();
  void RecordMembership(const std::string& role);

 private:
  std::vector<SchemaEntry> Select(const std::string& condition, const Parameters& parameters);

  Connection& target_;
};

}  // namespace airlift
