// Sizes, limits of the targets, rates. Sizes of tables are what the catalog says of the last VACUUM or ANALYZE: exact
// ones would open every table, and wait behind who holds a lock.
#include "areas.h"

namespace airlift {

namespace {

constexpr Check kChecks[] = {
    {.id = "size.rds_64tib",
     .title = "the databases need more storage than an RDS instance can have",
     .severity = Severity::kBlocker,
     .targets = kRds,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT 'all databases', pg_catalog.pg_size_pretty(s.bytes) || ' and a fifth to spare exceed 64 TiB.', NULL, NULL
FROM (SELECT pg_catalog.sum(pg_catalog.pg_database_size(d.oid)) AS bytes FROM pg_catalog.pg_database d
      WHERE pg_catalog.has_database_privilege(d.oid, 'CONNECT')) AS s
WHERE s.bytes * 1.2 > 64 * 1024::bigint ^ 4)sql",
     .remedy = "Move to Aurora, or split the databases over several instances.",
     .source = "RDS user guide, storage: PostgreSQL 64 TiB"},
    {.id = "size.aurora",
     .title = "the databases need more storage than an Aurora cluster can have",
     .severity = Severity::kBlocker,
     .targets = kAurora,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT 'all databases', pg_catalog.format('%s exceed %s TiB%s.', pg_catalog.pg_size_pretty(s.bytes), limits.tib,
    CASE WHEN p.target_version BETWEEN 15 AND 17 THEN ' (256 TiB since 17.5, 16.9 and 15.13)' END), NULL, NULL
FROM (SELECT pg_catalog.sum(pg_catalog.pg_database_size(d.oid)) AS bytes FROM pg_catalog.pg_database d
      WHERE pg_catalog.has_database_privilege(d.oid, 'CONNECT')) AS s
  CROSS JOIN parameters p
  CROSS JOIN LATERAL (SELECT CASE WHEN p.target_version >= 18 THEN 256 ELSE 128 END AS tib) AS limits
WHERE s.bytes > limits.tib * 1024::bigint ^ 4)sql",
     .remedy = "Take an Aurora version with 256 TiB, or split the databases over several clusters.",
     .source = "Aurora user guide, quotas and limits"},
    {.id = "size.table_32tib",
     .title = "a table comes near the limit of 32 TiB",
     .severity = Severity::kWarning,
     .query = R"sql(
SELECT c.name, pg_catalog.pg_size_pretty((c.relpages::bigint & 4294967295) * pg_catalog.current_setting('block_size')::int)
  || ' of at most 2^32 - 1 pages.', NULL, NULL
FROM user_relation c
WHERE c.relkind IN ('r', 'm') AND (c.relpages::bigint & 4294967295) > 0.8 * 4294967295)sql",
     .remedy = "Partition the table before the move; at the limit, inserts fail on both sides.",
     .source = "PostgreSQL manual, limits; Aurora user guide, quotas and limits"},
    {.id = "size.dump_fit",
     .title = "the database is large for a dump in one step",
     .severity = Severity::kWarning,
     .strategies = kDump | kCopy,
     .query = R"sql(
SELECT pg_catalog.quote_ident(d.datname), pg_catalog.pg_size_pretty(pg_catalog.pg_database_size(d.oid)) || '; the application '
  'would stand still while all of it is copied.', NULL, NULL
FROM pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database() AND pg_catalog.pg_database_size(d.oid) > 100 * 1024::bigint ^ 3)sql",
     .remedy =
         "Let replication catch up behind the copy (pg_airlift migrate does), or use parallel jobs and measure first.",
     .source = "DMS step-by-step guide, full load: pg_dump up to 100 GB"},
    {.id = "size.single_huge_table",
     .title = "one table is more than half of the database",
     .severity = Severity::kWarning,
     .strategies = kReplication | kDms,
     .query = R"sql(
SELECT s.name, pg_catalog.pg_size_pretty(s.bytes) || ' of ' || pg_catalog.pg_size_pretty(s.total) || '.', NULL, NULL
FROM (
  SELECT c.name, (c.relpages::bigint + COALESCE(t.relpages, 0)) * b.size AS bytes,
    pg_catalog.sum((c.relpages::bigint + COALESCE(t.relpages, 0)) * b.size) OVER () AS total
  FROM user_relation c LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
    CROSS JOIN (SELECT pg_catalog.current_setting('block_size')::bigint) AS b (size)
  WHERE c.relkind IN ('r', 'm')) AS s
WHERE s.bytes > 10 * 1024::bigint ^ 3 AND s.bytes * 2 > s.total)sql",
     .remedy = "A subscription copies each table by one worker. Copy the table in parts (pg_airlift migrate does), or "
               "publish it by "
               "row filters (15 and later).",
     .source = "DMS step-by-step guide, publisher: one synchronization worker for each table"},
    {.id = "size.relations",
     .title = "very many relations",
     .severity = Severity::kWarning,
     .strategies = kDump | kReplication | kSnapshot,
     .query = R"sql(
SELECT 'relations', pg_catalog.round(c.reltuples) || ' relations make dumps, upgrades and relation caches slow.', NULL, NULL
FROM pg_catalog.pg_class c WHERE c.oid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.reltuples > 100000)sql",
     .remedy = "Move schemas one by one, drop what is unused, and give the target enough memory per connection.",
     .source = "RDS user guide, high object count"},
    {.id = "size.large_objects",
     .title = "very many large objects",
     .severity = Severity::kWarning,
     .strategies = kDump | kSnapshot,
     .query = R"sql(
SELECT 'large objects', pg_catalog.round(c.reltuples) || ' large objects; a pg_dump before 17 makes an entry of each.', NULL, NULL
FROM pg_catalog.pg_class c
WHERE c.oid = 'pg_catalog.pg_largeobject_metadata'::pg_catalog.regclass AND c.reltuples > 1000000)sql",
     .remedy =
         "Use pg_dump 17 or later with pg_restore --transaction-size, or pg_airlift, which copies them in batches.",
     .source = "PostgreSQL release notes 17; RDS user guide, major version upgrade"},
    {.id = "size.sequences",
     .title = "very many sequences lengthen the cutover",
     .severity = Severity::kWarning,
     .strategies = kReplication | kCopy | kDms,
     .query = R"sql(
SELECT 'sequences', pg_catalog.count(*) || ' sequences must be set while the application stands still.', NULL, NULL
FROM pg_catalog.pg_class c WHERE c.relkind = 'S' HAVING pg_catalog.count(*) > 5000)sql",
     .remedy = "Set them in one batch with a margin (pg_airlift does), and measure how long it takes.",
     .source = "PostgreSQL manual, logical replication restrictions"},
    {.id = "size.wide_values",
     .title = "values so wide that they come near the limits of COPY",
     .severity = Severity::kWarning,
     .strategies = kDump | kReplication | kCopy,
     .deep = true,
     .query = R"sql(
SELECT s.name, 'Values of up to ' || pg_catalog.pg_size_pretty(s.bytes) || ' among the rows read.', NULL, NULL
FROM (
  SELECT c.name || '.' || pg_catalog.quote_ident(a.attname) AS name, (pg_catalog.regexp_match(pg_catalog.query_to_xml(
      pg_catalog.format('SELECT pg_catalog.max(pg_catalog.octet_length(v.%1$I%2$s)) AS bytes FROM (SELECT %1$I FROM %3$s '
        'TABLESAMPLE SYSTEM (%4$s)) AS v WHERE pg_catalog.pg_column_size(v.%1$I) > 100000', a.attname,
        CASE WHEN a.atttypid = 17 THEN '' ELSE '::pg_catalog.text' END, c.name,
        LEAST(100, 100 * 2000.0 / GREATEST(c.relpages, 1))),
      true, false, '')::pg_catalog.text, '<bytes>([0-9]+)</bytes>'))[1]::bigint AS bytes
  FROM user_relation c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
  WHERE c.relkind = 'r' AND c.reltoastrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped AND a.attlen = -1
    AND a.attstorage <> 'p') AS s
WHERE s.bytes > 100 * 1024 * 1024)sql",
     .remedy = "A field and a row of text COPY end at 1 GB, and bytea doubles in hexadecimal: use binary COPY "
               "(pg_airlift does), "
               "or split the value.",
     .source = "PostgreSQL manual, limits"},
    {.id = "size.bloat",
     .title = "a table is more than half empty",
     .severity = Severity::kInfo,
     .deep = true,
     .query = R"sql(
SELECT e.name, pg_catalog.format('About %s of %s pages hold rows.', e.needed::bigint, e.relpages), NULL, NULL
FROM (
  SELECT c.name, c.relpages, c.reltuples * (28 + w.width) / pg_catalog.current_setting('block_size')::int AS needed
  FROM user_relation c
    CROSS JOIN LATERAL (
      SELECT pg_catalog.sum((1 - s.null_frac) * s.avg_width) AS width FROM pg_catalog.pg_stats s
      WHERE s.schemaname = c.nspname AND s.tablename = c.relname AND NOT s.inherited) AS w
  WHERE c.relkind = 'r' AND c.relpages > 1000 AND c.reltuples >= 0) AS e
WHERE e.needed < e.relpages / 2)sql",
     .remedy = "A logical move leaves the empty half behind: count the live size for the target's storage. Before a "
               "snapshot, "
               "VACUUM FULL or pg_repack.",
     .source = "estimated from pg_stats"},
    {.id = "rate.wal",
     .title = "the source writes WAL faster than one apply worker may follow",
     .severity = Severity::kWarning,
     .strategies = kReplication | kDms,
     .from_version = 14,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT 'WAL', pg_catalog.pg_size_pretty(r.rate::bigint) || ' per second on average since ' || r.since || '.', NULL, NULL
FROM (
  SELECT w.wal_bytes, w.wal_bytes / GREATEST(EXTRACT(epoch FROM pg_catalog.clock_timestamp() - w.stats_reset), 1) AS rate,
    pg_catalog.date_trunc('second', w.stats_reset) AS since
  FROM pg_catalog.pg_stat_wal w) AS r
WHERE r.rate > 10 * 1024 * 1024 AND r.wal_bytes > 64 * 1024 * 1024)sql",
     .remedy =
         "Several subscriptions by groups of tables, streaming = parallel (target 16 and later), a bigger target; "
         "airlift.inventory() measures the rate of the moment.",
     .source = "RDS user guide, blue/green considerations: apply is single-threaded"},
    {.id = "xid.age",
     .title = "a database's oldest transaction ID is old",
     .severity = Severity::kWarning,
     .strategies = kReplication | kDms,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(d.datname), pg_catalog.format('Age %s transactions, %s multixacts; slots hold back VACUUM '
  'during the copy.', pg_catalog.age(d.datfrozenxid), pg_catalog.mxid_age(d.datminmxid)), NULL, NULL
FROM pg_catalog.pg_database d
WHERE GREATEST(pg_catalog.age(d.datfrozenxid), pg_catalog.mxid_age(d.datminmxid)) > 1000000000)sql",
     .remedy = "VACUUM (FREEZE) the oldest tables before the copy begins.",
     .source = "PostgreSQL manual, preventing transaction ID wraparound"},
    {.id = "xid.wraparound",
     .title = "a database is close to the wraparound of transaction IDs",
     .severity = Severity::kBlocker,
     .scope = CheckScope::kCluster,
     .query = R"sql(
SELECT pg_catalog.quote_ident(d.datname), pg_catalog.format('Age %s transactions, %s multixacts; at 2^31 the server refuses '
  'to write.', pg_catalog.age(d.datfrozenxid), pg_catalog.mxid_age(d.datminmxid)), NULL, NULL
FROM pg_catalog.pg_database d
WHERE GREATEST(pg_catalog.age(d.datfrozenxid), pg_catalog.mxid_age(d.datminmxid)) > 1800000000)sql",
     .remedy = "VACUUM (FREEZE) first; a snapshot or slot held now makes it worse.",
     .source = "PostgreSQL manual, preventing transaction ID wraparound"},
    {.id = "db.invalid",
     .title = "a database was left invalid by an interrupted DROP DATABASE",
     .severity = Severity::kBlocker,
     .scope = CheckScope::kCluster,
     .has_fix = true,
     .query = R"sql(
SELECT pg_catalog.quote_ident(d.datname), 'It can only be dropped; there is no undo.',
  pg_catalog.format('DROP DATABASE %I;', d.datname), NULL
FROM pg_catalog.pg_database d WHERE d.datconnlimit = -2)sql",
     .remedy = "Drop it: pg_dumpall, upgrades and the precheck of RDS stop at it.",
     .source = "RDS user guide, major version upgrade; PostgreSQL release notes of August 2023"},
};

}  // namespace

constexpr CheckArea kSizeArea = AreaOf(kChecks);

}  // namespace airlift
