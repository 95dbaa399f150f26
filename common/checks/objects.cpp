// Objects of a database that only a superuser can create.
#include "areas.h"

namespace airlift {

namespace {

constexpr Check kChecks[] = {
    {.id = "func.c",
     .title = "a function is written in C or is an internal one",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .query = R"sql(
SELECT pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
  'Language ' || l.lanname || '.', NULL, NULL
FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
WHERE l.lanname IN ('c', 'internal') AND p.prokind <> 'a' AND p.oid >= 16384
  AND NOT EXISTS ( -- a constructor that CREATE TYPE ... AS RANGE made
    SELECT FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'i'
      AND d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass)
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND m.objid = p.oid))sql",
     .remedy = "Rewrite it in SQL, plpgsql, plperl or plv8, as a Trusted Language Extension (pg_tle), or outside the "
               "database.",
     .source = "measured: permission denied for language c"},
    {.id = "func.leakproof",
     .title = "a function is LEAKPROOF",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .has_fix = true,
     .query = R"sql(
SELECT f.name, NULL, 'ALTER ROUTINE ' || f.name || ' NOT LEAKPROOF;', 'ALTER ROUTINE ' || f.name || ' LEAKPROOF;'
FROM (
  SELECT p.oid, pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) AS name
  FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  WHERE p.proleakproof AND p.oid >= 16384) AS f
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND m.objid = f.oid))sql",
     .remedy =
         "Drop the attribute: queries on tables with row-level security may plan worse, none gives another result.",
     .source = "measured: only superuser can define a leakproof function"},
    {.id = "func.secdef_super",
     .title = "a SECURITY DEFINER function belongs to a superuser",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .query = R"sql(
SELECT pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
  pg_catalog.format('Owner %I; on the target it runs with less power.', r.rolname), NULL, NULL
FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_roles r ON r.oid = p.proowner
WHERE p.prosecdef AND r.rolsuper AND p.oid >= 16384
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND m.objid = p.oid))sql",
     .remedy = "Review what it does, and give it to a role that has just the privileges it needs.",
     .source = "PostgreSQL manual, CREATE FUNCTION"},
    {.id = "func.config_super",
     .title = "a function sets a parameter that only superusers may set",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .has_fix = true,
     .query = R"sql(
SELECT f.name, 'SET ' || f.item || '.', pg_catalog.format('ALTER ROUTINE %s RESET %I;', f.name, f.parameter),
  (SELECT pg_catalog.string_agg(pg_catalog.format('ALTER ROUTINE %s RESET %I; ALTER ROUTINE %1$s SET %2$I TO %s;', f.name, later.parameter,
    CASE WHEN later.value = '""' THEN '''''' WHEN later.parameter IN ('search_path', 'temp_tablespaces') THEN later.value
      ELSE pg_catalog.quote_literal(later.value) END), ' ' ORDER BY later.place)
  FROM (
    SELECT l.place, pg_catalog.split_part(l.item, '=', 1) AS parameter,
      pg_catalog.substr(l.item, pg_catalog.strpos(l.item, '=') + 1) AS value
    FROM pg_catalog.unnest(f.settings) WITH ORDINALITY AS l (item, place) WHERE l.place >= f.place) AS later)
FROM (
  SELECT p.oid, c.item, c.place, p.proconfig AS settings, s.name AS parameter,
    pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)) AS name
  FROM pg_catalog.pg_proc p
    JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
    CROSS JOIN LATERAL pg_catalog.unnest(p.proconfig) WITH ORDINALITY AS c (item, place)
    JOIN pg_catalog.pg_settings s ON s.name = pg_catalog.split_part(c.item, '=', 1)
  WHERE s.context IN ('superuser', 'superuser-backend') AND s.name !~ '_libraries$') AS f
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND m.objid = f.oid))sql",
     .remedy = "Take the SET clause off, or GRANT SET ON PARAMETER on the target (15 and later) where it allows that.",
     .source = "measured: permission denied to set parameter"},
    {.id = "func.search_path",
     .title = "a function behind an index or materialized view has no search_path of its own",
     .severity = Severity::kWarning,
     .strategies = kDump | kReplication,
     .to_version = 16,
     .from_target = 17,
     .query = R"sql(
SELECT DISTINCT pg_catalog.format('%I.%I(%s)', n.nspname, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid)),
  'It fails there where it names an object without its schema.', NULL, NULL
FROM pg_catalog.pg_proc p
  JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language l ON l.oid = p.prolang
  JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.refobjid = p.oid
  LEFT JOIN pg_catalog.pg_rewrite w ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND w.oid = d.objid
  LEFT JOIN pg_catalog.pg_class c
    ON c.oid = CASE d.classid WHEN 'pg_catalog.pg_class'::pg_catalog.regclass THEN d.objid ELSE w.ev_class END
