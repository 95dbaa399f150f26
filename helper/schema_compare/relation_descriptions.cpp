// Relations and what hangs on them.
#include "schema_compare/description.h"

namespace airlift {

namespace {

constexpr const char* kTable = R"(
SELECT name AS object, NULL AS parent,
       CASE relpersistence WHEN 'u' THEN 'unlogged' ELSE 'permanent' END AS persistence,
       (SELECT amname FROM pg_am WHERE oid = relam) AS "access method",
       CASE WHEN reloftype <> 0 THEN format_type(reloftype, NULL) END AS "of type",
       (SELECT string_agg(@(attname), ', ' ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = rel.oid AND attnum > 0 AND NOT attisdropped) AS "column order",
       pg_get_partkeydef(oid) AS "partition key",
       (SELECT string_agg(pn.name || '.' || @(p.relname), ', ' ORDER BY i.inhseqno)
        FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN ns pn ON pn.oid = p.relnamespace
        WHERE i.inhrelid = rel.oid) AS parents,
       pg_get_expr(relpartbound, oid) AS "partition bound",
       (SELECT string_agg(o, ', ' ORDER BY o COLLATE "C") FROM unnest(reloptions) o) AS options,
       (SELECT string_agg(o, ', ' ORDER BY o COLLATE "C") FROM pg_class t, unnest(t.reloptions) o
        WHERE t.oid = rel.reltoastrelid) AS "toast options",
       CASE relreplident WHEN 'd' THEN 'default' WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' ELSE 'index' END
         AS "replica identity",
       relrowsecurity AS "row level security", relforcerowsecurity AS "forced row level security"
FROM rel WHERE relkind IN ('r', 'p'))";

constexpr const char* kForeignTable = R"(
SELECT rel.name AS object, NULL AS parent, @(s.srvname) AS server,
       (SELECT string_agg(o, ', ' ORDER BY o COLLATE "C") FROM unnest(f.ftoptions) o) AS options,
       (SELECT string_agg(@(attname), ', ' ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = rel.oid AND attnum > 0 AND NOT attisdropped) AS "column order",
       pg_get_expr(rel.relpartbound, rel.oid) AS "partition bound"
FROM rel JOIN pg_foreign_table f ON f.ftrelid = rel.oid JOIN pg_foreign_server s ON s.oid = f.ftserver)";

// How a view's definition is spelled depends on the major version.
constexpr const char* kView = R"(
SELECT name AS object, NULL AS parent,
       CASE WHEN (SELECT same_major FROM facts) THEN pg_get_viewdef(oid) END AS definition,
       (SELECT string_agg(@(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = rel.oid AND attnum > 0)
         AS "column order",
       (SELECT string_agg(o, ', ' ORDER BY o COLLATE "C") FROM unnest(reloptions) o) AS options
FROM rel WHERE relkind = 'v')";

constexpr const char* kMaterializedView = R"(
SELECT name AS object, NULL AS parent,
       CASE WHEN (SELECT same_major FROM facts) THEN pg_get_viewdef(oid) END AS definition,
       (SELECT string_agg(@(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = rel.oid AND attnum > 0)
         AS "column order",
       (SELECT amname FROM pg_am WHERE oid = relam) AS "access method",
       (SELECT string_agg(o, ', ' ORDER BY o COLLATE "C") FROM unnest(reloptions) o) AS options,
       relispopulated AS populated
FROM rel WHERE relkind = 'm')";

// Options that begin with pg_ are the server's own (pg_attver). The statistics target's default is -1 before 17.
// A partition has the identity columns of its root only from 17 on.
constexpr const char* kColumn = R"(
SELECT rel.name || '.' || @(a.attname) AS object, rel.kind || ' ' || rel.name AS parent,
       format_type(a.atttypid, a.atttypmod) AS type,
       CASE WHEN a.attcollation <> t.typcollation
            THEN (SELECT @(n.nspname) || '.' || @(c.collname)
                  FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
                  WHERE c.oid = a.attcollation) END AS collation,
       a.attnotnull AS "not null",
       pg_get_expr(d.adbin, d.adrelid) AS "default",
       CASE WHEN NOT (SELECT c.relispartition FROM pg_class c WHERE c.oid = rel.oid)
            THEN CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END END AS identity,
       CASE a.attgenerated WHEN 's' THEN 'stored' WHEN 'v' THEN 'virtual' END AS generated,
       (SELECT string_agg(o, ', ' ORDER BY o COLLATE "C") FROM unnest(a.attoptions) o WHERE o !~ '^pg_') AS options,
       (SELECT string_agg(o, ', ' ORDER BY o COLLATE "C") FROM unnest(a.attfdwoptions) o) AS "foreign options",
       NULLIF(a.attstattarget, -1) AS "statistics target"
FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE rel.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped)";

constexpr const char* kColumnCompression = R"(
SELECT rel.name || '.' || @(a.attname) AS object, rel.kind || ' ' || rel.name AS parent,
       CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' ELSE a.attcompression::text END AS compression
FROM rel JOIN pg_attribute a ON a.attrelid = rel.oid
WHERE rel.relkind IN ('r', 'p', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND a.attcompression <> '')";

// Left out: NOT NULL constraints, which only 18 and later catalogue (the column's "not null" tells); constraint
// triggers, which are triggers; foreign keys that follow from those of partitioned tables, whose names the server makes
// up.
constexpr const char* kConstraint = R"(
SELECT @(c.conname) || ' on ' || rel.name AS object, rel.kind || ' ' || rel.name AS parent,
       pg_get_constraintdef(c.oid) AS definition, c.convalidated AS validated
FROM rel JOIN pg_constraint c ON c.conrelid = rel.oid
WHERE c.contype IN ('c', 'f', 'p', 'u', 'x') AND (c.contype <> 'f' OR c.conparentid = 0))";

constexpr const char* kIndex = R"(
SELECT rel.name AS object, t.kind || ' ' || t.name AS parent,
       pg_get_indexdef(rel.oid) AS definition, x.indisvalid AS valid, x.indisreplident AS "is replica identity",
       x.indisclustered AS "is clustered on",
       (SELECT @(p.relname) FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent WHERE i.inhrelid = rel.oid)
         AS "attached to"
FROM rel JOIN pg_index x ON x.indexrelid = rel.oid JOIN rel t ON t.oid = x.indrelid)";

// A partition's copy of a trigger is marked as internal before 15. The guard's triggers (replicate/guard.h) are ours.
constexpr const char* kTrigger = R"(
SELECT @(g.tgname) || ' on ' || rel.name AS object, rel.kind || ' ' || rel.name AS parent,
       pg_get_triggerdef(g.oid) AS definition,
       CASE g.tgenabled WHEN 'O' THEN 'yes' WHEN 'D' THEN 'no' WHEN 'R' THEN 'replica' ELSE 'always' END AS enabled
FROM rel JOIN pg_trigger g ON g.tgrelid = rel.oid
WHERE g.tgname <> 'airlift_guard'
  AND (NOT g.tgisinternal OR g.tgparentid <> 0 AND g.tgname !~ '^RI_ConstraintTrigger_'))";

