// What a migration may have left behind, found by its names, as data.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.h"

namespace airlift {

struct Leftover {
  Side side = Side::kSource;
  std::string what;
  std::string drop_sql;
};

// Slots, publications and subscriptions named after `publication`: itself, its groups, its way back.
std::vector<Leftover> FindSourceObjects(Connection& source, const std::string& publication);
// These on the target, and the state's schema and the guard's triggers.
std::vector<Leftover> FindTargetObjects(Connection& target, const std::string& publication);
// AWS DMS homogeneous migrations leave slot migration_subscriber_... and publication publication_... on the source when
// they are stopped, fail or are deleted; the slot keeps WAL for ever.
std::vector<Leftover> FindDmsLeftovers(Connection& source);

}  // namespace airlift
