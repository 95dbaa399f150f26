#include "prepare/databases.h"

#include <fmt/format.h>

#include <algorithm>

#include "pg/identifier.h"
#include "prepare/prepare_checks.h"

namespace airlift {

namespace {

template <typename Options>
Options In(const Options& options, const std::string& database) {
  Options one = options;
  one.source = options.source.With("dbname", database);
  one.target = options.target.With("dbname", database);
  return one;
}

void RequireOn(Side side, const ConnInfo& server, const std::vector<std::string>& databases,
               std::vector<PreflightProblem>& problems) {
  const std::vector<std::string> there = DatabasesOf(server, side);
  for (const std::string& database : databases) {
    if (std::find(there.begin(), there.end(), database) == there.end())
      problems.push_back({fmt::format("the {} has no database {}", SideName(side), DisplayName(database)),
                          {},
                          side == Side::kTarget ? "Create it there, or name the databases with --database."
                                                : "Databases that take no connections cannot be prepared."});
  }
}

// The database stands before each problem.
void CheckEach(const PrepareOptions& options, const std::vector<std::string>& databases,
               std::vector<PreflightProblem>& problems) {
  for (const std::string& database : databases) {
    const PrepareOptions one = In(options, database);
    Connection source(one.source, Side::kSource);
    Connection target(one.target, Side::kTarget);
    for (PreflightProblem& problem : CheckPrepare({source, target, one})) {
      problem.message = fmt::format("database {}: {}", DisplayName(database), problem.message);
      problems.push_back(std::move(problem));
    }
  }
}

}  // namespace

std::vector<std::string> DatabasesOf(const ConnInfo& server, Side side) {
  Connection connection(server, side);
  const Result result = connection.Query(
      "SELECT d.datname FROM pg_catalog.pg_database d WHERE d.datallowconn AND NOT d.datistemplate AND "
      "pg_catalog.has_database_privilege(d.oid, 'CONNECT') ORDER BY d.datname COLLATE \"C\"");
  std::vector<std::string> names;
  for (int row = 0; row < result.rows(); ++row) names.push_back(result.Text(row, 0));
  return names;
}

std::vector<PrepareResult> PrepareDatabases(const PrepareOptions& options, const std::vector<std::string>& databases) {
  std::vector<PreflightProblem> problems;
  RequireOn(Side::kSource, options.source, databases, problems);
  RequireOn(Side::kTarget, options.target, databases, problems);
  if (problems.empty()) CheckEach(options, databases, problems);
  ThrowPrepareProblems(problems);
  std::vector<PrepareResult> results;
  for (const std::string& database : databases) results.push_back(Prepare(In(options, database)));
  return results;
}

std::vector<PrepareResult> UndoDatabases(const UndoOptions& options, const std::vector<std::string>& databases) {
  std::vector<PreflightProblem> problems;
  RequireOn(Side::kTarget, options.target, databases, problems);
  ThrowPrepareProblems(problems);
  std::vector<PrepareResult> results;
  for (auto database = databases.rbegin(); database != databases.rend(); ++database)
    results.push_back(Undo(In(options, *database)));
  return results;
}

}  // namespace airlift
