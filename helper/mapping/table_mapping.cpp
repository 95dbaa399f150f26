#include "mapping/table_mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "mapping/json_position.h"
#include "mapping/mapping_types.h"
#include "mapping/wildcard.h"

namespace airlift {

namespace {

using nlohmann::json;

constexpr size_t kMostBytes = 2U << 20;  // as AWS has it

struct ActionName {
  const char* name;
  MappingAction action;
  bool is_for_columns_only;
  bool needs_value;
};
constexpr ActionName kActions[] = {
    {"rename", MappingAction::kRename, false, true},
    {"convert-lowercase", MappingAction::kLowercase, false, false},
    {"convert-uppercase", MappingAction::kUppercase, false, false},
    {"add-prefix", MappingAction::kAddPrefix, false, true},
    {"remove-prefix", MappingAction::kRemovePrefix, false, true},
    {"replace-prefix", MappingAction::kReplacePrefix, false, true},
    {"add-suffix", MappingAction::kAddSuffix, false, true},
    {"remove-suffix", MappingAction::kRemoveSuffix, false, true},
    {"replace-suffix", MappingAction::kReplaceSuffix, false, true},
    {"remove-column", MappingAction::kRemoveColumn, true, false},
    {"include-column", MappingAction::kIncludeColumn, true, false},
    {"add-column", MappingAction::kAddColumn, true, true},
    {"change-data-type", MappingAction::kChangeType, true, false},
};

// Values behind the operator.
struct OperatorName {
  const char* name;
  int values;
};
constexpr OperatorName kOperators[] = {{"eq", 1},      {"noteq", 1},      {"gte", 1},  {"ste", 1},    {"lte", 1},
                                       {"between", 2}, {"notbetween", 2}, {"null", 0}, {"notnull", 0}};

// Reads one rule; every problem goes to `report`, so that all are told at once.
class RuleReader {
 public:
  RuleReader(const json& rule, std::vector<std::string>& problems, std::string where)
      : rule_(rule), problems_(problems), where_(std::move(where)) {}

  void Problem(const std::string& problem) { problems_.push_back(where_ + problem); }

  void AllowKeys(const json& object, const std::string& what, const std::set<std::string>& allowed) {
    for (const auto& [key, value] : object.items())
      if (!allowed.contains(key)) Problem(fmt::format("{}\"{}\" is not supported", what, key));
  }

  std::string Text(const json& object, const char* key, bool is_required = true) {
    const auto found = object.find(key);
    if (found == object.end() || found->is_null()) {
      if (is_required) Problem(fmt::format("\"{}\" is missing", key));
      return {};
    }
    if (found->is_string()) {
      std::string text = found->get<std::string>();
      if (text.find('\0') == std::string::npos) return text;
      Problem(fmt::format("\"{}\" holds a NUL character", key));
      return {};
    }
    if (found->is_number() || found->is_boolean()) return found->dump();
    Problem(fmt::format("\"{}\" is not a text", key));
    return {};
  }

  void Locate(MappingRule& into, const std::set<std::string>& allowed) {
    const auto found = rule_.find("object-locator");
    if (found == rule_.end() || !found->is_object()) return Problem("\"object-locator\" is missing");
    AllowKeys(*found, "in its object-locator ", allowed);
    into.schema = Text(*found, "schema-name");
    into.table = Text(*found, "table-name", false);
  }

  std::string LocatorText(const char* key) {
    const auto found = rule_.find("object-locator");
    return found == rule_.end() || !found->is_object() ? std::string() : Text(*found, key, false);
  }

  SelectionMapping Selection() {
    SelectionMapping selection;
    AllowKeys(rule_, "",
              {"rule-type", "rule-id", "rule-name", "rule-action", "object-locator", "filters", "load-order"});
    Locate(selection, {"schema-name", "table-name", "table-type"});
    if (selection.table.empty()) Problem("\"table-name\" is missing");
    const std::string action = Text(rule_, "rule-action");
    if (action == "exclude") {
      selection.action = SelectionMapping::Action::kExclude;
    } else if (action == "explicit") {
      selection.action = SelectionMapping::Action::kExplicit;
    } else if (!action.empty() && action != "include") {
      Problem(fmt::format("rule-action \"{}\" is not supported for selections", action));
    }
    if (selection.action == SelectionMapping::Action::kExplicit &&
        (HasWildcard(selection.schema) || HasWildcard(selection.table)) &&
        (selection.schema + selection.table).find('%') != std::string::npos)
      Problem("an explicit rule names one table, without wildcards");
    ReadTableType(selection);
    ReadLoadOrder(selection);
    ReadFilters(selection);
    return selection;
  }

