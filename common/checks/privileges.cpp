// Owners, grants, default privileges, large objects.
#include "areas.h"

namespace airlift {

namespace {

constexpr Check kChecks[] = {
    {.id = "owner.schema_create",
     .title = "an owner may not create in the schema of its objects",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .has_fix = true,
     .query = R"sql(
SELECT DISTINCT pg_catalog.format('%I in schema %I', r.rolname, n.nspname),
  'ALTER ... OWNER TO by a role that is no superuser needs CREATE on the schema for the new owner.',
  pg_catalog.format('GRANT CREATE ON SCHEMA %I TO %I;', n.nspname, r.rolname),
  pg_catalog.format('REVOKE CREATE ON SCHEMA %I FROM %I;', n.nspname, r.rolname)
FROM (
  SELECT c.relnamespace, c.relowner FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND m.objid = c.oid)
  UNION
  SELECT p.pronamespace, p.proowner FROM pg_catalog.pg_proc p
  WHERE p.oid >= 16384
    AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND m.objid = p.oid)
  UNION
  SELECT t.typnamespace, t.typowner FROM pg_catalog.pg_type t
  WHERE t.oid >= 16384 AND t.typtype IN ('d', 'e', 'r')
    AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND m.objid = t.oid)
  ) AS o (namespace, owner)
  JOIN pg_catalog.pg_namespace n ON n.oid = o.namespace
  JOIN pg_catalog.pg_roles r ON r.oid = o.owner
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT pg_catalog.has_schema_privilege(o.owner, n.oid, 'CREATE'))sql",
     .remedy = "Grant it for the time of the restore (pg_airlift does so on the target by itself).",
     .source = "measured: permission denied for schema; bites in schema public since 15"},
    {.id = "schema.public_acl",
     .title = "PUBLIC may create in schema public here, and may not on a new target",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .to_version = 14,
     .from_target = 15,
     .query = R"sql(
SELECT 'public', 'The privilege came with initdb, so pg_dump does not write it.', NULL, NULL
FROM pg_catalog.pg_namespace n
WHERE n.nspname = 'public'
  AND EXISTS (
    SELECT FROM pg_catalog.aclexplode(COALESCE(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) AS a
    WHERE a.grantee = 0 AND a.privilege_type = 'CREATE'))sql",
     .remedy = "On the target, GRANT CREATE ON SCHEMA public TO the roles that create tables there.",
     .source = "PostgreSQL release notes 15"},
    {.id = "acl.catalog",
     .title = "privileges on system objects were changed",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .query = R"sql(
SELECT o.object, 'Its privileges are not those of initdb.', NULL, NULL
FROM (
  SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid AS classid, p.oid, p.proacl AS acl,
    pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) AS object
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE p.oid < 16384 AND n.nspname = 'pg_catalog'
  UNION ALL
  SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, c.relacl, pg_catalog.format('%I.%I', n.nspname, c.relname)
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid < 16384 AND n.nspname = 'pg_catalog') AS o
  LEFT JOIN pg_catalog.pg_init_privs i ON i.classoid = o.classid AND i.objoid = o.oid AND i.objsubid = 0
