// The report of an assessment.
#include <fmt/format.h>

#include <algorithm>

#include "html/reports.h"

namespace airlift::html {

namespace {

size_t CountOf(const json& findings, const std::string& severity) {
  return static_cast<size_t>(std::count_if(findings.begin(), findings.end(), [&](const json& finding) {
    const json& accepted = Member(finding, "accepted");
    return !(accepted.is_boolean() && accepted.get<bool>()) && TextOf(finding, "severity") == severity;
  }));
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
