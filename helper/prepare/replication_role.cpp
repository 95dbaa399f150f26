#include "prepare/replication_role.h"

#include <fmt/format.h>

#include "model/state_schema.h"
#include "pg/identifier.h"
#include "pg/sql_text.h"
#include "prepare/role_rules.h"
#include "prepare/step_store.h"

namespace airlift {

namespace {

// Tables of one GRANT: a step must be short, since it holds locks on the source.
constexpr size_t kTablesPerStep = 200;

// What is granted on tables and schemas, as data.
constexpr const char* kSchemasQuery = R"(
SELECT n.nspname, pg_catalog.has_schema_privilege(n.oid, 'USAGE WITH GRANT OPTION')
FROM pg_catalog.pg_namespace n
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'airlift', 'airlift_state') AND n.nspname NOT LIKE 'pg\_%'
  AND EXISTS (SELECT FROM pg_catalog.pg_class c
              WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p')
  AND NOT pg_catalog.has_schema_privilege($1, n.oid, 'USAGE')
ORDER BY n.nspname COLLATE "C")";

constexpr const char* kTablesQuery = R"(
SELECT n.nspname, c.relname, pg_catalog.has_table_privilege(c.oid, 'SELECT WITH GRANT OPTION')
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'airlift', 'airlift_state') AND n.nspname NOT LIKE 'pg\_%'
  AND NOT pg_catalog.has_table_privilege($1, c.oid, 'SELECT')
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C")";

struct RoleOnSource {
  bool exists = false;
  bool login = false;
  bool replicates = false;  // by attribute, as superuser, or through rds_replication
};

class ReplicationRolePlanner {
 public:
  ReplicationRolePlanner(Connection& source, const std::string& role, const std::string& verifier)
      : source_(source), role_(role), verifier_(verifier) {
    const Result self = source.Query(
        "SELECT NOT r.rolsuper AND EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = $1) "
        "FROM pg_catalog.pg_roles r WHERE r.rolname = current_user",
        {kReplicationRole});
    by_membership_ = self.Boolean(0, 0);
  }

  PreparePart Plan() {
    const RoleOnSource found = Find();
    if (found.exists) {
      PlanAttributes(found);
    } else {
      PlanCreation();
    }
    // A role that does not exist yet has what everybody has.
    const std::string grantee = found.exists ? role_ : "public";
    PlanUsage(grantee);
    PlanSelect(grantee);
    return std::move(plan_);
  }

 private:
  RoleOnSource Find() {
    const Result result = source_.Query(
        "SELECT r.rolcanlogin, r.rolreplication OR r.rolsuper OR EXISTS (SELECT FROM pg_catalog.pg_auth_members m "
        "JOIN pg_catalog.pg_roles g ON g.oid = m.roleid WHERE m.member = r.oid AND g.rolname = $2) "
        "FROM pg_catalog.pg_roles r WHERE r.rolname = $1",
        {role_, kReplicationRole});
    if (result.rows() == 0) return {};
    return {true, result.Boolean(0, 0), result.Boolean(0, 1)};
  }

  Step& Add(const std::string& key, const std::string& what, const std::string& sql, const std::string& undo) {
    Step step;
    step.key = key;
    step.side = Side::kSource;
    step.what = what;
    step.sql = sql;
    step.undo_sql = undo;
    step.finding = "cfg.replication_role";
    step.object = DisplayName(role_);
    step.remedy = "Have a superuser of the source run it.";
    if (key != ReplicationRoleKey(role_)) step.needs = {ReplicationRoleKey(role_)};
    plan_.steps.push_back(std::move(step));
    return plan_.steps.back();
  }

  void PlanCreation() {
    Step& step = Add(ReplicationRoleKey(role_), "create replication role " + DisplayName(role_),
                     "CREATE ROLE " + SqlName(role_) + " LOGIN" + (by_membership_ ? "" : " REPLICATION") +
                         " PASSWORD " + kSecretMark,
                     "DROP ROLE " + SqlName(role_));
    step.secret = verifier_;
    if (by_membership_) PlanMembership();
  }

  void PlanMembership() {
    Add("source-replication/" + role_, "replication for " + DisplayName(role_) + " by " + kReplicationRole,
        fmt::format("GRANT {} TO {}", kReplicationRole, SqlName(role_)),
        fmt::format("REVOKE {} FROM {}", kReplicationRole, SqlName(role_)));
  }

