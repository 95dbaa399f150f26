#include "cluster/cluster_compare.h"

#include <fmt/format.h>

#include <algorithm>

#include "cluster/database_choice.h"
#include "cluster/one_database.h"
#include "preflight/preflight.h"

namespace airlift {

namespace {

bool IsAmong(const std::vector<DatabaseFacts>& databases, const std::string& name) {
  return std::any_of(databases.begin(), databases.end(),
                     [&](const DatabaseFacts& database) { return database.name == name; });
}

void RequireMatches(const DatabasePatterns& patterns, const std::vector<DatabaseFacts>& databases) {
  std::vector<PreflightProblem> problems;
  for (const std::string& pattern : patterns.Unmatched(databases))
    problems.push_back({"--database " + pattern + " matches no database of the source", {}, {}});
  if (const std::string list = Blockers(problems); !list.empty()) throw Error(list);
}

}  // namespace

ClusterResult CompareCluster(const ClusterCompareOptions& options) {
  Connection source(options.compare.source, Side::kSource);
  Connection target(options.compare.target, Side::kTarget);
  ClusterResult result;
  result.command = "compare";
  result.started_at = UtcNow();
  result.jobs = options.compare.jobs;
  result.source = ReadServerFacts(source);
  result.target = ReadServerFacts(target);
  const std::vector<DatabaseFacts> databases = ReadDatabases(source);
  const std::vector<DatabaseFacts> at_target = ReadDatabases(target);
  const DatabasePatterns patterns(options.include, options.exclude);
  RequireMatches(patterns, databases);
  const auto choices =
      ChooseDatabases(databases, patterns, ReadChoiceInputs(source, options.compare.source, databases));
  const auto count = std::count_if(choices.begin(), choices.end(),
                                   [](const DatabaseChoice& choice) { return choice.left_out.empty(); });
  int number = 0;
  for (const DatabaseChoice& choice : choices) {
    if (!choice.left_out.empty()) {
      result.databases.push_back(LeaveOutDatabase(choice));
      continue;
    }
    const std::string place = fmt::format("{} of {}", ++number, count);
    result.databases.push_back(DoDatabase(choice.facts, place, options.make_progress, result,
                                          [&](Progress& progress, DatabaseOutcome& outcome) {
                                            if (!IsAmong(at_target, outcome.name)) {
                                              outcome.fate = DatabaseFate::kMissing;
                                              outcome.reason = "the target has no database of that name";
                                              return;
                                            }
                                            CompareOptions compare = options.compare;
                                            compare.source = compare.source.With("dbname", outcome.name);
                                            compare.target = compare.target.With("dbname", outcome.name);
                                            RunResult found = CompareDatabases(compare, progress);
                                            outcome.fate = DatabaseFate::kCompared;
                                            outcome.evidence = options.keep_evidence(found);
                                            outcome.result = std::move(found);
                                          }));
  }
  result.finished_at = UtcNow();
  return result;
}

}  // namespace airlift
