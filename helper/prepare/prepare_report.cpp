#include "prepare/prepare_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/format.h"
#include "pg/sql_text.h"

namespace airlift {

namespace {

using nlohmann::ordered_json;

// The statement that was, or would be, run.
const std::string& Statement(const PrepareResult& result, const Step& step) {
  return result.command == "undo" ? step.undo_sql : step.sql;
}

bool IsRefused(const Step& step) { return !step.error.empty() && step.state != StepState::kUndone; }

// As a piece of an SQL script. A statement without its secret must not be run by hand: it would set the mark.
std::string PlannedText(const PrepareResult& result, const Step& step) {
  const std::string& sql = Statement(result, step);
  std::string text = fmt::format("-- {}: {}", SideName(step.side), step.what);
  if (IsRefused(step)) text += "; would be refused: " + OneLine(step.error);
  if (sql.empty()) return text + "; goes with what was made before\n";
  return fmt::format("{}\n{}{};\n", text, IsRefused(step) || !step.secret.empty() ? "-- " : "", sql);
}

std::string DoneText(const PrepareResult& result, const Step& step) {
  const char* refused = result.command == "undo" ? "not undone" : "failed";
  return fmt::format("{:<11}{}: {}{}\n", IsRefused(step) ? refused : StepStateName(step.state), SideName(step.side),
                     step.what, step.error.empty() ? "" : " (" + OneLine(step.error) + ")");
}

void AppendFindings(std::string& text, const PrepareResult& result, const char* title, bool notes, bool accepted,
                    const char* prefix) {
  bool any = false;
  for (const PrepareFinding& finding : result.findings) {
    if (finding.is_note != notes || (!notes && finding.accepted != accepted)) continue;
    if (!any) text += fmt::format("\n{}{}:\n", prefix, title);
    any = true;
    text += fmt::format("{}  {}  {}: {}\n", prefix, finding.id, OneLine(finding.object), OneLine(finding.detail));
    if (!finding.remedy.empty()) text += fmt::format("{}      {}\n", prefix, OneLine(finding.remedy));
  }
}

std::string LastLine(const PrepareResult& result) {
  const auto refused = std::count_if(result.steps.begin(), result.steps.end(), IsRefused);
  const auto good = static_cast<int64_t>(result.steps.size()) - refused;
  const char* verb = result.command == "undo" ? (result.dry_run ? "would be undone" : "undone")
                                              : (result.dry_run ? "would be done" : "done");
  std::string line = fmt::format("{} step{} {}", FormatCount(good), good == 1 ? "" : "s", verb);
  if (refused > 0) line += fmt::format(", {} could not", FormatCount(refused));
  if (result.command == "prepare" && result.done_before > 0)
    line += fmt::format(", {} done before", FormatCount(static_cast<int64_t>(result.done_before)));
  return line;
}

ordered_json StepJson(const Step& step) {
  return {{"key", step.key},
          {"side", SideName(step.side)},
          {"what", step.what},
          {"sql", step.sql},
          {"undo_sql", step.undo_sql},
          {"cannot_undo", step.cannot_undo},
          {"state", StepStateName(step.state)},
          {"error", step.error}};
}

ordered_json FindingJson(const PrepareFinding& finding) {
  return {{"id", finding.id},         {"object", finding.object}, {"detail", finding.detail},
          {"remedy", finding.remedy}, {"note", finding.is_note},  {"accepted", finding.accepted}};
}

ordered_json ServerJson(const ServerFacts& server) {
  return {{"host", server.host},
          {"port", server.port},
          {"database", server.database},
          {"user", server.user},
          {"version", server.server_version}};
}

}  // namespace

std::string PrepareText(const PrepareResult& result) {
  // A dry run can be fed to psql: what is not SQL is a comment.
  const char* prefix = result.dry_run ? "-- " : "";
  std::string text;
  for (const Step& step : result.steps) text += result.dry_run ? PlannedText(result, step) : DoneText(result, step);
  const char* title = result.command == "undo" ? "could not be undone" : "could not be prepared";
  AppendFindings(text, result, title, false, false, prefix);
  AppendFindings(text, result, "accepted", false, true, prefix);
  AppendFindings(text, result, "to know", true, false, prefix);
  return text + fmt::format("\n{}{}\n", prefix, LastLine(result));
}

ordered_json PrepareJson(const PrepareResult& result) {
  ordered_json steps = ordered_json::array(), findings = ordered_json::array();
  for (const Step& step : result.steps) steps.push_back(StepJson(step));
  for (const PrepareFinding& finding : result.findings) findings.push_back(FindingJson(finding));
  return {{"command", result.command},
          {"dry_run", result.dry_run},
          {"source", ServerJson(result.source)},
          {"target", ServerJson(result.target)},
          {"done_before", result.done_before},
          {"steps", steps},
          {"findings", findings},
          {"exit_status", result.ExitStatus()}};
}

}  // namespace airlift
