// What reaches outside the database: publications, foreign servers, tablespaces, files, programs, settings.
#include "areas.h"

namespace airlift {

namespace {

constexpr Check kChecks[] = {
    {.id = "fdw.file_fdw",
     .title = "a foreign server reads the server's files",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .query = R"sql(
SELECT pg_catalog.quote_ident(s.srvname),
  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_foreign_table t WHERE t.ftserver = s.oid) || ' foreign tables.', NULL, NULL
FROM pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper f ON f.oid = s.srvfdw
WHERE f.fdwname = 'file_fdw')sql",
     .remedy = "Load the files into tables, from S3 by aws_s3 or through the client by \\copy.",
     .source = "RDS user guide, supported extensions: file_fdw is not"},
    {.id = "fdw.server_reach",
     .title = "a foreign server must be reachable from the target's network",
     .severity = Severity::kWarning,
     .query = R"sql(
SELECT pg_catalog.quote_ident(s.srvname), pg_catalog.array_to_string(s.options, ', '), NULL, NULL
FROM (
  SELECT f.srvname, ARRAY(
    SELECT item FROM pg_catalog.unnest(f.srvoptions) AS item
    WHERE item ~* '^(host|hostaddr|port|server|servername|dbserver|address)=') AS options
  FROM pg_catalog.pg_foreign_server f) AS s
WHERE s.options <> '{}')sql",
     .remedy = "Route and resolve the name from the target's VPC; custom DNS needs a parameter.",
     .source = "RDS user guide, custom DNS"},
    {.id = "fdw.user_mapping",
     .title = "a user mapping's password must be set anew",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .query = R"sql(
SELECT pg_catalog.format('%s on server %I', CASE u.umuser WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(u.usename) END, u.srvname),
  CASE WHEN u.umoptions @> '{password_required=false}' THEN 'password_required=false is for superusers only.' END, NULL, NULL
FROM pg_catalog.pg_user_mappings u)sql",
     .remedy = "Create it on the target with its password: CREATE USER MAPPING. Options are shown to its owner and "
               "superusers only.",
     .source = "PostgreSQL manual, pg_user_mappings and postgres_fdw; measured"},
    {.id = "pub.all_tables",
     .title = "a publication is FOR ALL TABLES, which only superusers can create",
     .severity = Severity::kWarning,
     .strategies = kDump | kReplication,
     .query = R"sql(
SELECT pg_catalog.quote_ident(p.pubname), NULL, NULL, NULL FROM pg_catalog.pg_publication p WHERE p.puballtables)sql",
     .remedy = "The documents of RDS and Aurora let the master user create it; where that is refused, list the tables.",
     .source = "RDS user guide, logical replication; measured: must be superuser to create FOR ALL TABLES publication"},
    {.id = "pub.schemas",
     .title = "a publication is FOR TABLES IN SCHEMA, which only superusers can create",
     .severity = Severity::kWarning,
     .strategies = kDump | kReplication,
     .from_version = 15,
     .query = R"sql(
SELECT pg_catalog.quote_ident(p.pubname), 'Schemas: ' || pg_catalog.string_agg(pg_catalog.quote_ident(n.nspname), ', ') || '.', NULL, NULL
FROM pg_catalog.pg_publication p
  JOIN pg_catalog.pg_publication_namespace pn ON pn.pnpubid = p.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = pn.pnnspid
GROUP BY p.pubname)sql",
     .remedy = "List the tables instead.",
     .source = "measured: must be superuser to add or set schemas"},
    {.id = "pub.existing",
     .title = "the source has publications",
     .severity = Severity::kInfo,
     .strategies = kDump | kReplication,
     .query = R"sql(SELECT pg_catalog.quote_ident(p.pubname), NULL, NULL, NULL FROM pg_catalog.pg_publication p)sql",
     .remedy = "Restore without them (pg_restore --no-publications) and create them after cutover where they are still "
               "wanted.",
     .source = "PostgreSQL manual, pg_restore"},
    {.id = "pub.foreign_key_outside",
     .title = "a table outside the publication refers to one inside, so that TRUNCATE stops the apply worker",
     .severity = Severity::kWarning,
     .strategies = kReplication,
     .query = R"sql(
SELECT pg_catalog.format('%I: %s', p.pubname, outside.name), pg_catalog.format('Refers to %s by %I.', inside.name, k.conname), NULL, NULL
FROM pg_catalog.pg_publication p
  JOIN pg_catalog.pg_publication_rel pr ON pr.prpubid = p.oid
  JOIN user_relation inside ON inside.oid = pr.prrelid
  JOIN pg_catalog.pg_constraint k ON k.contype = 'f' AND k.confrelid = inside.oid AND k.conrelid <> inside.oid
  JOIN user_relation outside ON outside.oid = k.conrelid
WHERE p.pubtruncate AND NOT p.puballtables
  AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_publication_tables t
    WHERE t.pubname = p.pubname AND t.schemaname = outside.nspname AND t.tablename = outside.relname))sql",
     .remedy = "Put all tables that foreign keys connect into one publication and one subscription.",
     .source = "PostgreSQL manual, logical replication restrictions; measured: cannot truncate a table referenced in a "
               "foreign key "
               "constraint. TRUNCATE is replicated since 11, against what older guides say"},
    {.id = "sub.existing",
     .title = "the source is itself a subscriber",
     .severity = Severity::kWarning,
     .strategies = kDump | kReplication,
     .query = R"sql(
SELECT pg_catalog.quote_ident(s.subname), CASE WHEN s.subenabled THEN 'Enabled.' ELSE 'Disabled.' END, NULL, NULL
FROM pg_catalog.pg_subscription s
WHERE s.subdbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))sql",
     .remedy = "Stop it, or subscribe the target to the same publisher at cutover; restore with --no-subscriptions.",
     .source = "RDS user guide, blue/green considerations"},
    {.id = "slot.inactive",
     .title = "a replication slot is not used and keeps WAL",
     .severity = Severity::kWarning,
     .strategies = kReplication | kDms,
     .scope = CheckScope::kCluster,
     .has_fix = true,
     .query = R"sql(
SELECT pg_catalog.quote_ident(s.slot_name), pg_catalog.concat_ws(' ', pg_catalog.initcap(s.slot_type) || ' slot,',
    'WAL ' || COALESCE(s.wal_status, 'not reserved') || '.', 'A dropped slot cannot be brought back.'),
  pg_catalog.format('SELECT pg_catalog.pg_drop_replication_slot(%L);', s.slot_name), NULL
FROM pg_catalog.pg_replication_slots s
WHERE NOT s.active AND NOT s.temporary)sql",
     .remedy = "Drop it where nobody will come back for it (DMS leaves migration_subscriber_* behind): it fills the "
               "disk and counts "
               "against max_replication_slots.",
     .source = "PostgreSQL manual, replication slots; DMS user guide, homogeneous migrations"},
    {.id = "slot.plugin_refused",
     .title = "a slot's output plugin is not in output_plugin_libraries",
     .severity = Severity::kWarning,
     .strategies = kReplication | kDms,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(s.slot_name), 'Plugin ' || s.plugin || '; allowed: ' || g.setting || '.', NULL, NULL
FROM pg_catalog.pg_replication_slots s
  JOIN pg_catalog.pg_settings g ON g.name = 'output_plugin_libraries'
WHERE s.plugin IS NOT NULL
  AND s.plugin <> ALL (SELECT pg_catalog.btrim(item, E' "\t') FROM pg_catalog.regexp_split_to_table(g.setting, ',') AS item))sql",
     .remedy = "Add the plugin to the list (superuser, reload), or drop the slot.",
     .source = "PostgreSQL release notes 15.19 and 18.6 (CVE-2026-6471)"},
    {.id = "tablespace.custom",
     .title = "a tablespace of the server's disks",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(t.spcname), pg_catalog.format('%s relations of this database%s.',
    (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c WHERE c.reltablespace = t.oid),
    CASE WHEN d.dattablespace = t.oid THEN ', and all that name no other' END), NULL, NULL
FROM pg_catalog.pg_tablespace t
  JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
WHERE t.oid >= 16384)sql",
     .remedy = "Restore with --no-tablespaces. RDS accepts CREATE TABLESPACE, all on the same volume.",
     .source = "RDS user guide, tablespaces; measured: invalid value for parameter \"default_tablespace\""},
    {.id = "func.server_files",
     .title = "a function reads or writes the server's files",
     .severity = Severity::kWarning,
     .query = R"sql(
SELECT pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
  'Its text has "' || (pg_catalog.regexp_match(p.prosrc, f.pattern, 'i'))[1] || '".', NULL, NULL
FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  CROSS JOIN (VALUES (
    '(pg_read_file|pg_read_binary_file|pg_ls_dir|pg_stat_file|lo_import|lo_export|copy\s[^;]*\s(?:from|to)\s+(?:program|''/))')) AS f (pattern)
WHERE p.oid >= 16384 AND l.lanname NOT IN ('c', 'internal') AND p.prosrc ~* f.pattern
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND m.objid = p.oid))sql",
     .remedy = "Use \\copy from a client, or aws_s3.",
     .source = "measured: permission denied to COPY to a file"},
    {.id = "func.dblink",
     .title = "a function connects by dblink",
     .severity = Severity::kWarning,
     .query = R"sql(
SELECT pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)), NULL, NULL, NULL
FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE p.oid >= 16384 AND l.lanname NOT IN ('c', 'internal') AND p.prosrc ~* '\ydblink(_connect|_exec|_open|_send_query)?(_u)?\s*\('
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND m.objid = p.oid))sql",
     .remedy = "Give it a host, a user and a password: sockets, peer authentication and dblink_connect_u are not there "
               "on a managed "
               "server.",
     .source = "RDS user guide, postgres_fdw and dblink"},
    {.id = "cfg.altered",
     .title = "a setting was changed by ALTER SYSTEM",
     .severity = Severity::kInfo,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(s.name), 'Value ' || s.setting || COALESCE(' ' || s.unit, '') || '.', NULL, NULL
FROM pg_catalog.pg_settings s
WHERE s.sourcefile ~ 'postgresql\.auto\.conf$')sql",
     .remedy = "Carry it into the parameter group where it applies; ALTER SYSTEM is refused on the target.",
     .source = "measured"},
    {.id = "cfg.not_default",
     .title = "a setting of postgresql.conf differs from the default",
     .severity = Severity::kInfo,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(s.name), pg_catalog.format('Value %s%s, default %s.', s.setting, ' ' || s.unit, s.boot_val), NULL, NULL
FROM pg_catalog.pg_settings s
WHERE s.source = 'configuration file' AND s.setting IS DISTINCT FROM s.boot_val
  AND COALESCE(s.sourcefile, '') !~ 'postgresql\.auto\.conf$'
  AND s.name !~ '^(log_(directory|filename|destination|file_mode|line_prefix|timezone)|logging_collector|.*_file|.*_director(y|ies)|port|cluster_name|lc_.*|listen_addresses|dynamic_shared_memory_type|unix_socket_.*|ssl.*|archive_command|external_pid_file|default_text_search_config|DateStyle|TimeZone)$')sql",
     .remedy = "Carry it into the parameter group where it matters; memory settings follow the instance class.",
     .source = "RDS user guide, parameter groups"},
    {.id = "cfg.hba_methods",
     .title = "clients log in by a method that managed services do not have",
     .severity = Severity::kWarning,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.format('pg_hba.conf line %s', h.line_number), pg_catalog.concat_ws(' ', h.type, pg_catalog.array_to_string(h.database, ','),
    pg_catalog.array_to_string(h.user_name, ','), h.address, h.auth_method), NULL, NULL
FROM pg_catalog.pg_hba_file_rules h
WHERE h.type <> 'local' AND h.auth_method IN ('ident', 'peer', 'cert', 'ldap', 'pam', 'radius', 'sspi', 'bsd', 'oauth'))sql",
     .remedy = "Passwords (SCRAM), IAM tokens or Kerberos; who may connect from where is the security group's to say.",
     .source = "RDS user guide, database authentication"},
    {.id = "act.without_tls",
     .title = "a client is connected without TLS, which RDS refuses from 15 on",
     .severity = Severity::kWarning,
     .targets = kRds,
     .from_target = 15,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.format('%I in database %I', a.usename, a.datname), pg_catalog.count(*) || ' connections.', NULL, NULL
FROM pg_catalog.pg_stat_ssl s JOIN pg_catalog.pg_stat_activity a ON a.pid = s.pid
WHERE NOT s.ssl AND a.client_addr IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid()
GROUP BY a.usename, a.datname)sql",
     .remedy =
         "Switch the clients to sslmode=verify-full with the service's root certificate, or set rds.force_ssl to 0.",
     .source = "RDS user guide, parameters: rds.force_ssl is 1 since 15"},
};

}  // namespace

constexpr CheckArea kServerArea = AreaOf(kChecks);

}  // namespace airlift
