// What the target allows, asked of the target itself.
#include "areas.h"

namespace airlift {

namespace {

constexpr StrategySet kLoads = kDump | kReplication | kCopy;

constexpr Check kChecks[] = {
    {.id = "target.read_only",
     .title = "the target takes no writes",
     .severity = Severity::kBlocker,
     .side = CheckSide::kTarget,
     .query = R"sql(
SELECT 'the target', CASE WHEN pg_catalog.pg_is_in_recovery() THEN 'It is in recovery.' ELSE 'default_transaction_read_only is on.' END, NULL, NULL
WHERE pg_catalog.pg_is_in_recovery() OR EXISTS (
  SELECT FROM server_setting s WHERE s.name = 'default_transaction_read_only' AND s.setting = 'on'))sql",
     .remedy = "Connect to the writer: the primary, or the cluster endpoint.",
     .source = "PostgreSQL manual, hot standby"},
    {.id = "target.create",
     .title = "the migrating role may not create schemas in the target database",
     .severity = Severity::kBlocker,
     .strategies = kLoads,
     .side = CheckSide::kTarget,
     .query = R"sql(
SELECT pg_catalog.quote_ident(pg_catalog.current_database()), pg_catalog.format('Role %I lacks CREATE.', CURRENT_USER), NULL, NULL
WHERE NOT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'))sql",
     .remedy = "As the database's owner: GRANT CREATE ON DATABASE ... TO the migrating role.",
     .source = "PostgreSQL manual, privileges"},
    {.id = "target.rds_superuser",
     .title = "the migrating role is no member of rds_superuser",
     .severity = Severity::kWarning,
     .targets = kAws,
     .side = CheckSide::kTarget,
     .query = R"sql(
SELECT pg_catalog.quote_ident(CURRENT_USER), NULL, NULL, NULL
FROM pg_catalog.pg_roles r
WHERE r.rolname = 'rds_superuser' AND NOT pg_catalog.pg_has_role(r.oid, 'MEMBER'))sql",
     .remedy = "Use the master user, or GRANT rds_superuser for the time of the move.",
     .source = "RDS user guide, roles"},
    {.id = "target.create_role",
     .title = "the migrating role cannot create roles on the target",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .side = CheckSide::kTarget,
     .query = R"sql(
SELECT pg_catalog.quote_ident(r.rolname), NULL, NULL, NULL
FROM pg_catalog.pg_roles r WHERE r.rolname = CURRENT_USER AND NOT r.rolcreaterole AND NOT r.rolsuper)sql",
     .remedy = "Use the master user, or create the source's roles beforehand.",
     .source = "PostgreSQL manual, role attributes"},
    {.id = "target.password_commands",
     .title = "the migrating role may not set passwords on the target",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .targets = kAws,
     .side = CheckSide::kTarget,
     .query = R"sql(
SELECT pg_catalog.quote_ident(CURRENT_USER), 'rds.restrict_password_commands is on, and it is no member of rds_password.', NULL, NULL
WHERE pg_catalog.current_setting('rds.restrict_password_commands', true) IN ('1', 'on')
  AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_roles g WHERE g.rolname = 'rds_password' AND pg_catalog.pg_has_role(g.oid, 'MEMBER')))sql",
     .remedy =
         "GRANT rds_password to the migrating role, or set the passwords of the source's roles as one of its members.",
     .source = "RDS user guide, restricting password management"},
    {.id = "target.workers",
     .title = "the target has too few workers for a subscription",
     .severity = Severity::kBlocker,
     .strategies = kReplication,
     .side = CheckSide::kTarget,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT v.name, v.problem, NULL, NULL
FROM (
  SELECT pg_catalog.current_setting('max_worker_processes')::int AS processes,
    pg_catalog.current_setting('max_logical_replication_workers')::int AS workers,
    pg_catalog.current_setting('max_sync_workers_per_subscription')::int AS sync_workers,
    COALESCE(pg_catalog.current_setting('max_active_replication_origins', true),
      pg_catalog.current_setting('max_replication_slots'))::int AS origins,
    (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_subscription s WHERE s.pid IS NOT NULL) AS used) AS g
  CROSS JOIN LATERAL (VALUES
    ('max_logical_replication_workers', pg_catalog.format('%s of %s are free, 2 are needed.', g.workers - g.used, g.workers),
      g.workers - g.used < 2),
    ('max_worker_processes', pg_catalog.format('%s, but max_logical_replication_workers is %s.', g.processes, g.workers),
      g.processes < g.workers + 1),
    ('max_active_replication_origins (max_replication_slots before 18)', pg_catalog.format('%s; each subscription and each table '
      'that synchronizes needs one.', g.origins), g.origins - g.used < 2)) AS v (name, problem, is_short)
WHERE v.is_short)sql",
     .remedy = "Raise it in the parameter group and reboot: max_worker_processes >= max_logical_replication_workers + "
               "autovacuum_max_workers + max_parallel_workers + 1.",
     .source = "PostgreSQL manual, logical replication configuration; Aurora user guide, logical replication"},
    {.id = "target.way_back",
     .title = "the target cannot publish, so there is no way back by replication",
     .severity = Severity::kWarning,
     .strategies = kReplication,
     .side = CheckSide::kTarget,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT 'wal_level', 'Value ' || pg_catalog.current_setting('wal_level') || '.', NULL, NULL
WHERE pg_catalog.current_setting('wal_level') <> 'logical'
UNION ALL
SELECT 'max_replication_slots', 'No slot is free.', NULL, NULL
FROM (SELECT pg_catalog.count(*) AS slots FROM pg_catalog.pg_replication_slots) AS used
WHERE pg_catalog.current_setting('max_replication_slots')::int <= used.slots)sql",
     .remedy = "Set rds.logical_replication to 1 in the parameter group and reboot; raise max_replication_slots.",
     .source = "RDS user guide, logical replication"},
    {.id = "target.subscribe",
     .title = "the migrating role may not create subscriptions",
     .severity = Severity::kBlocker,
     .strategies = kReplication,
     .side = CheckSide::kTarget,
     .query = R"sql(
SELECT pg_catalog.quote_ident(r.rolname), CASE WHEN pg_catalog.current_setting('server_version_num')::int >= 160000
    THEN 'It is no member of pg_create_subscription.' ELSE 'Only superusers, on a managed service rds_superuser, may.' END, NULL, NULL
FROM pg_catalog.pg_roles r
WHERE r.rolname = CURRENT_USER AND NOT r.rolsuper
  AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_roles g
    WHERE g.rolname = 'pg_create_subscription' AND pg_catalog.pg_has_role(g.oid, 'USAGE'))
  AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_roles g
    WHERE g.rolname = 'rds_superuser' AND pg_catalog.pg_has_role(g.oid, 'USAGE')))sql",
     .remedy = "Use the master user, or GRANT pg_create_subscription (16 and later).",
     .source = "PostgreSQL manual 16, CREATE SUBSCRIPTION; RDS user guide, logical replication"},
    {.id = "target.session_replication_role",
     .title = "the migrating role may not switch triggers off by session_replication_role",
     .severity = Severity::kInfo,
     .strategies = kDump | kCopy,
     .from_target = 15,
     .side = CheckSide::kTarget,
     .query = R"sql(
SELECT 'session_replication_role', pg_catalog.format('Role %I may not set it.', CURRENT_USER), NULL, NULL
WHERE NOT pg_catalog.has_parameter_privilege('session_replication_role', 'SET'))sql",
     .remedy = "Load data before creating triggers and foreign keys, as pg_restore and pg_airlift do.",
     .source = "RDS user guide, parameters"},
    {.id = "target.not_empty",
     .title = "the target database holds tables already",
     .severity = Severity::kInfo,
     .strategies = kLoads,
     .side = CheckSide::kTarget,
     .query = R"sql(
SELECT pg_catalog.quote_ident(pg_catalog.current_database()), pg_catalog.count(*) || ' tables.', NULL, NULL
FROM user_relation c WHERE c.relkind IN ('r', 'p') AND c.nspname <> 'airlift_state' HAVING pg_catalog.count(*) > 0)sql",
     .remedy = "Give an empty database, or move with --into-existing.",
     .source = "pg_airlift"},
    {.id = "target.load_settings",
     .title = "settings for a load stand on the target",
     .severity = Severity::kWarning,
     .side = CheckSide::kTarget,
     .query = R"sql(
SELECT pg_catalog.concat_ws(' ', 'role ' || pg_catalog.quote_ident(r.rolname), 'database ' || pg_catalog.quote_ident(d.datname)),
  c.item || ': the last commits may be lost in a crash.', NULL, NULL
FROM pg_catalog.pg_db_role_setting s
  CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c (item)
  LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
  LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
WHERE c.item = 'synchronous_commit=off' AND (s.setdatabase = 0 OR d.datname = pg_catalog.current_database())
UNION ALL
SELECT 'autovacuum', 'Off for the whole server.', NULL, NULL WHERE NOT pg_catalog.current_setting('autovacuum')::boolean
UNION ALL
SELECT c.name, 'autovacuum_enabled is off.', NULL, NULL
FROM user_relation c CROSS JOIN LATERAL pg_catalog.pg_options_to_table(c.reloptions) AS o
WHERE c.relkind = 'r' AND o.option_name = 'autovacuum_enabled' AND NOT o.option_value::boolean)sql",
     .remedy =
         "Once the load is over: pg_airlift tune --reset, and the parameter group as it was; then VACUUM (ANALYZE).",
     .source = "RDS user guide, importing data"},
};

}  // namespace

constexpr CheckArea kTargetServerArea = AreaOf(kChecks);

}  // namespace airlift
