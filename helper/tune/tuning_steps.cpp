#include "tune/tuning_steps.h"

#include <fmt/format.h>

#include "model/state_schema.h"
#include "pg/identifier.h"
#include "pg/sql_text.h"

namespace airlift {

namespace {

// pg_db_role_setting has 'name=value'; names hold no '='.
constexpr const char* kStoredQuery = R"(
SELECT pg_catalog.split_part(c.item, '=', 1), pg_catalog.substr(c.item, pg_catalog.strpos(c.item, '=') + 1)
FROM pg_catalog.pg_db_role_setting s CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c (item)
WHERE s.setrole = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = CURRENT_USER)
  AND s.setdatabase = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))";

constexpr const char* kTablesQuery = R"(
SELECT n.nspname, c.relname,
       (SELECT o.option_value FROM pg_catalog.pg_options_to_table(c.reloptions) o WHERE o.option_name = 'autovacuum_enabled'),
       pg_catalog.pg_has_role(c.relowner, 'USAGE')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'airlift_state', 'airlift_fence', 'airlift_staging')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                  AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY 1, 2)";

constexpr const char* kStandingQuery =
    "SELECT pg_catalog.count(*) FILTER (WHERE key LIKE 'tune/setting/%'), "
    "pg_catalog.count(*) FILTER (WHERE key NOT LIKE 'tune/setting/%'), "
    "pg_catalog.to_char(pg_catalog.min(recorded_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') "
    "FROM " AIRLIFT_STATE_SCHEMA ".prepare_step WHERE key LIKE 'tune/%' AND state = 'done'";

}  // namespace

bool IsTuning(const Step& step) { return step.key.rfind(kTuneSteps, 0) == 0; }

StoredSettings ReadStoredSettings(Connection& target) {
  const Result result = target.Query(kStoredQuery);
  StoredSettings stored;
  for (int row = 0; row < result.rows(); ++row) stored[result.Text(row, 0)] = result.Text(row, 1);
  return stored;
}

RoleInDatabase ReadRoleInDatabase(Connection& target) {
  const Result result = target.Query("SELECT CURRENT_USER, pg_catalog.current_database()");
  return {result.Text(0, 0), result.Text(0, 1)};
}

Step SettingStep(const RoleInDatabase& where, const std::string& name, const std::string& value,
                 const std::optional<std::string>& before) {
  const std::string alter = fmt::format("ALTER ROLE {} IN DATABASE {}", SqlName(where.role), SqlName(where.database));
  const auto set_to = [&](const std::string& to) {
    return fmt::format("{} SET {} TO {}", alter, SqlName(name), SqlSettingValue(name, to));
  };
  Step step;
  step.key = kTuneSettings + name;
  step.what =
      fmt::format("setting {} of role {} in database {}", name, DisplayName(where.role), DisplayName(where.database));
  step.sql = set_to(value);
  step.undo_sql = before ? set_to(*before) : fmt::format("{} RESET {}", alter, SqlName(name));
  return step;
}

bool TunableTable::IsAtRest() const {
  if (!autovacuum) return false;
  for (const char* off : {"off", "false", "no", "0", "f", "n", "fa", "fal", "fals", "of"})
    if (*autovacuum == off) return true;
  return false;
}

std::vector<TunableTable> ReadTunableTables(Connection& target) {
  const Result result = target.Query(kTablesQuery);
  std::vector<TunableTable> tables;
  tables.reserve(static_cast<size_t>(result.rows()));
  for (int row = 0; row < result.rows(); ++row)
    tables.push_back({result.Text(row, 0), result.Text(row, 1), result.OptionalText(row, 2), result.Boolean(row, 3)});
  return tables;
}

Step TableStep(const char* prefix, const TunableTable& table) {
  const std::string name = SqlName(table.schema) + "." + SqlName(table.name);
  Step step;
  step.key = prefix + name;
  step.what = "autovacuum of table " + DisplayName(table.schema, table.name);
  step.sql = fmt::format("ALTER TABLE {} SET (autovacuum_enabled = off)", name);
  step.undo_sql = table.autovacuum
                      ? fmt::format("ALTER TABLE {} SET (autovacuum_enabled = {})", name, SqlText(*table.autovacuum))
                      : fmt::format("ALTER TABLE {} RESET (autovacuum_enabled)", name);
  return step;
}

std::string StandingTuning::Describe() const {
  const auto count = [](int number, const char* one, const char* many) {
    return number == 1 ? std::string(one) : fmt::format("{} {}", number, many);
  };
  std::string text;
  if (settings > 0) text = count(settings, "1 setting", "settings") + " of the migrating role";
  if (tables > 0) text += (text.empty() ? "" : " and ") + ("autovacuum off for " + count(tables, "1 table", "tables"));
  return text + ", since " + since;
}

StandingTuning FindStandingTuning(Connection& target) {
  StandingTuning standing;
  if (!target.Query("SELECT pg_catalog.to_regclass('" AIRLIFT_STATE_SCHEMA ".prepare_step') IS NOT NULL").Boolean(0, 0))
    return standing;
  const Result result = target.Query(kStandingQuery);
  standing.settings = static_cast<int>(result.Integer(0, 0));
  standing.tables = static_cast<int>(result.Integer(0, 1));
  standing.since = result.Text(0, 2);
  return standing;
}

std::optional<std::string> NoteOfStandingTuning(Connection& target) {
  try {
    const StandingTuning standing = FindStandingTuning(target);
    if (!standing.Any()) return std::nullopt;
    return "the tuning for a load still stands: " + standing.Describe() +
           "; pg_airlift tune --reset puts back what was there";
  } catch (const SqlError& error) {
    if (!error.IsClass("42")) throw;
    return std::nullopt;  // a role that may not read the state of another's migration
  }
}

}  // namespace airlift
