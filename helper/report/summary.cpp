#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/format.h"
#include "base/terminal.h"
#include "pg/identifier.h"
#include "report/result.h"
#include "schema_compare/spelling.h"

namespace airlift {

namespace {

// A listing longer than this is cut on the screen; the evidence file has all of it.
constexpr size_t kShownAtMost = 40;
constexpr size_t kShownOfLesserThings = 5;
constexpr size_t kShownRows = 10;
constexpr size_t kShownTablesWithRows = 10;

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
    text += "  " + Hanging(line(item)) + "\n";
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

// A value of a row: quoted, so that NULL and 'NULL' differ, and on one line whatever is in it.
std::string ShownValue(const std::optional<std::string>& value) {
  return value ? "'" + ShowControls(*value) + "'" : "NULL";
}

std::string ShownValues(const std::vector<NamedValue>& values) {
  std::string text;
  for (const auto& [column, value] : values)
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", DisplayName(column), ShownValue(value));
  return text;
}

std::string RowLine(const RowResult& row) {
  std::string text = row.kind + ": ";
  text += row.digest.empty() ? ShownValues(row.key)
                             : fmt::format("row {}, {} on the source, {} on the target", row.digest, row.source_copies,
                                           row.target_copies);
  std::string columns;
  for (const std::string& column : row.columns) columns += (columns.empty() ? "" : ", ") + DisplayName(column);
  if (!columns.empty()) text += "; differs in " + columns;
  if (!row.source_values.empty()) text += "\n      source: " + ShownValues(row.source_values);
  if (!row.target_values.empty()) text += "\n      target: " + ShownValues(row.target_values);
  return text;
}

std::string DifferenceCounts(const TableDifferences& differences) {
  const auto count = [](uint64_t rows) { return FormatCount(static_cast<int64_t>(rows)); };
  std::string text = fmt::format("{} missing on the target, {} extra on the target",
                                 count(differences.missing_on_target), count(differences.extra_on_target));
  if (!differences.key.empty()) text += fmt::format(", {} changed", count(differences.changed));
  if (!differences.reason.empty()) text += "; " + differences.reason;
  return text;
}

void AppendRows(std::string& text, const RunResult& result) {
  size_t tables = 0;
  for (const TableResult& table : result.tables) {
    if (!table.differences) continue;
    if (tables++ == kShownTablesWithRows) {
      text += "\nrows of further tables: see the evidence file\n";
      return;
    }
    const TableDifferences& differences = *table.differences;
    text += fmt::format("\nrows of {}: {}\n", DisplayName(table.schema, table.name), DifferenceCounts(differences));
    for (size_t i = 0; i < std::min(differences.rows.size(), kShownRows); ++i)
      text += "  " + RowLine(differences.rows[i]) + "\n";
    const uint64_t more =
        differences.rows.size() - std::min(differences.rows.size(), kShownRows) + differences.not_listed;
    if (more > 0)
      text += fmt::format("  ... and {} more{}\n", FormatCount(static_cast<int64_t>(more)),
                          differences.rows.size() > kShownRows ? ", see the evidence file" : "");
  }
}

std::string Shown(const std::string& value) { return value.empty() ? "(none)" : value; }

std::string CountsLine(const RunResult& result) {
  uint64_t rows = 0;
  for (const TableResult& table : result.tables)
    if (table.target && table.verdict == Verdict::kVerified) rows += table.target->rows;
  if (!result.since_lsn.empty())
    return fmt::format("{} of {} tables verified, by the rows changed since {}\n",
                       FormatCount(static_cast<int64_t>(TablesWith(result, Verdict::kVerified).size())),
                       FormatCount(static_cast<int64_t>(result.tables.size())), result.since_lsn);
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

bool IsAboutNothing(const RunResult& result) {
  const bool has_large_objects =
      result.large_objects && result.large_objects->source.rows + result.large_objects->target.rows > 0;
  return result.tables.empty() && result.sequences.empty() && result.views.empty() && !has_large_objects;
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
  if (result.was_verified && IsAboutNothing(result))
    text += "there was nothing to compare: no table, no sequence and no large object on either side\n";
  for (const std::string& note : result.notes) text += Hanging(note, "  ") + "\n";
  if (result.was_verified) {
    AppendListing(text, "tables that differ", TablesWith(result, Verdict::kDiffers), TableLine);
    AppendRows(text, result);
    AppendListing(text, "tables not verified", TablesWith(result, Verdict::kNotVerified), TableLine);
    std::vector<ObjectResult> sequences;
    std::copy_if(result.sequences.begin(), result.sequences.end(), std::back_inserter(sequences),
                 [](const ObjectResult& sequence) { return sequence.verdict != Verdict::kVerified; });
    AppendListing(text, "sequences", sequences, [](const ObjectResult& sequence) {
      return fmt::format("{}: {}, {}", sequence.object, VerdictName(sequence.verdict), sequence.reason);
    });
    std::vector<ObjectResult> views;
    std::copy_if(result.views.begin(), result.views.end(), std::back_inserter(views),
                 [](const ObjectResult& view) { return view.verdict != Verdict::kVerified; });
    AppendListing(text, "views", views, [](const ObjectResult& view) {
      return fmt::format("{}: {}, {}", view.object, VerdictName(view.verdict), view.reason);
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