constexpr const char* kRule = R"(
SELECT @(r.rulename) || ' on ' || rel.name AS object, rel.kind || ' ' || rel.name AS parent,
       CASE r.ev_type WHEN '1' THEN 'select' WHEN '2' THEN 'update' WHEN '3' THEN 'insert' ELSE 'delete' END AS event,
       r.is_instead AS instead,
       CASE r.ev_enabled WHEN 'O' THEN 'yes' WHEN 'D' THEN 'no' WHEN 'R' THEN 'replica' ELSE 'always' END AS enabled,
       CASE WHEN (SELECT same_major FROM facts) THEN pg_get_ruledef(r.oid) END AS definition
FROM rel JOIN pg_rewrite r ON r.ev_class = rel.oid WHERE r.rulename <> '_RETURN')";

constexpr const char* kPolicy = R"(
SELECT @(p.polname) || ' on ' || rel.name AS object, rel.kind || ' ' || rel.name AS parent,
       CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert' WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete'
                     ELSE 'all' END AS command,
       p.polpermissive AS permissive,
       (SELECT string_agg(name, ', ' ORDER BY name COLLATE "C")
        FROM (SELECT CASE WHEN r = 0 THEN 'PUBLIC' ELSE @(pg_get_userbyid(r)) END AS name FROM unnest(p.polroles) r) x)
         AS roles,
       pg_get_expr(p.polqual, p.polrelid) AS "using", pg_get_expr(p.polwithcheck, p.polrelid) AS "with check"
FROM rel JOIN pg_policy p ON p.polrelid = rel.oid)";

constexpr const char* kStatistics = R"(
SELECT ns.name || '.' || @(s.stxname) AS object, rel.kind || ' ' || rel.name AS parent,
       pg_get_statisticsobjdef(s.oid) AS definition
FROM pg_statistic_ext s JOIN ns ON ns.oid = s.stxnamespace JOIN rel ON rel.oid = s.stxrelid)";

constexpr const char* kSequence = R"(
SELECT rel.name AS object,
       (SELECT t.kind || ' ' || t.name FROM rel t WHERE t.oid = d.refobjid) AS parent,
       format_type(s.seqtypid, NULL) AS type, s.seqstart AS start, s.seqincrement AS increment, s.seqmin AS minimum,
       s.seqmax AS maximum, s.seqcache AS cache, s.seqcycle AS cycle,
       CASE rel.relpersistence WHEN 'u' THEN 'unlogged' ELSE 'permanent' END AS persistence,
       (SELECT t.name || '.' || @(a.attname) FROM rel t JOIN pg_attribute a ON a.attrelid = t.oid
        WHERE t.oid = d.refobjid AND a.attnum = d.refobjsubid) AS "owned by"
FROM rel JOIN pg_sequence s ON s.seqrelid = rel.oid
     LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = rel.oid AND d.objsubid = 0
                          AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i'))";

using Row = Description::Row;

constexpr Description kDescriptions[] = {
    {"table", 13, Row::kObject, kTable},
    {"foreign table", 13, Row::kObject, kForeignTable},
    {"view", 13, Row::kObject, kView},
    {"materialized view", 13, Row::kObject, kMaterializedView},
    {"column", 13, Row::kObject, kColumn},
    {"column", 14, Row::kProperty, kColumnCompression},
    {"sequence", 13, Row::kObject, kSequence},
    {"constraint", 13, Row::kObject, kConstraint},
    {"index", 13, Row::kObject, kIndex},
    {"trigger", 13, Row::kObject, kTrigger},
    {"rule", 13, Row::kObject, kRule},
    {"policy", 13, Row::kObject, kPolicy},
    {"statistics", 13, Row::kObject, kStatistics},
};

}  // namespace

std::span<const Description> RelationDescriptions() { return kDescriptions; }

}  // namespace airlift
