// What a move or a comparison found: the content of the evidence file and of the summary on the screen.
#pragma once

#include <cstdio>
#include <functional>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "digest.h"
#include "model/verdict.h"
#include "pg/connection.h"

namespace airlift {

class SigningKey;

struct ServerFacts {
  std::string host;
  std::string port;
  std::string database;
  std::string user;
  std::string server_version;
  std::string encoding;
  std::string identity;           // system identifier and database OID
  std::string extension_version;  // of pg_airlift; "" where it is not installed
};
ServerFacts ReadServerFacts(Connection& connection);

// A column's value as text; nullopt is NULL.
using NamedValue = std::pair<std::string, std::optional<std::string>>;

// One key whose rows are not the same, or, in a table without a key, one row that is there more often on one side.
struct RowResult {
  std::string kind;             // "changed", "missing on target", "extra on target"
  std::vector<NamedValue> key;  // empty without a key
  std::string digest;           // of the row, without a key
  uint64_t source_copies = 0;
  uint64_t target_copies = 0;
  std::vector<std::string> columns;  // that differ, where the row is on both sides
  // Only where they were asked for: of the columns that differ, or of all where the row is on one side only.
  std::vector<NamedValue> source_values;
  std::vector<NamedValue> target_values;
};

// Where a table differs.
struct TableDifferences {
  std::vector<std::string> key;  // columns that tell rows apart; empty: none does, rows are compared as wholes
  uint64_t missing_on_target = 0;
  uint64_t extra_on_target = 0;
  uint64_t changed = 0;
  // How often each column differs, in the changed rows that were looked at.
  std::map<std::string, uint64_t> columns;
  std::vector<RowResult> rows;  // the first ones, in the order of their keys
  uint64_t not_listed = 0;      // differences beyond these
  std::string reason;           // why the rows could not be told, or not completely; "" where all is told
};

// How a table was compared while replication ran (docs/live-compare.md).
struct LiveTableFacts {
  std::string lsn;          // of the source: the rows were compared as they were then, or later
  uint64_t rechecked = 0;   // rows that differed between the first two snapshots, and were read again
  uint64_t rounds = 0;      // of reading them again
  uint64_t pins = 0;        // rows locked on the source until the target had them
  uint64_t not_proved = 0;  // rows that would not hold still
  double longest_pin_ms = 0;
  double table_lock_ms = 0;  // of a table without a key, where that was allowed
};

// The same of a whole run.
struct LiveFacts {
  struct Subscription {
    std::string name;
    std::string slot;
    std::vector<std::string> publications;
  };
  std::vector<Subscription> subscriptions;
  std::string last_lsn;       // the last position of the source that was waited for
  double waited_seconds = 0;  // for the target
};

struct TableResult {
  std::string schema;
  std::string name;
  std::vector<std::string> columns;  // compared, in this order
  Verdict verdict = Verdict::kNotVerified;
  std::string reason;  // "" when verified
  std::optional<TableDigest> source;
  std::optional<TableDigest> target;
  std::string source_digest_by;                    // "extension", "copy stream" or "read stream"
  std::vector<std::string> left_out_columns = {};  // not compared by the user's wish
  std::string condition = {};                      // of the rows that were compared; "" for all
  std::optional<TableDifferences> differences = {};
  std::optional<LiveTableFacts> live = {};
  // Where it was compared under other snapshots than the run's: the source's.
  std::string snapshot_lsn = {};
  std::string snapshot_taken_at = {};
  // Only these rows were compared: those changed since the last full verification (RunResult::since_lsn).
  std::optional<uint64_t> changed_keys = {};
};

// A sequence, or the large objects: something compared as one.
struct ObjectResult {
  std::string object;
  Verdict verdict = Verdict::kNotVerified;
  std::string reason;
};

struct SchemaFinding {
  std::string kind;
  std::string object;
  std::string property;
  std::string source;  // "" when missing there
  std::string target;
  bool informational = false;  // to know, not to mend: does not count for the exit status
};

// The property of a foreign key that stands on the target while rows break it.
inline constexpr const char* kUnmatchedRows = "rows without a match";

struct LargeObjectsResult {
  Verdict verdict = Verdict::kVerified;
  std::string reason;
  TableDigest source;
  TableDigest target;
};

// A setting that the sessions of a load were to have on the target.
struct LoadSettingUse {
  std::string name;
  std::string value;
  std::string before;   // what a session there has otherwise; it has it again when the load is over
  std::string refusal;  // the target's words where it was not used; "" where it was
};

struct RunResult {
  std::string command;
  std::string started_at;  // ISO 8601, UTC, of this host's clock
  std::string finished_at;
  ServerFacts source;
  ServerFacts target;
  std::string snapshot_lsn;
  std::string snapshot_taken_at;
  std::string since_lsn;     // where only what changed since a full verification was compared; "" for everything
  std::string kept_since;    // where an earlier run had moved it all already: when that began; "" else
  bool was_verified = true;  // false when the user asked for no verification
  bool allow_refused = false;
  std::vector<TableResult> tables;
  std::vector<ObjectResult> sequences;
  std::vector<ObjectResult> views;  // row counts of views, where asked for
  std::optional<LargeObjectsResult> large_objects;
  std::vector<SchemaFinding> schema_differences;
  bool schema_was_compared = false;
  std::vector<LeftOut> left_out;
  std::vector<std::string> notes;
  std::vector<LoadSettingUse> load_settings;
  std::optional<LiveFacts> live;
  std::vector<std::pair<std::string, double>> seconds;  // per stage

  // Over tables, sequences and large objects; not verified when nothing was to be verified by the user's wish.
  Verdict DataVerdict() const;
  // The word the run ends with. A comparison of whole databases finds them different where their schemas are; a move
  // speaks of the rows, and lists what the target refused.
  Verdict Overall() const;
  // Schema differences that are not informational.
  bool SchemaDiffers() const;
  // A foreign key of the target is not what it says.
  bool ForeignKeyIsBroken() const;
  // Objects that the target refused (LeftOut::expected is false).
  bool SomethingWasRefused() const;
  // As the exit statuses promise: 0 only when all is verified and nothing is missing or different.
  int ExitStatus() const;
};

// Verdict of two digests, with the reason in words.
void Judge(TableResult& table);
void Judge(LargeObjectsResult& objects);

std::string UtcNow();
nlohmann::json ToJson(const RunResult& result);
// Writes a file under another name first, so that one with that name is always whole. `mode` as open takes it.
void WriteFileAtomically(const std::string& path, const std::string& what, int mode,
                         const std::function<void(std::FILE*)>& write);
// Writes the evidence next to its final name first, so that a file with that name is always whole.
// With a key, its signature lies beside it, written last.
void WriteEvidence(const RunResult& result, const std::string& path, const SigningKey* key = nullptr);
// For people: what differs and what was left out, then the last line "verdict: ...".
std::string Summary(const RunResult& result);

}  // namespace airlift
