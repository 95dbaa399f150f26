// What must not have changed for a table's decoded changes to be all that happened to its rows.
//
// DDL is not decoded: a rewrite, a partition that was detached, a publication that left a table out for an hour. So the
// catalog's description of every table is kept from one verification to the next, and a table whose description is
// another one is compared in full.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "pg/connection.h"

namespace airlift {

struct TableSignature {
  std::string text;
  std::string obstacle;  // why its changes cannot be followed at all; "" where they can
};

struct TableSignatures {
  std::string types;  // of enums and composite types, whose changes show in rows of many tables
  std::map<std::pair<std::string, std::string>, TableSignature> tables;  // by schema and name
};

TableSignatures ReadTableSignatures(Connection& source, const std::vector<std::string>& publications);

// Keeps what WhyNotFollowed() needs.
nlohmann::json ToJson(const TableSignatures& signatures);

// Why the decoded changes since `before` was kept do not tell all of this table; "" where they do.
std::string WhyNotFollowed(const nlohmann::json& before, const TableSignatures& now, const std::string& schema,
                           const std::string& name);

}  // namespace airlift
