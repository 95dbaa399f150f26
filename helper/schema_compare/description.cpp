#include "schema_compare/description.h"

#include <fmt/format.h>

namespace airlift {

namespace {

// NOT MATERIALIZED: a query pays for the parts that it uses.
constexpr const char* kCommonTables = R"(
ns AS NOT MATERIALIZED (
  SELECT oid, @(nspname) AS name, nspname, nspowner, nspacl FROM pg_namespace
  WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'airlift', 'airlift_state')
), member AS NOT MATERIALIZED (
  SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), rel AS NOT MATERIALIZED (
  SELECT c.*, ns.name || '.' || @(c.relname) AS name,
         CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
                        WHEN 'S' THEN 'sequence' WHEN 'i' THEN 'index' WHEN 'I' THEN 'index'
                        WHEN 'c' THEN 'composite type' ELSE 'table' END AS kind
  FROM pg_class c JOIN ns ON ns.oid = c.relnamespace
  WHERE c.relpersistence <> 't'
    AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)
), owned AS NOT MATERIALIZED (
  SELECT o.* FROM (
    SELECT kind, name, relowner AS owner, relacl AS acl, (CASE relkind WHEN 'S' THEN 's' ELSE 'r' END)::"char" AS acl_type,
           'pg_class'::regclass AS classid, oid
    FROM rel WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT 'schema', name, nspowner, nspacl, 'n', 'pg_namespace'::regclass, oid FROM ns
    UNION ALL
    SELECT CASE p.prokind WHEN 'a' THEN 'aggregate' ELSE 'function' END,
           ns.name || '.' || @(p.proname) || '(' || oidvectortypes(p.proargtypes) || ')', p.proowner, p.proacl, 'f',
           'pg_proc'::regclass, p.oid
    FROM pg_proc p JOIN ns ON ns.oid = p.pronamespace
    WHERE NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
    UNION ALL
    SELECT 'type', ns.name || '.' || @(t.typname), t.typowner, t.typacl, 'T', 'pg_type'::regclass, t.oid
    FROM pg_type t JOIN ns ON ns.oid = t.typnamespace
    WHERE t.typisdefined AND t.typtype IN ('b', 'c', 'd', 'e', 'r')
      AND (t.typtype <> 'c' OR EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c'))
      AND NOT EXISTS (SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)
    UNION ALL
    SELECT 'language', @(lanname), lanowner, lanacl, 'l', 'pg_language'::regclass, oid
    FROM pg_language WHERE oid >= 16384
    UNION ALL
    SELECT 'foreign data wrapper', @(fdwname), fdwowner, fdwacl, 'F', 'pg_foreign_data_wrapper'::regclass, oid
    FROM pg_foreign_data_wrapper
    UNION ALL
    SELECT 'foreign server', @(srvname), srvowner, srvacl, 'S', 'pg_foreign_server'::regclass, oid
    FROM pg_foreign_server
  ) AS o
  WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = o.classid AND m.objid = o.oid)
), noted AS NOT MATERIALIZED (
  -- Large objects have a comparison of their own; publications and subscriptions are not moved.
  SELECT d.classoid AS classid, d.objoid AS objid, d.objsubid, d.description
  FROM pg_description d CROSS JOIN LATERAL pg_identify_object(d.classoid, d.objoid, 0) i
  WHERE (d.objoid >= 16384 OR d.classoid = 'pg_namespace'::regclass AND i.identity = 'public')
    AND d.classoid NOT IN ('pg_largeobject'::regclass, 'pg_publication'::regclass, 'pg_subscription'::regclass)
    AND NOT EXISTS (SELECT FROM member m WHERE m.classid = d.classoid AND m.objid = d.objoid)
    AND COALESCE(i.schema, '') !~ '^pg_'
    AND COALESCE(i.schema, '') NOT IN ('information_schema', 'airlift', 'airlift_state')
    AND (d.classoid <> 'pg_namespace'::regclass OR i.identity NOT IN ('airlift', 'airlift_state'))
), commented AS NOT MATERIALIZED (
  SELECT d.classid, n.object, n.parent, d.description AS comment
  FROM noted d CROSS JOIN LATERAL (
    -- The commented thing itself, and the whole that it may be a column of. Names come in parts, since
    -- pg_identify_object's identity is quoted by the server's keywords.
    SELECT max(type || ' ' || name) FILTER (WHERE is_part) AS object,
           max(CASE WHEN type IN ('table constraint', 'trigger', 'rule', 'policy')
                    THEN replace(type, 'table ', '') || ' ' || @(object_names[3]) || ' on '
                         || @(object_names[1]) || '.' || @(object_names[2])
                    ELSE replace(type, 'procedure', 'function') || ' ' || name END)
             FILTER (WHERE NOT is_part) AS parent
    FROM (SELECT k.is_part, a.type, a.object_names,
                 (SELECT string_agg(@(x.part), '.' ORDER BY x.position)
                  FROM unnest(a.object_names) WITH ORDINALITY AS x(part, position))
                 || CASE WHEN a.type IN ('function', 'procedure', 'aggregate') OR a.object_args <> '{}'
                         THEN '(' || regexp_replace(array_to_string(a.object_args, ', '),
                                                    '(^|, )pg_catalog\.', '\1', 'g') || ')'
                         ELSE '' END AS name
          FROM (VALUES (true, d.objsubid), (false, 0)) AS k(is_part, objsubid)
               CROSS JOIN LATERAL pg_identify_object_as_address(d.classid, d.objid, k.objsubid) a) x
  ) n
)
)";

// x as an identifier for people.
std::string IdentifierExpression(const std::string& x) {
  return fmt::format(
      "(CASE WHEN {0} ~ '^[a-z_][a-z0-9_]*$' THEN {0}::text ELSE '\"' || replace({0}::text, '\"', '\"\"') || '\"' END)",
      x);
}

// The position behind the parenthesis that closes the one at `open`.
size_t EndOfParenthesis(const std::string& sql, size_t open) {
  int depth = 0;
  for (size_t i = open; i < sql.size(); ++i) {
    if (sql[i] == '(') ++depth;
    if (sql[i] == ')' && --depth == 0) return i + 1;
  }
  return sql.size();
}

std::string ExpandIdentifiers(const std::string& sql) {
  std::string expanded;
  size_t at = 0;
  for (size_t mark = sql.find("@("); mark != std::string::npos; mark = sql.find("@(", at)) {
    const size_t end = EndOfParenthesis(sql, mark + 1);
    expanded += sql.substr(at, mark - at) + IdentifierExpression(sql.substr(mark + 2, end - mark - 3));
    at = end;
  }
  return expanded + sql.substr(at);
}

}  // namespace

std::string DescriptionQuery(const Description& description, int lower_major, bool same_major) {
  return fmt::format("WITH facts AS (SELECT {} AS lower_major, {} AS same_major), {}", lower_major, same_major,
                     ExpandIdentifiers(std::string(kCommonTables) + description.sql));
}

}  // namespace airlift
