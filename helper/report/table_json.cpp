#include "report/table_json.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace airlift {

namespace {

using nlohmann::json;

json ToJson(const std::vector<NamedValue>& values) {
  json object = json::object();
  for (const auto& [column, value] : values) object[column] = value ? json(*value) : json();
  return object;
}

json ToJson(const RowResult& row) {
  json entry = {{"difference", row.kind}};
  if (row.digest.empty()) {
    entry["key"] = ToJson(row.key);
  } else {
    entry["digest"] = row.digest;
    entry["copies_source"] = row.source_copies;
    entry["copies_target"] = row.target_copies;
  }
  if (!row.columns.empty()) entry["columns"] = row.columns;
  if (!row.source_values.empty()) entry["source"] = ToJson(row.source_values);
  if (!row.target_values.empty()) entry["target"] = ToJson(row.target_values);
  return entry;
}

json ToJson(const TableDifferences& differences) {
  json rows = json::array();
  for (const RowResult& row : differences.rows) rows.push_back(ToJson(row));
  return {{"key", differences.key},
          {"missing_on_target", differences.missing_on_target},
          {"extra_on_target", differences.extra_on_target},
          {"changed", differences.changed},
          {"columns", differences.columns},
          {"rows", std::move(rows)},
          {"not_listed", differences.not_listed},
          {"reason", differences.reason}};
}

json ToJson(const LiveTableFacts& live) {
  return {{"lsn", live.lsn},
          {"rechecked", live.rechecked},
          {"rounds", live.rounds},
          {"pins", live.pins},
          {"longest_pin_ms", live.longest_pin_ms},
          {"table_lock_ms", live.table_lock_ms},
          {"not_proved", live.not_proved}};
}

Verdict VerdictFrom(const json& name) {
  for (const Verdict verdict : {Verdict::kVerified, Verdict::kDiffers})
    if (name == VerdictName(verdict)) return verdict;
  return Verdict::kNotVerified;
}

std::optional<TableDigest> DigestFrom(const json& entry, const std::string& side) {
  if (entry.at("digest_" + side).is_null()) return std::nullopt;
  TableDigest digest;
  const std::string text = entry.at("digest_" + side);
  if (!ParseUuid(text.data(), text.size(), &digest.sum)) throw Error("\"" + text + "\" is no digest");
  digest.rows = entry.at("rows_" + side);
  return digest;
}

std::vector<NamedValue> ValuesFrom(const json& entry, const char* name) {
  std::vector<NamedValue> values;
  if (!entry.contains(name)) return values;
  for (const auto& [column, value] : entry[name].items())
    values.emplace_back(column, value.is_null() ? std::nullopt : std::optional(value.get<std::string>()));
  return values;
}

RowResult RowFrom(const json& entry) {
  RowResult row;
  row.kind = entry.at("difference");
  row.key = ValuesFrom(entry, "key");
  row.digest = entry.value("digest", "");
  row.source_copies = entry.value("copies_source", uint64_t{0});
  row.target_copies = entry.value("copies_target", uint64_t{0});
  row.columns = entry.value("columns", std::vector<std::string>());
  row.source_values = ValuesFrom(entry, "source");
  row.target_values = ValuesFrom(entry, "target");
  return row;
}

TableDifferences DifferencesFrom(const json& entry) {
  TableDifferences differences;
  differences.key = entry.at("key").get<std::vector<std::string>>();
  differences.missing_on_target = entry.at("missing_on_target");
  differences.extra_on_target = entry.at("extra_on_target");
  differences.changed = entry.at("changed");
  differences.columns = entry.at("columns").get<std::map<std::string, uint64_t>>();
  for (const json& row : entry.at("rows")) differences.rows.push_back(RowFrom(row));
  differences.not_listed = entry.at("not_listed");
  differences.reason = entry.at("reason");
  return differences;
}

}  // namespace

nlohmann::json DigestJson(const TableDigest& digest) {
  char text[kUuidTextLength + 1];
  FormatUuid(digest.sum, text);
  return text;
}

nlohmann::json ToJson(const TableResult& table) {
  json entry = {{"schema", table.schema},
                {"table", table.name},
                {"columns", table.columns},
                {"verdict", VerdictName(table.verdict)},
                {"reason", table.reason},
                {"rows_source", table.source ? json(table.source->rows) : json()},
                {"rows_target", table.target ? json(table.target->rows) : json()},
                {"digest_source", table.source ? DigestJson(*table.source) : json()},
                {"digest_target", table.target ? DigestJson(*table.target) : json()},
                {"source_digest_by", table.source_digest_by}};
  if (!table.snapshot_taken_at.empty()) {
    entry["snapshot_lsn"] = table.snapshot_lsn.empty() ? json() : json(table.snapshot_lsn);
    entry["snapshot_taken_at"] = table.snapshot_taken_at;
  }
  if (!table.left_out_columns.empty()) entry["left_out_columns"] = table.left_out_columns;
  if (!table.condition.empty()) entry["condition"] = table.condition;
  if (table.live) entry["live"] = ToJson(*table.live);
  if (table.changed_keys) entry["changed_keys"] = *table.changed_keys;
  if (table.differences) entry["differences"] = ToJson(*table.differences);
  return entry;
}

TableResult TableResultFromJson(const json& entry) {
  TableResult table;
  table.schema = entry.at("schema");
  table.name = entry.at("table");
  table.columns = entry.at("columns").get<std::vector<std::string>>();
  table.verdict = VerdictFrom(entry.at("verdict"));
  table.reason = entry.at("reason");
  table.source = DigestFrom(entry, "source");
  table.target = DigestFrom(entry, "target");
  table.source_digest_by = entry.at("source_digest_by");
  table.left_out_columns = entry.value("left_out_columns", std::vector<std::string>());
  table.condition = entry.value("condition", "");
  if (entry.contains("snapshot_taken_at")) {
    table.snapshot_taken_at = entry["snapshot_taken_at"];
    if (!entry["snapshot_lsn"].is_null()) table.snapshot_lsn = entry["snapshot_lsn"];
  }
  if (entry.contains("differences")) table.differences = DifferencesFrom(entry["differences"]);
  return table;
}

}  // namespace airlift