  Transformation Transform() {
    Transformation rule;
    AllowKeys(rule_, "",
              {"rule-type", "rule-id", "rule-name", "rule-action", "rule-target", "object-locator", "value",
               "old-value", "expression", "data-type"});
    Locate(rule, {"schema-name", "table-name", "column-name"});
    rule.column = LocatorText("column-name");
    ReadTarget(rule);
    ReadAction(rule);
    return rule;
  }

 private:
  void ReadTableType(SelectionMapping& selection) {
    const std::string type = LocatorText("table-type");
    selection.takes_tables = type != "view";
    selection.takes_views = type == "view" || type == "all";
    if (!type.empty() && type != "table" && type != "view" && type != "all")
      Problem(fmt::format("table-type \"{}\" is not supported", type));
  }

  void ReadLoadOrder(SelectionMapping& selection) {
    const std::string text = Text(rule_, "load-order", false);
    if (text.empty()) return;
    if (text.size() > 9 || text.find_first_not_of("0123456789") != std::string::npos)
      return Problem("\"load-order\" is not a positive number");
    selection.load_order = std::stoi(text);
  }

  void ReadFilters(SelectionMapping& selection) {
    const auto filters = rule_.find("filters");
    if (filters == rule_.end()) return;
    if (!filters->is_array()) return Problem("\"filters\" is not a list");
    for (const json& filter : *filters) ReadFilter(filter, selection);
    if (selection.filters.empty()) return;
    if (selection.action == SelectionMapping::Action::kExclude) Problem("filters belong to rules that include");
    if (HasWildcard(selection.schema) || HasWildcard(selection.table))
      Problem("filters are for one table: name it without wildcards ([_] is an underscore)");
  }

  void ReadFilter(const json& filter, SelectionMapping& selection) {
    if (!filter.is_object()) return Problem("a filter is not an object");
    AllowKeys(filter, "in its filter ", {"filter-type", "column-name", "filter-conditions"});
    const std::string type = Text(filter, "filter-type");
    if (!type.empty() && type != "source") Problem(fmt::format("filter-type \"{}\" is not supported", type));
    ColumnFilter column;
    column.column = Text(filter, "column-name");
    const auto conditions = filter.find("filter-conditions");
    if (conditions == filter.end() || !conditions->is_array() || conditions->empty())
      return Problem("\"filter-conditions\" is missing");
    for (const json& condition : *conditions) ReadCondition(condition, column);
    if (column.any_of.size() > 1 && std::any_of(column.any_of.begin(), column.any_of.end(), [](const auto& each) {
          return each.op == "noteq" || each.op == "notbetween" || each.op == "notnull";
        }))
      Problem("a negative filter-operator stands alone in its filter");
    selection.filters.push_back(std::move(column));
  }

  void ReadCondition(const json& condition, ColumnFilter& column) {
    if (!condition.is_object()) return Problem("a filter-condition is not an object");
    AllowKeys(condition, "in its filter-condition ", {"filter-operator", "value", "start-value", "end-value"});
    FilterCondition read;
    read.op = Text(condition, "filter-operator");
    const auto known = std::find_if(std::begin(kOperators), std::end(kOperators),
                                    [&](const OperatorName& name) { return read.op == name.name; });
    if (known == std::end(kOperators)) {
      if (!read.op.empty()) Problem(fmt::format("filter-operator \"{}\" is not supported", read.op));
      return;
    }
    if (known->values == 1) read.value = Text(condition, "value");
    if (known->values == 2) {
      read.value = Text(condition, "start-value");
      read.end = Text(condition, "end-value");
    }
    column.any_of.push_back(std::move(read));
  }

