// Types of columns, and sequences.
#include "areas.h"

namespace airlift {

namespace {

constexpr Check kChecks[] = {
    {.id = "seq.all",
     .title = "sequences are not replicated",
     .severity = Severity::kInfo,
     .strategies = kReplication | kCopy | kDms,
     .query = R"sql(
SELECT 'sequences', pg_catalog.count(*) || ' in this database.', NULL, NULL
FROM user_relation c WHERE c.relkind = 'S' HAVING pg_catalog.count(*) > 0)sql",
     .remedy = "Set them behind the fence with a margin (pg_airlift does); read last_value and is_called from the "
               "sequence itself. "
               "REFRESH SEQUENCES of PostgreSQL 19 needs 19 on both sides.",
     .source = "PostgreSQL manual, logical replication restrictions"},
    {.id = "seq.near_end",
     .title = "a sequence of an integer column is near its end",
     .severity = Severity::kWarning,
     .has_fix = true,
     .query = R"sql(
WITH candidate AS (
  SELECT s.name AS sequence, t.name AS tbl, a.attname, a.atttypid, q.seqtypid, d.deptype,
    LEAST(q.seqmax, CASE a.atttypid WHEN 21 THEN 32767 WHEN 23 THEN 2147483647 ELSE 9223372036854775807 END) AS highest,
    pg_catalog.row_number() OVER (ORDER BY t.reltuples DESC, s.oid) AS place
  FROM user_relation s
    JOIN pg_catalog.pg_sequence q ON q.seqrelid = s.oid
    JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = s.oid AND d.objsubid = 0
      AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')
    JOIN user_relation t ON t.oid = d.refobjid
    JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
  WHERE s.relkind = 'S' AND q.seqincrement > 0 AND a.atttypid IN (20, 21, 23) AND (a.atttypid <> 20 OR q.seqtypid <> 20)),
value AS (
  SELECT c.*, (pg_catalog.regexp_match(pg_catalog.query_to_xml('SELECT last_value FROM ' || c.sequence, true, false, '')::pg_catalog.text,
    '<last_value>(-?[0-9]+)</last_value>'))[1]::bigint AS last_value
  FROM candidate c WHERE c.place <= 1000)
SELECT v.sequence, pg_catalog.format('Last value %s of %s. The fix rewrites the table under an ACCESS EXCLUSIVE lock unless the '
    'column is bigint already.', v.last_value, v.highest),
  NULLIF(CASE WHEN v.atttypid <> 20 THEN pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I TYPE bigint; ', v.tbl, v.attname) ELSE '' END
    || CASE WHEN v.seqtypid <> 20 AND v.deptype = 'a' THEN pg_catalog.format('ALTER SEQUENCE %s AS bigint;', v.sequence) ELSE '' END, ''),
  CASE WHEN v.seqtypid <> 20 AND v.deptype = 'a' THEN
    pg_catalog.format('ALTER SEQUENCE %s AS %s; ', v.sequence, pg_catalog.format_type(v.seqtypid, NULL)) ELSE '' END
    || CASE WHEN v.atttypid <> 20 THEN pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I TYPE %s;', v.tbl, v.attname,
      pg_catalog.format_type(v.atttypid, NULL)) ELSE '' END
FROM value v
WHERE v.last_value > 0.8 * v.highest
UNION ALL
SELECT 'sequences', pg_catalog.count(*) - 1000 || ' others, of the smallest tables, were not read: each would need a lock.', NULL, NULL
FROM candidate c HAVING pg_catalog.count(*) > 1000)sql",
     .remedy = "Make column and sequence bigint before the move; columns that refer to it as well.",
     .source = "PostgreSQL manual, numeric types"},
    {.id = "type.reg",
     .title = "a column holds OIDs by name (reg types), which hinders later upgrades of the target",
     .severity = Severity::kWarning,
     .query = R"sql(
SELECT c.name || '.' || pg_catalog.quote_ident(a.attname), pg_catalog.format_type(a.atttypid, NULL), NULL, NULL
FROM user_relation c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE c.relkind IN ('r', 'p', 'm', 'i') AND a.attnum > 0 AND NOT a.attisdropped
  AND COALESCE(NULLIF(t.typbasetype, 0), NULLIF(CASE t.typcategory WHEN 'A' THEN t.typelem ELSE 0 END, 0), t.oid)
    IN (24, 2202, 2203, 2204, 3734, 3769, 4089, 4191))sql",
     .remedy = "Store the name as text: an upgrade in place refuses these types.",
     .source = "RDS user guide, major version upgrade process"},
    {.id = "type.oid",
     .title = "a column holds OIDs, which differ on the target",
     .severity = Severity::kWarning,
     .strategies = kDump | kReplication | kDms,
     .query = R"sql(
SELECT c.name || '.' || pg_catalog.quote_ident(a.attname), pg_catalog.format_type(a.atttypid, NULL), NULL, NULL
FROM user_relation c
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
  AND COALESCE(NULLIF(t.typbasetype, 0), NULLIF(CASE t.typcategory WHEN 'A' THEN t.typelem ELSE 0 END, 0), t.oid) = 26)sql",
     .remedy = "Large objects keep their OID; OIDs of tables, types and functions do not: store names.",
     .source = "PostgreSQL manual, object identifier types"},
    {.id = "type.transaction_ids",
     .title = "a column holds transaction IDs or positions of this server",
     .severity = Severity::kWarning,
     .query = R"sql(
SELECT c.name || '.' || pg_catalog.quote_ident(a.attname), pg_catalog.format_type(a.atttypid, NULL), NULL, NULL
FROM user_relation c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE c.relkind IN ('r', 'p', 'm') AND a.attnum > 0 AND NOT a.attisdropped
  AND COALESCE(NULLIF(t.typbasetype, 0), NULLIF(CASE t.typcategory WHEN 'A' THEN t.typelem ELSE 0 END, 0), t.oid)
    IN (27, 28, 29, 5069, 3220, 2970, 5038))sql",
     .remedy = "The values move but mean nothing there: what compares them with the server's own must begin anew.",
     .source = "PostgreSQL manual, object identifier types, pg_lsn, pg_snapshot"},
    {.id = "type.composite_columns",
     .title = "a column is of a composite type",
     .severity = Severity::kInfo,
     .strategies = kDump,
     .query = R"sql(
SELECT c.name || '.' || pg_catalog.quote_ident(a.attname), pg_catalog.format_type(a.atttypid, NULL), NULL, NULL
FROM user_relation c
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND t.typtype = 'c')sql",
     .remedy = "Do not alter the type during the move; releases of November 2026 check its version "
               "(composite_type_mismatch).",
     .source = "PostgreSQL release notes 15.20"},
    {.id = "type.array_without_key",
     .title = "a table with an array has no primary key",
     .severity = Severity::kWarning,
     .strategies = kDms,
     .query = R"sql(
SELECT c.name, 'Columns: ' || pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) || '.', NULL, NULL
FROM user_relation c
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
  JOIN pg_catalog.pg_type element ON element.typarray = a.atttypid
WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)
GROUP BY c.name)sql",
     .remedy = "Add a primary key, or do not use DMS.",
     .source = "DMS user guide, assessment postgres-check-table-with-array"},
    {.id = "type.numeric_unbounded",
     .title = "numeric columns without precision become numeric(28,6) in classic DMS tasks",
     .severity = Severity::kInfo,
     .strategies = kDms,
     .query = R"sql(
SELECT c.name || '.' || pg_catalog.quote_ident(a.attname), NULL, NULL, NULL
FROM user_relation c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = 1700 AND a.atttypmod = -1)sql",
     .remedy = "Use a homogeneous migration or native tools, which keep every digit.",
     .source = "DMS user guide, PostgreSQL source"},
    {.id = "type.no_binary",
     .title = "a column's type has no binary form",
     .severity = Severity::kInfo,
     .strategies = kReplication | kCopy,
     .query = R"sql(
SELECT c.name || '.' || pg_catalog.quote_ident(a.attname), pg_catalog.format_type(a.atttypid, NULL), NULL, NULL
FROM user_relation c
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_type element ON element.typarray = t.oid
WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
  AND (t.typsend = 0 OR t.typreceive = 0 OR element.typsend = 0 OR element.typreceive = 0))sql",
     .remedy = "Leave the subscription's option binary off for this table; pg_airlift copies such columns as text.",
     .source = "PostgreSQL manual, CREATE SUBSCRIPTION, binary"},
    {.id = "toast.lz4",
     .title = "a column is compressed by lz4",
     .severity = Severity::kInfo,
     .strategies = kDump,
     .from_version = 14,
     .query = R"sql(
SELECT c.name || '.' || pg_catalog.quote_ident(a.attname), NULL, NULL, NULL
FROM user_relation c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND a.attcompression = 'l')sql",
     .remedy = "Where the target refuses it: pg_dump --no-toast-compression.",
     .source = "PostgreSQL manual, pg_dump"},
};

}  // namespace

constexpr CheckArea kColumnArea = AreaOf(kChecks);

}  // namespace airlift
