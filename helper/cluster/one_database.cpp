#include "cluster/one_database.h"

#include <fmt/format.h>

#include <chrono>

#include "base/stop.h"
#include "pg/identifier.h"
#include "preflight/preflight.h"

namespace airlift {

DatabaseOutcome DoDatabase(const DatabaseFacts& database, const std::string& place,
                           const std::function<std::unique_ptr<Progress>()>& make_progress, ClusterResult& result,
                           const std::function<void(Progress&, DatabaseOutcome&)>& work) {
  DatabaseOutcome outcome;
  outcome.name = database.name;
  outcome.bytes = database.bytes;
  result.was_stopped = result.was_stopped || StopRequested();
  if (result.was_stopped) return outcome;
  const auto began = std::chrono::steady_clock::now();
  const auto progress = make_progress();
  progress->Note(fmt::format("database {} ({})", DisplayName(database.name), place));
  try {
    work(*progress, outcome);
  } catch (const Stopped&) {
    result.was_stopped = true;
  } catch (const Error& error) {
    outcome.fate = DatabaseFate::kFailed;
    outcome.reason = error.Report();
  } catch (const std::exception& error) {
    outcome.fate = DatabaseFate::kFailed;
    outcome.reason = error.what();
  }
  progress->Stop();
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return outcome;
}

DatabaseOutcome LeaveOutDatabase(const DatabaseChoice& choice) {
  DatabaseOutcome outcome;
  outcome.name = choice.facts.name;
  outcome.bytes = choice.facts.bytes;
  outcome.fate = DatabaseFate::kLeftOut;
  outcome.reason = choice.left_out;
  outcome.is_by_design = choice.is_by_design;
  return outcome;
}

ChoiceInputs ReadChoiceInputs(Connection& source, const ConnInfo& info, const std::vector<DatabaseFacts>& databases) {
  ChoiceInputs inputs;
  inputs.source_is_managed = source.Query("SELECT FROM pg_catalog.pg_roles WHERE rolname = 'rdsadmin'").rows() > 0;
  for (const DatabaseFacts& database : databases) {
    if (database.name != kServersDatabase || !database.may_connect || !database.takes_connections) continue;
    Connection connection(info.With("dbname", database.name), Side::kSource);
    inputs.servers_database_is_empty = ExistingObjects(connection).empty();
  }
  return inputs;
}

}  // namespace airlift