  void ReadTarget(Transformation& rule) {
    const std::string target = Text(rule_, "rule-target");
    if (target == "schema") {
      rule.target = MappingTarget::kSchema;
      if (!rule.table.empty() && rule.table != "%") Problem("a rule for schemas names no table");
    } else if (target == "table") {
      rule.target = MappingTarget::kTable;
      if (rule.table.empty()) Problem("\"table-name\" is missing");
    } else if (target == "column") {
      rule.target = MappingTarget::kColumn;
      if (rule.table.empty()) Problem("\"table-name\" is missing");
    } else if (!target.empty()) {
      Problem(fmt::format("rule-target \"{}\" is not supported", target));
    }
  }

  void ReadAction(Transformation& rule) {
    const std::string action = Text(rule_, "rule-action");
    if (action.empty()) return;
    const auto known = std::find_if(std::begin(kActions), std::end(kActions),
                                    [&](const ActionName& name) { return action == name.name; });
    if (known == std::end(kActions)) return Problem(fmt::format("rule-action \"{}\" is not supported", action));
    rule.action = known->action;
    const bool is_column = rule.target == MappingTarget::kColumn;
    if (known->is_for_columns_only && !is_column)
      Problem(fmt::format("rule-action \"{}\" is for rule-target \"column\"", action));
    if (is_column && rule.column.empty() && rule.action != MappingAction::kAddColumn)
      Problem("\"column-name\" is missing");
    rule.value = Text(rule_, "value", known->needs_value);
    if (rule.action == MappingAction::kReplacePrefix || rule.action == MappingAction::kReplaceSuffix)
      rule.old_value = Text(rule_, "old-value");
    if (rule.action == MappingAction::kAddColumn) rule.expression = Text(rule_, "expression");
    if (rule.action == MappingAction::kAddColumn || rule.action == MappingAction::kChangeType) ReadType(rule);
  }

  void ReadType(Transformation& rule) {
    const auto type = rule_.find("data-type");
    if (type == rule_.end() || !type->is_object()) return Problem("\"data-type\" is missing");
    AllowKeys(*type, "in its data-type ", {"type", "length", "precision", "scale"});
    MappingType asked{Text(*type, "type"), Text(*type, "length", false), Text(*type, "precision", false),
                      Text(*type, "scale", false)};
    if (asked.name.empty()) return;
    std::string problem;
    rule.type = SqlType(asked, &problem);
    if (!problem.empty()) Problem(problem);
  }

