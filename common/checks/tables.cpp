// Tables, constraints, indexes, triggers.
#include "areas.h"

namespace airlift {

namespace {

constexpr Check kChecks[] = {
    {.id = "tbl.unlogged",
     .title = "an unlogged table is not replicated, and empty in a snapshot",
     .severity = Severity::kWarning,
     .strategies = kDump | kReplication | kDms | kSnapshot,
     .has_fix = true,
     .query = R"sql(
SELECT c.name, 'SET LOGGED rewrites the table under an ACCESS EXCLUSIVE lock.'
    || COALESCE(' It refers to unlogged tables, which must be made logged before it: ' || first.list || '.', ''),
  'ALTER TABLE ' || c.name || ' SET LOGGED;', 'ALTER TABLE ' || c.name || ' SET UNLOGGED;'
FROM user_relation c
  CROSS JOIN LATERAL (
    SELECT pg_catalog.string_agg(DISTINCT r.name, ', ') AS list
    FROM pg_catalog.pg_constraint k JOIN user_relation r ON r.oid = k.confrelid
    WHERE k.conrelid = c.oid AND k.contype = 'f' AND r.oid <> c.oid AND r.relpersistence = 'u') AS first
WHERE c.relkind = 'r' AND c.relpersistence = 'u')sql",
     .remedy =
         "Make it logged, or copy it by itself while it stands still. Of tables that foreign keys connect, first the "
         "one that is referred to; the undo goes the other way. Tables that refer to each other in a circle need "
         "one of the foreign keys dropped meanwhile.",
     .source = "measured: this operation is not supported for unlogged tables; Aurora user guide, unlogged tables"},
    {.id = "tbl.unlogged_partitioned",
     .title = "a partitioned table is unlogged, which 18 refuses",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .to_version = 17,
     .from_target = 18,
     .query = R"sql(
SELECT c.name, NULL, NULL, NULL FROM user_relation c WHERE c.relkind = 'p' AND c.relpersistence = 'u')sql",
     .remedy = "Create the partitioned table anew without UNLOGGED and attach its partitions.",
     .source = "PostgreSQL release notes 18"},
    {.id = "tbl.temporary",
     .title = "temporary tables do not move",
     .severity = Severity::kInfo,
     .query = R"sql(
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), NULL, NULL, NULL
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 't')sql",
     .remedy = "Nothing to do: their sessions end at cutover.",
     .source = "PostgreSQL manual, CREATE TABLE"},
    {.id = "tbl.inheritance",
     .title = "a table has children by inheritance",
     .severity = Severity::kWarning,
     .strategies = kReplication | kDms,
     .query = R"sql(
SELECT c.name, pg_catalog.count(*) || ' children.', NULL, NULL
FROM user_relation c JOIN pg_catalog.pg_inherits i ON i.inhparent = c.oid
WHERE c.relkind = 'r'
GROUP BY c.name)sql",
     .remedy = "Publish the parent without ONLY, and children added later will come along too; compare parent and "
               "children each by "
               "itself.",
     .source = "PostgreSQL manual, CREATE PUBLICATION"},
    {.id = "tbl.partitioned",
     .title = "a partitioned table: leaf partitions must be there on the target as well",
     .severity = Severity::kWarning,
     .strategies = kReplication | kDms,
     .query = R"sql(
SELECT c.name, pg_catalog.count(i.inhrelid) || ' partitions.', NULL, NULL
FROM user_relation c LEFT JOIN pg_catalog.pg_inherits i ON i.inhparent = c.oid
WHERE c.relkind = 'p' AND NOT c.relispartition
GROUP BY c.name)sql",
     .remedy = "Create no partition during the move, or publish with publish_via_partition_root = true, which lets the "
               "layouts differ "
               "but leaves TRUNCATE of a partition and rows of an attached one behind.",
     .source = "PostgreSQL manual, CREATE PUBLICATION. Partitioned tables can be published since 13, against what "
               "older guides say"},
    {.id = "tbl.not_replicated_kinds",
     .title = "views, materialized views and foreign tables are not replicated",
     .severity = Severity::kInfo,
     .strategies = kReplication | kDms,
     .query = R"sql(
SELECT CASE c.relkind WHEN 'f' THEN 'foreign tables' WHEN 'm' THEN 'materialized views' ELSE 'views' END,
  pg_catalog.count(*) || ' in this database.', NULL, NULL
FROM user_relation c WHERE c.relkind IN ('f', 'm', 'v')
GROUP BY c.relkind)sql",
     .remedy = "Their definitions come with the schema; refresh materialized views after cutover. DMS homogeneous "
               "migrations turn "
               "views into tables.",
     .source = "PostgreSQL manual, logical replication restrictions; DMS user guide, troubleshooting"},
    {.id = "tbl.generated",
     .title = "a generated column must be the same, or missing, on the target",
     .severity = Severity::kWarning,
     .strategies = kReplication | kDms,
     .query = R"sql(
SELECT c.name || '.' || pg_catalog.quote_ident(a.attname), CASE a.attgenerated WHEN 'v' THEN 'Virtual.' ELSE 'Stored.' END, NULL, NULL
FROM user_relation c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> '')sql",
     .remedy = "Keep the definition: the target computes it. It is not published before 18, and virtual columns need a "
               "target of 18.",
     .source = "PostgreSQL manual 18, generated column replication"},
    {.id = "tbl.generated_virtual",
     .title = "a virtual generated column cannot be created before 18",
     .severity = Severity::kBlocker,
     .strategies = kDump | kReplication | kDms,
     .from_version = 18,
     .to_target = 17,
     .query = R"sql(
SELECT c.name || '.' || pg_catalog.quote_ident(a.attname), 'The target''s version has stored ones only.', NULL, NULL
FROM user_relation c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = 'v')sql",
     .remedy = "Choose a target of 18 or later, or drop the column and add it as STORED.",
     .source = "PostgreSQL manual 18, generated columns"},
    {.id = "tbl.identity",
     .title = "identity columns: their sequences stay behind",
     .severity = Severity::kInfo,
     .strategies = kReplication | kDms,
     .query = R"sql(
SELECT 'identity columns', pg_catalog.count(*) || ' in this database.', NULL, NULL
FROM user_relation c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
WHERE c.relkind IN ('r', 'p') AND a.attidentity <> ''
HAVING pg_catalog.count(*) > 0)sql",
     .remedy = "Set the sequences at cutover (pg_airlift does).",
     .source = "PostgreSQL manual, logical replication restrictions"},
    {.id = "tbl.access_method",
     .title = "a table is not stored as heap",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .query = R"sql(
SELECT c.name, 'Access method ' || am.amname || '.', NULL, NULL
FROM user_relation c JOIN pg_catalog.pg_am am ON am.oid = c.relam
WHERE c.relkind IN ('r', 'm', 'p') AND am.amname <> 'heap')sql",
     .remedy = "pg_dump --no-table-access-method (15 and later) restores it as heap.",
     .source = "PostgreSQL manual 18, pg_dump"},
    {.id = "con.exclusion",
     .title = "an exclusion constraint can stop the apply worker and is no replica identity",
     .severity = Severity::kWarning,
     .strategies = kReplication | kDms,
     .query = R"sql(
SELECT pg_catalog.format('%s.%I', c.name, k.conname), NULL, NULL, NULL
FROM pg_catalog.pg_constraint k JOIN user_relation c ON c.oid = k.conrelid
WHERE k.contype = 'x' AND k.conparentid = 0)sql",
     .remedy = "Nobody may write to the target before cutover; then it cannot be violated.",
     .source = "PostgreSQL manual 18, logical replication conflicts"},
    {.id = "con.not_valid",
     .title = "a constraint was never validated",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .has_fix = true,
     .query = R"sql(
SELECT pg_catalog.format('%s.%I', c.name, k.conname), pg_catalog.pg_get_constraintdef(k.oid),
  pg_catalog.format('ALTER TABLE %s VALIDATE CONSTRAINT %I;', c.name, k.conname),
  pg_catalog.format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %2$I %s;', c.name, k.conname, pg_catalog.pg_get_constraintdef(k.oid))
    || COALESCE(pg_catalog.format(' COMMENT ON CONSTRAINT %I ON %s IS %L;', k.conname, c.name,
      pg_catalog.obj_description(k.oid, 'pg_constraint')), '')
FROM pg_catalog.pg_constraint k JOIN user_relation c ON c.oid = k.conrelid
WHERE NOT k.convalidated AND k.contype IN ('f', 'c', 'n') AND k.conparentid = 0 AND k.coninhcount = 0
  AND COALESCE(pg_catalog.to_jsonb(k) ->> 'conenforced', 'true') = 'true'
UNION ALL
SELECT pg_catalog.format('%I.%I.%I', n.nspname, t.typname, k.conname), pg_catalog.pg_get_constraintdef(k.oid),
  pg_catalog.format('ALTER DOMAIN %I.%I VALIDATE CONSTRAINT %I;', n.nspname, t.typname, k.conname),
  pg_catalog.format('ALTER DOMAIN %1$I.%2$I DROP CONSTRAINT %3$I; ALTER DOMAIN %1$I.%2$I ADD CONSTRAINT %3$I %4$s;', n.nspname, t.typname,
    k.conname, pg_catalog.pg_get_constraintdef(k.oid))
    || COALESCE(pg_catalog.format(' COMMENT ON CONSTRAINT %I ON DOMAIN %I.%I IS %L;', k.conname, n.nspname, t.typname,
      pg_catalog.obj_description(k.oid, 'pg_constraint')), '')
FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_type t ON t.oid = k.contypid
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE NOT k.convalidated
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND m.objid = t.oid))sql",
     .remedy = "Validate it, or accept it: pg_dump keeps NOT VALID, and a copy of rows that violate it succeeds.",
     .source = "PostgreSQL manual, ALTER TABLE"},
    {.id = "con.not_enforced",
     .title = "a constraint is NOT ENFORCED, which cannot be created before 18",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .from_version = 18,
     .to_target = 17,
     .query = R"sql(
SELECT pg_catalog.format('%s.%I', c.name, k.conname), pg_catalog.pg_get_constraintdef(k.oid), NULL, NULL
FROM pg_catalog.pg_constraint k JOIN user_relation c ON c.oid = k.conrelid
WHERE NOT k.conenforced)sql",
     .remedy = "Choose a target of 18 or later, or drop the constraint: nothing enforces it here either.",
     .source = "PostgreSQL release notes 18"},
    {.id = "con.not_null_inherited",
     .title = "a child column may be NULL where its parent's may not, which 18 refuses",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .to_version = 17,
     .from_target = 18,
     .has_fix = true,
     .query = R"sql(
SELECT c.name || '.' || pg_catalog.quote_ident(a.attname), pg_catalog.format('Parent %s. The fix fails while there are NULLs.', p.name),
  pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL;', c.name, a.attname),
  pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL;', c.name, a.attname)
FROM pg_catalog.pg_inherits i
  JOIN user_relation c ON c.oid = i.inhrelid
  JOIN user_relation p ON p.oid = i.inhparent
  JOIN pg_catalog.pg_attribute b ON b.attrelid = p.oid AND b.attnum > 0 AND NOT b.attisdropped AND b.attnotnull
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = b.attname
WHERE c.relkind IN ('r', 'p') AND NOT a.attnotnull AND NOT a.attisdropped)sql",
     .remedy = "SET NOT NULL on the child before the move.",
     .source = "PostgreSQL release notes 15.14 and 18 (check of pg_upgrade)"},
    {.id = "con.foreign_keys",
     .title = "foreign keys are not checked while changes are applied",
     .severity = Severity::kInfo,
     .strategies = kDump | kReplication,
     .query = R"sql(
SELECT 'foreign keys', pg_catalog.count(*) || ' in this database.', NULL, NULL
FROM pg_catalog.pg_constraint k JOIN user_relation c ON c.oid = k.conrelid WHERE k.contype = 'f' AND k.conparentid = 0
HAVING pg_catalog.count(*) > 0)sql",
     .remedy = "Load before creating them (pg_restore does), and verify at cutover: the apply worker runs with "
               "session_replication_role = replica, and an orphan would go unseen.",
     .source = "PostgreSQL manual, logical replication architecture"},
    {.id = "trg.always_or_replica",
     .title = "a trigger or rule fires while changes are applied",
     .severity = Severity::kWarning,
     .strategies = kReplication | kDms,
     .query = R"sql(
SELECT pg_catalog.format('%s.%I', c.name, t.tgname), 'Trigger, ENABLE ' || CASE t.tgenabled WHEN 'A' THEN 'ALWAYS.' ELSE 'REPLICA.' END, NULL, NULL
FROM pg_catalog.pg_trigger t JOIN user_relation c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND t.tgenabled IN ('A', 'R')
UNION ALL
SELECT pg_catalog.format('%s.%I', c.name, w.rulename), 'Rule, ENABLE ' || CASE w.ev_enabled WHEN 'A' THEN 'ALWAYS.' ELSE 'REPLICA.' END, NULL, NULL
FROM pg_catalog.pg_rewrite w JOIN user_relation c ON c.oid = w.ev_class
WHERE w.ev_enabled IN ('A', 'R'))sql",
     .remedy = "Disable it on the target until cutover: what it did on the source arrives by replication as well.",
     .source = "PostgreSQL manual, logical replication architecture"},
    {.id = "rls.enabled",
     .title = "row-level security: a role that it binds copies too little or nothing",
     .severity = Severity::kWarning,
     .strategies = kDump | kReplication,
     .query = R"sql(
SELECT c.name, CASE WHEN c.relforcerowsecurity THEN 'FORCE ROW LEVEL SECURITY: binds its owner, too.' ELSE 'Does not bind its owner.' END, NULL, NULL
FROM user_relation c WHERE c.relkind IN ('r', 'p') AND (c.relrowsecurity OR c.relforcerowsecurity))sql",
     .remedy = "Read as a role with BYPASSRLS. On the target, enable it only at cutover where the owner is bound: the "
               "apply worker "
               "stops at it.",
     .source = "measured on 17 and 18: user cannot replicate into relation with row-level security enabled"},
    {.id = "idx.invalid",
     .title = "an index is invalid",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .has_fix = true,
     .query = R"sql(
SELECT c.name, CASE WHEN i.indisunique THEN 'Unique: there may be duplicates.' ELSE 'Not unique.' END || ' The fix has nothing to undo.',
  'REINDEX INDEX CONCURRENTLY ' || c.name || ';', NULL
FROM user_relation c JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
WHERE c.relkind = 'i' AND NOT (i.indisvalid AND i.indisready))sql",
     .remedy =
         "REINDEX or drop it: the target builds it as a valid one, which fails where a unique one hid duplicates.",
     .source = "PostgreSQL manual, CREATE INDEX CONCURRENTLY"},
    {.id = "idx.invalid_partitioned",
     .title = "a partitioned index is invalid: some partition lacks its part",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .query = R"sql(
SELECT c.name, NULL, NULL, NULL
FROM user_relation c JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
WHERE c.relkind = 'I' AND NOT i.indisvalid)sql",
     .remedy = "Create the missing indexes on the partitions and ATTACH them.",
     .source = "PostgreSQL manual, CREATE INDEX; release notes 15.20"},
    {.id = "idx.unique_duplicates",
     .title = "a unique index does not keep duplicates out: it is corrupt",
     .severity = Severity::kBlocker,
     .strategies = kDump | kReplication | kCopy,
     .deep = true,
     .query = R"sql(
SELECT s.name, s.groups || ' keys are there more than once.', NULL, NULL
FROM (
  SELECT c.name, (pg_catalog.regexp_match(pg_catalog.query_to_xml(pg_catalog.format(
      'WITH r AS MATERIALIZED (SELECT %1$s, xmin AS "row version" FROM ONLY %2$s) SELECT pg_catalog.count(*) AS groups FROM '
      '(SELECT FROM r WHERE (%1$s) IS NOT NULL GROUP BY %1$s HAVING pg_catalog.count(*) > 1) AS g',
      k.columns, t.name), true, false, '')::pg_catalog.text,
    '<groups>([0-9]+)</groups>'))[1]::bigint AS groups
  FROM user_relation c
    JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
    JOIN user_relation t ON t.oid = i.indrelid
    CROSS JOIN LATERAL (
      SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY u.place) AS columns
      FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS u (attnum, place)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.attnum
      WHERE u.place <= i.indnkeyatts) AS k
  WHERE c.relkind = 'i' AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL) AS s
