// Extensions and languages.
#include "areas.h"

namespace airlift {

namespace {

constexpr Check kChecks[] = {
    {.id = "ext.unavailable",
     .title = "an extension is not offered by the target",
     .severity = Severity::kBlocker,
     .strategies = kDump | kReplication | kDms,
     .targets = kAws,
     .query = R"sql(
SELECT pg_catalog.quote_ident(e.extname), 'Not in the service''s list for PostgreSQL ' || p.target_version || '.', NULL, NULL
FROM pg_catalog.pg_extension e CROSS JOIN parameters p
WHERE e.extname NOT IN ('plpgsql', 'pg_airlift')
  AND NOT EXISTS (SELECT FROM offered_extension o WHERE o.name = e.extname AND o.version <> ''))sql",
     .remedy = "Drop or replace it on the source: what depends on it cannot be created on the target. Ask the target "
               "itself with "
               "pg_airlift assess --target, as the lists lag a minor release.",
     .source = "RDS and Aurora release notes, extension tables (April 2026)"},
    {.id = "ext.version",
     .title = "an extension is newer here than on the target",
     .severity = Severity::kWarning,
     .strategies = kDump | kReplication | kDms,
     .targets = kAws,
     .query = R"sql(
SELECT pg_catalog.quote_ident(v.extname), pg_catalog.format('Version %s here, %s offered.', v.extversion, v.version), NULL, NULL
FROM (
  SELECT e.extname, e.extversion, o.version,
    pg_catalog.string_to_array(pg_catalog.regexp_replace(e.extversion, '(\.0)+$', ''), '.') AS here,
    pg_catalog.string_to_array(pg_catalog.regexp_replace(o.version, '(\.0)+$', ''), '.') AS there
  FROM pg_catalog.pg_extension e JOIN offered_extension o ON o.name = e.extname
  WHERE e.extversion ~ '^[0-9]{1,9}(\.[0-9]{1,9})*$' AND o.version ~ '^[0-9]{1,9}(\.[0-9]{1,9})*$') AS v
WHERE v.here::pg_catalog.int4[] > v.there::pg_catalog.int4[])sql",
     .remedy = "Take a newer target, or check that nothing uses what the newer version brought. PostGIS: bring the "
               "source to the "
               "target's version first.",
     .source = "RDS and Aurora release notes, extension tables (April 2026; versions are best effort)"},
    {.id = "ext.needs_admin",
     .title = "an extension is not trusted: on the target only the master user can create it",
     .severity = Severity::kInfo,
     .strategies = kDump,
     .query = R"sql(
SELECT pg_catalog.quote_ident(e.extname), NULL, NULL, NULL
FROM pg_catalog.pg_extension e
WHERE e.oid >= 16384 AND e.extname <> 'pg_airlift'
  AND e.extname NOT IN ('bool_plperl', 'btree_gin', 'btree_gist', 'citext', 'cube', 'dict_int', 'fuzzystrmatch', 'hstore', 'intarray',
    'isn', 'jsonb_plperl', 'lo', 'ltree', 'pg_trgm', 'pgcrypto', 'plperl', 'plpgsql', 'pltcl', 'seg', 'tablefunc', 'tcn',
    'tsm_system_rows', 'tsm_system_time', 'unaccent', 'uuid-ossp'))sql",
     .remedy = "Restore as the master user, or use rds_extension and rds.allowed_delegated_extensions.",
     .source = "PostgreSQL manual, CREATE EXTENSION; RDS user guide, delegated extensions"},
    {.id = "ext.comment",
     .title = "an extension's own comment cannot be carried over",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .query = R"sql(
SELECT pg_catalog.quote_ident(e.extname), 'Comment: ' || d.description, NULL, NULL
FROM pg_catalog.pg_extension e
  JOIN pg_catalog.pg_description d
    ON d.classoid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.objoid = e.oid
  LEFT JOIN pg_catalog.pg_available_extensions a ON a.name = e.extname
WHERE d.description IS DISTINCT FROM a.comment)sql",
     .remedy = "Leave it out (pg_restore --no-comments, or its entries COMMENT - EXTENSION): the service owns its "
               "extensions. The "
               "comments that extensions bring themselves fail as well, and nothing is lost.",
     .source = "measured: must be owner of extension"},
    {.id = "ext.config_tables",
     .title = "an extension keeps rows of its own, which publications leave out",
     .severity = Severity::kWarning,
     .strategies = kReplication | kDms,
     .query = R"sql(
SELECT pg_catalog.quote_ident(e.extname),
  'Tables: ' || pg_catalog.string_agg(pg_catalog.format('%I.%I', n.nspname, c.relname), ', ' ORDER BY c.relname) || '.', NULL, NULL
FROM pg_catalog.pg_extension e
  CROSS JOIN LATERAL pg_catalog.unnest(e.extconfig) AS t (oid)
  JOIN pg_catalog.pg_class c ON c.oid = t.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND e.extname <> 'pg_airlift'
GROUP BY e.extname)sql",
     .remedy =
         "Copy these rows by themselves. Keep pg_cron off on the target until cutover; pause pg_partman on the source.",
     .source = "PostgreSQL manual, extension configuration tables; RDS user guide, blue/green considerations"},
    {.id = "ext.in_app_schema",
     .title = "an extension lives in a schema with tables of the application",
     .severity = Severity::kInfo,
     .strategies = kDump,
     .query = R"sql(
SELECT pg_catalog.quote_ident(e.extname), pg_catalog.format('In schema %I.', n.nspname), NULL, NULL
FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'public')
  AND EXISTS (SELECT FROM user_relation c WHERE c.relnamespace = n.oid AND c.relkind IN ('r', 'p')))sql",
     .remedy = "Create the schema before the extension on the target, with the same name.",
     .source = "PostgreSQL manual, CREATE EXTENSION"},
    {.id = "lang.untrusted",
     .title = "a language is untrusted or has a handler of its own",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .query = R"sql(
SELECT pg_catalog.quote_ident(l.lanname),
  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_proc p WHERE p.prolang = l.oid) || ' functions use it.', NULL, NULL
