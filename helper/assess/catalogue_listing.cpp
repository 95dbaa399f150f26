#include "assess/catalogue_listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <vector>

#include "assess/reported_findings.h"
#include "checks/check.h"

namespace airlift {

namespace {

template <size_t size>
std::vector<std::string> NamesIn(const NamedBit (&names)[size], uint8_t set) {
  std::vector<std::string> found;
  for (const NamedBit& named : names)
    if ((set & named.bit) != 0) found.emplace_back(named.name);
  return found;
}

std::string Strategies(const Check& check) {
  return check.strategies == kEveryStrategy
             ? "all"
             : fmt::format("{}", fmt::join(NamesIn(kStrategyNames, check.strategies), ", "));
}

std::string Range(const char* side, int from, int to) {
  if (from == kFirstVersion && to == kLastVersion) return {};
  if (to == kLastVersion) return fmt::format("{} {} and later", side, from);
  if (from == to) return fmt::format("{} {}", side, from);
  return from == kFirstVersion ? fmt::format("{} up to {}", side, to) : fmt::format("{} {} to {}", side, from, to);
}

std::string Applies(const Check& check) {
  std::vector<std::string> parts;
  if (check.targets != kEveryTarget)
    parts.push_back(fmt::format("{}", fmt::join(NamesIn(kTargetNames, check.targets), ", ")));
  for (const std::string& range :
       {Range("source", check.from_version, check.to_version), Range("target", check.from_target, check.to_target)})
    if (!range.empty()) parts.push_back(range);
  if (check.deep) parts.emplace_back("only with deep");
  return parts.empty() ? "always" : fmt::format("{}", fmt::join(parts, "; "));
}

std::vector<const Check*> SortedChecks() {
  std::vector<const Check*> checks;
  for (size_t i = 0; i < CheckCount(); ++i) checks.push_back(&CheckAt(i));
  std::sort(checks.begin(), checks.end(),
            [](const Check* a, const Check* b) { return std::string_view(a->id) < std::string_view(b->id); });
  return checks;
}

std::string Capitalized(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text;
}

std::string MarkdownEntry(const Check& check) {
  return fmt::format(
      "### {}\n\n{}.\n\n- severity: **{}**; strategies: {}; applies: {}\n- runs on: {}; speaks of: the {}; fix: {}\n- "
      "what to do: "
      "{}\n- source: {}\n\n",
      check.id, Capitalized(check.title), SeverityName(check.severity), Strategies(check), Applies(check),
      check.side == CheckSide::kPaired ? "both sides" : fmt::format("the {}", SideName(check.side)),
      check.scope == CheckScope::kCluster ? "server" : "database", check.has_fix ? "yes, as SQL" : "no", check.remedy,
      check.source);
}

std::string MarkdownOfReported() {
  std::string text =
      "## Findings of other commands\n\nNo query foresees these: a command reports them of what it did or tried. Other "
      "findings of theirs\nhave the id of the check above that looks for the same.\n\n| id | command | severity | what "
      "| "
      "what to do |\n|---|---|---|---|---|\n";
  for (size_t i = 0; i < ReportedFindingCount(); ++i) {
    const ReportedFinding& finding = ReportedFindingAt(i);
    text += fmt::format("| {} | {} | {} | {} | {} |\n", finding.id, finding.command, finding.severity, finding.title,
                        finding.remedy);
  }
  return text;
}

constexpr const char* kMarkdownHead = R"(# Checks

What `airlift.assess()` and `pg_airlift assess` look for. This page is written by
`pg_airlift assess --list-checks --markdown`; a test compares the two.

- **blocker**: a move by one of the named strategies cannot succeed unless something is changed;
- **warning**: data or behaviour is at risk, or something must be done by hand;
- **info**: good to know;
- **error**: the check itself could not be run, for want of a privilege say. It could not be told, which is never the same as
  nothing found.

Strategies: dump (pg_dump and pg_restore), replication (native logical replication), copy (COPY), dms (AWS DMS homogeneous
migration), snapshot (RDS snapshot or Aurora read replica). A fix is SQL that `fix_sql` gives for each finding, with `undo_sql`
that brings back the former state wherever that is possible; an assessment never runs it.

)";

}  // namespace

std::string CatalogueText() {
  std::string text;
  size_t width = 0;
  for (const Check* check : SortedChecks()) width = std::max(width, std::string_view(check->id).size());
  for (const Check* check : SortedChecks())
    text += fmt::format("{:<{}}  {:<7}  {:<6}  {}\n", check->id, width, SeverityName(check->severity),
                        SideName(check->side), check->title);
  return text;
}

std::string CatalogueMarkdown() {
  std::string text = kMarkdownHead;
  std::map<std::string, std::vector<const Check*>> areas;
  for (const Check* check : SortedChecks()) {
    const std::string id = check->id;
    areas[id.substr(0, id.find('.'))].push_back(check);
  }
  text += fmt::format("{} checks in {} areas:", CheckCount(), areas.size());
  for (const auto& [area, checks] : areas) text += fmt::format(" [{0}](#{0}) ({1})", area, checks.size());
  text += "\n\n";
  for (const auto& [area, checks] : areas) {
    text += "## " + area + "\n\n";
    for (const Check* check : checks) text += MarkdownEntry(*check);
  }
  return text + MarkdownOfReported();
}

nlohmann::json CatalogueJson() {
  nlohmann::json list = nlohmann::json::array();
  for (const Check* check : SortedChecks())
    list.push_back({{"id", check->id},
                    {"title", check->title},
                    {"severity", SeverityName(check->severity)},
                    {"strategies", NamesIn(kStrategyNames, check->strategies)},
                    {"targets", NamesIn(kTargetNames, check->targets)},
                    {"side", SideName(check->side)},
                    {"applies", Applies(*check)},
                    {"deep", check->deep},
                    {"has_fix", check->has_fix},
                    {"remedy", check->remedy},
                    {"source", check->source}});
  return list;
}

}  // namespace airlift
