// What of the source is to be moved, as the user asked for it: pg_dump's options, lines of a filter file.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "catalog/pattern.h"

namespace airlift {

enum class SelectedKind {
  kTable,  // relations of every kind, as with pg_dump: tables, views, materialized views, foreign tables, sequences
  kTableAndChildren,
  kTableData,
  kTableDataAndChildren,
  kSchema,
  kExtension,
};
// pg_dump's word in a filter file: "table", "table_and_children" ...
const char* SelectedKindName(SelectedKind kind);

struct SelectionRule {
  bool is_include = true;
  SelectedKind kind = SelectedKind::kTable;
  std::string pattern;
  std::string origin;  // for messages: "--table app.*", "filter.txt line 3"; no part of what is asked

  friend bool operator==(const SelectionRule& a, const SelectionRule& b) {
    return a.is_include == b.is_include && a.kind == b.kind && a.pattern == b.pattern;
  }
};

// Of relations: [database.]schema.name or name; of schemas: [database.]name; of extensions: name.
struct ParsedPattern {
  std::string database;  // "" where it names none
  NamePattern name;
};
// Throws Error where it is none.
ParsedPattern ParsePattern(SelectedKind kind, std::string pattern);

struct SelectionRules {
  std::vector<SelectionRule> rules;
  std::string mapping;         // JSON of a table mapping (mapping/table_mapping.h); "" for none
  std::string mapping_origin;  // its file, for messages

  bool IsEmpty() const { return rules.empty() && mapping.empty(); }
  // Throws Error where `pattern` is none.
  void Add(bool is_include, SelectedKind kind, const std::string& pattern, const std::string& origin);
};

// Whether both ask for the same, in whatever order.
bool AsksForTheSame(const SelectionRules& a, const SelectionRules& b);

// On one line, for people: "include table app.*; exclude table app.log"; "everything" without rules.
std::string Describe(const SelectionRules& rules);

nlohmann::json ToJson(const SelectionRules& rules);
SelectionRules SelectionRulesFromJson(const nlohmann::json& json);

}  // namespace airlift
