// A table's result as the evidence has it, and back: what was compared before is kept in that form.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "digest.h"
#include "report/result.h"

namespace airlift {

nlohmann::json DigestJson(const TableDigest& digest);
nlohmann::json ToJson(const TableResult& table);
// Throws nlohmann's exceptions where the document is no such result.
TableResult TableResultFromJson(const nlohmann::json& entry);

}  // namespace airlift
