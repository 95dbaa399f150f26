// Schemas, extensions, types, functions and the rarer kinds.
#include "schema_compare/description.h"

namespace airlift {

namespace {

constexpr const char* kSchema = R"(
SELECT name AS object, NULL AS parent FROM owned WHERE kind = 'schema')";

constexpr const char* kExtension = R"(
SELECT @(e.extname) AS object, NULL AS parent, @(n.nspname) AS schema
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname <> 'pg_airlift')";

constexpr const char* kExtensionVersion = R"(
SELECT @(extname) AS object, 'extension ' || @(extname) AS parent, extversion AS version
FROM pg_extension WHERE extname <> 'pg_airlift')";

constexpr const char* kLanguage = R"(
SELECT o.name AS object, NULL AS parent, l.lanpltrusted AS trusted, l.lanplcallfoid::regproc AS handler,
       l.laninline::regproc AS inline, l.lanvalidator::regproc AS validator
FROM owned o JOIN pg_language l ON l.oid = o.oid WHERE o.kind = 'language')";

constexpr const char* kType = R"(
SELECT o.name AS object, NULL AS parent,
       CASE t.typtype WHEN 'c' THEN 'composite' WHEN 'd' THEN 'domain' WHEN 'e' THEN 'enum' WHEN 'r' THEN 'range'
                      ELSE 'base' END AS kind,
       (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid)
         AS labels,
       (SELECT string_agg(@(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
                          || COALESCE(' COLLATE ' || @(c.collname), ''), ', ' ORDER BY a.attnum)
        FROM pg_attribute a LEFT JOIN pg_type at ON at.oid = a.atttypid
             LEFT JOIN pg_collation c ON c.oid = a.attcollation AND a.attcollation <> at.typcollation
        WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS attributes,
       CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS "base type",
       CASE WHEN t.typtype = 'd' THEN t.typnotnull END AS "not null",
       t.typdefault AS "default",
       (SELECT @(c.collname) FROM pg_collation c
        WHERE c.oid = t.typcollation AND t.typtype = 'd'
          AND c.oid <> (SELECT b.typcollation FROM pg_type b WHERE b.oid = t.typbasetype)) AS collation,
       (SELECT concat_ws(' ', format_type(r.rngsubtype, NULL), r.rngcanonical, r.rngsubdiff, oc.opcname, c.collname)
        FROM pg_range r JOIN pg_opclass oc ON oc.oid = r.rngsubopc
             LEFT JOIN pg_collation c ON c.oid = r.rngcollation
        WHERE r.rngtypid = t.oid) AS subtype,
       CASE WHEN t.typtype = 'b' THEN concat_ws(' ', t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin,
         t.typmodout, t.typanalyze, t.typlen, t.typbyval, t.typalign, t.typstorage, t.typcategory, t.typispreferred,
         t.typdelim) END AS implementation
FROM owned o JOIN pg_type t ON t.oid = o.oid WHERE o.kind = 'type')";

constexpr const char* kDomainConstraint = R"(
SELECT @(c.conname) || ' on ' || o.name AS object, 'type ' || o.name AS parent,
       pg_get_constraintdef(c.oid) AS definition, c.convalidated AS validated
FROM owned o JOIN pg_constraint c ON c.contypid = o.oid WHERE o.kind = 'type' AND c.contype = 'c')";

constexpr const char* kFunction = R"(
SELECT o.name AS object, NULL AS parent,
       CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'w' THEN 'window function' ELSE 'function' END AS kind,
       pg_get_function_result(p.oid) AS result,
       (SELECT string_agg(concat_ws(' ', COALESCE(p.proargmodes[x.n], 'i'), NULLIF(p.proargnames[x.n], ''),
                                    format_type(x.type, NULL)), ', ' ORDER BY x.n)
        FROM unnest(COALESCE(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY AS x(type, n)) AS arguments,
       pg_get_expr(p.proargdefaults, 0::oid) AS "argument defaults",
       @(l.lanname) AS language,
       CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END AS volatility,
       CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END AS parallel,
       p.proisstrict AS strict, p.prosecdef AS "security definer", p.proleakproof AS leakproof,
       p.procost AS cost, p.prorows AS rows, NULLIF(p.prosupport, 0::regproc) AS support,
       (SELECT string_agg(s, ', ' ORDER BY s COLLATE "C") FROM unnest(p.proconfig) s) AS settings,
       p.probin AS library,
       encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex') AS "body's SHA-256"
FROM owned o JOIN pg_proc p ON p.oid = o.oid JOIN pg_language l ON l.oid = p.prolang WHERE o.kind = 'function')";

// BEGIN ATOMIC ... END, kept as a parse tree: its spelling depends on the major version.
constexpr const char* kFunctionSqlBody = R"(
SELECT o.name AS object, 'function ' || o.name AS parent,
       CASE WHEN (SELECT same_major FROM facts) THEN pg_get_function_sqlbody(p.oid) ELSE 'present' END AS "SQL body"
FROM owned o JOIN pg_proc p ON p.oid = o.oid WHERE o.kind = 'function' AND p.prosqlbody IS NOT NULL)";

