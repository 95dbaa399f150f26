// A table mapping of AWS DMS: the JSON document that its tasks take, as rules of ours.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace airlift {

// One comparison of a column with constants.
struct FilterCondition {
  std::string op;  // "eq", "noteq", "gte", "ste", "lte", "between", "notbetween", "null", "notnull"
  std::string value;
  std::string end;  // of a range
};

// True where one of the conditions is.
struct ColumnFilter {
  std::string column;
  std::vector<FilterCondition> any_of;
};

struct MappingRule {
  std::string id;
  int line = 0;
  std::string schema;  // wildcards
  std::string table;
};

struct SelectionMapping : MappingRule {
  enum class Action { kInclude, kExclude, kExplicit } action = Action::kInclude;
  bool takes_tables = true;
  bool takes_views = false;
  int load_order = 0;
  std::vector<ColumnFilter> filters;  // all of them
};

enum class MappingTarget { kSchema, kTable, kColumn };
enum class MappingAction {
  kRename,
  kLowercase,
  kUppercase,
  kAddPrefix,
  kRemovePrefix,
  kReplacePrefix,
  kAddSuffix,
  kRemoveSuffix,
  kReplaceSuffix,
  kRemoveColumn,
  kIncludeColumn,
  kAddColumn,
  kChangeType,
};

struct Transformation : MappingRule {
  MappingTarget target = MappingTarget::kTable;
  MappingAction action = MappingAction::kRename;
  std::string column;  // wildcards
  std::string value;
  std::string old_value;
  std::string expression;  // of an added column, as SQLite's
  std::string type;        // SQL: of an added column, or the new one
};

struct TableMapping {
  std::vector<SelectionMapping> selections;
  std::vector<Transformation> transformations;
};

// Throws Error with every rule that is wrong or not supported, with its line and rule-id. `name` is the file's.
TableMapping ParseTableMapping(std::string_view text, const std::string& name);
std::string ReadTableMappingFile(const std::string& path);

// The new name that a rule makes of `name`; as it is where the prefix or suffix to take off is not there.
std::string RenamedBy(const Transformation& rule, const std::string& name);

}  // namespace airlift
