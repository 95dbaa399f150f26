// What stands around a row's query when it is run: the same over SPI and over the wire.
//
// Parameters: $1 kind of target (text: rds, aurora, managed), $2 its major version (int), $3 a JSON array of pairs
// [name, value]: for a source row what the target offers (extension, version; version "" for a library), for the
// target's half of a paired row what the source's half found.
#pragma once

namespace airlift {

// Sets a query may name; PostgreSQL evaluates only those that it does name.
//   parameters(target, target_version)
//   given(name, value)           $3; also as offered_extension (source rows) and source_fact (paired rows)
//   member(classid, objid)       members of extensions
//   user_relation                pg_class without system schemas, temporary tables and members of extensions, with its
//                                schema and its quoted name
//   server_setting(name, setting, context, undo_sql)   pg_settings with the statement that brings back what ALTER
//   SYSTEM
//                                changed; pg_settings.reset_val, as the session may have set its own
//   type_container(part, container)   what a type is an element, base type or attribute of
//   type_without_equality(oid)   types, and all made of them, whose values the apply worker cannot compare
//   identity_fix(oid, name, relreplident, fix_sql, undo_sql)   tables that can be published, with the best replica
//   identity
//                                each can have as it stands
inline constexpr const char* kQueryPrefix = R"sql(
WITH RECURSIVE
parameters AS (SELECT $1::pg_catalog.text AS target, $2::int AS target_version),
given AS (
  SELECT pair ->> 0 AS name, pair ->> 1 AS value FROM pg_catalog.jsonb_array_elements($3::pg_catalog.jsonb) AS pair),
offered_extension AS (SELECT name, value AS version FROM given),
source_fact AS (SELECT name, value FROM given),
member AS (SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e'),
user_relation AS (
  SELECT c.*, n.nspname, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
    AND NOT (c.relkind = 'c' AND EXISTS (
      SELECT FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = c.reltype AND d.deptype = 'e'))),
server_setting AS (
  SELECT s.name, s.reset_val AS setting, s.context,
    CASE WHEN s.sourcefile ~ 'postgresql\.auto\.conf$'
      THEN pg_catalog.format('ALTER SYSTEM SET %I = %L; SELECT pg_catalog.pg_reload_conf();', s.name, s.reset_val)
      ELSE pg_catalog.format('ALTER SYSTEM RESET %I; SELECT pg_catalog.pg_reload_conf();', s.name) END AS undo_sql
  FROM pg_catalog.pg_settings s),
type_container (part, container) AS (
  SELECT t.oid, t.typarray FROM pg_catalog.pg_type t WHERE t.typarray <> 0
  UNION ALL
  SELECT t.typbasetype, t.oid FROM pg_catalog.pg_type t WHERE t.typtype = 'd'
  UNION ALL
  SELECT a.atttypid, c.reltype FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  WHERE a.attnum > 0 AND NOT a.attisdropped
    AND (c.relkind = 'c' OR c.reltype IN (SELECT used.atttypid FROM pg_catalog.pg_attribute used WHERE used.atttypid >= 16384))),
type_without_equality (oid) AS (
  SELECT t.oid FROM pg_catalog.pg_type t
  WHERE t.typtype = 'b'
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_type element WHERE element.typarray = t.oid)
    AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am am ON am.oid = o.opcmethod
      WHERE am.amname IN ('btree', 'hash') AND o.opcdefault
        AND (o.opcintype = t.oid
          OR EXISTS (SELECT FROM pg_catalog.pg_cast k
                     WHERE k.castsource = t.oid AND k.casttarget = o.opcintype AND k.castmethod = 'b' AND k.castcontext = 'i')))
  UNION
  SELECT e.container FROM type_without_equality part JOIN type_container e ON e.part = part.oid),
identity_fix AS (
  SELECT c.oid, c.name, c.relreplident,
    'ALTER TABLE ' || c.name || CASE
      WHEN EXISTS (SELECT FROM pg_catalog.pg_index p WHERE p.indrelid = c.oid AND p.indisprimary AND p.indimmediate)
        THEN ' REPLICA IDENTITY DEFAULT;'
      ELSE COALESCE((
        SELECT pg_catalog.format(' REPLICA IDENTITY USING INDEX %I;', x.relname)
        FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
        WHERE i.indrelid = c.oid AND i.indisunique AND NOT i.indisprimary AND i.indimmediate AND i.indisvalid
          AND i.indpred IS NULL AND i.indexprs IS NULL
          AND NOT EXISTS (
            SELECT FROM pg_catalog.unnest(i.indkey::pg_catalog.int2[]) WITH ORDINALITY AS k (attnum, place)
              JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
            WHERE k.place <= i.indnkeyatts AND NOT a.attnotnull)
        ORDER BY i.indnkeyatts, x.relpages, x.relname LIMIT 1),
        CASE WHEN NOT EXISTS (
          SELECT FROM pg_catalog.pg_attribute a
          WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            AND a.atttypid IN (SELECT u.oid FROM type_without_equality u)) THEN ' REPLICA IDENTITY FULL;' END) END AS fix_sql,
    'ALTER TABLE ' || c.name || CASE c.relreplident
      WHEN 'd' THEN ' REPLICA IDENTITY DEFAULT;'
      WHEN 'n' THEN ' REPLICA IDENTITY NOTHING;'
      WHEN 'f' THEN ' REPLICA IDENTITY FULL;' END AS undo_sql
  FROM user_relation c
  WHERE c.relkind = 'r' AND c.relpersistence = 'p')
SELECT finding.object::pg_catalog.text, finding.detail::pg_catalog.text, finding.fix_sql::pg_catalog.text,
  CASE WHEN finding.fix_sql IS NOT NULL THEN finding.undo_sql::pg_catalog.text END
FROM ()sql";

inline constexpr const char* kQuerySuffix = R"sql() AS finding (object, detail, fix_sql, undo_sql)
ORDER BY finding.object::pg_catalog.text COLLATE pg_catalog."C", finding.detail::pg_catalog.text COLLATE pg_catalog."C")sql";

}  // namespace airlift
