// What needs both sides: the source's half finds facts (name, value), the target's half judges them.
#include "areas.h"

namespace airlift {

namespace {

constexpr Check kChecks[] = {
    {.id = "ext.not_on_target",
     .title = "an extension is not available on the target",
     .severity = Severity::kBlocker,
     .strategies = kDump | kReplication | kDms,
     .side = CheckSide::kPaired,
     .query = R"sql(
SELECT e.extname, e.extversion, NULL, NULL FROM pg_catalog.pg_extension e WHERE e.extname NOT IN ('plpgsql', 'pg_airlift'))sql",
     .target_query = R"sql(
SELECT pg_catalog.quote_ident(f.name), 'Version ' || f.value || ' on the source.', NULL, NULL
FROM source_fact f
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_available_extensions a WHERE a.name = f.name))sql",
     .remedy = "Drop or replace it on the source: what depends on it cannot be created on the target.",
     .source = "pg_available_extensions of the target"},
    {.id = "ext.not_allowed",
     .title = "an extension is not in the target's rds.allowed_extensions",
     .severity = Severity::kBlocker,
     .strategies = kDump | kReplication | kDms,
     .side = CheckSide::kPaired,
     .query = R"sql(
SELECT e.extname, e.extversion, NULL, NULL FROM pg_catalog.pg_extension e WHERE e.extname NOT IN ('plpgsql', 'pg_airlift'))sql",
     .target_query = R"sql(
SELECT pg_catalog.quote_ident(f.name), 'Allowed: ' || allowed.list || '.', NULL, NULL
FROM source_fact f
  CROSS JOIN (SELECT COALESCE(NULLIF(pg_catalog.current_setting('rds.allowed_extensions', true), ''), '*') AS list) AS allowed
WHERE allowed.list <> '*'
  AND NOT EXISTS (
    SELECT FROM pg_catalog.regexp_split_to_table(allowed.list, ',') AS item WHERE pg_catalog.btrim(item, E' \t"') = f.name))sql",
     .remedy = "Add it to rds.allowed_extensions in the parameter group.",
     .source = "RDS user guide, restricting installation of extensions"},
    {.id = "ext.version_on_target",
     .title = "the target does not have an extension's version",
     .severity = Severity::kWarning,
     .strategies = kDump | kReplication | kDms,
     .side = CheckSide::kPaired,
     .query = R"sql(
SELECT e.extname, e.extversion, NULL, NULL FROM pg_catalog.pg_extension e WHERE e.extname NOT IN ('plpgsql', 'pg_airlift'))sql",
     .target_query = R"sql(
SELECT pg_catalog.quote_ident(f.name), pg_catalog.format('Version %s on the source; the target has %s.', f.value,
    pg_catalog.string_agg(v.version, ', ' ORDER BY v.version)), NULL, NULL
FROM source_fact f JOIN pg_catalog.pg_available_extension_versions v ON v.name = f.name
GROUP BY f.name, f.value HAVING NOT pg_catalog.bool_or(v.version = f.value))sql",
     .remedy = "CREATE EXTENSION gives the target's version: check that what the application uses of it is the same, "
               "or update the "
               "source to it first.",
     .source = "pg_available_extension_versions of the target"},
    {.id = "role.not_on_target",
     .title = "a role that owns objects or has privileges is not on the target",
     .severity = Severity::kWarning,
     .strategies = kDump | kReplication | kCopy,
     .side = CheckSide::kPaired,
     .query = R"sql(
SELECT DISTINCT r.rolname, NULL, NULL, NULL
FROM pg_catalog.pg_roles r JOIN pg_catalog.pg_shdepend s ON s.refobjid = r.oid
WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND s.deptype IN ('o', 'a')
  AND s.dbid IN (0, (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))
  AND (s.dbid <> 0 OR s.classid = 'pg_catalog.pg_database'::pg_catalog.regclass AND s.objid = (
    SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())))sql",
     .target_query = R"sql(
