#include "selection/selection_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "schema_compare/spelling.h"

namespace airlift {

namespace {

constexpr struct {
  SelectedKind kind;
  const char* name;
} kNames[] = {
    {SelectedKind::kTable, "table"},          {SelectedKind::kTableAndChildren, "table_and_children"},
    {SelectedKind::kTableData, "table_data"}, {SelectedKind::kTableDataAndChildren, "table_data_and_children"},
    {SelectedKind::kSchema, "schema"},        {SelectedKind::kExtension, "extension"},
};

SelectedKind KindFromName(const std::string& name) {
  for (const auto& entry : kNames)
    if (name == entry.name) return entry.kind;
  throw Error("unknown kind \"" + name + "\" in the recorded selection");
}

bool Contains(const SelectionRules& all, const SelectionRules& some) {
  return std::all_of(some.rules.begin(), some.rules.end(), [&](const SelectionRule& rule) {
    return std::find(all.rules.begin(), all.rules.end(), rule) != all.rules.end();
  });
}

}  // namespace

const char* SelectedKindName(SelectedKind kind) {
  for (const auto& entry : kNames)
    if (kind == entry.kind) return entry.name;
  return "";
}

ParsedPattern ParsePattern(SelectedKind kind, std::string pattern) {
  const bool is_relation = kind != SelectedKind::kSchema && kind != SelectedKind::kExtension;
  ParsedPattern parsed;
  if (kind != SelectedKind::kExtension) parsed.database = TakeDatabase(pattern, is_relation ? 2 : 1);
  parsed.name = ParseNamePattern(pattern);
  if (!is_relation && !parsed.name.schema_regex.empty())
    throw Error("a name without a dot is wanted: " + pattern, {}, "Quote names that hold a dot.");
  return parsed;
}

void SelectionRules::Add(bool is_include, SelectedKind kind, const std::string& pattern, const std::string& origin) {
  try {
    ParsePattern(kind, pattern);
  } catch (const Error& error) {
    throw Error(origin + ": " + error.what(), error.detail(), error.hint());
  }
  rules.push_back({is_include, kind, pattern, origin});
}

bool AsksForTheSame(const SelectionRules& a, const SelectionRules& b) {
  const auto mapping = [](const SelectionRules& rules) {
    return rules.mapping.empty() ? nlohmann::json() : nlohmann::json::parse(rules.mapping);
  };
  return Contains(a, b) && Contains(b, a) && mapping(a) == mapping(b);
}

std::string Describe(const SelectionRules& rules) {
  std::string text;
  for (const SelectionRule& rule : rules.rules)
    text += fmt::format("{}{} {} {}", text.empty() ? "" : "; ", rule.is_include ? "include" : "exclude",
                        SelectedKindName(rule.kind), ShowControls(rule.pattern));
  if (!rules.mapping.empty()) text += (text.empty() ? "" : "; ") + ("table mapping " + rules.mapping_origin);
  return text.empty() ? "everything" : text;
}

nlohmann::json ToJson(const SelectionRules& rules) {
  nlohmann::json list = nlohmann::json::array();
  for (const SelectionRule& rule : rules.rules)
    list.push_back({{"include", rule.is_include},
                    {"kind", SelectedKindName(rule.kind)},
                    {"pattern", rule.pattern},
                    {"origin", rule.origin}});
  nlohmann::json json = {{"rules", std::move(list)}};
  if (!rules.mapping.empty()) {
    json["mapping"] = rules.mapping;
    json["mapping_origin"] = rules.mapping_origin;
  }
  return json;
}

SelectionRules SelectionRulesFromJson(const nlohmann::json& json) {
  SelectionRules rules;
  for (const auto& entry : json.at("rules"))
    rules.rules.push_back(
        {entry.at("include"), KindFromName(entry.at("kind")), entry.at("pattern"), entry.at("origin")});
  rules.mapping = json.value("mapping", "");
  rules.mapping_origin = json.value("mapping_origin", "");
  return rules;
}

}  // namespace airlift
