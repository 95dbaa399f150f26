#include "selection/selection_store.h"

#include <nlohmann/json.hpp>

namespace airlift {

namespace {

constexpr const char* kDdl = R"(
CREATE SCHEMA IF NOT EXISTS airlift_state;
CREATE TABLE IF NOT EXISTS airlift_state.selection (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  rules jsonb NOT NULL
);
)";

}  // namespace

SelectionRules SelectionStore::Find() {
  if (!target_.Query("SELECT pg_catalog.to_regclass('airlift_state.selection') IS NOT NULL").Boolean(0, 0)) return {};
  const Result result = target_.Query("SELECT rules FROM airlift_state.selection");
  return result.rows() == 0 ? SelectionRules() : SelectionRulesFromJson(nlohmann::json::parse(result.Text(0, 0)));
}

void SelectionStore::Write(const SelectionRules& rules) {
  target_.Execute(kDdl);
  target_.Query("DELETE FROM airlift_state.selection");
  target_.Query("INSERT INTO airlift_state.selection (rules) VALUES ($1)", {ToJson(rules).dump()});
}

}  // namespace airlift