constexpr const char* kAggregate = R"(
SELECT o.name AS object, NULL AS parent,
       pg_get_function_result(p.oid) AS result, a.aggkind AS kind, a.aggnumdirectargs AS "direct arguments",
       a.aggtransfn AS "transition function", format_type(a.aggtranstype, NULL) AS "state type",
       a.aggfinalfn AS "final function", a.aggfinalmodify AS "final function modifies", a.aggfinalextra AS "final extra",
       a.aggcombinefn AS "combine function", a.aggserialfn AS "serial function", a.aggdeserialfn AS "deserial function",
       a.aggmtransfn AS "moving transition function", a.aggminvtransfn AS "moving inverse function",
       a.aggmfinalfn AS "moving final function", a.agginitval AS "initial value",
       a.aggminitval AS "moving initial value", NULLIF(a.aggsortop, 0)::regoperator AS "sort operator",
       CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted' ELSE 'unsafe' END AS parallel
FROM owned o JOIN pg_proc p ON p.oid = o.oid JOIN pg_aggregate a ON a.aggfnoid = p.oid WHERE o.kind = 'aggregate')";

constexpr const char* kOperator = R"(
SELECT ns.name || '.' || p.oprname || '(' || format_type(NULLIF(p.oprleft, 0), NULL) || ', '
         || format_type(NULLIF(p.oprright, 0), NULL) || ')' AS object, NULL AS parent,
       p.oprcode AS function, NULLIF(p.oprcom, 0)::regoperator AS commutator,
       NULLIF(p.oprnegate, 0)::regoperator AS negator, p.oprrest AS "restriction estimator",
       p.oprjoin AS "join estimator", p.oprcanhash AS hashes, p.oprcanmerge AS merges
FROM pg_operator p JOIN ns ON ns.oid = p.oprnamespace
WHERE p.oprcode <> 0 AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_operator'::regclass AND m.objid = p.oid))";

constexpr const char* kCast = R"(
SELECT format_type(c.castsource, NULL) || ' as ' || format_type(c.casttarget, NULL) AS object, NULL AS parent,
       NULLIF(c.castfunc, 0)::regprocedure AS function,
       CASE c.castcontext WHEN 'i' THEN 'implicit' WHEN 'a' THEN 'assignment' ELSE 'explicit' END AS context,
       CASE c.castmethod WHEN 'f' THEN 'function' WHEN 'i' THEN 'inout' ELSE 'binary' END AS method
FROM pg_cast c
WHERE c.oid >= 16384 AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_cast'::regclass AND m.objid = c.oid)
  -- Between a range and its multirange: made with the type, since 14.
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_cast'::regclass AND d.objid = c.oid AND d.deptype = 'i'))";

// The catalog keeps the locale in columns that changed their names, in a spelling that changed too.
constexpr const char* kCollation = R"(
SELECT ns.name || '.' || @(c.collname) AS object, NULL AS parent,
       CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'c' THEN 'libc' WHEN 'd' THEN 'default' ELSE 'builtin' END AS provider,
       c.collisdeterministic AS deterministic,
       CASE WHEN (SELECT same_major FROM facts) THEN concat_ws(', ', c.collcollate, c.collctype,
         to_jsonb(c) ->> 'colliculocale', to_jsonb(c) ->> 'colllocale', to_jsonb(c) ->> 'collicurules') END AS locale
FROM pg_collation c JOIN ns ON ns.oid = c.collnamespace
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_collation'::regclass AND m.objid = c.oid))";

constexpr const char* kTextSearchConfiguration = R"(
SELECT ns.name || '.' || @(c.cfgname) AS object, NULL AS parent,
       (SELECT @(n.nspname) || '.' || @(p.prsname) FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace
        WHERE p.oid = c.cfgparser) AS parser,
       (SELECT string_agg(m.maptokentype || ' ' || m.mapdict::regdictionary, ', ' ORDER BY m.maptokentype, m.mapseqno)
        FROM pg_ts_config_map m WHERE m.mapcfg = c.oid) AS mapping
FROM pg_ts_config c JOIN ns ON ns.oid = c.cfgnamespace
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_ts_config'::regclass AND m.objid = c.oid))";