WHERE s.groups > 0)sql",
     .remedy = "Remove the duplicates, then REINDEX: the target could not create unique index.",
     .source = "PostgreSQL manual, amcheck; release notes 15.20"},
    {.id = "idx.hash",
     .title = "hash indexes",
     .severity = Severity::kInfo,
     .query = R"sql(
SELECT c.name, NULL, NULL, NULL FROM user_relation c JOIN pg_catalog.pg_am am ON am.oid = c.relam
WHERE c.relkind = 'i' AND am.amname = 'hash')sql",
     .remedy = "Nothing to do: they are logged since 10.",
     .source = "PostgreSQL release notes 10"},
    {.id = "matview.refresh",
     .title = "a materialized view must be refreshed after cutover",
     .severity = Severity::kInfo,
     .strategies = kReplication | kDms,
     .query = R"sql(
SELECT c.name, CASE WHEN c.relispopulated THEN 'Populated.' ELSE 'Not populated here either.' END, NULL, NULL
FROM user_relation c WHERE c.relkind = 'm')sql",
     .remedy = "REFRESH MATERIALIZED VIEW behind the fence.",
     .source = "RDS user guide, blue/green considerations"},
    {.id = "stats.extended",
     .title = "extended statistics are empty until ANALYZE",
     .severity = Severity::kInfo,
     .strategies = kDump,
     .query = R"sql(
SELECT pg_catalog.format('%I.%I', n.nspname, s.stxname), NULL, NULL, NULL
FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
WHERE n.nspname NOT IN ('pg_catalog', 'information_schema'))sql",
     .remedy = "ANALYZE the target after the load; pg_dump 18 carries other statistics with --statistics.",
     .source = "PostgreSQL manual 18, pg_dump"},
    {.id = "name.case_duplicates",
     .title = "names of tables differ by case only",
     .severity = Severity::kWarning,
     .strategies = kDms,
     .query = R"sql(
SELECT pg_catalog.min(c.name), 'Also: ' || pg_catalog.string_agg(c.name, ', ' ORDER BY c.name) || '.', NULL, NULL
FROM user_relation c WHERE c.relkind IN ('r', 'p')
GROUP BY pg_catalog.lower(c.nspname), pg_catalog.lower(c.relname) HAVING pg_catalog.count(*) > 1)sql",
     .remedy = "Rename one of them, or do not use DMS.",
     .source = "DMS user guide, assessment postgres-check-similar-table-name"},
};

}  // namespace

constexpr CheckArea kTableArea = AreaOf(kChecks);

}  // namespace airlift
