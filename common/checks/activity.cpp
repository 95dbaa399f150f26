// What runs now, or ran lately. Sessions of others are seen in full by superusers and pg_read_all_stats only.
#include "areas.h"

namespace airlift {

namespace {

constexpr StrategySet kStreams = kReplication | kDms;

constexpr Check kChecks[] = {
    {.id = "act.visibility",
     .title = "this role does not see what other sessions do",
     .severity = Severity::kWarning,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(CURRENT_USER), 'Long transactions and clients without TLS may go unseen.', NULL, NULL
WHERE NOT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE'))sql",
     .remedy = "Assess as superuser, or GRANT pg_monitor to the role.",
     .source = "PostgreSQL manual, the cumulative statistics system"},
    {.id = "act.long_transaction",
     .title = "a transaction has been open for over ten minutes: creating a slot waits for it",
     .severity = Severity::kWarning,
     .strategies = kStreams,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT 'process ' || a.pid, pg_catalog.format('%s in database %I, %s, since %s.', a.usename, a.datname, a.state,
    pg_catalog.date_trunc('second', a.xact_start)), NULL, NULL
FROM pg_catalog.pg_stat_activity a
WHERE a.xact_start < pg_catalog.clock_timestamp() - '10 minutes'::pg_catalog.interval AND a.backend_type = 'client backend'
  AND a.pid <> pg_catalog.pg_backend_pid())sql",
     .remedy = "Wait for it, or end it with pg_terminate_backend.",
     .source = "PostgreSQL manual, CREATE_REPLICATION_SLOT; DMS assessment postgres-check-longrunningtxn"},
    {.id = "act.prepared",
     .title = "a prepared transaction is open: creating a slot waits for it, even after its client is gone",
     .severity = Severity::kBlocker,
     .strategies = kStreams,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_literal(p.gid), pg_catalog.format('%I in database %I, since %s.', p.owner, p.database,
    pg_catalog.date_trunc('second', p.prepared)), NULL, NULL
FROM pg_catalog.pg_prepared_xacts p)sql",
     .remedy = "COMMIT PREPARED or ROLLBACK PREPARED, as the transaction manager decides. After a time-out list the "
               "slots again: "
               "the server creates the slot later and leaves it behind.",
     .source = "measured; DMS assessment postgres-check-preparedtxn"},
    {.id = "act.two_phase",
     .title = "the application may use two-phase commit",
     .severity = Severity::kWarning,
     .strategies = kStreams,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT s.name, 'Value ' || s.setting || '.', NULL, NULL
FROM server_setting s WHERE s.name = 'max_prepared_transactions' AND s.setting <> '0')sql",
     .remedy = "Changes arrive at COMMIT PREPARED; with two_phase (15 and later) tables cannot be added with a copy. "
               "No prepared "
               "transaction may be open at cutover.",
     .source = "PostgreSQL manual, ALTER SUBSCRIPTION"},
    {.id = "act.ddl",
     .title = "definitions are changed now and then, and DDL is not replicated",
     .severity = Severity::kWarning,
     .strategies = kStreams,
     .query = R"sql(
SELECT 'pg_stat_statements', pg_catalog.format('%s statements of the form CREATE, ALTER or DROP TABLE or INDEX were counted.', s.calls), NULL, NULL
FROM (
  SELECT (pg_catalog.regexp_match(pg_catalog.query_to_xml(pg_catalog.format(
      'SELECT pg_catalog.sum(s.calls) AS calls FROM %I.pg_stat_statements s JOIN pg_catalog.pg_database d ON d.oid = s.dbid '
      'WHERE d.datname = pg_catalog.current_database() AND s.query ~* ''^\s*(create|alter|drop)\s+(table|(unique\s+)?index)\y''',
      n.nspname), false, false, '')::pg_catalog.text, '<calls>([0-9]+)</calls>'))[1]::bigint AS calls
  FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
  WHERE e.extname = 'pg_stat_statements'
    AND EXISTS (SELECT FROM pg_catalog.pg_settings g WHERE g.name = 'pg_stat_statements.max')) AS s
WHERE s.calls > 0)sql",
     .remedy = "Freeze DDL for the time of the move, partitions and temporary indexes included, or apply each change "
               "on the target "
               "first.",
     .source = "PostgreSQL manual, logical replication restrictions; RDS user guide, blue/green: replication degraded"},
    {.id = "act.spilled",
     .title = "transactions were too large for logical_decoding_work_mem and spilled to disk",
     .severity = Severity::kWarning,
     .strategies = kStreams,
     .from_version = 14,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(s.slot_name), pg_catalog.format('%s transactions, %s.', s.spill_txns, pg_catalog.pg_size_pretty(s.spill_bytes)),
  NULL, NULL
FROM pg_catalog.pg_stat_replication_slots s WHERE s.spill_txns > 0)sql",
     .remedy = "Raise logical_decoding_work_mem; streaming = on (14 and later) or parallel (16 and later) on the "
               "subscription.",
     .source = "PostgreSQL manual, pg_stat_replication_slots"},
    {.id = "act.slot_xmin",
     .title = "a slot holds back the cleaning of the catalog",
     .severity = Severity::kInfo,
     .strategies = kStreams,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(s.slot_name), pg_catalog.format('Age of catalog_xmin: %s transactions.', pg_catalog.age(s.catalog_xmin)), NULL, NULL
FROM pg_catalog.pg_replication_slots s WHERE pg_catalog.age(s.catalog_xmin) > 1000000)sql",
     .remedy = "Let its reader catch up, or drop it.",
     .source = "PostgreSQL manual, replication slots"},
    {.id = "feat.failover_slot",
     .title = "a fail-over of the source loses logical slots before 17",
     .severity = Severity::kWarning,
     .strategies = kStreams,
     .to_version = 16,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT 'standby ' || pg_catalog.quote_ident(r.application_name), 'It follows this server.', NULL, NULL
FROM pg_catalog.pg_stat_replication r
WHERE NOT EXISTS (
  SELECT FROM pg_catalog.pg_replication_slots s WHERE s.active_pid = r.pid AND s.slot_type = 'logical')
UNION ALL
SELECT 'slot ' || pg_catalog.quote_ident(s.slot_name), 'A physical slot: standbys may follow this server.', NULL, NULL
FROM pg_catalog.pg_replication_slots s WHERE s.slot_type = 'physical' AND NOT s.temporary)sql",
     .remedy =
         "Do not fail over during the move, or use the extension pg_failover_slots; a lost slot means a new copy.",
     .source = "PostgreSQL manual 17, logical replication failover"},
};

}  // namespace

constexpr CheckArea kActivityArea = AreaOf(kChecks);

}  // namespace airlift