  void PlanAttributes(const RoleOnSource& found) {
    if (!found.replicates && by_membership_) PlanMembership();
    std::string add, take_away;
    if (!found.login) add += " LOGIN", take_away += " NOLOGIN";
    if (!found.replicates && !by_membership_) add += " REPLICATION", take_away += " NOREPLICATION";
    if (add.empty()) return;
    Add("source-attributes/" + role_, "complete replication role " + DisplayName(role_),
        "ALTER ROLE " + SqlName(role_) + add, "ALTER ROLE " + SqlName(role_) + take_away);
  }

  void CannotGrant(const std::string& privilege, const std::string& object) {
    plan_.findings.push_back({"cfg.replication_role", DisplayName(role_),
                              "The source's role may not grant " + privilege + " on " + object + ".",
                              "Have its owner or a superuser grant it.", false, false});
  }

  void PlanUsage(const std::string& grantee) {
    const Result schemas = source_.Query(kSchemasQuery, {grantee});
    for (int row = 0; row < schemas.rows(); ++row) {
      const std::string schema = schemas.Text(row, 0);
      // Without the right to grant, GRANT only warns: it has to be asked before.
      if (!schemas.Boolean(row, 1)) {
        CannotGrant("USAGE", "schema " + DisplayName(schema));
        continue;
      }
      Add("usage/" + role_ + "/" + schema, "USAGE on schema " + DisplayName(schema) + " for " + DisplayName(role_),
          fmt::format("GRANT USAGE ON SCHEMA {} TO {}", SqlName(schema), SqlName(role_)),
          fmt::format("REVOKE USAGE ON SCHEMA {} FROM {}", SqlName(schema), SqlName(role_)));
    }
  }

  void PlanSelect(const std::string& grantee) {
    const Result tables = source_.Query(kTablesQuery, {grantee});
    std::string schema, first, list, locked;
    size_t count = 0;
    const auto flush = [&] {
      if (count == 0) return;
      // GRANT locks no table: a TRUNCATE at the same moment would fail, or make it fail ("tuple concurrently updated").
      // Without waiting, because two that wait for each other's tables are a deadlock.
      const std::string lock = "LOCK TABLE " + locked + " IN ACCESS SHARE MODE NOWAIT; ";
      Add("select/" + role_ + "/" + schema + "/" + first,
          fmt::format("SELECT on {} table{} of schema {} for {}", count, count == 1 ? "" : "s", DisplayName(schema),
                      DisplayName(role_)),
          lock + "GRANT SELECT ON TABLE " + list + " TO " + SqlName(role_),
          lock + "REVOKE SELECT ON TABLE " + list + " FROM " + SqlName(role_));
      count = 0;
      list.clear();
      locked.clear();
    };
    for (int row = 0; row < tables.rows(); ++row) {
      const std::string table = tables.Text(row, 1);
      if (tables.Text(row, 0) != schema || count == kTablesPerStep) flush();
      schema = tables.Text(row, 0);
      if (!tables.Boolean(row, 2)) {
        CannotGrant("SELECT", "table " + DisplayName(schema, table));
        continue;
      }
      if (count++ == 0) first = table;
      const std::string name = SqlName(schema) + "." + SqlName(table);
      list += (list.empty() ? "" : ", ") + name;
      locked += (locked.empty() ? "ONLY " : ", ONLY ") + name;
    }
    flush();
  }

  Connection& source_;
  const std::string& role_;
  const std::string& verifier_;
  bool by_membership_ = false;
  PreparePart plan_;
};

}  // namespace

std::set<std::string> ReplicationRoles(Connection& target) {
  std::set<std::string> roles;
  if (!StepStore(target, "").Exists()) return roles;
  const Result result =
      target.Query("SELECT DISTINCT pg_catalog.split_part(key, '/', 2) FROM " AIRLIFT_STATE_SCHEMA
                   ".prepare_step WHERE side = 'source' AND state IN ('started', 'done') "
                   "AND key ~ '^(replication-role|source-attributes|source-replication|usage|select)/'");
  for (int row = 0; row < result.rows(); ++row) roles.insert(result.Text(row, 0));
  return roles;
}

std::string ReplicationRoleKey(const std::string& role) { return "replication-role/" + role; }

PreparePart PlanReplicationRole(Connection& source, const std::string& role, const std::string& verifier) {
  return ReplicationRolePlanner(source, role, verifier).Plan();
}

}  // namespace airlift
