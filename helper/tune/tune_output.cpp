#include "tune/tune_output.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "pg/identifier.h"
#include "pg/sql_text.h"
#include "plan/aws_name.h"

namespace airlift {

namespace {

using nlohmann::ordered_json;
using planning::ParameterAdvice;
using planning::ServerKind;

constexpr size_t kShownTables = 20;

bool HasParameterGroups(const TuneResult& result) {
  return result.kind == ServerKind::kRds || result.kind == ServerKind::kAurora;
}

std::string MemoryText(const ServerMemory& memory) {
  return FormatBytes(memory.total) + (memory.is_given ? "" : ", told from shared_buffers (--memory says it)");
}

std::string Header(const TuneResult& result) {
  return fmt::format("target: PostgreSQL {} ({}), memory {}, {} jobs\nrole {} in database {}:\n",
                     result.target.server_version, planning::ServerKindName(result.kind), MemoryText(result.memory),
                     result.jobs, DisplayName(result.where.role), DisplayName(result.where.database));
}

std::string NoteText(const TuneItem& item) { return item.note.empty() ? "" : ": " + OneLine(item.note); }

std::string SettingsText(const TuneResult& result) {
  std::string text;
  for (const TuneItem& item : result.items) {
    if (item.level != SettingLevel::kRole) continue;
    if (result.mode == TuneMode::kReset) {
      text += fmt::format("  {:<36} {}{}\n", item.name, item.state, NoteText(item));
      if (result.dry_run) text += "    sql> " + item.undo_sql + ";\n";
      continue;
    }
    text += fmt::format("  {:<36} {} -> {}  {}{}\n    {} [{}]\n", item.name, item.now, item.wanted, item.state,
                        NoteText(item), item.purpose, item.source);
    if (!item.sql.empty() && item.state != "set")
      text += "    sql> " + item.sql + ";\n    to put back: " + item.undo_sql + ";\n";
  }
  return text;
}

std::string TablesText(const TuneResult& result) {
  std::map<std::string, int> states;
  std::string shown;
  size_t tables = 0;
  for (const TuneItem& item : result.items) {
    if (item.level != SettingLevel::kTable) continue;
    ++states[item.state];
    if (item.state == "refused" || tables++ < kShownTables)
      shown += fmt::format("  {:<36} {}{}\n", item.name, item.state, NoteText(item));
  }
  std::string text;
  for (const auto& [state, count] : states) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, state);
  if (!text.empty()) text = "autovacuum of tables (off while they are loaded): " + text + "\n" + shown;
  if (tables > kShownTables) text += fmt::format("  and {} more (--json lists them)\n", tables - kShownTables);
  if (result.tables_of_others > 0)
    text += fmt::format("{} tables belong to roles that this one is no member of: their autovacuum stays\n",
                        result.tables_of_others);
  return text;
}

std::string SessionText(const TuneResult& result) {
  std::string text;
  for (const ParameterAdvice& advice : result.advice)
    if (advice.level == SettingLevel::kSession)
      text += fmt::format("  {:<36} {} [{}]\n", advice.name, advice.purpose, advice.source);
  return text.empty() ? text : "never stored, set by the sessions of a load where it is needed:\n" + text;
}

std::vector<const ParameterAdvice*> OfParameterGroup(const TuneResult& result) {
  std::vector<const ParameterAdvice*> list;
  for (const ParameterAdvice& advice : result.advice)
    if (advice.level == SettingLevel::kParameterGroup && !advice.IsAsWanted()) list.push_back(&advice);
  return list;
}

std::string GroupText(const TuneResult& result) {
  const auto list = OfParameterGroup(result);
  if (list.empty()) return {};
  std::string text = "not for a role to set: whoever runs the instance may, for the time of the load\n";
  for (const ParameterAdvice* advice : list)
    text += fmt::format("  {:<36} {} -> {}  {}\n    {} [{}]\n", advice->name, advice->CurrentWithUnit(),
                        advice->ValueWithUnit(), planning::ApplyName(advice->apply), advice->purpose, advice->source);
  if (!HasParameterGroups(result)) return text;
  for (const std::string& command : ParameterCommands(result.advice, result.inputs, false))
    text += "$ " + command + "\n";
  text += "and afterwards, to put back what was there:\n";
  for (const std::string& command : ParameterCommands(result.advice, result.inputs, true))
    text += "$ " + command + "\n";
  return text;
}

std::string Ending(const TuneResult& result) {
  if (!result.standing.Any()) return result.mode == TuneMode::kReset ? "nothing of the tuning stands\n" : "";
  return "stands: " + result.standing.Describe() + "; pg_airlift tune --reset puts back what was there\n";
}

ordered_json ItemsJson(const TuneResult& result) {
  ordered_json items = ordered_json::array();
  for (const TuneItem& item : result.items)
    items.push_back({{"level", SettingLevelName(item.level)},
                     {"name", item.name},
                     {"now", item.now},
                     {"wanted", item.wanted},
                     {"state", item.state},
                     {"note", item.note},
                     {"purpose", item.purpose},
                     {"source", item.source},
                     {"sql", item.sql},
                     {"undo_sql", item.undo_sql}});
  return items;
}

ordered_json GroupJson(const TuneResult& result) {
  ordered_json parameters = ordered_json::array();
  for (const ParameterAdvice* advice : OfParameterGroup(result))
    parameters.push_back({{"name", advice->name},
                          {"now", advice->current ? ordered_json(*advice->current) : ordered_json()},
                          {"wanted", advice->value},
                          {"unit", advice->unit},
                          {"apply", planning::ApplyName(advice->apply)},
                          {"in_cluster_group", advice->in_cluster_group},
                          {"purpose", advice->purpose},
                          {"source", advice->source}});
  const bool aws = HasParameterGroups(result);
  const std::vector<std::string> none;
  return {{"parameters", parameters},
          {"commands", aws ? ParameterCommands(result.advice, result.inputs, false) : none},
          {"undo_commands", aws ? ParameterCommands(result.advice, result.inputs, true) : none}};
}

}  // namespace

std::string TuneText(const TuneResult& result) {
  std::string text = Header(result) + SettingsText(result) + TablesText(result);
  if (result.mode != TuneMode::kReset) text += SessionText(result) + GroupText(result);
  return text + Ending(result);
}

ordered_json TuneJson(const TuneResult& result) {
  return {
      {"command", "tune"},
      {"mode", TuneModeName(result.mode)},
      {"dry_run", result.dry_run},
      {"server_version", result.target.server_version},
      {"kind", planning::ServerKindName(result.kind)},
      {"role", result.where.role},
      {"database", result.where.database},
      {"memory_bytes", result.memory.total},
      {"memory_is_given", result.memory.is_given},
      {"jobs", result.jobs},
      {"items", ItemsJson(result)},
      {"tables_of_others", result.tables_of_others},
      {"parameter_group", GroupJson(result)},
      {"standing",
       {{"settings", result.standing.settings}, {"tables", result.standing.tables}, {"since", result.standing.since}}},
      {"exit_status", result.ExitStatus()}};
}

}  // namespace airlift
