#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/format.h"
#include "pg/identifier.h"
#include "report/result.h"

namespace airlift {

namespace {

// A listing longer than this is cut on the screen; the evidence file has all of it.
constexpr size_t kShownAtMost = 40;
constexpr size_t kShownOfLesserThings = 5;

template <typename Items, typename Line>
void AppendListing(std::string& text, const std::string& title, const Items& items, Line line,
                   size_t most = kShownAtMost) {
  if (items.empty()) return;
  text += fmt::format("\n{} ({}):\n", title, FormatCount(static_cast<int64_t>(items.size())));
  size_t shown = 0;
  for (const auto& item : items) {
    if (shown++ == most) {
      text += fmt::format("  ... and {} more, see the evidence file\n", items.size() - most);
      return;
    }
    text += "  " + line(item) + "\n";
  }
}

std::vector<TableResult> TablesWith(const RunResult& result, Verdict verdict) {
  std::vector<TableResult> tables;
  std::copy_if(result.tables.begin(), result.tables.end(), std::back_inserter(tables),
               [&](const TableResult& table) { return table.verdict == verdict; });
  return tables;
}

std::string TableLine(const TableResult& table) {
  return fmt::format("{}: {}", DisplayName(table.schema, table.name), table.reason);
}

std::string Shown(const std::string& value) { return value.empty() ? "(none)" : value; }

std::string CountsLine(const RunResult& result) {
  uint64_t rows = 0;
  for (const TableResult& table : result.tables)
    if (table.target && table.verdict == Verdict::kVerified) rows += table.target->rows;
  return fmt::format("{} of {} tables verified, {} rows\n",
                     FormatCount(static_cast<int64_t>(TablesWith(result, Verdict::kVerified).size())),
                     FormatCount(static_cast<int64_t>(result.tables.size())), FormatCount(static_cast<int64_t>(rows)));
}

std::string ObjectsLine(const RunResult& result) {
  std::string text;
  if (!result.sequences.empty()) {
    const auto good = std::count_if(result.sequences.begin(), result.sequences.end(), [](const ObjectResult& sequence) {
      return sequence.verdict == Verdict::kVerified;
    });
    text += fmt::format("{} of {} sequences verified\n", good, result.sequences.size());
  }
  if (result.large_objects && result.large_objects->source.rows + result.large_objects->target.rows > 0) {
    text +=
        fmt::format("{} large objects: {}{}\n", FormatCount(static_cast<int64_t>(result.large_objects->source.rows)),
                    VerdictName(result.large_objects->verdict),
                    result.large_objects->reason.empty() ? "" : ", " + result.large_objects->reason);
  }
  return text;
}

void AppendLeftOut(std::string& text, const RunResult& result) {
  for (const bool expected : {false, true}) {
    std::vector<LeftOut> items;
    std::copy_if(result.left_out.begin(), result.left_out.end(), std::back_inserter(items),
                 [&](const LeftOut& item) { return item.expected == expected; });
    AppendListing(
        text, expected ? "left out by design" : "not moved: the target refused it, or it hangs on what was refused",
        items, [](const LeftOut& item) { return fmt::format("{} {}: {}", item.kind, item.object, item.reason); });
  }
}

}  // namespace

std::string Summary(const RunResult& result) {
  std::string text = result.was_verified ? CountsLine(result) + ObjectsLine(result) : "";
  for (const std::string& note : result.notes) text += note + "\n";
  if (result.was_verified) {
    AppendListing(text, "tables that differ", TablesWith(result, Verdict::kDiffers), TableLine);
    AppendListing(text, "tables not verified", TablesWith(result, Verdict::kNotVerified), TableLine);
    std::vector<ObjectResult> sequences;
    std::copy_if(result.sequences.begin(), result.sequences.end(), std::back_inserter(sequences),
                 [](const ObjectResult& sequence) { return sequence.verdict != Verdict::kVerified; });
    AppendListing(text, "sequences", sequences, [](const ObjectResult& sequence) {
      return fmt::format("{}: {}, {}", sequence.object, VerdictName(sequence.verdict), sequence.reason);
    });
  }
  for (const bool informational : {false, true}) {
    std::vector<SchemaFinding> findings;
    std::copy_if(result.schema_differences.begin(), result.schema_differences.end(), std::back_inserter(findings),
                 [&](const SchemaFinding& finding) { return finding.informational == informational; });
    AppendListing(
        text, informational ? "schema differences to know of" : "schema differences", findings,
        [](const SchemaFinding& finding) {
          return fmt::format("{} {}: {} is {} on the source, {} on the target", finding.kind, finding.object,
                             finding.property, Shown(finding.source), Shown(finding.target));
        },
        informational ? kShownOfLesserThings : kShownAtMost);
  }
  AppendLeftOut(text, result);
  text += result.was_verified ? fmt::format("\nverdict: {}\n", VerdictName(result.Overall()))
                              : "\nverdict: not verified (no verification was asked for)\n";
  return text;
}

}  // namespace airlift
