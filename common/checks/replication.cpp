// Settings of the source that logical replication needs.
#include "areas.h"

namespace airlift {

namespace {

constexpr StrategySet kStreams = kReplication | kDms;

constexpr Check kChecks[] = {
    {.id = "cfg.wal_level",
     .title = "wal_level is not logical",
     .severity = Severity::kBlocker,
     .strategies = kStreams,
     .scope = CheckScope::kCluster,
     .has_fix = true,
     .query = R"sql(
SELECT s.name, 'Value ' || s.setting || '.', 'ALTER SYSTEM SET wal_level = ''logical'';', s.undo_sql
FROM server_setting s WHERE s.name = 'wal_level' AND s.setting <> 'logical')sql",
     .remedy = "Set it and restart the server.",
     .source = "PostgreSQL manual, logical replication configuration"},
    {.id = "cfg.slots",
     .title = "too few replication slots are free",
     .severity = Severity::kBlocker,
     .strategies = kStreams,
     .scope = CheckScope::kCluster,
     .has_fix = true,
     .query = R"sql(
SELECT s.name, pg_catalog.format('%s of %s are free, 3 are needed: one per subscription, one per table that synchronizes.',
    s.setting::int - used.slots, s.setting),
  pg_catalog.format('ALTER SYSTEM SET max_replication_slots = %s;', used.slots + 10), s.undo_sql
FROM server_setting s CROSS JOIN (SELECT pg_catalog.count(*) AS slots FROM pg_catalog.pg_replication_slots) AS used
WHERE s.name = 'max_replication_slots' AND s.setting::int - used.slots < 3)sql",
     .remedy = "Raise max_replication_slots and restart the server.",
     .source = "PostgreSQL manual, logical replication configuration"},
    {.id = "cfg.senders",
     .title = "too few WAL senders are free",
     .severity = Severity::kBlocker,
     .strategies = kStreams,
     .scope = CheckScope::kCluster,
     .has_fix = true,
     .query = R"sql(
SELECT s.name, pg_catalog.format('%s of %s are free, 3 are needed.', s.setting::int - used.senders, s.setting),
  pg_catalog.format('ALTER SYSTEM SET max_wal_senders = %s;', used.senders + 10), s.undo_sql
FROM server_setting s
  CROSS JOIN (
    SELECT pg_catalog.count(*) AS senders FROM pg_catalog.pg_stat_activity a WHERE a.backend_type = 'walsender') AS used
WHERE s.name = 'max_wal_senders' AND s.setting::int - used.senders < 3)sql",
     .remedy = "Raise max_wal_senders and restart the server.",
     .source = "PostgreSQL manual, logical replication configuration"},
    {.id = "cfg.plugin_list",
     .title = "output_plugin_libraries does not allow pgoutput",
     .severity = Severity::kBlocker,
     .strategies = kStreams,
     .scope = CheckScope::kCluster,
     .has_fix = true,
     .query = R"sql(
SELECT s.name, 'Value "' || s.setting || '".',
  pg_catalog.concat_ws(', ', 'ALTER SYSTEM SET output_plugin_libraries = pgoutput', l.list) || '; SELECT pg_catalog.pg_reload_conf();',
  CASE WHEN s.undo_sql ~ '^ALTER SYSTEM SET' THEN
    'ALTER SYSTEM SET output_plugin_libraries = ' || COALESCE(l.list, '''''') || '; SELECT pg_catalog.pg_reload_conf();'
    ELSE s.undo_sql END
FROM server_setting s
  CROSS JOIN LATERAL (
    SELECT pg_catalog.string_agg(pg_catalog.quote_literal(pg_catalog.btrim(item, E' \t"')), ', ') AS list,
      pg_catalog.bool_or(pg_catalog.btrim(item, E' \t"') = 'pgoutput') AS has_pgoutput
    FROM pg_catalog.regexp_split_to_table(s.setting, ',') AS item WHERE pg_catalog.btrim(item, E' \t"') <> '') AS l
WHERE s.name = 'output_plugin_libraries' AND l.has_pgoutput IS NOT TRUE)sql",
     .remedy =
         "Add it and reload; other plugins that are in use (wal2json, pglogical_output ...) must be listed as well.",
     .source = "PostgreSQL release notes 15.19 and 18.6 (CVE-2026-6471)"},
    {.id = "cfg.slot_keep_size",
     .title = "a slot is lost when it keeps more WAL than max_slot_wal_keep_size",
     .severity = Severity::kWarning,
     .strategies = kStreams,
     .scope = CheckScope::kCluster,
     .has_fix = true,
     .query = R"sql(
SELECT s.name, pg_catalog.format('Value %s MB; compare it with the WAL of the whole copy.', s.setting),
  'ALTER SYSTEM SET max_slot_wal_keep_size = -1; SELECT pg_catalog.pg_reload_conf();', s.undo_sql
FROM server_setting s WHERE s.name = 'max_slot_wal_keep_size' AND s.setting <> '-1')sql",
     .remedy = "Lift it for the time of the move, and watch the disk of pg_wal instead.",
     .source = "PostgreSQL manual, max_slot_wal_keep_size; DMS assessment postgres-check-maxslot-wal-keep-size"},
    {.id = "cfg.idle_slot_timeout",
     .title = "a slot is lost when nobody reads it for idle_replication_slot_timeout",
     .severity = Severity::kWarning,
     .strategies = kStreams,
     .from_version = 18,
     .scope = CheckScope::kCluster,
     .has_fix = true,
     .query = R"sql(
SELECT s.name, 'Value ' || s.setting || '.',
  'ALTER SYSTEM SET idle_replication_slot_timeout = 0; SELECT pg_catalog.pg_reload_conf();', s.undo_sql
FROM server_setting s WHERE s.name = 'idle_replication_slot_timeout' AND s.setting <> '0')sql",
     .remedy = "Set it to 0 for the time of the move: the slot rests while tables are copied.",
     .source = "PostgreSQL manual 18, idle_replication_slot_timeout"},
    {.id = "cfg.sender_timeout",
     .title = "wal_sender_timeout ends a connection that decodes for a while",
     .severity = Severity::kWarning,
     .strategies = kStreams,
     .scope = CheckScope::kCluster,
     .has_fix = true,
     .query = R"sql(
SELECT s.name, pg_catalog.format('Value %s ms.', s.setting),
  'ALTER SYSTEM SET wal_sender_timeout = ''5min''; SELECT pg_catalog.pg_reload_conf();', s.undo_sql
FROM server_setting s WHERE s.name = 'wal_sender_timeout' AND s.setting::int BETWEEN 1 AND 9999)sql",
     .remedy = "0, or a minute to five.",
     .source = "DMS user guide, PostgreSQL source: at least 10 seconds"},
    {.id = "cfg.decoding_memory",
     .title = "logical_decoding_work_mem is below the default: large transactions spill to disk",
     .severity = Severity::kWarning,
     .strategies = kStreams,
     .scope = CheckScope::kCluster,
     .has_fix = true,
     .query = R"sql(
SELECT s.name, pg_catalog.format('Value %s kB.', s.setting),
  'ALTER SYSTEM SET logical_decoding_work_mem = ''256MB''; SELECT pg_catalog.pg_reload_conf();', s.undo_sql
FROM server_setting s WHERE s.name = 'logical_decoding_work_mem' AND s.setting::int < 65536)sql",
     .remedy = "256 MB to 1 GB for each WAL sender.",
     .source = "DMS assessment postgres-check-for-logical-decoding-work-mem"},
    {.id = "cfg.timeouts",
     .title = "a timeout would end the long statements of the move",
     .severity = Severity::kWarning,
     .strategies = kEveryStrategy & ~kSnapshot,
     .has_fix = true,
     .query = R"sql(
SELECT s.name, pg_catalog.format('Value %s for this role, %I.', s.setting, r.rolname),
  pg_catalog.format('ALTER ROLE %I SET %I = 0;', r.rolname, s.name),
  pg_catalog.format('ALTER ROLE %I ', r.rolname) || CASE WHEN old.value IS NULL THEN pg_catalog.format('RESET %I;', s.name)
    ELSE pg_catalog.format('SET %I = %L;', s.name, old.value) END
FROM server_setting s
  CROSS JOIN (SELECT a.oid, a.rolname FROM pg_catalog.pg_roles a WHERE a.rolname = CURRENT_USER) AS r
  LEFT JOIN LATERAL (
    SELECT pg_catalog.substr(item, pg_catalog.strpos(item, '=') + 1) AS value
    FROM pg_catalog.pg_db_role_setting d CROSS JOIN LATERAL pg_catalog.unnest(d.setconfig) AS item
    WHERE d.setrole = r.oid AND d.setdatabase = 0 AND pg_catalog.split_part(item, '=', 1) = s.name) AS old ON true
WHERE s.name IN ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'idle_session_timeout', 'transaction_timeout')
  AND s.setting <> '0' AND old.value IS DISTINCT FROM '0')sql",
     .remedy = "Switch it off for the migrating role (pg_airlift does so in its own sessions; subscriptions and "
               "pg_dump do not all).",
     .source = "DMS assessment postgres-check-idle-in-transaction-session-timeout"},
    {.id = "cfg.hba",
     .title = "pg_hba.conf lets nobody in from another host with a password",
     .severity = Severity::kBlocker,
     .strategies = kStreams | kDump | kCopy,
     .query = R"sql(
SELECT 'pg_hba.conf', pg_catalog.format('No line of type host or hostssl covers database %I, another host, and a password method.',
    pg_catalog.current_database()), NULL, NULL
WHERE NOT EXISTS (
  SELECT FROM pg_catalog.pg_hba_file_rules h
  WHERE h.error IS NULL AND h.type <> 'local' AND h.auth_method IN ('scram-sha-256', 'md5', 'password', 'cert', 'gss')
    AND h.database && ARRAY['all', 'sameuser', 'samerole', pg_catalog.current_database()::pg_catalog.text]
    AND COALESCE(h.address, '') NOT IN ('127.0.0.1', '::1', 'localhost')))sql",
     .remedy =
         "Add a line such as: hostssl DATABASE ROLE TARGET-CIDR scram-sha-256, and reload. The keyword replication "
         "covers "
         "physical replication only (DMS asks for it as well); trust is refused by subscriptions of 16 and later.",
     .source = "PostgreSQL manual, pg_hba.conf; measured: password is required"},
    {.id = "cfg.hba_errors",
     .title = "pg_hba.conf has a line that the server cannot read: a reload keeps the old rules",
     .severity = Severity::kWarning,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.format('pg_hba.conf line %s', h.line_number), h.error, NULL, NULL
FROM pg_catalog.pg_hba_file_rules h WHERE h.error IS NOT NULL)sql",
     .remedy = "Mend the line before adding others.",
     .source = "PostgreSQL manual, pg_hba_file_rules"},
    {.id = "cfg.listen",
     .title = "the server listens on this host only, and it is the target that connects",
     .severity = Severity::kBlocker,
     .strategies = kStreams,
     .scope = CheckScope::kCluster,
     .has_fix = true,
     .query = R"sql(
SELECT s.name, pg_catalog.format('Value "%s".', s.setting), 'ALTER SYSTEM SET listen_addresses = ''*'';', s.undo_sql
FROM server_setting s
WHERE s.name = 'listen_addresses'
  AND NOT EXISTS (
    SELECT FROM pg_catalog.regexp_split_to_table(s.setting, ',') AS item
    WHERE pg_catalog.btrim(item, E' \t"') NOT IN ('', 'localhost', '127.0.0.1', '::1')))sql",
     .remedy =
         "Set it to an address that the target reaches and restart the server; open the firewall for the target's VPC.",
     .source = "PostgreSQL manual, listen_addresses"},
    {.id = "cfg.ssl",
     .title = "the server does not offer TLS: rows and passwords would cross the network in clear",
     .severity = Severity::kWarning,
     .strategies = kStreams | kDump | kCopy,
     .scope = CheckScope::kCluster,
     .query =
         R"sql(SELECT s.name, 'Value off.', NULL, NULL FROM server_setting s WHERE s.name = 'ssl' AND s.setting = 'off')sql",
     .remedy = "Install a certificate, set ssl = on, reload; or go through a tunnel.",
     .source = "PostgreSQL manual, secure TCP/IP connections"},
    {.id = "cfg.replication_role",
     .title = "no role but superusers can replicate",
     .severity = Severity::kInfo,
     .strategies = kStreams,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT 'roles', 'None has LOGIN and REPLICATION without SUPERUSER.', NULL, NULL
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.rolcanlogin AND r.rolreplication AND NOT r.rolsuper))sql",
     .remedy = "Create one with SELECT on the tables and USAGE on their schemas: the target keeps its password.",
     .source = "PostgreSQL manual, logical replication security"},
};

}  // namespace

constexpr CheckArea kReplicationArea = AreaOf(kChecks);

}  // namespace airlift
