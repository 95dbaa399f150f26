#include "cluster/cluster_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "pg/identifier.h"
#include "pg/sql_text.h"
#include "prepare/prepare_report.h"
#include "source/extension_client.h"

namespace airlift {

namespace {

using nlohmann::ordered_json;

constexpr int kEvidenceVersion = 1;

uint64_t RowsOf(const RunResult& result) {
  uint64_t rows = 0;
  for (const TableResult& table : result.tables)
    if (table.target) rows += table.target->rows;
  return rows;
}

size_t VerifiedTables(const RunResult& result) {
  return static_cast<size_t>(std::count_if(result.tables.begin(), result.tables.end(), [](const TableResult& table) {
    return table.verdict == Verdict::kVerified;
  }));
}

size_t RefusedObjects(const RunResult& result) {
  return static_cast<size_t>(std::count_if(result.left_out.begin(), result.left_out.end(),
                                           [](const LeftOut& item) { return !item.expected; }));
}

size_t SchemaDifferences(const RunResult& result) {
  return static_cast<size_t>(std::count_if(result.schema_differences.begin(), result.schema_differences.end(),
                                           [](const SchemaFinding& finding) { return !finding.informational; }));
}

ordered_json ServerJson(const ServerFacts& server) {
  return {{"host", server.host},
          {"port", server.port},
          {"database", server.database},
          {"user", server.user},
          {"server_version", server.server_version}};
}

ordered_json OutcomeJson(const DatabaseOutcome& outcome) {
  ordered_json json = {{"database", outcome.name},
                       {"outcome", DatabaseFateName(outcome.fate)},
                       {"verdict", VerdictName(outcome.DataVerdict())},
                       {"exit_status", outcome.ExitStatus()},
                       {"reason", outcome.reason},
                       {"by_design", outcome.IsLeftOutByDesign()},
                       {"bytes", outcome.bytes},
                       {"seconds", outcome.seconds},
                       {"notes", outcome.notes},
                       {"evidence", outcome.evidence.empty() ? ordered_json() : ordered_json(outcome.evidence)}};
  if (outcome.result) {
    json["tables"] = outcome.result->tables.size();
    json["tables_verified"] = VerifiedTables(*outcome.result);
    json["rows"] = RowsOf(*outcome.result);
    json["objects_refused"] = RefusedObjects(*outcome.result);
    json["schema_differences"] = SchemaDifferences(*outcome.result);
  }
  return json;
}

// Cells to the widths of their columns; the first one on the left, the others on the right.
std::string Table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string text;
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i)
      text += i < 3 ? fmt::format("{}{:<{}}", i == 0 ? "" : "  ", row[i], widths[i])
                    : fmt::format("  {:>{}}", row[i], widths[i]);
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

std::vector<std::string> Cells(const DatabaseOutcome& outcome, bool was_verified) {
  const std::string name = DisplayName(outcome.name);
  const char* fate = DatabaseFateName(outcome.fate);
  if (!outcome.result) return {name, fate, "", "", "", "", ""};
  const RunResult& result = *outcome.result;
  const std::string tables = FormatCount(static_cast<int64_t>(result.tables.size()));
  return {name,
          fate,
          VerdictName(outcome.DataVerdict()),
          was_verified ? fmt::format("{} of {}", FormatCount(static_cast<int64_t>(VerifiedTables(result))), tables)
                       : tables,
          FormatCount(static_cast<int64_t>(RowsOf(result))),
          FormatBytes(outcome.bytes),
          FormatSeconds(outcome.seconds)};
}

void AppendRoles(std::string& text, const PrepareResult& roles) {
  if (roles.ExitStatus() == kExitDone && roles.steps.empty()) return;
  text += "-- roles\n" + PrepareText(roles) + "\n";
}

bool IsAboutExtension(const std::string& note) { return note.rfind(kNoExtension, 0) == 0; }

// The whole summary of a database that is not well; without what is said once for all.
void AppendTroubles(std::string& text, const ClusterResult& result) {
  for (const DatabaseOutcome& outcome : result.databases) {
    if (!outcome.result || outcome.ExitStatus() == kExitDone) continue;
    RunResult shown = *outcome.result;
    std::erase_if(shown.notes, IsAboutExtension);
    text += fmt::format("-- database {}\n{}\n", DisplayName(outcome.name), Summary(shown));
  }
}

void AppendLosses(std::string& text, const ClusterResult& result) {
  std::map<std::string, int> losses;
  for (const DatabaseOutcome& outcome : result.databases)
    if (outcome.result)
      for (const std::string& note : outcome.result->notes)
        if (IsAboutExtension(note)) ++losses[note];
  for (const auto& [loss, count] : losses)
    text += fmt::format("\nin {} database{} {}\n", count, count == 1 ? "" : "s", loss);
}

void AppendReasons(std::string& text, const ClusterResult& result) {
  std::string lines;
  for (const DatabaseOutcome& outcome : result.databases) {
    if (!outcome.reason.empty())
      lines += fmt::format("  {}: {}: {}\n", DisplayName(outcome.name), DatabaseFateName(outcome.fate),
                           OneLine(outcome.reason));
    for (const std::string& note : outcome.notes)
      lines += fmt::format("  {}: {}\n", DisplayName(outcome.name), OneLine(note));
  }
  if (!lines.empty()) text += "\n" + lines;
}

}  // namespace

