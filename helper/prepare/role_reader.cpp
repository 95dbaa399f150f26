#include "prepare/role_reader.h"

#include <fmt/format.h>

namespace airlift {

namespace {

constexpr int kGrantOptionsSince = 16;

bool PasswordsReadable(Connection& connection) {
  return connection.Query("SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')").Boolean(0, 0);
}

std::string RolesQuery(int major, bool with_passwords) {
  const char* can_act = major >= kGrantOptionsSince
                            ? "pg_catalog.pg_has_role(r.oid, 'SET') AND pg_catalog.pg_has_role(r.oid, 'USAGE')"
                            : "pg_catalog.pg_has_role(r.oid, 'MEMBER')";
  return fmt::format(
      "SELECT r.rolname, r.oid = 10, r.oid < 16384 AND r.oid <> 10, r.rolsuper, r.rolinherit, r.rolcreaterole, "
      "r.rolcreatedb, r.rolcanlogin, r.rolreplication, r.rolbypassrls, r.rolconnlimit, r.rolvaliduntil, {}, "
      "pg_catalog.shobj_description(r.oid, 'pg_authid'), {} FROM pg_catalog.{} r ORDER BY r.rolname COLLATE \"C\"",
      with_passwords ? "r.rolpassword" : "NULL", can_act, with_passwords ? "pg_authid" : "pg_roles");
}

std::vector<RoleFacts> ReadRoles(Connection& connection, bool with_passwords) {
  const Result result = connection.Query(RolesQuery(connection.server_major(), with_passwords));
  std::vector<RoleFacts> roles;
  for (int row = 0; row < result.rows(); ++row) {
    RoleFacts role;
    role.name = result.Text(row, 0);
    role.is_bootstrap = result.Boolean(row, 1);
    role.is_predefined = result.Boolean(row, 2);
    role.superuser = result.Boolean(row, 3);
    role.inherit = result.Boolean(row, 4);
    role.createrole = result.Boolean(row, 5);
    role.createdb = result.Boolean(row, 6);
    role.login = result.Boolean(row, 7);
    role.replication = result.Boolean(row, 8);
    role.bypassrls = result.Boolean(row, 9);
    role.connection_limit = static_cast<int>(result.Integer(row, 10));
    role.valid_until = result.OptionalText(row, 11);
    role.password_hash = result.OptionalText(row, 12);
    role.comment = result.OptionalText(row, 13);
    role.can_act = result.Boolean(row, 14);
    roles.push_back(std::move(role));
  }
  return roles;
}

// Since 16 a membership may have several grantors. A GRANT changes the row whose grantor the server would choose again:
// one that the migrating role is or inherits from.
std::string MembershipsQuery(int major) {
  const std::string options = major >= kGrantOptionsSince
                                  ? "pg_catalog.bool_or(a.inherit_option), pg_catalog.bool_or(a.set_option), "
                                    "pg_catalog.bool_or(own), pg_catalog.bool_or(a.admin_option AND own), "
                                    "pg_catalog.bool_or(a.inherit_option AND own), "
                                    "pg_catalog.bool_or(a.set_option AND own)"
                                  : "NULL, NULL, NULL, NULL, NULL, NULL";
  return "SELECT g.rolname, m.rolname, m.rolinherit, pg_catalog.bool_or(a.admin_option), " + options +
         " FROM (SELECT *, pg_catalog.pg_has_role(grantor, 'USAGE') AS own FROM pg_catalog.pg_auth_members) a "
         "JOIN pg_catalog.pg_roles g ON g.oid = a.roleid JOIN pg_catalog.pg_roles m ON m.oid = a.member "
         "WHERE m.oid >= 16384 GROUP BY 1, 2, 3 ORDER BY g.rolname COLLATE \"C\", m.rolname COLLATE \"C\"";
}

std::optional<bool> OptionalBoolean(const Result& result, int row, int column) {
  return result.IsNull(row, column) ? std::nullopt : std::optional(result.Boolean(row, column));
}

std::vector<MembershipFacts> ReadMemberships(Connection& connection) {
  const Result result = connection.Query(MembershipsQuery(connection.server_major()));
  std::vector<MembershipFacts> memberships;
  for (int row = 0; row < result.rows(); ++row) {
    MembershipFacts membership;
    membership.role = result.Text(row, 0);
    membership.member = result.Text(row, 1);
    membership.member_inherits = result.Boolean(row, 2);
    membership.options = {result.Boolean(row, 3), OptionalBoolean(result, row, 4), OptionalBoolean(result, row, 5)};
    if (result.Boolean(row, 6))
      membership.own =
          MembershipOptions{result.Boolean(row, 7), OptionalBoolean(result, row, 8), OptionalBoolean(result, row, 9)};
    memberships.push_back(std::move(membership));
  }
  return memberships;
}

std::vector<SettingFacts> ReadSettings(Connection& connection) {
  const Result result = connection.Query(
      "SELECT r.rolname, s.setdatabase <> 0, pg_catalog.split_part(c.item, '=', 1), "
      "pg_catalog.substr(c.item, pg_catalog.strpos(c.item, '=') + 1) "
      "FROM pg_catalog.pg_db_role_setting s LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole "
      "CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) WITH ORDINALITY AS c (item, place) "
      "WHERE (s.setrole = 0 OR r.oid IS NOT NULL) AND s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database d "
      "WHERE d.datname = pg_catalog.current_database())) "
      "ORDER BY s.setdatabase <> 0, r.rolname COLLATE \"C\", c.place");
  std::vector<SettingFacts> settings;
  for (int row = 0; row < result.rows(); ++row)
    settings.push_back({result.OptionalText(row, 0), result.Boolean(row, 1), result.Text(row, 2), result.Text(row, 3)});
  return settings;
}

}  // namespace

SourceRoles ReadSourceRoles(Connection& source) {
  SourceRoles facts;
  facts.major = source.server_major();
  facts.passwords_readable = PasswordsReadable(source);
  facts.roles = ReadRoles(source, facts.passwords_readable);
  facts.memberships = ReadMemberships(source);
  facts.settings = ReadSettings(source);
  for (const RoleFacts& role : facts.roles) facts.is_managed = facts.is_managed || role.name == "rdsadmin";
  return facts;
}

TargetRoles ReadTargetRoles(Connection& target) {
  TargetRoles facts;
  facts.major = target.server_major();
  const Result self = target.Query(
      "SELECT current_user, pg_catalog.current_database(), r.rolsuper, r.rolsuper OR r.rolcreaterole, "
      "r.rolsuper OR r.rolcreatedb, "
      "COALESCE(pg_catalog.current_setting('rds.accepted_password_auth_method', true), '') NOT LIKE 'scram%' "
      "FROM pg_catalog.pg_roles r WHERE r.rolname = current_user");
  facts.user = self.Text(0, 0);
  facts.database = self.Text(0, 1);
  facts.is_superuser = self.Boolean(0, 2);
  facts.may_create_roles = self.Boolean(0, 3);
  facts.may_create_databases = self.Boolean(0, 4);
  facts.accepts_md5 = self.Boolean(0, 5);
  for (RoleFacts& role : ReadRoles(target, false)) facts.roles.emplace(role.name, std::move(role));
  facts.memberships = ReadMemberships(target);
  facts.settings = ReadSettings(target);
  return facts;
}

}  // namespace airlift
