// What the extension on the source does for `prepare`: replica identities and publications, which it records itself.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.h"

namespace airlift {

// False where the source has no extension, or one that is too old for this.
bool ExtensionPrepares(Connection& source);

// A row of airlift.replica_identity_plan.
struct IdentityChoice {
  std::string relation;  // schema-qualified and quoted: also a pattern that matches it alone
  std::string kind;
  std::string choice;  // keep, default, index, build index, full, blocker, none
  std::string reason;
  std::string sql;
  std::string undo_sql;
};
// Of the tables that match one of `patterns`, all without any; partitioned tables after their partitions.
std::vector<IdentityChoice> IdentityChoices(Connection& source, const std::vector<std::string>& patterns);

// Calls. They report what they could not do in columns "state" (failed, blocked, to do) and "error".
// `lock_timeout` in seconds.
std::string FixIdentityStatement(const std::string& relation, double lock_timeout);
std::string UndoIdentityStatement(const std::string& relation);
struct PublicationRequest {
  std::string name;
  std::vector<std::string> tables;  // patterns as psql's \d takes them; all tables when empty
  std::vector<std::string> exclude_tables;
  int groups = 1;
  bool via_partition_root = false;
  std::string row_filters;   // JSON: condition by table; "" for none
  std::string column_lists;  // JSON: list of columns by table; "" for none
};
// Raises an error that lists all that stands against it.
std::string CreatePublicationStatement(const PublicationRequest& request, bool dry_run);
std::string DropPublicationStatement(const std::string& name);

// True where the extension made a publication of this name, or groups of it, which still stand.
bool PublicationIsMade(Connection& source, const std::string& name);

}  // namespace airlift
