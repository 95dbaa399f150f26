#include "report/result.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "base/format.h"
#include "snapshot/source_snapshot.h"

namespace airlift {

namespace {

std::string OrEmpty(const char* text) { return text == nullptr ? std::string() : std::string(text); }

std::string IdentityOrEmpty(Connection& connection) {
  try {
    return DatabaseIdentity(connection);
  } catch (const SqlError& error) {
    if (!error.IsClass("42")) throw;
    return {};  // a server that keeps pg_control_system() to itself
  }
}

}  // namespace

ServerFacts ReadServerFacts(Connection& connection) {
  const Result result = connection.Query(
      "SELECT pg_catalog.current_database(), current_user, pg_catalog.current_setting('server_version'), "
      "pg_catalog.current_setting('server_encoding'), "
      "(SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'pg_airlift')");
  return {OrEmpty(PQhost(connection.get())),
          OrEmpty(PQport(connection.get())),
          result.Text(0, 0),
          result.Text(0, 1),
          result.Text(0, 2),
          result.Text(0, 3),
          IdentityOrEmpty(connection),
          result.Text(0, 4)};
}

void Judge(TableResult& table) {
  if (!table.source || !table.target) {
    table.verdict = Verdict::kNotVerified;
    if (table.reason.empty()) table.reason = table.source ? "no digest of the target" : "no digest of the source";
    return;
  }
  if (table.source->rows != table.target->rows) {
    table.verdict = Verdict::kDiffers;
    table.reason =
        fmt::format("{} rows on the source, {} on the target", FormatCount(static_cast<int64_t>(table.source->rows)),
                    FormatCount(static_cast<int64_t>(table.target->rows)));
  } else if (*table.source != *table.target) {
    table.verdict = Verdict::kDiffers;
    table.reason = "the same number of rows, but not the same rows";
  } else if (!table.reason.empty()) {
    table.verdict = Verdict::kNotVerified;  // equal as far as could be seen
  } else {
    table.verdict = Verdict::kVerified;
  }
}

void Judge(LargeObjectsResult& objects) {
  if (objects.source == objects.target) return;
  objects.verdict = Verdict::kDiffers;
  objects.reason = objects.source.rows == objects.target.rows
                       ? "contents differ"
                       : fmt::format("{} on the source, {} on the target", objects.source.rows, objects.target.rows);
}

Verdict RunResult::DataVerdict() const {
  if (!was_verified) return Verdict::kNotVerified;
  Verdict verdict = Verdict::kVerified;
  for (const TableResult& table : tables) verdict = Combine(verdict, table.verdict);
  for (const ObjectResult& sequence : sequences) verdict = Combine(verdict, sequence.verdict);
  for (const ObjectResult& view : views) verdict = Combine(verdict, view.verdict);
  if (large_objects) verdict = Combine(verdict, large_objects->verdict);
  return verdict;
}

Verdict RunResult::Overall() const {
  const bool schema_counts = command == "compare" && SchemaDiffers();
  return schema_counts ? Combine(DataVerdict(), Verdict::kDiffers) : DataVerdict();
}

bool RunResult::SomethingWasRefused() const {
  return std::any_of(left_out.begin(), left_out.end(), [](const LeftOut& item) { return !item.expected; });
}

bool RunResult::SchemaDiffers() const {
  return std::any_of(schema_differences.begin(), schema_differences.end(),
                     [](const SchemaFinding& finding) { return !finding.informational; });
}

bool RunResult::ForeignKeyIsBroken() const {
  return std::any_of(schema_differences.begin(), schema_differences.end(),
                     [](const SchemaFinding& finding) { return finding.property == kUnmatchedRows; });
}

int RunResult::ExitStatus() const {
  const Verdict verdict = DataVerdict();
  if (verdict == Verdict::kDiffers) return kExitFindings;
  if (verdict == Verdict::kNotVerified && was_verified) return kExitFailed;
  if (ForeignKeyIsBroken()) return kExitFindings;
  // What was refused shows in the schema as well: who allows the one allows the other.
  if (allow_refused) return kExitDone;
  return SomethingWasRefused() || SchemaDiffers() ? kExitFindings : kExitDone;
}

std::string UtcNow() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))); }

}  // namespace airlift
