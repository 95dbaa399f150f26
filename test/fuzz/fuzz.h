// What every fuzz target shares. A target gives bytes to a parser; an Error is an answer like any other, anything else
// that is thrown, and whatever the sanitizers see, is a finding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace airlift::fuzz {

inline std::string_view View(const uint8_t* data, size_t size) { return {reinterpret_cast<const char*>(data), size}; }

template <typename Work>
void Refusing(Work work) {
  try {
    work();
  } catch (const Error&) {
  }
}

// Documents whose readers pass on the exceptions of the JSON library; their callers turn them into Error.
template <typename Work>
void RefusingJson(Work work) {
  try {
    work();
  } catch (const Error&) {
  } catch (const nlohmann::json::exception&) {
  }
}

}  // namespace airlift::fuzz