SELECT pg_catalog.quote_ident(f.name), NULL, NULL, NULL
FROM source_fact f WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolname = f.name))sql",
     .remedy =
         "Create it there with the attributes that a managed service allows: LOGIN, INHERIT, CREATEDB, CREATEROLE.",
     .source = "measured: pg_dump's ALTER ... OWNER TO and GRANT fail"},
    {.id = "role.is_master",
     .title = "a role has the name of the target's migrating role",
     .severity = Severity::kWarning,
     .side = CheckSide::kPaired,
     .query = R"sql(SELECT r.rolname, NULL, NULL, NULL FROM pg_catalog.pg_roles r WHERE r.oid >= 16384)sql",
     .target_query = R"sql(
SELECT pg_catalog.quote_ident(f.name), NULL, NULL, NULL FROM source_fact f WHERE f.name = CURRENT_USER)sql",
     .remedy = "Its objects will belong to the master user, who is a member of rds_superuser: rename one of the two, "
               "unless that is meant.",
     .source = "RDS user guide, roles"},
    {.id = "owner.not_settable",
     .title = "the migrating role can neither act as an owner of objects nor make itself able to",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .side = CheckSide::kPaired,
     .query = R"sql(
SELECT DISTINCT r.rolname, NULL, NULL, NULL
FROM pg_catalog.pg_roles r JOIN pg_catalog.pg_shdepend s ON s.refobjid = r.oid
WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND s.deptype = 'o'
  AND (s.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
    OR s.classid = 'pg_catalog.pg_database'::pg_catalog.regclass AND s.objid = (
      SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())))sql",
     .target_query = R"sql(
SELECT pg_catalog.quote_ident(f.name), pg_catalog.format('Role %I is no member of it and may not grant it to itself.', CURRENT_USER), NULL, NULL
FROM source_fact f JOIN pg_catalog.pg_roles r ON r.rolname = f.name JOIN pg_catalog.pg_roles me ON me.rolname = CURRENT_USER
  CROSS JOIN (SELECT pg_catalog.current_setting('server_version_num')::int / 10000 AS major) AS v
WHERE NOT pg_catalog.pg_has_role(r.oid, CASE WHEN v.major >= 16 THEN 'SET' ELSE 'MEMBER' END)
  AND NOT CASE WHEN v.major >= 16 THEN pg_catalog.pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION')
    ELSE me.rolcreaterole AND NOT r.rolsuper END)sql",
     .remedy =
         "Who administers that role must GRANT it to the migrating role (16 and later: WITH SET TRUE, INHERIT TRUE).",
     .source = "measured: must be member of role (15), must be able to SET ROLE (16 and later)"},
    {.id = "owner.needs_grant",
     .title = "the migrating role must grant itself an owner's role before it can give objects away",
     .severity = Severity::kInfo,
     .strategies = kDump,
     .side = CheckSide::kPaired,
     .has_fix = true,
     .query = R"sql(
SELECT DISTINCT r.rolname, NULL, NULL, NULL
FROM pg_catalog.pg_roles r JOIN pg_catalog.pg_shdepend s ON s.refobjid = r.oid
WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND s.deptype = 'o'
  AND (s.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
    OR s.classid = 'pg_catalog.pg_database'::pg_catalog.regclass AND s.objid = (
      SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())))sql",
     .target_query = R"sql(
SELECT pg_catalog.quote_ident(f.name), NULL,
  pg_catalog.format('GRANT %I TO %I%s;', f.name, CURRENT_USER, CASE WHEN v.major >= 16 THEN ' WITH SET TRUE, INHERIT TRUE' END),
  CASE WHEN old.inherit IS NOT NULL -- the fix changes the options of a grant that is there
    THEN pg_catalog.format('GRANT %I TO %I WITH SET FALSE, INHERIT %s;', f.name, CURRENT_USER, old.inherit)
    ELSE pg_catalog.format('REVOKE %I FROM %I%s;', f.name, CURRENT_USER, CASE WHEN v.major >= 16 THEN ' GRANTED BY CURRENT_USER' END) END
FROM source_fact f JOIN pg_catalog.pg_roles r ON r.rolname = f.name JOIN pg_catalog.pg_roles me ON me.rolname = CURRENT_USER
  CROSS JOIN (SELECT pg_catalog.current_setting('server_version_num')::int / 10000 AS major) AS v
  LEFT JOIN LATERAL (
    SELECT pg_catalog.upper(pg_catalog.to_jsonb(m) ->> 'inherit_option') AS inherit
    FROM pg_catalog.pg_auth_members m
    WHERE v.major >= 16 AND m.roleid = r.oid AND m.member = me.oid AND m.grantor = me.oid) AS old ON true
