#include "prepare/prepare_checks.h"

#include <fmt/format.h>

#include "assess/reported_findings.h"
#include "pg/identifier.h"
#include "prepare/globals_file.h"
#include "prepare/secret.h"
#include "state/swapped_sides.h"

namespace airlift {

namespace {

using Problems = std::vector<PreflightProblem>;

bool ChangesSource(const PrepareOptions& options) {
  return options.replica_identity || !options.publication.empty() || !options.replication_role.empty();
}

void CheckTwoDatabases(const PrepareCheckInputs& in, Problems& problems) {
  if (IsSameDatabase(in.source, in.target))
    problems.push_back({"source and target are the same database", {}, "Check both connection strings."});
  if (AreSwapped(in.source, in.target)) problems.push_back({kSwappedSides, kSwappedSidesDetail, kSwappedSidesHint});
}

void CheckTargetTakesSteps(const PrepareCheckInputs& in, Problems& problems) {
  CheckTakesWrites(in.target, problems);
  const Result state = in.target.Query(
      "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'), "
      "pg_catalog.current_database(), current_user");
  if (!state.Boolean(0, 0))
    problems.push_back({"the migrating role may not create schemas in the target database",
                        "The steps are recorded in schema airlift_state.",
                        fmt::format("As the database's owner: GRANT CREATE ON DATABASE {} TO {};",
                                    QuoteIdentifier(state.Text(0, 1)), QuoteIdentifier(state.Text(0, 2)))});
}

void CheckMayCreateRoles(const PrepareCheckInputs& in, Problems& problems) {
  if (!in.options.roles) return;
  const Result self =
      in.target.Query("SELECT rolsuper OR rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user");
  if (!self.Boolean(0, 0))
    problems.push_back({"the migrating role may not create roles on the target", "It lacks CREATEROLE.",
                        "Connect to the target as its master user."});
}

void CheckSourceTakesSteps(const PrepareCheckInputs& in, Problems& problems) {
  if (!ChangesSource(in.options)) return;
  if (in.source.Query("SELECT pg_catalog.pg_is_in_recovery()").Boolean(0, 0))
    problems.push_back({"the source is a standby",
                        "Replication roles, identities and publications are made on the primary.",
                        "Connect to the source's primary."});
}

// CREATEROLE is enough up to 15 together with superuser only; since 16 with REPLICATION of one's own; a managed source
// has a role to grant in place of the attribute.
void CheckMayCreateReplicationRole(const PrepareCheckInputs& in, Problems& problems) {
  if (in.options.replication_role.empty()) return;
  const Result self = in.source.Query(
      "SELECT rolsuper, rolcreaterole, rolreplication, EXISTS (SELECT FROM pg_catalog.pg_roles "
      "WHERE rolname = 'rds_replication') FROM pg_catalog.pg_roles WHERE rolname = current_user");
  const bool createrole = self.Boolean(0, 1);
  const bool since_16 = in.source.server_major() >= 16 && createrole && self.Boolean(0, 2);
  if (self.Boolean(0, 0) || since_16 || (createrole && self.Boolean(0, 3))) return;
  const bool exists = in.source
                          .Query(
                              "SELECT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1 AND rolcanlogin "
                              "AND rolreplication)",
                              {in.options.replication_role})
                          .Boolean(0, 0);
  if (!exists)
    problems.push_back(
        {"the source's role may not create a role with REPLICATION",
         {},
         fmt::format("As a superuser of the source: CREATE ROLE {} LOGIN REPLICATION; then run this again.",
                     QuoteIdentifier(in.options.replication_role))});
}

void CheckFile(const std::string& path, Problems& problems) {
  if (path.empty()) return;
  try {
    ReadPasswordFile(path);
  } catch (const Error& error) {
    problems.push_back({error.what(), error.detail(), error.hint()});
  }
}

// Read before anything is changed, and again where its roles are needed.
void CheckGlobals(const PrepareCheckInputs& in, Problems& problems) {
  if (in.options.globals.empty()) return;
  try {
    ReadGlobals(in.options.globals);
  } catch (const Error& error) {
    problems.push_back({error.what(), error.detail(), error.hint()});
  }
}

void CheckFiles(const PrepareCheckInputs& in, Problems& problems) {
  CheckFile(in.options.new_passwords, problems);
  if (!in.options.replication_role.empty()) CheckFile(in.options.password_file, problems);
}

void CheckNames(const PrepareCheckInputs& in, Problems& problems) {
  constexpr size_t kLongestName = 63;
  for (const std::string* name : {&in.options.publication, &in.options.replication_role}) {
    if (name->size() > kLongestName)
      problems.push_back({fmt::format("the name {} is too long", DisplayName(*name)),
                          fmt::format("It has {} bytes; PostgreSQL would cut it after {}.", name->size(), kLongestName),
                          {}});
  }
}

void CheckAcceptedIds(const PrepareCheckInputs& in, Problems& problems) {
  for (const auto& [id, reason] : in.options.accepted) {
    if (!IsKnownFinding(id))
      problems.push_back(
          {fmt::format("there is no finding {} to accept", DisplayName(id)), {}, "docs/checks.md lists them."});
  }
}

using Check = void (*)(const PrepareCheckInputs&, Problems&);
constexpr Check kChecks[] = {
    CheckTwoDatabases, CheckTargetTakesSteps, CheckMayCreateRoles, CheckSourceTakesSteps, CheckMayCreateReplicationRole,
    CheckFiles,        CheckGlobals,          CheckNames,          CheckAcceptedIds,
};

}  // namespace

std::vector<PreflightProblem> CheckPrepare(const PrepareCheckInputs& inputs) {
  Problems problems;
  for (const Check check : kChecks) check(inputs, problems);
  return problems;
}

void ThrowPrepareProblems(const std::vector<PreflightProblem>& problems) {
  std::string list;
  for (const PreflightProblem& problem : problems)
    list += (list.empty() ? "" : "\n") + Error(problem.message, problem.detail, problem.hint).Report();
  if (!list.empty()) throw Error(list);
}

}  // namespace airlift
