#include "base/json_document.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace airlift {

namespace {

constexpr int kDeepest = 100;

}  // namespace

nlohmann::json ParseDocument(std::string_view text) {
  using nlohmann::json;
  const auto keep = [](int depth, json::parse_event_t, json&) {
    if (depth > kDeepest) throw Error("the JSON document is nested too deeply");
    return true;
  };
  return json::parse(text, keep);
}

}  // namespace airlift