WHERE NOT pg_catalog.pg_has_role(r.oid, CASE WHEN v.major >= 16 THEN 'SET' ELSE 'MEMBER' END)
  AND CASE WHEN v.major >= 16 THEN pg_catalog.pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION')
    ELSE me.rolcreaterole AND NOT r.rolsuper END)sql",
     .remedy = "Run the fix on the target (pg_airlift migrate does so by itself): creating a role gives neither SET "
               "nor INHERIT.",
     .source = "PostgreSQL manual 16, role attributes; measured"},
    {.id = "role.md5_refused",
     .title = "a role's md5 password does not let it log in to the target",
     .severity = Severity::kWarning,
     .side = CheckSide::kPaired,
     .query = R"sql(
SELECT r.rolname, NULL, NULL, NULL
FROM (
  SELECT (pg_catalog.regexp_matches(pg_catalog.query_to_xml(
      'SELECT a.oid AS o FROM pg_catalog.pg_authid a WHERE a.rolcanlogin AND a.rolpassword LIKE ''md5%''', false, false, '')::pg_catalog.text,
    '<o>([0-9]+)</o>', 'g'))[1]::pg_catalog.oid AS oid
  WHERE pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')) AS found
  JOIN pg_catalog.pg_roles r ON r.oid = found.oid)sql",
     .target_query = R"sql(
SELECT pg_catalog.quote_ident(f.name), 'rds.accepted_password_auth_method is scram.', NULL, NULL
FROM source_fact f
WHERE pg_catalog.current_setting('rds.accepted_password_auth_method', true) = 'scram')sql",
     .remedy =
         "Set the password anew with password_encryption = 'scram-sha-256' before the move, or set the parameter to "
         "md5+scram in the parameter group until all have been.",
     .source = "RDS user guide, password encryption"},
    {.id = "role.unknown_setting",
     .title = "a role's, database's or function's setting is unknown to the target",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .side = CheckSide::kPaired,
     .query = R"sql(
SELECT DISTINCT pg_catalog.split_part(item, '=', 1), NULL, NULL, NULL
FROM (
  SELECT pg_catalog.unnest(d.setconfig) FROM pg_catalog.pg_db_role_setting d
  UNION ALL
  SELECT pg_catalog.unnest(p.proconfig) FROM pg_catalog.pg_proc p WHERE p.oid >= 16384) AS settings (item))sql",
     .target_query = R"sql(
SELECT f.name, CASE WHEN f.name ~ '\.' THEN 'Taken as a custom setting, without effect.' ELSE 'The statement that sets it fails.' END, NULL, NULL
FROM source_fact f
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_settings s WHERE pg_catalog.lower(s.name) = pg_catalog.lower(f.name)))sql",
     .remedy = "Leave it out, or load the library that defines it on the target.",
     .source = "measured: unrecognized configuration parameter"},
    {.id = "role.unsettable",
     .title = "a role's, database's or function's setting may not be set by the migrating role",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .from_target = 15,
     .side = CheckSide::kPaired,
     .query = R"sql(
SELECT DISTINCT pg_catalog.split_part(item, '=', 1), NULL, NULL, NULL
FROM (
  SELECT pg_catalog.unnest(d.setconfig) FROM pg_catalog.pg_db_role_setting d
  UNION ALL
  SELECT pg_catalog.unnest(p.proconfig) FROM pg_catalog.pg_proc p WHERE p.oid >= 16384) AS settings (item))sql",
     .target_query = R"sql(
