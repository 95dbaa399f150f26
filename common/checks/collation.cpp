// Encodings, collations, locales, time zones.
#include "areas.h"

namespace airlift {

namespace {

constexpr Check kChecks[] = {
    {.id = "enc.not_utf8",
     .title = "the database's encoding is not UTF8",
     .severity = Severity::kWarning,
     .query = R"sql(
SELECT pg_catalog.quote_ident(d.datname), 'Encoding ' || pg_catalog.pg_encoding_to_char(d.encoding) || '.', NULL, NULL
FROM pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database() AND pg_catalog.pg_encoding_to_char(d.encoding) NOT IN ('UTF8', 'SQL_ASCII'))sql",
     .remedy =
         "Create the target database with the same ENCODING (TEMPLATE template0), or with UTF8 to convert on the way.",
     .source = "PostgreSQL manual, character set support"},
    {.id = "enc.sql_ascii",
     .title = "the database's encoding is SQL_ASCII: it may hold bytes of any encoding",
     .severity = Severity::kBlocker,
     .query = R"sql(
SELECT pg_catalog.quote_ident(d.datname), NULL, NULL, NULL
FROM pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database() AND pg_catalog.pg_encoding_to_char(d.encoding) = 'SQL_ASCII')sql",
     .remedy = "Find what is no UTF8 (assess with deep) and mend it, or create the target with SQL_ASCII as well and "
               "accept this "
               "finding.",
     .source = "PostgreSQL manual, character set support"},
    {.id = "enc.invalid_bytes",
     .title = "a column of an SQL_ASCII database holds bytes that are no UTF8",
     .severity = Severity::kBlocker,
     .deep = true,
     .query = R"sql(
SELECT s.name, s.rows || ' of the rows read.', NULL, NULL
FROM (
  SELECT c.name || '.' || pg_catalog.quote_ident(a.attname) AS name, (pg_catalog.regexp_match(pg_catalog.query_to_xml(
      pg_catalog.format('SELECT pg_catalog.count(*) AS rows FROM %s TABLESAMPLE SYSTEM (%s) WHERE %I::pg_catalog.text '
        '~ E''[\x80-\xff]'' AND pg_catalog.encode(pg_catalog.convert_to(%3$I::pg_catalog.text, ''SQL_ASCII''), ''hex'') !~ '
        '''^([0-7][0-9a-f]|(c[2-9a-f]|d[0-9a-f])[89ab][0-9a-f]|(e0[ab]|e[1-9a-cef][89ab]|ed[89])[0-9a-f][89ab][0-9a-f]|'
        '(f0[9ab]|f[1-3][89ab]|f48)[0-9a-f]([89ab][0-9a-f]){2})*$''',
        c.name, LEAST(100, 100 * 2000.0 / GREATEST(c.relpages, 1)), a.attname),
      true, false, '')::pg_catalog.text, '<rows>([0-9]+)</rows>'))[1]::bigint AS rows
  FROM user_relation c
    JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
  WHERE pg_catalog.pg_encoding_to_char(d.encoding) = 'SQL_ASCII' AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
    AND (t.typcategory = 'S' OR t.typname IN ('json', 'jsonb', 'xml'))) AS s
WHERE s.rows > 0)sql",
     .remedy = "UPDATE these values to valid UTF8 (convert_from(value::bytea, 'LATIN1') or the encoding they are in) "
               "before the move.",
     .source = "measured: invalid byte sequence for encoding \"UTF8\""},
    {.id = "coll.db_locale",
     .title = "the database's locale has a name that Linux does not know",
     .severity = Severity::kWarning,
     .query = R"sql(
SELECT pg_catalog.quote_ident(d.datname), pg_catalog.format('LC_COLLATE %s, LC_CTYPE %s.', d.datcollate, d.datctype), NULL, NULL
FROM pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database()
  AND (d.datcollate !~ '^(C|POSIX)$|^(C|[a-z]{2,3}_[A-Z]{2})(\.[A-Za-z0-9-]+)?(@[a-z]+)?$'
    OR d.datctype !~ '^(C|POSIX)$|^(C|[a-z]{2,3}_[A-Z]{2})(\.[A-Za-z0-9-]+)?(@[a-z]+)?$'))sql",
     .remedy = "Create the target database with a locale that it has: en_US.UTF-8, C.UTF-8 or an ICU one.",
     .source = "RDS user guide, collations"},
    {.id = "coll.glibc",
     .title = "text sorts by the C library's locale, which RDS has in another version",
     .severity = Severity::kWarning,
     .query = R"sql(
SELECT pg_catalog.quote_ident(d.datname), 'LC_COLLATE ' || d.datcollate || '.', NULL, NULL
FROM pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database() AND d.datcollate !~ '^(C|POSIX|C\.(UTF-?8|utf-?8))$'
  AND COALESCE(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') = 'c'
UNION ALL
SELECT DISTINCT pg_catalog.format('%I.%I', n.nspname, l.collname), 'Columns use it; LC_COLLATE ' || l.collcollate || '.', NULL, NULL
FROM pg_catalog.pg_collation l
  JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
  JOIN pg_catalog.pg_attribute a ON a.attcollation = l.oid
  JOIN user_relation c ON c.oid = a.attrelid
WHERE l.collprovider = 'c' AND l.collcollate !~ '^(C|POSIX|C\.(UTF-?8|utf-?8))$' AND c.relkind IN ('r', 'p', 'm') AND a.attnum > 0)sql",
     .remedy = "A logical move builds indexes anew, so none is corrupt; but ORDER BY, ranges of text partitions and "
               "constraints may "
               "differ: load partitioned tables through their root.",
     .source = "RDS user guide, collations: sort order of glibc 2.26"},
    {.id = "coll.version_mismatch",
     .title = "a collation's version is not the one its indexes were built with",
     .severity = Severity::kWarning,
     .query = R"sql(
SELECT pg_catalog.format('%I.%I', n.nspname, l.collname),
  pg_catalog.format('Recorded %s, now %s.', l.collversion, pg_catalog.pg_collation_actual_version(l.oid)), NULL, NULL
FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
WHERE l.collversion IS NOT NULL AND l.collversion IS DISTINCT FROM pg_catalog.pg_collation_actual_version(l.oid)
  AND EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attcollation = l.oid AND a.attrelid >= 16384))sql",
     .remedy = "REINDEX what uses it on the source, then ALTER COLLATION ... REFRESH VERSION: a corrupt unique index "
               "may hide "
               "duplicates that the target refuses.",
     .source = "PostgreSQL manual, ALTER COLLATION"},
    {.id = "coll.db_version",
     .title = "the database's default collation is not the version its indexes were built with",
     .severity = Severity::kWarning,
     .from_version = 15,
     .query = R"sql(
SELECT pg_catalog.quote_ident(d.datname),
  pg_catalog.format('Recorded %s, now %s.', d.datcollversion, pg_catalog.pg_database_collation_actual_version(d.oid)), NULL, NULL
FROM pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database() AND d.datcollversion IS NOT NULL
  AND d.datcollversion IS DISTINCT FROM pg_catalog.pg_database_collation_actual_version(d.oid))sql",
     .remedy = "REINDEX DATABASE on the source, then ALTER DATABASE ... REFRESH COLLATION VERSION.",
     .source = "PostgreSQL manual 15, ALTER DATABASE"},
    {.id = "coll.icu",
     .title = "an ICU collation may sort otherwise on the target",
     .severity = Severity::kWarning,
     .query = R"sql(
SELECT pg_catalog.format('%I.%I', n.nspname, l.collname), pg_catalog.concat_ws(' ',
    'Locale ' || COALESCE(pg_catalog.to_jsonb(l) ->> 'colllocale', pg_catalog.to_jsonb(l) ->> 'colliculocale', l.collcollate) || ',',
    'ICU version ' || COALESCE(l.collversion, 'unknown') || ',' || CASE WHEN l.collisdeterministic THEN ' deterministic.' ELSE ' nondeterministic.' END), NULL, NULL
FROM pg_catalog.pg_collation l JOIN pg_catalog.pg_namespace n ON n.oid = l.collnamespace
WHERE l.collprovider = 'i' AND l.oid >= 16384
UNION ALL
SELECT pg_catalog.quote_ident(d.datname), 'Its default provider is ICU.', NULL, NULL
FROM pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database() AND pg_catalog.to_jsonb(d) ->> 'datlocprovider' = 'i')sql",
     .remedy = "Create it on the target before the move and compare the order of a sample; custom rules need 16.",
     .source = "RDS release notes, extension tables: ICU 60.2"},
    {.id = "coll.builtin",
     .title = "the target does not have the database's built-in locale",
     .severity = Severity::kBlocker,
     .from_version = 17,
     .query = R"sql(
SELECT pg_catalog.quote_ident(d.datname), 'Locale ' || d.datlocale || '.', NULL, NULL
FROM pg_catalog.pg_database d CROSS JOIN parameters p
WHERE d.datname = pg_catalog.current_database() AND d.datlocprovider = 'b'
  AND p.target_version < CASE d.datlocale WHEN 'PG_UNICODE_FAST' THEN 18 ELSE 17 END)sql",
     .remedy = "Choose a target of 17 or later, for PG_UNICODE_FAST of 18 or later.",
     .source = "PostgreSQL release notes 17 and 18"},
    {.id = "coll.nondeterministic_fk",
     .title = "a foreign key compares columns of different nondeterministic collations, which 18 refuses",
     .severity = Severity::kBlocker,
     .strategies = kDump,
     .to_version = 17,
     .from_target = 18,
     .query = R"sql(
SELECT DISTINCT pg_catalog.format('%s.%I', c.name, k.conname), NULL, NULL, NULL
FROM pg_catalog.pg_constraint k
  JOIN user_relation c ON c.oid = k.conrelid
  CROSS JOIN LATERAL ROWS FROM (pg_catalog.unnest(k.conkey), pg_catalog.unnest(k.confkey)) AS u (here, there)
  JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.here
  JOIN pg_catalog.pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.there
  JOIN pg_catalog.pg_collation la ON la.oid = a.attcollation
  JOIN pg_catalog.pg_collation lb ON lb.oid = b.attcollation
WHERE k.contype = 'f' AND la.oid <> lb.oid AND NOT (la.collisdeterministic AND lb.collisdeterministic))sql",
     .remedy = "Give both columns the same collation before the move.",
     .source = "PostgreSQL release notes 18"},
    {.id = "fts.provider",
     .title = "text search and pg_trgm follow the default collation provider from 18 on",
     .severity = Severity::kWarning,
     .strategies = kDump,
     .from_version = 15,
     .to_version = 17,
     .from_target = 18,
     .query = R"sql(
SELECT pg_catalog.quote_ident(d.datname), 'Its default provider is not libc.', NULL, NULL
FROM pg_catalog.pg_database d
WHERE d.datname = pg_catalog.current_database() AND d.datlocprovider <> 'c')sql",
     .remedy = "Compare the results of searches; stored tsvector columns may need to be computed anew. Indexes are "
               "built anew by the "
               "move.",
     .source = "PostgreSQL release notes 18"},
    {.id = "part.by_text_or_enum",
     .title = "a partition key on text or an enum may place rows otherwise on the target",
     .severity = Severity::kWarning,
     .strategies = kDump | kReplication,
     .query = R"sql(
SELECT c.name, pg_catalog.format('%s by %s.', CASE p.partstrat WHEN 'h' THEN 'Hash' ELSE 'Range' END,
    pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ')), NULL, NULL
FROM pg_catalog.pg_partitioned_table p
  JOIN user_relation c ON c.oid = p.partrelid
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (p.partattrs::pg_catalog.int2[])
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
WHERE (p.partstrat = 'h' AND (t.typtype = 'e' OR NOT l.collisdeterministic)
  OR p.partstrat = 'r' AND t.typcategory = 'S' AND COALESCE(l.collname, '') NOT IN ('C', 'POSIX', 'ucs_basic'))
GROUP BY c.name, p.partstrat)sql",
     .remedy = "pg_dump --load-via-partition-root; publish_via_partition_root = true.",
     .source = "PostgreSQL manual 18, pg_dump"},
    {.id = "tz.default",
     .title = "the default time zone is not the UTC of a managed target",
     .severity = Severity::kWarning,
     .has_fix = true,
     .query = R"sql(
SELECT 'TimeZone', 'The server''s default is ' || s.reset_val || '; only the setting of the database is carried over.',
  pg_catalog.format('ALTER DATABASE %I SET timezone TO %L;', d.datname, s.reset_val),
  pg_catalog.format('ALTER DATABASE %I RESET timezone;', d.datname)
FROM pg_catalog.pg_settings s JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
WHERE s.name = 'TimeZone' AND s.reset_val !~* '^(UTC|GMT|Etc/(UTC|GMT|UCT|Zulu)|UCT|Zulu|Universal|Etc/Universal)$'
  AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_db_role_setting r CROSS JOIN LATERAL pg_catalog.unnest(r.setconfig) AS item
    WHERE r.setdatabase = d.oid AND r.setrole = 0 AND item ~* '^timezone='))sql",
     .remedy = "Set it for the database, so that it moves along, or in the parameter group.",
     .source = "RDS user guide, parameters: timezone is UTC"},
    {.id = "tz.abbreviations",
     .title = "time zone abbreviations are not the default set",
     .severity = Severity::kWarning,
     .query = R"sql(
SELECT 'timezone_abbreviations', 'Value ' || s.reset_val || '.', NULL, NULL
FROM pg_catalog.pg_settings s WHERE s.name = 'timezone_abbreviations' AND s.reset_val <> 'Default')sql",
     .remedy = "Write zones out in defaults and functions; files of abbreviations cannot be added to the target, and "
               "18 looks "
               "abbreviations up in the session's time zone first.",
     .source = "PostgreSQL release notes 18"},
    {.id = "money.columns",
     .title = "a column's money depends on lc_monetary",
     .severity = Severity::kWarning,
     .strategies = kDump | kCopy,
     .query = R"sql(
SELECT c.name || '.' || pg_catalog.quote_ident(a.attname), 'lc_monetary is ' || s.reset_val || '.', NULL, NULL
FROM user_relation c
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
  CROSS JOIN pg_catalog.pg_settings s
WHERE c.relkind IN ('r', 'p', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid = 790 AND s.name = 'lc_monetary')sql",
     .remedy = "Set the same lc_monetary in both sessions of a text copy, or copy in binary form (pg_airlift does).",
     .source = "PostgreSQL manual, monetary types"},
};

}  // namespace

constexpr CheckArea kCollationArea = AreaOf(kChecks);

}  // namespace airlift
