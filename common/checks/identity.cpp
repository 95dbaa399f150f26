// Replica identity: how a subscriber finds the row to change.
#include "areas.h"

namespace airlift {

namespace {

constexpr Check kChecks[] = {
    {.id = "ri.none",
     .title = "a table that is updated has no replica identity: publishing it breaks the source application",
     .severity = Severity::kBlocker,
     .strategies = kReplication | kDms,
     .has_fix = true,
     .query = R"sql(
SELECT c.name, pg_catalog.format('%s updates and deletes since its counters were reset; %s.',
    pg_catalog.pg_stat_get_tuples_updated(c.oid) + pg_catalog.pg_stat_get_tuples_deleted(c.oid),
    CASE c.relreplident WHEN 'n' THEN 'REPLICA IDENTITY NOTHING' ELSE 'no primary key' END),
  c.fix_sql, c.undo_sql
FROM identity_fix c
WHERE (c.relreplident = 'n' OR c.relreplident = 'd'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))
  AND pg_catalog.pg_stat_get_tuples_updated(c.oid) + pg_catalog.pg_stat_get_tuples_deleted(c.oid) > 0)sql",
     .remedy = "Add a primary key, or run the fix: a unique index on NOT NULL columns, else FULL. Without a fix no "
               "column set can "
               "identify a row (a type without equality): such a table can only be copied while it stands still.",
     .source = "measured: cannot update table because it does not have a replica identity and publishes updates. "
               "Updates of tables "
               "without a key are not slow, as guides say, but refused on the publisher"},
    {.id = "ri.insert_only",
     .title = "a table without replica identity has not been updated so far",
     .severity = Severity::kWarning,
     .strategies = kReplication | kDms,
     .has_fix = true,
     .query = R"sql(
SELECT c.name, 'No updates or deletes since its counters were reset; the first one after publishing it would fail.',
  c.fix_sql, c.undo_sql
FROM identity_fix c
WHERE (c.relreplident = 'n' OR c.relreplident = 'd'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))
  AND pg_catalog.pg_stat_get_tuples_updated(c.oid) + pg_catalog.pg_stat_get_tuples_deleted(c.oid) = 0)sql",
     .remedy = "Give it an identity, or publish it with publish = 'insert, truncate'.",
     .source = "PostgreSQL manual, logical replication, publications"},
    {.id = "ri.full_no_equality",
     .title = "a table's identity is the full row, and a column's type has no equality",
     .severity = Severity::kBlocker,
     .strategies = kReplication | kDms,
     .has_fix = true,
     .query = R"sql(
SELECT c.name, 'Columns: ' || columns.list || '.', c.fix_sql, c.undo_sql
FROM identity_fix c
  CROSS JOIN LATERAL (
    SELECT pg_catalog.string_agg(pg_catalog.format('%I %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod)), ', '
        ORDER BY a.attnum) AS list
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      AND a.atttypid IN (SELECT u.oid FROM type_without_equality u)) AS columns
WHERE c.relreplident = 'f' AND columns.list IS NOT NULL
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indimmediate))sql",
     .remedy = "Add a primary key or a unique index on NOT NULL columns; or change json to jsonb, xml to text, point "
               "to two numbers.",
     .source = "measured on 15, 17, 18: could not identify an equality operator for type json; the apply worker fails "
               "for ever"},
    {.id = "ri.full_slow",
     .title = "a table's identity is the full row: a target before 16 scans the table for each change",
     .severity = Severity::kWarning,
     .strategies = kReplication | kDms,
     .to_target = 15,
     .has_fix = true,
     .query = R"sql(
SELECT c.name, 'REPLICA IDENTITY FULL, and no primary key to search by.',
  CASE WHEN c.fix_sql !~ 'FULL;$' THEN c.fix_sql END, c.undo_sql
FROM identity_fix c
WHERE c.relreplident = 'f'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND i.indimmediate))sql",
     .remedy =
         "Use a unique index as identity, or a target of 16 or later, which searches by any index on plain columns.",
     .source = "PostgreSQL manual 18, publications, replica identity"},
    {.id = "ri.full_wal",
     .title = "a table's identity is the full row, so each update writes the old row to WAL as well",
     .severity = Severity::kWarning,
     .strategies = kReplication | kDms,
     .has_fix = true,
     .query = R"sql(
SELECT c.name, pg_catalog.format('%s updates and deletes since its counters were reset.',
    pg_catalog.pg_stat_get_tuples_updated(c.oid) + pg_catalog.pg_stat_get_tuples_deleted(c.oid)),
  CASE WHEN c.fix_sql !~ 'FULL;$' THEN c.fix_sql END, c.undo_sql
FROM identity_fix c
WHERE c.relreplident = 'f'
  AND pg_catalog.pg_stat_get_tuples_updated(c.oid) + pg_catalog.pg_stat_get_tuples_deleted(c.oid) > 0)sql",
     .remedy =
         "Use the primary key or a unique index as identity where there is one; else leave room for the slot's WAL.",
     .source = "PostgreSQL manual, publications, replica identity; DMS user guide, PostgreSQL source"},
    {.id = "ri.pk_deferrable",
     .title = "a primary key is DEFERRABLE and therefore no replica identity",
     .severity = Severity::kBlocker,
     .strategies = kReplication | kDms,
     .has_fix = true,
     .query = R"sql(
SELECT c.name, pg_catalog.format('Constraint %I.', k.conname), c.fix_sql, c.undo_sql
FROM identity_fix c
  JOIN pg_catalog.pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p' AND k.condeferrable
WHERE c.relreplident = 'd')sql",
     .remedy = "Make it NOT DEFERRABLE, or use another unique index or the full row.",
     .source = "measured; PostgreSQL manual, ALTER TABLE, REPLICA IDENTITY"},
    {.id = "ri.index_dropped",
     .title = "the index that was a table's replica identity is gone",
     .severity = Severity::kBlocker,
     .strategies = kReplication | kDms,
     .has_fix = true,
     .query = R"sql(
SELECT c.name, 'An identity by an index that is gone cannot be made again: there is no undo.', c.fix_sql, NULL
FROM identity_fix c
WHERE c.relreplident = 'i'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisreplident))sql",
     .remedy = "Set the identity anew.",
     .source = "PostgreSQL manual, publications, replica identity"},
};

}  // namespace

constexpr CheckArea kIdentityArea = AreaOf(kChecks);

}  // namespace airlift
