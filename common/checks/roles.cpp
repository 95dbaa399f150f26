// Roles, their names, attributes, memberships and settings.
#include "areas.h"

namespace airlift {

namespace {

constexpr Check kChecks[] = {
    {.id = "role.superuser",
     .title = "a role is SUPERUSER, which no managed service grants",
     .severity = Severity::kWarning,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(r.rolname), CASE WHEN r.rolcanlogin THEN 'It can log in.' ELSE 'It cannot log in.' END, NULL, NULL
FROM pg_catalog.pg_roles r WHERE r.rolsuper AND r.oid >= 16384)sql",
     .remedy = "Create it without the attribute; grant rds_superuser only to those who administer the database.",
     .source =
         "measured: must be superuser to alter superuser roles (15), permission denied to alter role (16 and later)"},
    {.id = "role.replication",
     .title = "a role has REPLICATION, which a managed service grants by membership only",
     .severity = Severity::kWarning,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(r.rolname), NULL, NULL, NULL
FROM pg_catalog.pg_roles r WHERE r.rolreplication AND r.oid >= 16384)sql",
     .remedy = "Create it without the attribute and GRANT rds_replication on the target.",
     .source = "RDS user guide, roles; measured"},
    {.id = "role.bypassrls",
     .title = "a role has BYPASSRLS, which no managed service grants",
     .severity = Severity::kBlocker,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(r.rolname), NULL, NULL, NULL
FROM pg_catalog.pg_roles r WHERE r.rolbypassrls AND NOT r.rolsuper AND r.oid >= 16384)sql",
     .remedy = "Give the role a permissive policy on each table: CREATE POLICY ... TO role USING (true). Accept this "
               "finding where "
               "the role does not read tables with row-level security.",
     .source = "measured on 15 to 18"},
    {.id = "role.reserved_name",
     .title = "a role's name is reserved on RDS and Aurora",
     .severity = Severity::kBlocker,
     .targets = kAws,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(r.rolname), 'Names that begin with rds are the service''s own.', NULL, NULL
FROM pg_catalog.pg_roles r
WHERE r.oid >= 16384 AND r.rolname ~ '^rds'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_settings s WHERE s.name = 'rds.extensions'))sql",
     .remedy = "Rename the role on the source before the move; an md5 password is lost by that.",
     .source = "RDS user guide, roles"},
    {.id = "db.reserved_name",
     .title = "a database's name is reserved on RDS and Aurora",
     .severity = Severity::kBlocker,
     .targets = kAws,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(d.datname), NULL, NULL, NULL
FROM pg_catalog.pg_database d
WHERE d.datname = 'rdsadmin' AND NOT EXISTS (SELECT FROM pg_catalog.pg_settings s WHERE s.name = 'rds.extensions'))sql",
     .remedy = "Rename the database, or move it under another name.",
     .source = "RDS API reference, CreateDBInstance"},
    {.id = "db.name_characters",
     .title = "a database's name has characters that RDS does not support",
     .severity = Severity::kWarning,
     .targets = kAws,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(d.datname), 'Supported: a letter, then letters, digits and underscores.', NULL, NULL
FROM pg_catalog.pg_database d WHERE d.datallowconn AND d.datname !~ '^[A-Za-z][A-Za-z0-9_]{0,62}$')sql",
     .remedy =
         "Rename the database, or move it under another name: CREATE DATABASE takes it, a later upgrade does not.",
     .source = "RDS API reference, CreateDBInstance; RDS user guide, upgrade prechecks"},
    {.id = "role.server_files",
     .title = "a role may read or write the server's files or run programs",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(m.rolname), 'Member of ' || g.rolname || '.', NULL, NULL
FROM pg_catalog.pg_auth_members a
  JOIN pg_catalog.pg_roles g ON g.oid = a.roleid
  JOIN pg_catalog.pg_roles m ON m.oid = a.member
WHERE g.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program') AND m.oid >= 16384)sql",
     .remedy = "Leave the membership out; use \\copy or the extension aws_s3 instead.",
     .source = "measured: permission denied to grant role \"pg_read_server_files\" (16 and later)"},
    {.id = "role.md5",
     .title = "a role's password is stored as md5",
     .severity = Severity::kWarning,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(r.rolname), NULL, NULL, NULL
FROM (
  SELECT (pg_catalog.regexp_matches(pg_catalog.query_to_xml(
      'SELECT a.oid AS o FROM pg_catalog.pg_authid a WHERE a.rolpassword LIKE ''md5%''', false, false, '')::pg_catalog.text,
    '<o>([0-9]+)</o>', 'g'))[1]::pg_catalog.oid AS oid
  WHERE pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')) AS found
  JOIN pg_catalog.pg_roles r ON r.oid = found.oid)sql",
     .remedy = "Set the password anew with password_encryption = 'scram-sha-256'. The hash can be copied, but 18 warns "
               "of it and a "
               "target with rds.accepted_password_auth_method = scram refuses the login.",
     .source = "PostgreSQL release notes 18; RDS user guide, password encryption; measured"},
    {.id = "role.password_hidden",
     .title = "this role cannot read password hashes, so they cannot be moved",
     .severity = Severity::kWarning,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT 'pg_catalog.pg_authid', 'No SELECT privilege; which passwords are md5 cannot be told either.', NULL, NULL
WHERE NOT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT'))sql",
     .remedy = "Assess as superuser, or give all roles new passwords on the target (pg_dumpall --no-role-passwords).",
     .source = "PostgreSQL manual, pg_authid"},
    {.id = "role.guc_superuser",
     .title = "a role or database has a setting that only superusers may set",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.concat_ws(' in ', CASE WHEN d.setrole <> 0 THEN 'role ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(d.setrole)) END,
    CASE WHEN d.setdatabase <> 0 THEN 'database ' || pg_catalog.quote_ident(
      (SELECT b.datname FROM pg_catalog.pg_database b WHERE b.oid = d.setdatabase)) END),
  s.name || ' = ' || pg_catalog.substr(c.item, pg_catalog.strpos(c.item, '=') + 1), NULL, NULL
FROM pg_catalog.pg_db_role_setting d
  CROSS JOIN LATERAL pg_catalog.unnest(d.setconfig) AS c (item)
  JOIN pg_catalog.pg_settings s ON s.name = pg_catalog.split_part(c.item, '=', 1)
WHERE s.context IN ('superuser', 'superuser-backend', 'backend'))sql",
     .remedy =
         "Set it in the parameter group, or GRANT SET ON PARAMETER where the target allows it; else leave it out.",
     .source = "measured: permission denied to set parameter"},
    {.id = "role.grantor",
     .title = "pg_dumpall writes a membership with GRANTED BY a role that the target does not have",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(m.rolname), pg_catalog.format('Member of %I, granted by the superuser %I.', r.rolname, g.rolname), NULL, NULL
FROM pg_catalog.pg_auth_members a
  JOIN pg_catalog.pg_roles r ON r.oid = a.roleid
  JOIN pg_catalog.pg_roles m ON m.oid = a.member
  JOIN pg_catalog.pg_roles g ON g.oid = a.grantor
WHERE g.rolsuper AND m.oid >= 16384)sql",
     .remedy = "Grant memberships without GRANTED BY (pg_airlift does); what pg_dumpall writes fails.",
     .source = "measured: must be superuser to set grantor (15), permission denied to grant privileges as role (16 and "
               "later)"},
    {.id = "role.grant_options",
     .title = "memberships have INHERIT or SET options, unknown before 16",
     .severity = Severity::kInfo,
     .strategies = kDump,
     .from_version = 16,
     .to_target = 15,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(m.rolname), pg_catalog.format('Member of %I.', r.rolname), NULL, NULL
FROM pg_catalog.pg_auth_members a
  JOIN pg_catalog.pg_roles r ON r.oid = a.roleid
  JOIN pg_catalog.pg_roles m ON m.oid = a.member
WHERE m.oid >= 16384 AND (NOT a.set_option OR a.inherit_option <> m.rolinherit))sql",
     .remedy = "Choose a target of version 16 or later, or leave the options out.",
     .source = "PostgreSQL release notes 16"},
};

}  // namespace

constexpr CheckArea kRoleArea = AreaOf(kChecks);

}  // namespace airlift
