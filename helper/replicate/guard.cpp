#include "replicate/guard.h"

#include <fmt/format.h>

#include "pg/batch.h"
#include "pg/identifier.h"

namespace airlift {

namespace {

constexpr const char* kFunctionName = "airlift_guard";

// Every table that holds rows of the user's or routes them to one. Triggers do not pass from a partitioned table to
// statements that name a partition, so each has its own.
constexpr const char* kTablesQuery = R"(
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'airlift', 'airlift_state', $1) AND n.nspname NOT LIKE 'pg\_%'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                  AND d.objid = c.oid AND d.deptype = 'e')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'airlift_guard')
ORDER BY c.oid)";

constexpr const char* kGuardedQuery = R"(
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE t.tgname = 'airlift_guard' AND NOT t.tgisinternal ORDER BY c.oid)";

class LockTimeout {
 public:
  LockTimeout(Connection& connection, int milliseconds)
      : connection_(connection), former_(connection.Query("SHOW lock_timeout").Text(0, 0)) {
    connection_.Execute(fmt::format("SET lock_timeout = {}", milliseconds));
  }
  ~LockTimeout() {
    try {
      connection_.Execute("SET lock_timeout = " + connection_.QuoteLiteral(former_));
    } catch (const Error&) {
      // A session that is lost takes its settings along.
    }
  }
  LockTimeout(const LockTimeout&) = delete;
  LockTimeout& operator=(const LockTimeout&) = delete;

 private:
  Connection& connection_;
  const std::string former_;
};

}  // namespace

GuardOutcome Guard::Close(const std::string& reason, int lock_timeout_ms) {
  GuardOutcome outcome;
  const std::string schema = QuoteIdentifier(schema_);
  connection_.Execute("CREATE SCHEMA IF NOT EXISTS " + schema);
  // A table whose trigger stands already is still open to statements that began before: the lock waits for them.
  const std::vector<std::string> standing = GuardedTables();
  ReplaceFunction(
      fmt::format("BEGIN RAISE EXCEPTION USING ERRCODE = 'read_only_sql_transaction', MESSAGE = pg_catalog.format("
                  "'cannot write to table %I.%I: %s', TG_TABLE_SCHEMA, TG_TABLE_NAME, {}), "
                  "HINT = 'pg_airlift guards this database; see pg_airlift status.'; END",
                  connection_.QuoteLiteral(reason)));
  std::vector<std::string> tables, statements;
  const Result open = connection_.Query(kTablesQuery, {schema_});
  for (int row = 0; row < open.rows(); ++row) {
    tables.push_back(open.Text(row, 0));
    statements.push_back(fmt::format(
        "CREATE TRIGGER {0} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON {1} FOR EACH STATEMENT EXECUTE FUNCTION "
        "{2}.{3}()",
        kGuardTrigger, tables.back(), schema, kFunctionName));
  }
  for (const std::string& table : standing) {
    tables.push_back(table);
    // In a block of its own, since a lock is held until the transaction ends.
    statements.push_back("DO " +
                         connection_.QuoteLiteral("BEGIN LOCK TABLE " + table + " IN SHARE ROW EXCLUSIVE MODE; END"));
  }
  const LockTimeout limit(connection_, lock_timeout_ms);
  RunEach(connection_, statements,
          [&](size_t i, const std::string& why) { outcome.refused.emplace_back(tables[i], why); });
  outcome.tables = static_cast<int64_t>(tables.size() - outcome.refused.size());
  return outcome;
}

void Guard::Open() {
  if (Exists()) ReplaceFunction("BEGIN RETURN NULL; END");
}

void Guard::Remove() {
  std::vector<std::string> statements;
  for (const std::string& table : GuardedTables())
    statements.push_back(fmt::format("DROP TRIGGER IF EXISTS {} ON {}", kGuardTrigger, table));
  const LockTimeout limit(connection_, 10000);
  std::string refusal;
  RunEach(connection_, statements, [&](size_t i, const std::string& why) { refusal = statements[i] + ": " + why; });
  if (!refusal.empty()) throw Error("could not remove the guard from every table", refusal, "Run this again.");
  connection_.Execute(fmt::format("DROP FUNCTION IF EXISTS {}.{}()", QuoteIdentifier(schema_), kFunctionName));
}

bool Guard::Exists() {
  return connection_
             .Query(
                 "SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace "
                 "WHERE n.nspname = $1 AND p.proname = $2",
                 {schema_, kFunctionName})
             .rows() > 0;
}

bool Guard::IsClosed() {
  return connection_
             .Query(
                 "SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace "
                 "WHERE n.nspname = $1 AND p.proname = $2 AND p.prosrc LIKE '%RAISE EXCEPTION%'",
                 {schema_, kFunctionName})
             .rows() > 0;
}

std::vector<std::string> Guard::GuardedTables() {
  const Result result = connection_.Query(kGuardedQuery);
  std::vector<std::string> tables;
  for (int row = 0; row < result.rows(); ++row) tables.push_back(result.Text(row, 0));
  return tables;
}

void Guard::ReplaceFunction(const std::string& body) {
  connection_.Execute(fmt::format("CREATE OR REPLACE FUNCTION {}.{}() RETURNS trigger LANGUAGE plpgsql AS {}",
                                  QuoteIdentifier(schema_), kFunctionName, connection_.QuoteLiteral(body)));
}

}  // namespace airlift
