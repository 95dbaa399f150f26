// Executes entries on the target by trial: what the target refuses is left out with the target's own words, what
// depends on it is not tried, and everything else goes on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "pg/connection.h"
#include "schema/entry_store.h"
#include "schema/rules.h"

namespace airlift {

class EntryRunner {
 public:
  EntryRunner(Connection& target, bool into_existing);

  // All pending entries of the phase, many to a transaction and a round trip.
  void RunPhase(RestorePhase phase, int entries_per_transaction = kTransaction);
  // The same for entries fetched by the caller, in the caller's open transaction; saves their outcomes.
  void RunEntries(const std::vector<SchemaEntry>& entries);
  // Marks pending entries of the phase that cannot be, and executes none.
  void MarkBlocked(RestorePhase phase);

  EntryStore& store() { return store_; }

  static constexpr int kBatch = 200;
  // Where a transaction has made more than 32 relations, each end of a subtransaction makes the server look at all
  // relations that the session knows (AtEOSubXact_RelationCache), which may be hundreds of thousands. A table is three
  // of them.
  static constexpr int kTransaction = 8;

 private:
  struct Cause {
    std::string label;
    bool expected;
  };

  void Record(const SchemaEntry& entry, EntryState state, const std::string& reason, bool expected);
  // False where nothing that the entry depends on is missing.
  bool RecordIfBlocked(const SchemaEntry& entry);
  bool RecordIfKept(const SchemaEntry& entry);
  void RememberKept(const SchemaEntry& entry);
  void SaveOutcomes();
  void RunScript(const std::vector<const SchemaEntry*>& script);
  // The number of entries executed, from the first on, and the error that stopped it, if any.
  size_t TryScript(const std::vector<const SchemaEntry*>& script, std::optional<SqlError>* error);
  std::optional<SqlError> TryAlone(const std::string& sql);
  void Refused(const SchemaEntry& entry, const SqlError& error);
  bool RunWithRemedies(const SchemaEntry& entry, SqlError error);
  void RunPiecewise(const SchemaEntry& entry, const SqlError& error);
  bool IsThereAlready(const SchemaEntry& entry, const SqlError& error) const;

  Connection& target_;
  EntryStore store_;
  bool into_existing_;
  std::unordered_map<int32_t, Cause> missing_;       // by dump_id
  std::unordered_set<int32_t> kept_;                 // by dump_id
  std::unordered_set<std::string> kept_view_rules_;  // qualified tags of the rules of kept views
  std::map<int64_t, EntryOutcome> outcomes_;         // of the open transaction, by entry
};

// What is executed for an entry: the index first, where no worker has built it.
std::string EntrySql(const SchemaEntry& entry);

}  // namespace airlift
