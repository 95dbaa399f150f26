// Relations as JSON, for the state tables.
#include <nlohmann/json.hpp>

#include "catalog/relation.h"

namespace airlift {

using nlohmann::json;

json ToJson(const Relation& relation) {
  json columns = json::array();
  for (const Column& column : relation.columns) {
    json entry = {{"name", column.name}};
    if (column.is_generated) entry["generated"] = true;
    if (column.is_array) entry["array"] = true;
    if (!column.expression.empty()) entry["expression"] = column.expression;
    if (!column.stored_name.empty()) entry["stored_name"] = column.stored_name;
    if (!column.is_portable) entry["output_function"] = column.output_function;
    columns.push_back(std::move(entry));
  }
  json stored = json::array();
  for (const StoredTable& table : relation.stored) {
    stored.push_back({{"oid", table.oid},
                      {"schema", table.schema},
                      {"name", table.name},
                      {"heap_blocks", table.heap_blocks},
                      {"bytes", table.bytes}});
  }
  return {{"oid", relation.oid},
          {"schema", relation.schema},
          {"name", relation.name},
          {"partitioned", relation.is_partitioned},
          {"columns", std::move(columns)},
          {"stored", std::move(stored)},
          {"needs_routing", relation.needs_routing},
          {"foreign_leaves", relation.foreign_leaves},
          {"condition", relation.condition},
          {"filter", relation.filter},
          {"extension_configuration", relation.is_extension_configuration},
          {"missing_on_target", relation.is_missing_on_target}};
}

Relation RelationFromJson(const json& value) {
  Relation relation;
  relation.oid = value.at("oid");
  relation.schema = value.at("schema");
  relation.name = value.at("name");
  relation.is_partitioned = value.at("partitioned");
  relation.needs_routing = value.at("needs_routing");
  relation.foreign_leaves = value.at("foreign_leaves").get<std::vector<std::string>>();
  relation.condition = value.at("condition");
  relation.filter = value.value("filter", "");
  relation.is_extension_configuration = value.at("extension_configuration");
  relation.is_missing_on_target = value.at("missing_on_target");
  for (const json& entry : value.at("columns")) {
    Column column{entry.at("name"),
                  entry.value("generated", false),
                  !entry.contains("output_function"),
                  entry.value("output_function", ""),
                  entry.value("array", false),
                  entry.value("expression", ""),
                  entry.value("stored_name", "")};
    relation.columns.push_back(std::move(column));
  }
  for (const json& entry : value.at("stored")) {
    relation.stored.push_back(
        {entry.at("oid"), entry.at("schema"), entry.at("name"), entry.at("heap_blocks"), entry.at("bytes")});
  }
  return relation;
}

}  // namespace airlift
