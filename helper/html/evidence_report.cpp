// The report of a move or a comparison: docs/evidence.md tells the document's keys.
#include <fmt/format.h>

#include <algorithm>

#include "base/format.h"
#include "html/reports.h"

namespace airlift::html {

namespace {

struct Wording {
  const char* verdict;
  Mood mood;
  const char* sentence;
};

constexpr Wording kWordings[] = {
    {"verified", Mood::kGood, "Source and target hold the same rows: every row was read back and proved."},
    {"differs", Mood::kBad, "Source and target are not the same. The tables below say where."},
    {"not verified", Mood::kUnsure, "It could not be told whether source and target are the same."},
};

size_t CountWith(const json& items, const std::string& verdict) {
  return static_cast<size_t>(
      std::count_if(items.begin(), items.end(), [&](const json& item) { return TextOf(item, "verdict") == verdict; }));
}

double TotalOf(const json& items, const char* key) {
  double total = 0;
  for (const json& item : items) total += NumberOr(item, key, 0);
  return total;
}

size_t RefusedObjects(const json& document) {
  const json& items = ArrayOf(document, "left_out");
  return static_cast<size_t>(std::count_if(items.begin(), items.end(), [](const json& item) {
    const json& expected = Member(item, "expected");
    return !expected.is_boolean() || !expected.get<bool>();
  }));
}

void AddTop(Builder& page, const json& document) {
  const json& tables = ArrayOf(document, "tables");
  Headline headline;
  headline.eyebrow = "pg_airlift " + TextOf(document, "command");
  headline.words = TextOf(document, "verdict");
  for (const Wording& wording : kWordings) {
    if (headline.words != wording.verdict) continue;
    headline.mood = wording.mood;
    headline.sentence = wording.sentence;
  }
  const size_t refused = RefusedObjects(document);
  if (refused > 0) {
    headline.sentence += fmt::format(" {} objects were not moved: the target refused them.", refused);
    if (headline.mood == Mood::kGood) headline.mood = Mood::kUnsure;
  }
  headline.facts = {
      {"Source", SideText(Member(document, "source"))},
      {"Target", SideText(Member(document, "target"))},
      {"Tables verified", fmt::format("{} of {}", CountWith(tables, "verified"), tables.size())},
      {"Rows", FormatCount(static_cast<int64_t>(TotalOf(tables, "rows_source")))},
      {"Snapshot of the source", TextOf(document, "snapshot_lsn") + "  " + TextOf(document, "snapshot_taken_at")},
      {"Began", TextOf(document, "started_at")},
      {"Ended", TextOf(document, "finished_at")},
      {"Exit status", TextOf(document, "exit_status")},
  };
  AddHeadline(page, headline);
}

void AddTables(Builder& page, const json& document) {
  const json& tables = ArrayOf(document, "tables");
  if (tables.empty()) return;
  OpenSection(page, "tables-section", "Tables");
  double most = 1;
  for (const json& table : tables) most = std::max(most, NumberOr(table, "rows_source", 0));
  Table listing{
      "tables", {"verdict", "table", "rows of the source", "rows of the target", "why", "digest of the source"}, {}};
  const auto add = [&](const json& table) {
    const auto rows = NumberOf(table, "rows_source");
    Cell source = NumberCell(rows, TextOf(table, "rows_source"));
    if (rows) source.bar = Bar{{{*rows, FormatCount(static_cast<int64_t>(*rows)) + " rows"}}, most};
    listing.rows.push_back({BadgeCell(TextOf(table, "verdict")), CodeCell(TableName(table)), source,
                            NumberCell(NumberOf(table, "rows_target"), TextOf(table, "rows_target")),
                            TextCell(TextOf(table, "reason")), CodeCell(TextOf(table, "digest_source"))});
  };
  for (const bool verified : {false, true})  // what needs attention stands first
    for (const json& table : tables)
      if ((TextOf(table, "verdict") == "verified") == verified) add(table);
  AddTable(page, listing);
  CloseSection(page);
}

// "id = '7', name = 'x'"; NULL has no quotes.
std::string ValuesText(const json& values) {
  std::string text;
  if (!values.is_object()) return text;
  for (const auto& [column, value] : values.items()) {
    text += text.empty() ? "" : ", ";
    text += column + " = " + (value.is_string() ? "'" + value.get<std::string>() + "'" : "NULL");
  }
  return text;
}

std::string RowText(const json& row) {
  if (Member(row, "key").is_object()) return ValuesText(Member(row, "key"));
  return fmt::format("row {}: {} on the source, {} on the target", TextOf(row, "digest"), TextOf(row, "copies_source"),
                     TextOf(row, "copies_target"));
}

std::string JoinedTexts(const json& row, const char* key) {
  std::string text;
  for (const std::string& each : TextsOf(row, key)) text += (text.empty() ? "" : ", ") + each;
  return text;
}

void AddRowsOf(Builder& page, const json& table, size_t number) {
  const json& differences = Member(table, "differences");
  page.Element("h3", TableName(table));
  std::string counts = fmt::format("{} missing on the target, {} extra on the target, {} changed",
                                   TextOf(differences, "missing_on_target"), TextOf(differences, "extra_on_target"),
                                   TextOf(differences, "changed"));
  if (const std::string reason = TextOf(differences, "reason"); !reason.empty()) counts += "; " + reason;
  AddParagraph(page, counts);
  Table listing{fmt::format("rows-{}", number), {"difference", "row", "columns", "source", "target"}, {}};
  for (const json& row : ArrayOf(differences, "rows"))
    listing.rows.push_back({TextCell(TextOf(row, "difference")), CodeCell(RowText(row)),
                            CodeCell(JoinedTexts(row, "columns")), CodeCell(ValuesText(Member(row, "source"))),
                            CodeCell(ValuesText(Member(row, "target")))});
  AddTable(page, listing);
  if (const double more = NumberOr(differences, "not_listed", 0); more > 0)
    AddParagraph(page, fmt::format("{} more differences are not listed.", FormatCount(static_cast<int64_t>(more))));
}

void AddRows(Builder& page, const json& document) {
  size_t number = 0;
  for (const json& table : ArrayOf(document, "tables")) {
    if (!Member(table, "differences").is_object()) continue;
    if (number == 0) OpenSection(page, "rows-section", "Rows that differ");
    AddRowsOf(page, table, ++number);
  }
  if (number > 0) CloseSection(page);
}

void AddStages(Builder& page, const json& document) {
  const json& seconds = Member(document, "seconds");
  if (!seconds.is_object() || seconds.empty()) return;
  OpenSection(page, "stages-section", "Time");
  double total = 0;
  for (const auto& [stage, value] : seconds.items())
    if (value.is_number()) total += value.get<double>();
  Table listing{"stages", {"stage", "time"}, {}};
  for (const auto& [stage, value] : seconds.items()) {
    if (!value.is_number()) continue;
    Cell time = NumberCell(value.get<double>(), SecondsText(value.get<double>()));
    time.bar = Bar{{{value.get<double>(), SecondsText(value.get<double>())}}, total};
    listing.rows.push_back({TextCell(stage), time});
  }
  AddTable(page, listing);
  CloseSection(page);
}

void AddSchema(Builder& page, const json& document) {
  const json& differences = ArrayOf(document, "schema_differences");
  if (differences.empty()) return;
  OpenSection(page, "schema-section", "Schema differences");
  Table listing{"schema", {"weight", "kind", "object", "property", "source", "target"}, {}};
  for (const json& each : differences) {
    const json& informational = Member(each, "informational");
    const bool to_know = informational.is_boolean() && informational.get<bool>();
    listing.rows.push_back({BadgeCell(to_know ? "info" : "differs"), TextCell(TextOf(each, "kind")),
                            CodeCell(TextOf(each, "object")), TextCell(TextOf(each, "property")),
                            CodeCell(TextOf(each, "source")), CodeCell(TextOf(each, "target"))});
  }
  AddTable(page, listing);
  CloseSection(page);
}

void AddObjects(Builder& page, const json& document) {
  Table listing{"objects", {"verdict", "object", "why"}, {}};
  for (const json& each : ArrayOf(document, "sequences"))
    listing.rows.push_back({BadgeCell(TextOf(each, "verdict")), CodeCell("sequence " + TextOf(each, "object")),
                            TextCell(TextOf(each, "reason"))});
  for (const json& each : ArrayOf(document, "views"))
    listing.rows.push_back({BadgeCell(TextOf(each, "verdict")), CodeCell("view " + TextOf(each, "object")),
                            TextCell(TextOf(each, "reason"))});
  if (const json& large = Member(document, "large_objects"); large.is_object())
    listing.rows.push_back({BadgeCell(TextOf(large, "verdict")),
                            TextCell(TextOf(large, "objects_source") + " large objects"),
                            TextCell(TextOf(large, "reason"))});
  if (listing.rows.empty()) return;
  OpenSection(page, "objects-section", "Sequences, views and large objects");
  AddTable(page, listing);
  CloseSection(page);
}

void AddLeftOut(Builder& page, const json& document) {
  const json& items = ArrayOf(document, "left_out");
  if (items.empty()) return;
  OpenSection(page, "left-out-section", "Not moved");
  Table listing{"left-out", {"", "kind", "object", "why"}, {}};
  for (const json& item : items) {
    const json& expected = Member(item, "expected");
    const bool by_design = expected.is_boolean() && expected.get<bool>();
    Cell how = TextCell(by_design ? "by design" : "refused");
    how.badge = by_design ? "mute" : "warn";
    listing.rows.push_back(
        {how, TextCell(TextOf(item, "kind")), CodeCell(TextOf(item, "object")), TextCell(TextOf(item, "reason"))});
  }
  AddTable(page, listing);
  CloseSection(page);
}

void AddNotes(Builder& page, const json& document) {
  const auto notes = TextsOf(document, "notes");
  if (notes.empty()) return;
  OpenSection(page, "notes-section", "Notes");
  AddList(page, notes);
  CloseSection(page);
}

}  // namespace

void AddEvidence(Builder& page, const json& document) {
  AddTop(page, document);
  AddNotes(page, document);
  AddTables(page, document);
  AddRows(page, document);
  AddSchema(page, document);
  AddLeftOut(page, document);
  AddObjects(page, document);
  AddStages(page, document);
}

}  // namespace airlift::html
