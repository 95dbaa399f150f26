// A compared table as JSON, for the state tables.
#include <nlohmann/json.hpp>

#include "row_compare/compared_table.h"

namespace airlift {

using nlohmann::json;

namespace {

json ToJson(const KeyPart& part) { return {{"column", part.column}, {"type", part.type}, {"equality", part.equality}}; }

KeyPart KeyPartFrom(const json& entry) { return {entry.at("column"), entry.at("type"), entry.at("equality")}; }

}  // namespace

json ToJson(const ComparedTable& table) {
  json key = json::array();
  for (const KeyColumn& column : table.key)
    key.push_back(
        {{"position", column.position}, {"source", ToJson(column.source)}, {"target", ToJson(column.target)}});
  return {{"source", ToJson(table.source)}, {"target", ToJson(table.target)},
          {"key", std::move(key)},          {"reduced", table.is_reduced},
          {"mapped", table.is_mapped},      {"other_unique_keys", table.has_other_unique_keys}};
}

ComparedTable ComparedTableFromJson(const json& value) {
  ComparedTable table;
  table.source = RelationFromJson(value.at("source"));
  table.target = RelationFromJson(value.at("target"));
  for (const json& entry : value.at("key"))
    table.key.push_back({entry.at("position"), KeyPartFrom(entry.at("source")), KeyPartFrom(entry.at("target"))});
  table.is_reduced = value.at("reduced");
  table.is_mapped = value.at("mapped");
  table.has_other_unique_keys = value.at("other_unique_keys");
  return table;
}

}  // namespace airlift