WHERE p.oid >= 16384 AND l.lanname NOT IN ('c', 'internal') AND c.relkind IN ('i', 'I', 'm')
  AND NOT EXISTS (SELECT FROM pg_catalog.unnest(p.proconfig) AS item WHERE item ~ '^search_path=')
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND m.objid = p.oid))sql",
     .remedy = "ALTER FUNCTION ... SET search_path to the schemas it needs: since 17 indexes are built and views "
               "refreshed with "
               "search_path = pg_catalog, pg_temp.",
     .source = "PostgreSQL release notes 17"},
    {.id = "type.base",
     .title = "a base type has input and output functions in C",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .query = R"sql(
SELECT pg_catalog.format('%I.%I', n.nspname, t.typname), NULL, NULL, NULL
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype = 'b' AND t.oid >= 16384
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_type element WHERE element.typarray = t.oid)
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND m.objid = t.oid))sql",
     .remedy = "Use a domain or a composite type, or a custom type of pg_tle.",
     .source = "measured: must be superuser to create a base type"},
    {.id = "op.class",
     .title = "an operator class or family is the application's own",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .query = R"sql(
SELECT pg_catalog.format('%I.%I USING %I', n.nspname, o.opcname, am.amname), 'Operator class.', NULL, NULL
FROM pg_catalog.pg_opclass o
  JOIN pg_catalog.pg_namespace n ON n.oid = o.opcnamespace
  JOIN pg_catalog.pg_am am ON am.oid = o.opcmethod
WHERE o.oid >= 16384
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_opclass'::pg_catalog.regclass AND m.objid = o.oid)
UNION ALL
SELECT pg_catalog.format('%I.%I USING %I', n.nspname, f.opfname, am.amname), 'Operator family.', NULL, NULL
FROM pg_catalog.pg_opfamily f
  JOIN pg_catalog.pg_namespace n ON n.oid = f.opfnamespace
  JOIN pg_catalog.pg_am am ON am.oid = f.opfmethod
WHERE f.oid >= 16384 AND NOT EXISTS (SELECT FROM pg_catalog.pg_opclass o WHERE o.opcfamily = f.oid)
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_opfamily'::pg_catalog.regclass AND m.objid = f.oid))sql",
     .remedy = "None for a role that is no superuser: index an expression with a built-in operator class instead.",
     .source = "measured: must be superuser to create an operator class"},
    {.id = "op.custom",
     .title = "operators are the application's own",
     .severity = Severity::kInfo,
     .strategies = kDump,
     .query = R"sql(
SELECT pg_catalog.format('%I.%s', n.nspname, o.oprname), pg_catalog.format('(%s, %s)',
    pg_catalog.format_type(NULLIF(o.oprleft, 0), NULL), pg_catalog.format_type(NULLIF(o.oprright, 0), NULL)), NULL, NULL
FROM pg_catalog.pg_operator o JOIN pg_catalog.pg_namespace n ON n.oid = o.oprnamespace
WHERE o.oid >= 16384
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND m.objid = o.oid))sql",
     .remedy = "Nothing to do where their functions can be moved.",
     .source = "PostgreSQL manual, CREATE OPERATOR"},
    {.id = "cast.not_owned",
     .title = "a cast is binary, or between types that the application does not own",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .query = R"sql(
SELECT pg_catalog.format('(%s AS %s)', pg_catalog.format_type(k.castsource, NULL), pg_catalog.format_type(k.casttarget, NULL)),
  CASE k.castmethod WHEN 'b' THEN 'WITHOUT FUNCTION' WHEN 'i' THEN 'WITH INOUT' ELSE 'WITH FUNCTION' END, NULL, NULL
FROM pg_catalog.pg_cast k
WHERE k.oid >= 16384 AND (k.castmethod = 'b' OR k.castsource < 16384 AND k.casttarget < 16384)
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_cast'::pg_catalog.regclass AND m.objid = k.oid))sql",
     .remedy = "Cast explicitly in the application, or see whether the extension rds_casts has it (13.23, 14.20, "
               "15.15, 16.11, 17.7, "
               "18.1 and later).",
     .source = "measured: must be owner of type text or type integer; RDS user guide, custom casts"},
    {.id = "am.access_method",
     .title = "an access method is the application's own",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .query = R"sql(
SELECT pg_catalog.quote_ident(a.amname), NULL, NULL, NULL
FROM pg_catalog.pg_am a
WHERE a.oid >= 16384
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_am'::pg_catalog.regclass AND m.objid = a.oid))sql",
     .remedy = "None for a role that is no superuser: store the tables as heap, use built-in index methods.",
     .source = "measured: permission denied to create access method"},
    {.id = "ts.parser_template",
     .title = "a text search parser or template is the application's own",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .query = R"sql(
SELECT pg_catalog.format('%I.%I', n.nspname, t.name), t.kind, NULL, NULL
FROM (
  SELECT p.prsnamespace, p.prsname, 'Parser.', 'pg_catalog.pg_ts_parser'::pg_catalog.regclass::pg_catalog.oid, p.oid
  FROM pg_catalog.pg_ts_parser p
  UNION ALL
  SELECT t.tmplnamespace, t.tmplname, 'Template.', 'pg_catalog.pg_ts_template'::pg_catalog.regclass::pg_catalog.oid, t.oid
  FROM pg_catalog.pg_ts_template t) AS t (namespace, name, kind, classid, oid)
  JOIN pg_catalog.pg_namespace n ON n.oid = t.namespace
WHERE t.oid >= 16384 AND NOT EXISTS (SELECT FROM member m WHERE m.classid = t.classid AND m.objid = t.oid))sql",
     .remedy = "Use the built-in ones: dictionaries and configurations over them can be moved.",
     .source = "measured: must be superuser to create text search parsers"},
    {.id = "ts.dict_files",
     .title = "a text search dictionary reads files that the target does not have",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .query = R"sql(
SELECT DISTINCT pg_catalog.format('%I.%I', n.nspname, d.dictname), pg_catalog.format('%s = %s', f.file[1], f.file[2]), NULL, NULL
FROM pg_catalog.pg_ts_dict d
  JOIN pg_catalog.pg_namespace n ON n.oid = d.dictnamespace
  CROSS JOIN LATERAL pg_catalog.regexp_matches(d.dictinitoption,
    '(dictfile|afffile|stopwords|synonyms|dictionary|rules)\s*=\s*''?([^'',]+)''?', 'ig') AS f (file)
WHERE d.oid >= 16384 AND pg_catalog.lower(f.file[1]) <> 'dictionary'
  AND pg_catalog.lower(f.file[2]) NOT IN ('danish', 'dutch', 'english', 'finnish', 'french', 'german', 'hungarian', 'italian', 'nepali',
    'norwegian', 'portuguese', 'russian', 'spanish', 'swedish', 'turkish', 'hunspell_sample', 'hunspell_sample_long',
    'hunspell_sample_num', 'ispell_sample', 'synonym_sample', 'thesaurus_sample', 'xsyn_sample', 'unaccent')
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_ts_dict'::pg_catalog.regclass AND m.objid = d.oid))sql",
     .remedy = "Use one of PostgreSQL's own stop word lists, or hold synonyms in a table and rewrite queries with "
               "ts_rewrite: no file "
               "can be put on the service's disk.",
     .source = "PostgreSQL manual, text search dictionaries"},
    {.id = "conv.custom",
     .title = "an encoding conversion is the application's own",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .query = R"sql(
SELECT pg_catalog.format('%I.%I', n.nspname, c.conname), NULL, NULL, NULL
FROM pg_catalog.pg_conversion c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
WHERE c.oid >= 16384
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_conversion'::pg_catalog.regclass AND m.objid = c.oid))sql",
     .remedy =
         "It can be created where its function exists on the target; its owner may have to stay the migrating role.",
     .source = "measured"},
    {.id = "fdw.wrapper",
     .title = "a foreign-data wrapper is not part of an extension",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .query = R"sql(
SELECT pg_catalog.quote_ident(f.fdwname), NULL, NULL, NULL
FROM pg_catalog.pg_foreign_data_wrapper f
WHERE f.oid >= 16384
  AND NOT EXISTS (
    SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_foreign_data_wrapper'::pg_catalog.regclass AND m.objid = f.oid))sql",
     .remedy =
         "Use the wrapper of an extension that is offered: postgres_fdw, mysql_fdw, oracle_fdw, tds_fdw, log_fdw.",
     .source = "measured: permission denied to create foreign-data wrapper"},
    {.id = "evt.trigger",
     .title = "event triggers fire during the restore and are the master user's only",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .query = R"sql(
SELECT pg_catalog.quote_ident(t.evtname), pg_catalog.format('On %s, %s.', t.evtevent,
    CASE t.evtenabled WHEN 'D' THEN 'disabled' ELSE 'enabled' END), NULL, NULL
FROM pg_catalog.pg_event_trigger t
WHERE NOT EXISTS (
  SELECT FROM member m WHERE m.classid = 'pg_catalog.pg_event_trigger'::pg_catalog.regclass AND m.objid = t.oid))sql",
     .remedy = "Create them last, as the master user; other roles are refused, and they must be dropped before an "
               "upgrade in place.",
     .source = "RDS user guide, event triggers; measured: permission denied to create event trigger"},
};

}  // namespace

constexpr CheckArea kObjectArea = AreaOf(kChecks);

}  // namespace airlift
