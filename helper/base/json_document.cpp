#include "base/json_document.h"

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace airlift {

namespace {

constexpr int kDeepest = 100;

}  // namespace

nlohmann::json ParseDocument(std::string_view text) {
  using nlohmann::json;
  // The parser takes it for the end, and would ignore what follows.
  if (text.find('\0') != std::string_view::npos) throw Error("the JSON document holds a zero byte");
  const auto keep = [](int depth, json::parse_event_t, json&) {
    if (depth > kDeepest) throw Error("the JSON document is nested too deeply");
    return true;
  };
  return json::parse(text, keep);
}

}  // namespace airlift
