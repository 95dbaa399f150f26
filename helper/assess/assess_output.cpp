#include "assess/assess_output.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/format.h"
#include "findings/check_runner.h"

namespace airlift {

namespace {

constexpr size_t kShownPerCheck = 20;
constexpr size_t kWidestObject = 48;

bool HasControlCharacters(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// One line, whatever names are in it.
std::string OneLine(const std::string& text) {
  std::string shown;
  for (const char c : text) {
    if (c == '\n') {
      shown += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      shown += c;
    }
  }
  return shown;
}

std::string SqlLine(const char* label, const std::optional<std::string>& sql) {
  if (!sql) return {};
  const std::string shown = HasControlCharacters(*sql) ? "(a name in it has control characters: see --json)" : *sql;
  return fmt::format("        {}  {}\n", label, shown);
}

using Findings = std::vector<const AssessFinding*>;

std::string CheckText(const Findings& findings) {
  const AssessFinding& first = *findings.front();
  const Check* check = FindCheck(first.check_id.c_str());
  const std::string title = check == nullptr ? "" : check->title;
  std::string text = first.severity == SeverityName(Severity::kError)
                         ? fmt::format("  {}: could not be told ({})\n", first.check_id, title)
                         : fmt::format("  {}: {}\n", first.check_id, title);
  size_t width = 0;
  for (const AssessFinding* finding : findings) width = std::max(width, OneLine(finding->object).size());
  width = std::min(width, kWidestObject);
  for (size_t i = 0; i < std::min(findings.size(), kShownPerCheck); ++i) {
    const AssessFinding& finding = *findings[i];
    text += fmt::format("      {:<{}}  {}\n", OneLine(finding.object), width, OneLine(finding.detail));
    text += SqlLine("fix: ", finding.fix_sql) + SqlLine("undo:", finding.undo_sql);
  }
  if (findings.size() > kShownPerCheck)
    text += fmt::format("      ... and {} more, see --json\n", findings.size() - kShownPerCheck);
  if (first.is_accepted)
    return text +
           fmt::format("    accepted{}\n", first.accepted_reason.empty() ? "" : ": " + OneLine(first.accepted_reason));
  return text + fmt::format("    {}\n", first.remedy);
}

std::string SeverityText(const AssessReport& report, const char* severity, const char* title, bool accepted) {
  std::string text;
  size_t count = 0;
  Findings of_check;
  const auto flush = [&] {
    if (!of_check.empty()) text += CheckText(of_check);
    of_check.clear();
  };
  for (const AssessFinding& finding : report.findings) {
    if (finding.is_accepted != accepted || (!accepted && finding.severity != severity)) continue;
    if (!of_check.empty() && of_check.back()->check_id != finding.check_id) flush();
    of_check.push_back(&finding);
    ++count;
  }
  flush();
  if (count == 0) return {};
  return fmt::format("\n{} ({}):\n", title, FormatCount(static_cast<int64_t>(count))) + text;
}

std::string HeaderText(const AssessReport& report) {
  std::string text =
      fmt::format("source: PostgreSQL {}, database {}\n", report.source.version, OneLine(report.source.database));
  const char* kind = TargetKindName(report.assessment.target);
  if (report.target) {
    text += fmt::format("target: PostgreSQL {}, database {}, taken as {}\n", report.target->version,
                        OneLine(report.target->database), kind);
  } else {
    text += fmt::format("target: {} with PostgreSQL {}, not asked\n", kind, report.assessment.target_version);
  }
  text += fmt::format("checks: {} run", report.checks_run.size());
  if (!report.not_run.empty()) text += fmt::format(", {} need --target", report.not_run.size());
  text += "\n";
  for (const std::string& note : report.notes) text += "note: " + note + "\n";
  return text;
}

nlohmann::json SideJson(const AssessSide& side) {
  return {{"database", side.database}, {"version", side.version}, {"address", side.address}};
}

nlohmann::json OptionalJson(const std::optional<std::string>& text) {
  return text ? nlohmann::json(*text) : nlohmann::json(nullptr);
}

nlohmann::json FindingJson(const AssessFinding& finding) {
  nlohmann::json json = {{"check", finding.check_id},       {"severity", finding.severity},
                         {"object", finding.object},        {"detail", finding.detail},
                         {"remedy", finding.remedy},        {"fix_sql", OptionalJson(finding.fix_sql)},
                         {"accepted", finding.is_accepted}, {"undo_sql", OptionalJson(finding.undo_sql)}};
  if (finding.is_accepted) json["accepted_reason"] = finding.accepted_reason;
  const Check* check = FindCheck(finding.check_id.c_str());
  if (check == nullptr) return json;
  json["title"] = check->title;
  json["side"] = SideName(check->side);
  json["strategies"] = nlohmann::json::array();
  for (const NamedBit& named : kStrategyNames)
    if ((check->strategies & named.bit) != 0) json["strategies"].push_back(named.name);
  return json;
}

}  // namespace

std::string AssessText(const AssessReport& report, Severity severity) {
  std::string text = HeaderText(report);
  text += SeverityText(report, "error", "could not tell", false);
  text += SeverityText(report, "blocker", "blockers", false);
  text += SeverityText(report, "warning", "warnings", false);
  text += SeverityText(report, "info", "information", false);
  text += SeverityText(report, "", "accepted", true);
  text += fmt::format("\nfindings of severity {}{}: {}", SeverityName(severity),
                      severity == Severity::kBlocker ? "" : " or above", CountFindings(report, severity));
  if (CountFailures(report) > 0) text += fmt::format("; checks that could not be run: {}", CountFailures(report));
  return text + "\n";
}

nlohmann::json AssessJson(const AssessReport& report, Severity severity) {
  nlohmann::json json = {{"command", "assess"},
                         {"source", SideJson(report.source)},
                         {"target", report.target ? SideJson(*report.target) : nlohmann::json(nullptr)},
                         {"target_kind", TargetKindName(report.assessment.target)},
                         {"target_version", report.assessment.target_version},
                         {"deep", report.assessment.deep},
                         {"checks_run", report.checks_run},
                         {"not_run", report.not_run},
                         {"notes", report.notes},
                         {"severity", SeverityName(severity)},
                         {"findings_at_severity", CountFindings(report, severity)},
                         {"failed_checks", CountFailures(report)},
                         {"exit_status", AssessExitStatus(report, severity)},
                         {"findings", nlohmann::json::array()}};
  for (const AssessFinding& finding : report.findings) json["findings"].push_back(FindingJson(finding));
  return json;
}

}  // namespace airlift
