// Which databases of a cluster are moved. Pure functions of facts.
#pragma once

#include <string>
#include <vector>

#include "catalog/pattern.h"
#include "cluster/database_facts.h"

namespace airlift {

// The server's own database, which every cluster has.
inline constexpr const char* kServersDatabase = "postgres";

class DatabasePatterns {
 public:
  DatabasePatterns() = default;
  // As pg_dumpall takes them. Throws Error where one has a dot outside of quotes, or is no pattern.
  DatabasePatterns(const std::vector<std::string>& include, const std::vector<std::string>& exclude);

  bool IsAsked(const std::string& database) const;     // one of --database matches, or none is given
  bool IsNamed(const std::string& database) const;     // one of --database matches
  bool IsExcluded(const std::string& database) const;  // one of --exclude-database matches
  // Of --database, those that match none of these databases.
  std::vector<std::string> Unmatched(const std::vector<DatabaseFacts>& databases) const;

 private:
  std::vector<std::string> include_texts_;
  std::vector<NamePattern> include_, exclude_;
};

struct DatabaseChoice {
  DatabaseFacts facts;
  std::string left_out;      // why it is not moved; "" where it is
  bool is_by_design = true;  // false: something of the user's is missing on the target, and the exit status says so
};

struct ChoiceInputs {
  bool source_is_managed = false;
  // The server's own database holds nothing.
  bool servers_database_is_empty = false;
};

// In the order of the databases; those that --database does not ask for are not in it.
std::vector<DatabaseChoice> ChooseDatabases(const std::vector<DatabaseFacts>& databases,
                                            const DatabasePatterns& patterns, const ChoiceInputs& inputs);

}  // namespace airlift