  const json& rule_;
  std::vector<std::string>& problems_;
  const std::string where_;
};

json ParseJson(std::string_view text, const std::string& name) {
  // The parser takes it for the end, and would ignore what follows.
  if (const size_t zero = text.find('\0'); zero != std::string_view::npos)
    throw Error(fmt::format("table mapping \"{}\", {}: not valid JSON: a zero byte", name, PlaceOf(text, zero)));
  json document;
  try {
    document = json::parse(text.begin(), text.end());
  } catch (const json::parse_error& error) {
    std::string what = error.what();
    if (const size_t colon = what.rfind(": "); colon != std::string::npos) what = what.substr(colon + 2);
    const size_t offset = error.byte > 0 ? error.byte - 1 : 0;  // it counts from 1
    throw Error(fmt::format("table mapping \"{}\", {}: not valid JSON: {}", name, PlaceOf(text, offset), what));
  } catch (const json::out_of_range&) {
    throw Error(fmt::format("table mapping \"{}\" holds a number that is too large", name));
  }
  if (const auto repeated = FindRepeatedKey(text))
    throw Error(fmt::format("table mapping \"{}\", {}: \"{}\" stands twice in an object", name,
                            PlaceOf(text, repeated->byte), repeated->key));
  return document;
}

std::string IdOf(const json& rule) {
  if (!rule.is_object()) return {};
  const auto id = rule.find("rule-id");
  if (id == rule.end()) return {};
  return id->is_string() ? id->get<std::string>() : id->is_number() ? id->dump() : std::string();
}

}  // namespace

TableMapping ParseTableMapping(std::string_view text, const std::string& name) {
  if (text.size() > kMostBytes) throw Error(fmt::format("table mapping \"{}\" is larger than 2 MB", name));
  const json document = ParseJson(text, name);
  if (!document.is_object() || !document.contains("rules") || !document.at("rules").is_array())
    throw Error(fmt::format("table mapping \"{}\" has no list of \"rules\"", name));
  std::vector<std::string> problems;
  for (const auto& [key, value] : document.items())
    if (key != "rules") problems.push_back(fmt::format("\"{}\" is not supported", key));
  const std::vector<int> lines = LinesOfRules(text);
  TableMapping mapping;
  std::map<std::string, int> ids;
  size_t index = 0;
  for (const json& rule : document.at("rules")) {
    const int line = index < lines.size() ? lines[index] : 0;
    const std::string id = IdOf(rule);
    ++index;
    RuleReader reader(rule, problems, fmt::format("line {}, rule {}: ", line, id.empty() ? "without rule-id" : id));
    if (!rule.is_object()) {
      reader.Problem("is not an object");
      continue;
    }
    if (id.empty()) reader.Problem("\"rule-id\" is missing");
    if (const auto [first, is_new] = ids.emplace(id, line); !is_new && !id.empty())
      reader.Problem(fmt::format("another rule has the same rule-id, in line {}", first->second));
    const std::string type = reader.Text(rule, "rule-type");
    const auto number = [&](auto read) {
      read.id = id;
      read.line = line;
      return read;
    };
    if (type == "selection") {
      mapping.selections.push_back(number(reader.Selection()));
    } else if (type == "transformation") {
      mapping.transformations.push_back(number(reader.Transform()));
    } else if (!type.empty()) {
      reader.Problem(fmt::format("rule-type \"{}\" is not supported", type));
    }
  }
  if (problems.empty() && std::none_of(mapping.selections.begin(), mapping.selections.end(), [](const auto& rule) {
        return rule.action != SelectionMapping::Action::kExclude;
      }))
    problems.push_back("no rule selects a table");
  if (problems.empty()) return mapping;
  std::string list;
  for (const std::string& problem : problems) list += (list.empty() ? "" : "\n") + problem;
  throw Error(fmt::format("table mapping \"{}\" cannot be followed", name), list,
              "docs/table-mapping.md tells what is supported.");
}

std::string ReadTableMappingFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || std::filesystem::is_directory(path)) throw Error("could not open table mapping \"" + path + "\"");
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (file.bad()) throw Error("could not read table mapping \"" + path + "\"");
  return text;
}

std::string RenamedBy(const Transformation& rule, const std::string& name) {
  const auto starts = [&](const std::string& prefix) { return name.rfind(prefix, 0) == 0; };
  const auto ends = [&](const std::string& suffix) { return name.ends_with(suffix); };
  const auto in_case = [&](char first, char last, int shift) {
    std::string changed = name;
    for (char& c : changed)
      if (c >= first && c <= last) c = static_cast<char>(c + shift);
    return changed;
  };
  switch (rule.action) {
    case MappingAction::kRename:
      return rule.value;
    case MappingAction::kLowercase:
      return in_case('A', 'Z', 'a' - 'A');
    case MappingAction::kUppercase:
      return in_case('a', 'z', 'A' - 'a');
    case MappingAction::kAddPrefix:
      return rule.value + name;
    case MappingAction::kAddSuffix:
      return name + rule.value;
    case MappingAction::kRemovePrefix:
      return starts(rule.value) ? name.substr(rule.value.size()) : name;
    case MappingAction::kRemoveSuffix:
      return ends(rule.value) ? name.substr(0, name.size() - rule.value.size()) : name;
    case MappingAction::kReplacePrefix:
      return starts(rule.old_value) ? rule.value + name.substr(rule.old_value.size()) : name;
    case MappingAction::kReplaceSuffix:
      return ends(rule.old_value) ? name.substr(0, name.size() - rule.old_value.size()) + rule.value : name;
    default:
      return name;
  }
}

}  // namespace airlift
