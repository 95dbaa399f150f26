#include "preflight/preflight.h"

#include <fmt/format.h>

#include <random>

#include "base/error.h"
#include "pg/identifier.h"
#include "pg/sql_text.h"
#include "schema/client_program.h"
#include "state/swapped_sides.h"

namespace airlift {

namespace {

using Problems = std::vector<PreflightProblem>;

void CheckTargetVersion(const PreflightInputs& in, Problems& problems) {
  if (in.target.server_major() >= in.source.server_major()) return;
  problems.push_back({"the target's version is older than the source's",
                      fmt::format("The source is PostgreSQL {}, the target PostgreSQL {}.", in.source.server_major(),
                                  in.target.server_major()),
                      fmt::format("Create a target of version {} or later.", in.source.server_major())});
}

void CheckTargetTakesWrites(const TargetInputs& in, Problems& problems) { CheckTakesWrites(in.target, problems); }

void CheckNotTheSameDatabase(const PreflightInputs& in, Problems& problems) {
  if (IsSameDatabase(in.source, in.target))
    problems.push_back({"source and target are the same database", {}, "Check both connection strings."});
}

void CheckSidesAreNotSwapped(const PreflightInputs& in, Problems& problems) {
  if (AreSwapped(in.source, in.target)) problems.push_back({kSwappedSides, kSwappedSidesDetail, kSwappedSidesHint});
}

void CheckEncodings(const PreflightInputs& in, Problems& problems) {
  const char* query = "SELECT pg_catalog.current_setting('server_encoding')";
  const std::string source = in.source.Query(query).Text(0, 0);
  const std::string target = in.target.Query(query).Text(0, 0);
  if (source == target) return;
  if (target != "UTF8") {
    problems.push_back({fmt::format("the target's encoding {} cannot hold all of the source's {}", target, source),
                        {},
                        "Create the target database with ENCODING 'UTF8' TEMPLATE template0, or with the source's "
                        "encoding."});
  } else if (source == "SQL_ASCII") {
    problems.push_back({"the source's encoding is SQL_ASCII: its bytes may not be valid UTF8",
                        "A row with other bytes will stop the copy, which names the table.",
                        {},
                        false});
  }
}

void CheckTargetPrivileges(const TargetInputs& in, Problems& problems) {
  const Result result = in.target.Query(
      "SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'), "
      "pg_catalog.current_database(), current_user");
  if (result.Boolean(0, 0)) return;
  problems.push_back({"the migrating role may not create schemas in the target database",
                      {},
                      fmt::format("As the database's owner: GRANT CREATE ON DATABASE {} TO {};",
                                  QuoteIdentifier(result.Text(0, 1)), QuoteIdentifier(result.Text(0, 2)))});
}

// Tables that the source's role could not read whole, as two lists: no SELECT, and hidden rows.
void CheckSourcePrivileges(const PreflightInputs& in, Problems& problems) {
  const Result result = in.source.Query(
      "SELECT n.nspname, c.relname, NOT pg_catalog.has_table_privilege(c.oid, 'SELECT') "
      "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND c.oid >= 16384 "
      "AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'airlift') "
      "AND (NOT pg_catalog.has_table_privilege(c.oid, 'SELECT') OR pg_catalog.row_security_active(c.oid)) "
      "ORDER BY 1, 2");
  for (int row = 0; row < result.rows(); ++row) {
    if (in.selection != nullptr && !in.selection->TakesRows(result.Text(row, 0), result.Text(row, 1))) continue;
    const std::string name = DisplayName(result.Text(row, 0), result.Text(row, 1));
    const std::string quoted = QualifiedName(result.Text(row, 0), result.Text(row, 1));
    if (result.Boolean(row, 2)) {
      problems.push_back(
          {"the source's role may not read table " + name, {}, "GRANT SELECT ON " + quoted + " TO the role."});
    } else {
      problems.push_back({"row-level security may hide rows of table " + name + " from the source's role",
                          {},
                          "Use a role with BYPASSRLS, or the table's owner where it is not FORCE ROW LEVEL SECURITY."});
    }
  }
}

void CheckFreeConnections(Connection& connection, int needed, Problems& problems) {
  const Result result = connection.Query(
      "SELECT pg_catalog.current_setting('max_connections')::int "
      "- pg_catalog.current_setting('superuser_reserved_connections')::int - pg_catalog.count(*) "
      "FROM pg_catalog.pg_stat_activity WHERE backend_type = 'client backend'");
  const int64_t free = result.Integer(0, 0);
  if (free >= needed) return;
  problems.push_back({fmt::format("the {} has too few free connections", SideName(connection.side())),
                      fmt::format("{} are free, {} are needed.", free, needed),
                      "Ask for fewer --jobs, or raise max_connections."});
}

constexpr int kBesidesWorkers = 3;  // coordinator, snapshot, pg_dump

void CheckSourceConnections(const PreflightInputs& in, Problems& problems) {
  CheckFreeConnections(in.source, in.options.jobs + kBesidesWorkers, problems);
}

void CheckTargetConnections(const TargetInputs& in, Problems& problems) {
  CheckFreeConnections(in.target, in.options.jobs + kBesidesWorkers, problems);
}

// pg_dump locks every table in one transaction; each lock takes a place in a table of fixed size.
void CheckSourceLockTable(const PreflightInputs& in, Problems& problems) {
  const Result result = in.source.Query(
      "SELECT pg_catalog.current_setting('max_locks_per_transaction')::bigint * "
      "(pg_catalog.current_setting('max_connections')::bigint + "
      "pg_catalog.current_setting('max_prepared_transactions')::bigint), "
      "(SELECT pg_catalog.count(*) FROM pg_catalog.pg_class WHERE relkind IN ('r', 'p') AND relpersistence <> 't'), "
      "pg_catalog.current_setting('max_connections')::bigint + "
      "pg_catalog.current_setting('max_prepared_transactions')::bigint");
  const int64_t places = result.Integer(0, 0);
  const int64_t tables = result.Integer(0, 1);
  if (tables <= places) return;
  problems.push_back({"the source's lock table is too small for pg_dump",
                      fmt::format("It locks {} tables at once; there are {} places.", tables, places),
                      fmt::format("Set max_locks_per_transaction to {} or more and restart the source.",
                                  tables / result.Integer(0, 2) + 64)});
}

void CheckClientProgram(const PreflightInputs& in, Problems& problems) {
  try {
    ChooseProgram(FindPrograms(in.options.pg_bindir), in.source.server_major(), in.target.server_major());
  } catch (const Stopped&) {
    throw;
  } catch (const Error& error) {
    const std::string where = in.options.pg_bindir.empty() ? "PATH and the usual places"
                                                           : fmt::format("directory \"{}\" only", in.options.pg_bindir);
    problems.push_back(
        {error.what(), error.detail().empty() ? "It was looked for in " + where + "." : error.detail(), error.hint()});
  }
}

void CheckTargetIsEmpty(const TargetInputs& in, Problems& problems) {
  // --restart is no leave to load into what no former run made.
  if (in.resumes || in.options.into_existing) return;
  const std::vector<std::string> found = ExistingObjects(in.target, in.options.admin_function);
  if (found.empty()) return;
  std::string list;
  for (const std::string& object : found) list += (list.empty() ? "" : ", ") + object;
  problems.push_back({"the target database is not empty", "It holds " + list + ".",
                      "Give an empty database, or --into-existing to load beside what is there."});
}

// Of both sides, or of the source.
using Check = void (*)(const PreflightInputs&, Problems&);
constexpr Check kChecks[] = {
    CheckSidesAreNotSwapped, CheckTargetVersion,     CheckNotTheSameDatabase, CheckEncodings,
    CheckSourcePrivileges,   CheckSourceConnections, CheckSourceLockTable,    CheckClientProgram,
};

using TargetCheck = void (*)(const TargetInputs&, Problems&);
constexpr TargetCheck kTargetChecks[] = {
    CheckTargetTakesWrites,
    CheckTargetPrivileges,
    CheckTargetConnections,
    CheckTargetIsEmpty,
};

}  // namespace

std::vector<PreflightProblem> RunPreflight(const PreflightInputs& inputs) {
  Problems problems;
  for (const Check check : kChecks) check(inputs, problems);
  for (const TargetCheck check : kTargetChecks) check({inputs.target, inputs.options, inputs.resumes}, problems);
  return problems;
}

std::vector<PreflightProblem> RunTargetPreflight(const TargetInputs& inputs) {
  Problems problems;
  for (const TargetCheck check : kTargetChecks) check(inputs, problems);
  return problems;
}

void CheckTakesWrites(Connection& target, Problems& problems) {
  const Result state =
      target.Query("SELECT pg_catalog.pg_is_in_recovery(), pg_catalog.current_setting('transaction_read_only')");
  if (state.Boolean(0, 0)) {
    problems.push_back({"the target is a standby", "It is in recovery and takes no writes.",
                        "Connect to the writer (the primary, or the cluster endpoint)."});
  } else if (state.Text(0, 1) == "on") {
    problems.push_back({"the target is read-only", "transaction_read_only is on for this role or database.",
                        "Set default_transaction_read_only to off for the migrating role."});
  }
}

std::string Blockers(const std::vector<PreflightProblem>& problems) {
  std::string list;
  for (const PreflightProblem& problem : problems) {
    if (!problem.is_blocker) continue;
    list += (list.empty() ? "" : "\n") + Error(problem.message, problem.detail, problem.hint).Report();
  }
  return list;
}

std::string ProblemComments(const std::vector<PreflightProblem>& problems) {
  std::string text;
  for (const PreflightProblem& problem : problems)
    text += SqlComment(fmt::format("pre-flight {}: {}", problem.is_blocker ? "failure" : "warning",
                                   Error(problem.message, problem.detail, problem.hint).Report()));
  return text;
}

bool IsSameDatabase(Connection& source, Connection& target) {
  // Advisory locks belong to one database of one running server.
  const std::string key = std::to_string(std::random_device{}() & 0x7fffffff);
  source.Query("SELECT pg_catalog.pg_advisory_lock(20261, $1)", {key});
  const bool free = target.Query("SELECT pg_catalog.pg_try_advisory_lock(20261, $1)", {key}).Boolean(0, 0);
  if (free) target.Query("SELECT pg_catalog.pg_advisory_unlock(20261, $1)", {key});
  source.Query("SELECT pg_catalog.pg_advisory_unlock(20261, $1)", {key});
  return !free;
}

std::vector<std::string> ExistingObjects(Connection& target, const std::string& ignored_function) {
  const Result result = target.Query(R"(
SELECT kind || ' ' || name FROM (
  SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence' WHEN 'm' THEN 'materialized view'
         WHEN 'f' THEN 'foreign table' ELSE 'table' END AS kind,
         pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, c.oid, 'pg_catalog.pg_class'::pg_catalog.regclass AS class
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'airlift_state')
    AND n.nspname NOT LIKE 'pg\_toast%' AND n.nspname NOT LIKE 'pg\_temp%'
  UNION ALL
  SELECT 'function', pg_catalog.format('%I.%I', n.nspname, p.proname), p.oid, 'pg_catalog.pg_proc'::pg_catalog.regclass
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'airlift_state') AND p.oid >= 16384
  UNION ALL
  SELECT 'large object', m.oid::pg_catalog.text, m.oid, 'pg_catalog.pg_largeobject'::pg_catalog.regclass
  FROM pg_catalog.pg_largeobject_metadata m
) object
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = object.class AND d.objid = object.oid
                  AND d.deptype = 'e')
  AND (oid >= 16384 OR kind = 'large object')
  AND (kind <> 'function' OR $1 = '' OR oid IS DISTINCT FROM pg_catalog.to_regproc($1)::pg_catalog.oid)
LIMIT 5)",
                                     {ignored_function});
  std::vector<std::string> objects;
  for (int row = 0; row < result.rows(); ++row) objects.push_back(result.Text(row, 0));
  return objects;
}

}  // namespace airlift
