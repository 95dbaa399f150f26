// The report of an assessment.
#include <fmt/format.h>

#include <algorithm>

#include "html/reports.h"

namespace airlift::html {

namespace {

bool IsAccepted(const json& finding) {
  const json& accepted = Member(finding, "accepted");
  return accepted.is_boolean() && accepted.get<bool>();
}

size_t CountOf(const json& findings, const std::string& severity) {
  return static_cast<size_t>(std::count_if(findings.begin(), findings.end(), [&](const json& finding) {
    return !IsAccepted(finding) && TextOf(finding, "severity") == severity;
  }));
}

// Findings of one check, for people who want to know what there is before they read each.
struct CheckSummary {
  std::string id, severity, title;
  size_t objects = 0, with_fix = 0;
};

std::vector<CheckSummary> ByCheck(const json& findings) {
  std::vector<CheckSummary> checks;
  for (const json& finding : findings) {
    const std::string id = TextOf(finding, "check").empty() ? TextOf(finding, "check_id") : TextOf(finding, "check");
    const std::string severity = IsAccepted(finding) ? "accepted" : TextOf(finding, "severity");
    auto found = std::find_if(checks.begin(), checks.end(),
                              [&](const CheckSummary& check) { return check.id == id && check.severity == severity; });
    if (found == checks.end()) found = checks.insert(checks.end(), {id, severity, TextOf(finding, "title")});
    ++found->objects;
    if (!TextOf(finding, "fix_sql").empty()) ++found->with_fix;
  }
  std::stable_sort(checks.begin(), checks.end(), [](const CheckSummary& a, const CheckSummary& b) {
    return SeverityWeight(a.severity) < SeverityWeight(b.severity);
  });
  return checks;
}

constexpr struct {
  const char* strategy;
  const char* title;
} kWays[] = {{"dump", "dump and restore, streamed full load"},
             {"replication", "native logical replication"},
             {"copy", "COPY of tables"},
             {"dms", "AWS DMS homogeneous migration"},
             {"snapshot", "RDS snapshot or Aurora read replica"}};

size_t CountFor(const json& findings, const char* strategy, const char* severity) {
  return static_cast<size_t>(std::count_if(findings.begin(), findings.end(), [&](const json& finding) {
    const auto strategies = TextsOf(finding, "strategies");
    return !IsAccepted(finding) && TextOf(finding, "severity") == severity &&
           std::find(strategies.begin(), strategies.end(), strategy) != strategies.end();
  }));
}

Cell CountCell(size_t count) { return NumberCell(static_cast<double>(count), std::to_string(count)); }

// The bar is as long as there are objects, its first part those that SQL mends.
Cell ObjectsCell(const CheckSummary& check, size_t most) {
  Cell cell = CountCell(check.objects);
  cell.bar = Bar{{{static_cast<double>(check.with_fix), std::to_string(check.with_fix) + " with SQL that mends them"},
                  {static_cast<double>(check.objects - check.with_fix),
                   std::to_string(check.objects - check.with_fix) + " to be decided by people"}},
                 static_cast<double>(most)};
  return cell;
}

void AddSummary(Builder& page, const json& findings) {
  const std::vector<CheckSummary> checks = ByCheck(findings);
  OpenSection(page, "summary-section", "In short");
  Table ways{"ways", {"way to move", "blockers", "warnings"}, {}};
  for (const auto& way : kWays)
    ways.rows.push_back({TextCell(way.title), CountCell(CountFor(findings, way.strategy, "blocker")),
                         CountCell(CountFor(findings, way.strategy, "warning"))});
  AddTable(page, ways);
  page.Element("h3", "What was found");
  AddLegend(page, {"mended by SQL that stands below", "to be decided by people"});
  size_t most = 1;
  for (const CheckSummary& check : checks) most = std::max(most, check.objects);
  Table summary{"summary", {"severity", "check", "what", "objects"}, {}};
  for (const CheckSummary& check : checks)
    summary.rows.push_back(
        {BadgeCell(check.severity), CodeCell(check.id), TextCell(check.title), ObjectsCell(check, most)});
  AddTable(page, summary);
  CloseSection(page);
}

std::string Counted(size_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

}  // namespace

void AddAssessment(Builder& page, const json& document) {
  const json& findings = ArrayOf(document, "findings");
  const size_t blockers = CountOf(findings, "blocker");
  const size_t warnings = CountOf(findings, "warning");
  const size_t errors =
      std::max(CountOf(findings, "error"), static_cast<size_t>(NumberOr(document, "failed_checks", 0)));
  Headline headline;
  headline.eyebrow = "pg_airlift assess";
  headline.mood = blockers > 0 ? Mood::kBad : errors > 0 ? Mood::kUnsure : warnings > 0 ? Mood::kUnsure : Mood::kGood;
  headline.words = blockers > 0   ? Counted(blockers, "blocker", "blockers")
                   : errors > 0   ? "Could not tell"
                   : warnings > 0 ? "No blockers"
                                  : "Ready to move";
  headline.sentence = blockers > 0   ? "The move cannot succeed unchanged. What mends each finding stands beside it."
                      : errors > 0   ? "Some checks could not be run; what they look for may be there."
                      : warnings > 0 ? "Nothing stops the move; read the warnings."
                                     : "Nothing was found that would stop or harm the move.";
  headline.facts = {{"Source", SideText(Member(document, "source"))},
                    {"Target", SideText(Member(document, "target"))},
                    {"Kind of target", TextOf(document, "target_kind") + " " + TextOf(document, "target_version")},
                    {"Blockers", std::to_string(blockers)},
                    {"Warnings", std::to_string(warnings)},
                    {"Checks that failed", std::to_string(errors)},
                    {"Checks run", std::to_string(ArrayOf(document, "checks_run").size())}};
  AddHeadline(page, headline);
  if (!findings.empty()) {
    AddSummary(page, findings);
    OpenSection(page, "findings-section", "Findings");
    AddFindings(page, findings);
    CloseSection(page);
  }
  const auto notes = TextsOf(document, "notes");
  const auto not_run = TextsOf(document, "not_run");
  if (notes.empty() && not_run.empty()) return;
  OpenSection(page, "notes-section", "Notes");
  AddList(page, notes);
  if (!not_run.empty()) AddParagraph(page, "These checks need a target, and none was given:");
  AddList(page, not_run);
  CloseSection(page);
}

}  // namespace airlift::html