const char* DatabaseFateName(DatabaseFate fate) {
  switch (fate) {
    case DatabaseFate::kMoved:
      return "moved";
    case DatabaseFate::kKept:
      return "kept";
    case DatabaseFate::kCompared:
      return "compared";
    case DatabaseFate::kMissing:
      return "missing";
    case DatabaseFate::kFailed:
      return "failed";
    case DatabaseFate::kLeftOut:
      return "left out";
    case DatabaseFate::kNotReached:
      return "not reached";
  }
  return "";
}

Verdict DatabaseOutcome::DataVerdict() const {
  if (result) return result->Overall();
  return fate == DatabaseFate::kMissing ? Verdict::kDiffers : Verdict::kNotVerified;
}

int DatabaseOutcome::ExitStatus() const {
  if (result && fate != DatabaseFate::kFailed) return result->ExitStatus();
  if (fate == DatabaseFate::kMissing) return kExitFindings;
  if (fate == DatabaseFate::kLeftOut) return is_by_design ? kExitDone : kExitFindings;
  return kExitFailed;
}

Verdict ClusterResult::Overall() const {
  if (!was_verified) return Verdict::kNotVerified;
  std::optional<Verdict> verdict;  // of nothing at all is not "verified"
  for (const DatabaseOutcome& outcome : databases) {
    if (outcome.IsLeftOutByDesign()) continue;
    verdict = verdict ? Combine(*verdict, outcome.DataVerdict()) : outcome.DataVerdict();
  }
  return verdict.value_or(Verdict::kNotVerified);
}

int ClusterResult::ExitStatus() const {
  const bool has_work = !std::all_of(databases.begin(), databases.end(),
                                     [](const DatabaseOutcome& outcome) { return outcome.IsLeftOutByDesign(); });
  int status = was_stopped || (was_verified && !has_work) ? kExitFailed : kExitDone;
  if (roles && !allow_refused) status = std::max(status, roles->ExitStatus());
  for (const DatabaseOutcome& outcome : databases) status = std::max(status, outcome.ExitStatus());
  return status;
}

ordered_json ClusterJson(const ClusterResult& result) {
  ordered_json databases = ordered_json::array();
  for (const DatabaseOutcome& outcome : result.databases) databases.push_back(OutcomeJson(outcome));
  return {{"evidence_version", kEvidenceVersion},
          {"program", "pg_airlift"},
          {"program_version", AIRLIFT_VERSION},
          {"command", result.command},
          {"all_databases", true},
          {"started_at", result.started_at},
          {"finished_at", result.finished_at},
          {"source", ServerJson(result.source)},
          {"target", ServerJson(result.target)},
          {"jobs", result.jobs},
          {"verdict", VerdictName(result.Overall())},
          {"exit_status", result.ExitStatus()},
          {"stopped", result.was_stopped},
          {"roles", result.roles ? PrepareJson(*result.roles) : ordered_json()},
          {"databases", databases}};
}

std::string ClusterText(const ClusterResult& result) {
  std::string text;
  if (result.roles) AppendRoles(text, *result.roles);
  AppendTroubles(text, result);
  std::vector<std::vector<std::string>> rows = {{"database", "outcome", "verdict", "tables", "rows", "size", "time"}};
  for (const DatabaseOutcome& outcome : result.databases) rows.push_back(Cells(outcome, result.was_verified));
  text += Table(rows);
  AppendReasons(text, result);
  AppendLosses(text, result);
  if (result.was_stopped) text += "\nstopped at the user's request; run the same command again to go on from here\n";
  return text + (result.was_verified ? fmt::format("\nverdict: {}\n", VerdictName(result.Overall()))
                                     : "\nverdict: not verified (no verification was asked for)\n");
}

}  // namespace airlift