WHERE o.acl IS NOT NULL AND o.acl::pg_catalog.text IS DISTINCT FROM i.initprivs::pg_catalog.text
  AND EXISTS (
    SELECT FROM pg_catalog.aclexplode(o.acl) AS a
    WHERE a.grantee <> 10
      AND NOT EXISTS (
        SELECT FROM pg_catalog.aclexplode(i.initprivs) AS b
        WHERE b.grantee = a.grantee AND b.privilege_type = a.privilege_type)))sql",
     .remedy = "Leave these grants out: the service owns its catalog. Membership in pg_monitor, pg_read_all_settings "
               "or the like "
               "often gives the same.",
     .source = "measured: permission denied for function"},
    {.id = "acl.default_privileges",
     .title = "default privileges of a role need membership in it on the target",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .query = R"sql(
SELECT DISTINCT pg_catalog.quote_ident(r.rolname),
  pg_catalog.format('ALTER DEFAULT PRIVILEGES FOR ROLE %I is written by pg_dump.', r.rolname), NULL, NULL
FROM pg_catalog.pg_default_acl d JOIN pg_catalog.pg_roles r ON r.oid = d.defaclrole)sql",
     .remedy =
         "GRANT the role to the migrating role for the time of the restore; 16 and later: WITH SET TRUE, INHERIT TRUE.",
     .source = "measured: must be member of role (15), must be able to SET ROLE (16 and later)"},
    {.id = "acl.parameter",
     .title = "privileges on parameters were granted",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .from_version = 15,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT p.parname, 'Granted: ' || p.paracl::pg_catalog.text || '.', NULL, NULL FROM pg_catalog.pg_parameter_acl p)sql",
     .remedy =
         "Grant them anew as far as the target lets rds_superuser; else set the parameter in the parameter group.",
     .source = "PostgreSQL manual 15, GRANT ON PARAMETER"},
    {.id = "lo.present",
     .title = "large objects are not replicated",
     .severity = Severity::kBlocker,
     .strategies = kReplication | kDms,
     .query = R"sql(
SELECT 'large objects', CASE WHEN c.reltuples > 0 THEN 'About ' || pg_catalog.round(c.reltuples) || '.' ELSE 'At least one.' END, NULL, NULL
FROM pg_catalog.pg_class c
WHERE c.oid = 'pg_catalog.pg_largeobject_metadata'::pg_catalog.regclass
  AND EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata))sql",
     .remedy = "Move them into bytea columns, or copy them while the application stands still (pg_airlift copies and "
               "proves them). "
               "Accept this finding when they do not change during the move.",
     .source = "PostgreSQL manual, logical replication restrictions; DMS user guide, PostgreSQL source limits"},
    {.id = "lo.partial_dump",
     .title = "large objects are left out by COPY and by dumps of single schemas or tables",
     .severity = Severity::kWarning,
     .strategies = kDump | kCopy,
     .query = R"sql(
SELECT 'large objects', 'pg_dump writes them for the whole database only, or with --large-objects.', NULL, NULL
WHERE EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata))sql",
     .remedy =
         "Dump the whole database, or add --large-objects (--blobs before 16); pg_airlift copies and proves them.",
     .source = "PostgreSQL manual, pg_dump, --large-objects"},
    {.id = "lo.owner_acl",
     .title = "large objects have owners or grants to carry over",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .query = R"sql(
SELECT 'large objects of ' || pg_catalog.quote_ident(r.rolname), 'Owned by, or granted to, this role.', NULL, NULL
FROM pg_catalog.pg_roles r
WHERE r.oid >= 16384
  AND EXISTS (
    SELECT FROM pg_catalog.pg_shdepend s
    WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND s.refobjid = r.oid
      AND s.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
      AND s.classid = 'pg_catalog.pg_largeobject'::pg_catalog.regclass))sql",
     .remedy = "Create the roles on the target before the large objects; a pg_dump before 17 sets owners one by one.",
     .source = "measured"},
    {.id = "db.connect_revoked",
     .title = "PUBLIC may not connect to a database, and on Aurora nor may rds_superuser then",
     .severity = Severity::kWarning,
     .targets = kAurora,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(d.datname), NULL, NULL, NULL
FROM pg_catalog.pg_database d
WHERE d.datallowconn AND d.datacl IS NOT NULL
  AND NOT EXISTS (
    SELECT FROM pg_catalog.aclexplode(d.datacl) AS a WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT'))sql",
     .remedy = "On the target, GRANT CONNECT ON DATABASE ... TO rds_superuser.",
     .source = "Aurora user guide, rds_superuser: since 14.7 and 15.2"},
    {.id = "seclabel.present",
     .title = "objects have security labels, whose providers no managed service has",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .query = R"sql(
SELECT 'provider ' || l.provider, pg_catalog.count(*) || ' labels.', NULL, NULL
FROM (SELECT s.provider FROM pg_catalog.pg_seclabel s UNION ALL SELECT s.provider FROM pg_catalog.pg_shseclabel s) AS l
GROUP BY l.provider)sql",
     .remedy = "Leave them out: pg_dump --no-security-labels.",
     .source = "measured: no security label providers have been loaded"},
};

}  // namespace

constexpr CheckArea kPrivilegeArea = AreaOf(kChecks);

}  // namespace airlift