SELECT f.name, 'Context ' || s.context || ' on the target.', NULL, NULL
FROM source_fact f JOIN pg_catalog.pg_settings s ON pg_catalog.lower(s.name) = pg_catalog.lower(f.name)
WHERE s.context <> 'user' AND NOT pg_catalog.has_parameter_privilege(s.name, 'SET'))sql",
     .remedy = "Set it in the parameter group.",
     .source = "PostgreSQL manual 15, has_parameter_privilege; measured: permission denied to set parameter"},
    {.id = "enc.differs",
     .title = "the target's encoding cannot hold all of the source's characters",
     .severity = Severity::kBlocker,
     .side = CheckSide::kPaired,
     .query = R"sql(SELECT pg_catalog.current_setting('server_encoding'), NULL, NULL, NULL)sql",
     .target_query = R"sql(
SELECT pg_catalog.current_setting('server_encoding'), 'The source has ' || f.name || '.', NULL, NULL
FROM source_fact f
WHERE pg_catalog.current_setting('server_encoding') NOT IN (f.name, 'UTF8'))sql",
     .remedy = "Create the target database with ENCODING 'UTF8' TEMPLATE template0, or with the source's encoding.",
     .source = "PostgreSQL manual, character set support"},
    {.id = "coll.differs",
     .title = "the target database sorts by another locale",
     .severity = Severity::kWarning,
     .side = CheckSide::kPaired,
     .query = R"sql(
SELECT here.name, here.setting, NULL, NULL
FROM pg_catalog.pg_database d
  CROSS JOIN LATERAL (VALUES ('LC_COLLATE', d.datcollate::pg_catalog.text), ('LC_CTYPE', d.datctype::pg_catalog.text),
    ('provider', COALESCE(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c')),
    ('ICU or built-in locale', COALESCE(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale', ''))
    ) AS here (name, setting)
WHERE d.datname = pg_catalog.current_database())sql",
     .target_query = R"sql(
SELECT f.name, pg_catalog.format('Source "%s", target "%s".', f.value, here.setting), NULL, NULL
FROM pg_catalog.pg_database d
  CROSS JOIN LATERAL (VALUES ('LC_COLLATE', d.datcollate::pg_catalog.text), ('LC_CTYPE', d.datctype::pg_catalog.text),
    ('provider', COALESCE(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c')),
    ('ICU or built-in locale', COALESCE(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale', ''))
    ) AS here (name, setting)
  JOIN source_fact f ON f.name = here.name
WHERE d.datname = pg_catalog.current_database()
  AND pg_catalog.lower(pg_catalog.replace(f.value, '-', '')) <> pg_catalog.lower(pg_catalog.replace(here.setting, '-', '')))sql",
     .remedy = "Create the target database with the source's LC_COLLATE, LC_CTYPE and provider (TEMPLATE template0) "
               "where it has them: "
               "ORDER BY, ranges and LIKE depend on it.",
     .source = "PostgreSQL manual, locale support"},
    {.id = "coll.not_on_target",
     .title = "a collation that columns use is not on the target",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .side = CheckSide::kPaired,
     .query = R"sql(
SELECT DISTINCT l.collname, NULL, NULL, NULL
FROM pg_catalog.pg_collation l
  JOIN pg_catalog.pg_attribute a ON a.attcollation = l.oid
  JOIN user_relation c ON c.oid = a.attrelid
WHERE l.collnamespace = 'pg_catalog'::pg_catalog.regnamespace AND a.attnum > 0 AND NOT a.attisdropped)sql",
     .target_query = R"sql(
SELECT pg_catalog.quote_ident(f.name), NULL, NULL, NULL
FROM source_fact f
WHERE NOT EXISTS (
  SELECT FROM pg_catalog.pg_collation l
  WHERE l.collname = f.name
    AND l.collencoding IN (-1, (
      SELECT d.encoding FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))))sql",
     .remedy = "Create a collation of that name in a schema of your own on both sides, or use one that both have.",
     .source = "PostgreSQL manual, collation support"},
    {.id = "tz.not_on_target",
     .title = "the target does not know a time zone that is set on the source",
     .severity = Severity::kWarning,
     .side = CheckSide::kPaired,
     .query = R"sql(
SELECT s.reset_val, NULL, NULL, NULL FROM pg_catalog.pg_settings s WHERE s.name = 'TimeZone'
UNION
SELECT pg_catalog.substr(item, pg_catalog.strpos(item, '=') + 1), NULL, NULL, NULL
FROM pg_catalog.pg_db_role_setting d CROSS JOIN LATERAL pg_catalog.unnest(d.setconfig) AS item WHERE item ~* '^timezone=')sql",
     .target_query = R"sql(
SELECT pg_catalog.quote_literal(f.name), NULL, NULL, NULL
FROM source_fact f
WHERE f.name ~ '^[A-Z][A-Za-z_]+/' AND f.name NOT IN (SELECT z.name FROM pg_catalog.pg_timezone_names z))sql",
     .remedy = "Use the zone's current name; versions of the time zone data differ.",
     .source = "PostgreSQL manual, time zones"},
};

}  // namespace

constexpr CheckArea kPairedArea = AreaOf(kChecks);

}  // namespace airlift
