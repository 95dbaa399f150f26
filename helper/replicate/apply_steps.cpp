#include "replicate/apply_steps.h"

#include <fmt/format.h>

#include "pg/identifier.h"
#include "pg/sql_text.h"

namespace airlift {

namespace {

constexpr int kSetOptionSince = 16;

#define USER_TABLES                                                                                             \
  "pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace AND c.relkind IN ('r', 'p') " \
  "AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'airlift', 'airlift_state', 'airlift_fence') "     \
  "AND n.nspname NOT LIKE 'pg\\_%' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE "                   \
  "d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e') "

constexpr const char* kTriggersQuery =
    "SELECT n.nspname, c.relname, g.tgname, g.tgenabled FROM " USER_TABLES
    "JOIN pg_catalog.pg_trigger g ON g.tgrelid = c.oid AND g.tgenabled IN ('A', 'R') AND NOT g.tgisinternal "
    "ORDER BY c.oid, g.tgname";

constexpr const char* kForcedQuery =
    "SELECT n.nspname, c.relname FROM " USER_TABLES "WHERE c.relrowsecurity AND c.relforcerowsecurity ORDER BY c.oid";

std::string OwnersQuery(int major) {
  const char* can_act =
      major >= kSetOptionSince
          ? "pg_catalog.pg_has_role(c.relowner, 'SET') AND pg_catalog.pg_has_role(c.relowner, 'USAGE')"
          : "pg_catalog.pg_has_role(c.relowner, 'MEMBER')";
  return std::string("SELECT DISTINCT r.rolname FROM " USER_TABLES
                     "JOIN pg_catalog.pg_roles r ON r.oid = c.relowner WHERE NOT (") +
         can_act + ") ORDER BY 1";
}

Step ApplyStep(Side side, const std::string& key, const std::string& what, const std::string& sql,
               const std::string& undo_sql) {
  Step step;
  step.key = key;
  step.side = side;
  step.what = what;
  step.sql = sql;
  step.undo_sql = undo_sql;
  return step;
}

void PlanTriggers(Connection& subscriber, const std::string& first_part, PreparePart& part) {
  const Result triggers = subscriber.Query(kTriggersQuery);
  for (int row = 0; row < triggers.rows(); ++row) {
    const std::string table = SqlName(triggers.Text(row, 0)) + "." + SqlName(triggers.Text(row, 1));
    const std::string shown = DisplayName(triggers.Text(row, 0), triggers.Text(row, 1));
    const std::string trigger = triggers.Text(row, 2);
    const char* mode = triggers.Text(row, 3) == "A" ? "ALWAYS" : "REPLICA";
    Step step =
        ApplyStep(subscriber.side(), first_part + kPutAsideSteps + shown + "/" + DisplayName(trigger),
                  fmt::format("disable trigger {} of {}, which is ENABLE {}", DisplayName(trigger), shown, mode),
                  fmt::format("ALTER TABLE ONLY {} DISABLE TRIGGER {}", table, SqlName(trigger)),
                  fmt::format("ALTER TABLE ONLY {} ENABLE {} TRIGGER {}", table, mode, SqlName(trigger)));
    step.finding = "trg.always_or_replica";
    step.object = shown;
    step.remedy = "It would fire for applied changes, whose effects arrive by themselves: disable it as the owner.";
    part.steps.push_back(std::move(step));
  }
}

void PlanRowSecurity(Connection& subscriber, const std::string& first_part, PreparePart& part) {
  const Result tables = subscriber.Query(kForcedQuery);
  for (int row = 0; row < tables.rows(); ++row) {
    const std::string table = SqlName(tables.Text(row, 0)) + "." + SqlName(tables.Text(row, 1));
    const std::string shown = DisplayName(tables.Text(row, 0), tables.Text(row, 1));
    Step step = ApplyStep(subscriber.side(), first_part + kPutAsideSteps + "row-security/" + shown,
                          "row-level security of " + shown + " no longer forced on its owner",
                          "ALTER TABLE " + table + " NO FORCE ROW LEVEL SECURITY",
                          "ALTER TABLE " + table + " FORCE ROW LEVEL SECURITY");
    step.finding = "rls.enabled";
    step.object = shown;
    step.remedy = "Changes are applied as the table's owner: as that role, run the statement.";
    part.steps.push_back(std::move(step));
  }
}

void PlanOwners(Connection& subscriber, const std::string& first_part, PreparePart& part) {
  const Result owners = subscriber.Query(OwnersQuery(subscriber.server_major()));
  const char* options = subscriber.server_major() >= kSetOptionSince ? " WITH SET TRUE, INHERIT TRUE" : "";
  for (int row = 0; row < owners.rows(); ++row) {
    const std::string owner = owners.Text(row, 0);
    Step step = ApplyStep(
        subscriber.side(), first_part + "owner/" + owner, "membership in " + DisplayName(owner) + ", which owns tables",
        "GRANT " + SqlName(owner) + " TO CURRENT_USER" + options, "REVOKE " + SqlName(owner) + " FROM CURRENT_USER");
    step.finding = "owner.not_settable";
    step.object = DisplayName(owner);
    step.remedy = fmt::format("Changes are applied as the table's owner: have somebody who may GRANT {} to this role.",
                              SqlName(owner));
    part.steps.push_back(std::move(step));
  }
}

}  // namespace

PreparePart PlanForApply(Connection& subscriber, const std::string& first_part) {
  PreparePart part;
  // First, for the other steps need it too.
  PlanOwners(subscriber, first_part, part);
  PlanTriggers(subscriber, first_part, part);
  PlanRowSecurity(subscriber, first_part, part);
  return part;
}

PreparePart PlanUnforcedRowSecurity(Connection& server, const std::string& first_part) {
  PreparePart part;
  PlanRowSecurity(server, first_part, part);
  return part;
}

}  // namespace airlift