constexpr const char* kTextSearchDictionary = R"(
SELECT ns.name || '.' || @(d.dictname) AS object, NULL AS parent,
       (SELECT @(n.nspname) || '.' || @(t.tmplname) FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace
        WHERE t.oid = d.dicttemplate) AS template,
       d.dictinitoption AS options
FROM pg_ts_dict d JOIN ns ON ns.oid = d.dictnamespace
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_ts_dict'::regclass AND m.objid = d.oid))";

constexpr const char* kEventTrigger = R"(
SELECT @(e.evtname) AS object, NULL AS parent, e.evtevent AS event, array_to_string(e.evttags, ', ') AS tags,
       e.evtfoid::regprocedure AS function,
       CASE e.evtenabled WHEN 'O' THEN 'yes' WHEN 'D' THEN 'no' WHEN 'R' THEN 'replica' ELSE 'always' END AS enabled
FROM pg_event_trigger e
WHERE NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_event_trigger'::regclass AND m.objid = e.oid))";

constexpr const char* kForeignDataWrapper = R"(
SELECT o.name AS object, NULL AS parent, NULLIF(f.fdwhandler, 0)::regproc AS handler,
       NULLIF(f.fdwvalidator, 0)::regproc AS validator,
       (SELECT string_agg(x, ', ' ORDER BY x COLLATE "C") FROM unnest(f.fdwoptions) x) AS options
FROM owned o JOIN pg_foreign_data_wrapper f ON f.oid = o.oid WHERE o.kind = 'foreign data wrapper')";

constexpr const char* kForeignServer = R"(
SELECT o.name AS object, NULL AS parent, @(f.fdwname) AS wrapper, s.srvtype AS type, s.srvversion AS version,
       (SELECT string_agg(x, ', ' ORDER BY x COLLATE "C") FROM unnest(s.srvoptions) x) AS options
FROM owned o JOIN pg_foreign_server s ON s.oid = o.oid JOIN pg_foreign_data_wrapper f ON f.oid = s.srvfdw
WHERE o.kind = 'foreign server')";

// Never the options: they hold passwords.
constexpr const char* kUserMapping = R"(
SELECT CASE WHEN umuser = 0 THEN 'PUBLIC' ELSE @(usename) END || ' on ' || @(srvname) AS object,
       'foreign server ' || @(srvname) AS parent
FROM pg_user_mappings)";

// Existence only.
constexpr const char* kOther = R"(
SELECT i.type || ' ' || i.identity AS object, NULL AS parent
FROM (SELECT 'pg_opclass'::regclass, oid FROM pg_opclass
      UNION ALL SELECT 'pg_opfamily'::regclass, oid FROM pg_opfamily
      UNION ALL SELECT 'pg_conversion'::regclass, oid FROM pg_conversion
      UNION ALL SELECT 'pg_ts_parser'::regclass, oid FROM pg_ts_parser
      UNION ALL SELECT 'pg_ts_template'::regclass, oid FROM pg_ts_template
      UNION ALL SELECT 'pg_am'::regclass, oid FROM pg_am
      UNION ALL SELECT 'pg_transform'::regclass, oid FROM pg_transform) AS o(classid, oid)
     CROSS JOIN LATERAL pg_identify_object(o.classid, o.oid, 0) i
WHERE o.oid >= 16384 AND NOT EXISTS (SELECT FROM member m WHERE m.classid = o.classid AND m.objid = o.oid))";

using Row = Description::Row;

constexpr Description kDescriptions[] = {
    {"schema", 13, Row::kObject, kSchema},
    {"extension", 13, Row::kObject, kExtension},
    {"extension", 13, Row::kInformation, kExtensionVersion},
    {"language", 13, Row::kObject, kLanguage},
    {"type", 13, Row::kObject, kType},
    {"domain constraint", 13, Row::kObject, kDomainConstraint},
    {"function", 13, Row::kObject, kFunction},
    {"function", 14, Row::kProperty, kFunctionSqlBody},
    {"aggregate", 13, Row::kObject, kAggregate},
    {"operator", 13, Row::kObject, kOperator},
    {"cast", 13, Row::kObject, kCast},
    {"collation", 13, Row::kObject, kCollation},
    {"text search configuration", 13, Row::kObject, kTextSearchConfiguration},
    {"text search dictionary", 13, Row::kObject, kTextSearchDictionary},
    {"event trigger", 13, Row::kObject, kEventTrigger},
    {"foreign data wrapper", 13, Row::kObject, kForeignDataWrapper},
    {"foreign server", 13, Row::kObject, kForeignServer},
    {"user mapping", 13, Row::kObject, kUserMapping},
    {"other object", 13, Row::kObject, kOther},
};

}  // namespace

std::span<const Description> ObjectDescriptions() { return kDescriptions; }

}  // namespace airlift
