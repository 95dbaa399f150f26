// What a move or a comparison found: the content of the evidence file and of the summary on the screen.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "digest.h"
#include "model/verdict.h"
#include "pg/connection.h"

namespace airlift {

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

struct TableResult {
  std::string schema;
  std::string name;
  std::vector<std::string> columns;  // compared, in this order
  Verdict verdict = Verdict::kNotVerified;
  std::string reason;  // "" when verified
  std::optional<TableDigest> source;
  std::optional<TableDigest> target;
  std::string source_digest_by;  // "extension", "copy stream" or "read stream"
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

struct LargeObjectsResult {
  Verdict verdict = Verdict::kVerified;
  std::string reason;
  TableDigest source;
  TableDigest target;
};

struct RunResult {
  std::string command;
  std::string started_at;  // ISO 8601, UTC, of this host's clock
  std::string finished_at;
  ServerFacts source;
  ServerFacts target;
  std::string snapshot_lsn;
  std::string snapshot_taken_at;
  bool was_verified = true;  // false when the user asked for no verification
  bool allow_refused = false;
  std::vector<TableResult> tables;
  std::vector<ObjectResult> sequences;
  std::optional<LargeObjectsResult> large_objects;
  std::vector<SchemaFinding> schema_differences;
  bool schema_was_compared = false;
  std::vector<LeftOut> left_out;
  std::vector<std::string> notes;
  std::vector<std::pair<std::string, double>> seconds;  // per stage

  // Over tables, sequences and large objects; not verified when nothing was to be verified by the user's wish.
  Verdict DataVerdict() const;
  // The word the run ends with. A comparison of whole databases finds them different where their schemas are; a move
  // speaks of the rows, and lists what the target refused.
  Verdict Overall() const;
  // Schema differences that are not informational.
  bool SchemaDiffers() const;
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
// Writes the evidence next to its final name first, so that a file with that name is always whole.
void WriteEvidence(const RunResult& result, const std::string& path);
// For people: what differs and what was left out, then the last line "verdict: ...".
std::string Summary(const RunResult& result);

}  // namespace airlift