FROM pg_catalog.pg_language l
WHERE l.lanispl AND l.lanname <> 'plpgsql'
  AND (NOT l.lanpltrusted
    OR NOT EXISTS (
      SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_language'::pg_catalog.regclass AND m.objid = l.oid)))sql",
     .remedy = "Rewrite the functions in plpgsql, plperl, plv8 or, on RDS up to 17, plrust.",
     .source = "RDS user guide, supported extensions: plpython3u, plperlu, pltclu are not"},
    {.id = "job.scheduler",
     .title = "jobs are started from outside the database or by a scheduler within it",
     .severity = Severity::kWarning,
     .query = R"sql(
SELECT pg_catalog.quote_ident(j.name), 'Its jobs must stop here and start there at cutover.', NULL, NULL
FROM (
  SELECT e.extname AS name FROM pg_catalog.pg_extension e WHERE e.extname IN ('pg_cron', 'pgagent', 'pg_timetable', 'pg_partman')
  UNION
  SELECT n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname IN ('pgagent', 'timetable')) AS j)sql",
     .remedy = "pg_cron is offered by RDS and Aurora; for others use EventBridge or a host near the target.",
     .source = "RDS user guide, pg_cron"},
    {.id = "spl.not_offered",
     .title = "a preloaded library is not offered by RDS",
     .severity = Severity::kWarning,
     .targets = kAws,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT l.name, 'In shared_preload_libraries.', NULL, NULL
FROM (
  SELECT DISTINCT pg_catalog.regexp_replace(pg_catalog.btrim(item, E' "\t\n'), '^.*/', '') AS name
  FROM pg_catalog.regexp_split_to_table(pg_catalog.current_setting('shared_preload_libraries'), ',') AS item) AS l
WHERE l.name <> ''
  AND l.name NOT IN ('auto_explain', 'orafce', 'pgaudit', 'pglogical', 'pg_bigm', 'pg_cron', 'pg_hint_plan', 'pg_prewarm',
    'pg_similarity', 'pg_stat_statements', 'pg_tle', 'pg_transport', 'plprofiler', 'plrust', 'pg_airlift'))sql",
     .remedy = "Do without it on the target; what is offered is switched on in the parameter group, with a reboot.",
     .source = "RDS user guide, common tasks, parameters"},
};

}  // namespace

constexpr CheckArea kExtensionArea = AreaOf(kChecks);

}  // namespace airlift
