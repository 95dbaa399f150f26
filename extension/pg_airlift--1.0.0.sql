-- The extension's SQL interface, version 1.0.0.
--
-- Every function here only reads, and reads as the role that calls it: privileges and row-level security hold as in
-- any query. That is why PUBLIC keeps its right to execute them.

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION pg_airlift" to load this file. \quit

-- Made here and not by the control file, so that it is a member of the extension and pg_dump leaves it out.
CREATE SCHEMA airlift;
GRANT USAGE ON SCHEMA airlift TO PUBLIC;
COMMENT ON SCHEMA airlift IS 'pg_airlift: row digests that prove a migration';

CREATE FUNCTION airlift.api_version() RETURNS int
    AS 'MODULE_PATHNAME', 'airlift_api_version' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION airlift.api_version() IS 'version of this SQL interface';

CREATE FUNCTION airlift.version() RETURNS text
    AS 'MODULE_PATHNAME', 'airlift_version' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION airlift.version() IS 'release that the loaded library was built from';

--
-- Rows
--
-- A single argument of a composite type (or record) stands for its columns; otherwise every argument is a column. One
-- signature serves both: next to it, a second one taking record would make calls with a table's row ambiguous.

CREATE FUNCTION airlift.row_image(VARIADIC "any") RETURNS bytea
    AS 'MODULE_PATHNAME', 'airlift_row_image' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION airlift.row_image(VARIADIC "any") IS
    'bytes of a row, or of a row of the given columns, that its digest is made of (format 1)';

CREATE FUNCTION airlift.row_digest(VARIADIC "any") RETURNS uuid
    AS 'MODULE_PATHNAME', 'airlift_row_digest' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION airlift.row_digest(VARIADIC "any") IS 'XXH3 128-bit of the row image';

CREATE FUNCTION airlift.hash_bytes(bytes bytea) RETURNS uuid
    AS 'MODULE_PATHNAME', 'airlift_hash_bytes' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION airlift.hash_bytes(bytea) IS 'XXH3 128-bit of the bytes, seed 0';

CREATE FUNCTION airlift.digest_bucket(digest uuid, buckets int) RETURNS int
    AS 'MODULE_PATHNAME', 'airlift_digest_bucket' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION airlift.digest_bucket(uuid, int) IS
    'bucket of a row whose key has the given digest: its high 64 bits, unsigned, modulo the number of buckets';

--
-- Sets of rows
--

CREATE TYPE airlift.digest_value AS (row_count bigint, digest uuid);
COMMENT ON TYPE airlift.digest_value IS 'number of rows and sum of their digests modulo 2^128';

CREATE FUNCTION airlift.digest_add(state internal, VARIADIC "any") RETURNS internal
    AS 'MODULE_PATHNAME', 'airlift_digest_add' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION airlift.digest_add(internal, VARIADIC "any") IS 'transition function of airlift.digest';

CREATE FUNCTION airlift.digest_combine(state internal, other internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'airlift_digest_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION airlift.digest_combine(internal, internal) IS 'combine function of airlift.digest';

CREATE FUNCTION airlift.digest_serialize(state internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'airlift_digest_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION airlift.digest_serialize(internal) IS 'serialization function of airlift.digest';

CREATE FUNCTION airlift.digest_deserialize(bytes bytea, state internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'airlift_digest_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION airlift.digest_deserialize(bytea, internal) IS 'deserialization function of airlift.digest';

CREATE FUNCTION airlift.digest_result(state internal) RETURNS airlift.digest_value
    AS 'MODULE_PATHNAME', 'airlift_digest_result' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION airlift.digest_result(internal) IS 'final function of airlift.digest';

CREATE AGGREGATE airlift.digest(VARIADIC "any") (
    SFUNC = airlift.digest_add,
    STYPE = internal,
    SSPACE = 64,
    COMBINEFUNC = airlift.digest_combine,
    SERIALFUNC = airlift.digest_serialize,
    DESERIALFUNC = airlift.digest_deserialize,
    FINALFUNC = airlift.digest_result,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE airlift.digest(VARIADIC "any") IS 'number of rows and sum of their digests; the order does not matter';

--
-- Tables
--
-- The functions below build a query and run it. Being STABLE they see one snapshot, that of the calling query; being
-- PARALLEL UNSAFE they are never run by a worker, so that the query they run can have workers itself. They fix the
-- settings of format 1 once, which saves doing so for every row.

CREATE FUNCTION airlift.live_columns(relation regclass) RETURNS text[]
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT COALESCE(pg_catalog.array_agg(a.attname::text ORDER BY a.attnum), '{}')
    FROM pg_catalog.pg_attribute a
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped
    $$;
COMMENT ON FUNCTION airlift.live_columns(regclass) IS 'columns of a relation in attnum order, dropped ones left out';

CREATE FUNCTION airlift.key_columns(relation regclass) RETURNS text[]
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT pg_catalog.array_agg(a.attname::text ORDER BY k.ordinality)
    FROM pg_catalog.pg_constraint c
        CROSS JOIN LATERAL pg_catalog.unnest(c.conkey) WITH ORDINALITY AS k (attnum, ordinality)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum
    WHERE c.conrelid = relation AND c.contype = 'p'
    $$;
COMMENT ON FUNCTION airlift.key_columns(regclass) IS 'columns of the primary key in its order, NULL without one';

-- The list of arguments by which airlift.digest and airlift.row_digest get a row of `columns`: the columns themselves,
-- which is fastest, or ROW(...) where they are too many for a function, none, or a single one that would be taken apart.
CREATE FUNCTION airlift.row_arguments(relation regclass, columns text[]) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = ''
    AS $$
    DECLARE
        known text[] := airlift.live_columns(relation);
        unknown text;
        arguments text;
        is_composite boolean;
    BEGIN
        SELECT c INTO unknown FROM pg_catalog.unnest(columns) AS c WHERE c IS NULL OR c <> ALL (known) LIMIT 1;
        IF FOUND THEN
            RAISE undefined_column USING MESSAGE = pg_catalog.format('relation %s has no column %s', relation,
                COALESCE(pg_catalog.quote_ident(unknown), 'NULL'));
        END IF;
        SELECT COALESCE(pg_catalog.string_agg(pg_catalog.quote_ident(c), ', ' ORDER BY ordinality), '') INTO arguments
        FROM pg_catalog.unnest(columns) WITH ORDINALITY AS u (c, ordinality);
        SELECT pg_catalog.bool_or(t.typtype NOT IN ('b', 'e', 'r', 'm')) INTO is_composite
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attname = columns[1];
        -- two arguments to spare: the aggregate's state is one
        IF pg_catalog.cardinality(columns) BETWEEN 1 AND pg_catalog.current_setting('max_function_args')::int - 2
            AND NOT (pg_catalog.cardinality(columns) = 1 AND is_composite) THEN
            RETURN arguments;
        END IF;
        RETURN pg_catalog.format('ROW(%s)', arguments);
    END
    $$;
COMMENT ON FUNCTION airlift.row_arguments(regclass, text[]) IS 'argument list for airlift.digest, from names of columns';

CREATE FUNCTION airlift.foreign_leaves(relation regclass) RETURNS regclass[]
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT COALESCE(pg_catalog.array_agg(l.relid ORDER BY l.relid::text COLLATE "C"), '{}')
    FROM pg_catalog.pg_partition_tree(relation) l JOIN pg_catalog.pg_class c ON c.oid = l.relid
    WHERE c.relkind = 'f'
    $$;
COMMENT ON FUNCTION airlift.foreign_leaves(regclass) IS 'partitions of a table whose rows are on another server';

CREATE FUNCTION airlift.local_leaves(relation regclass) RETURNS regclass[]
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT COALESCE(pg_catalog.array_agg(l.relid ORDER BY l.relid::text COLLATE "C"), '{}')
    FROM pg_catalog.pg_partition_tree(relation) l JOIN pg_catalog.pg_class c ON c.oid = l.relid
    WHERE l.isleaf AND c.relkind = 'r'
    $$;
COMMENT ON FUNCTION airlift.local_leaves(regclass) IS 'partitions of a table that hold rows on this server';

-- A partitioned table is read through its root, whose privileges then decide; only where a foreign table is among its
-- partitions are the others read one by one.
CREATE FUNCTION airlift.row_source(relation regclass) RETURNS text
    LANGUAGE plpgsql STABLE SET search_path = ''
    AS $$
    DECLARE
        kind "char";
        name text;
        columns text;
        parts text;
    BEGIN
        SELECT c.relkind, pg_catalog.quote_ident(c.relname) INTO kind, name
        FROM pg_catalog.pg_class c WHERE c.oid = relation;
        IF kind IS NULL THEN
            RAISE undefined_table USING MESSAGE = 'relation does not exist';
        ELSIF kind IN ('r', 'm') THEN
            RETURN pg_catalog.format('ONLY %s', relation);
        ELSIF kind <> 'p' THEN
            RAISE wrong_object_type USING MESSAGE = pg_catalog.format('%s is neither a table nor a materialized view', relation),
                HINT = 'Use SELECT (airlift.digest(x)).* FROM ... AS x.';
        ELSIF airlift.foreign_leaves(relation) = '{}' THEN
            RETURN relation::text;
        END IF;
        SELECT COALESCE(pg_catalog.string_agg(pg_catalog.quote_ident(c), ', ' ORDER BY ordinality), '') INTO columns
        FROM pg_catalog.unnest(airlift.live_columns(relation)) WITH ORDINALITY AS u (c, ordinality);
        SELECT pg_catalog.string_agg(pg_catalog.format(' UNION ALL SELECT %s FROM ONLY %s', columns, leaf), '') INTO parts
        FROM pg_catalog.unnest(airlift.local_leaves(relation)) AS leaf;
        RETURN pg_catalog.format('(SELECT %s FROM ONLY %s%s) AS %s', columns, relation, parts, name);
    END
    $$;
COMMENT ON FUNCTION airlift.row_source(regclass) IS 'FROM item that yields the rows of a table';

CREATE FUNCTION airlift.incomplete_reason(relation regclass) RETURNS text
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT pg_catalog.string_agg(reason, '; ' ORDER BY n)
    FROM (
        SELECT 1 AS n, pg_catalog.format('row-level security is active on %s, rows may be hidden', r.relid::regclass) AS reason
        FROM (
            SELECT relation AS relid
            UNION
            SELECT leaf FROM pg_catalog.unnest(airlift.local_leaves(relation)) AS leaf
            WHERE airlift.foreign_leaves(relation) <> '{}'
        ) r
        WHERE pg_catalog.row_security_active(r.relid)
        UNION ALL
        SELECT 2, pg_catalog.format('rows of foreign table %s are not counted', leaf)
        FROM pg_catalog.unnest(airlift.foreign_leaves(relation)) AS leaf
    ) reasons
    $$;
COMMENT ON FUNCTION airlift.incomplete_reason(regclass) IS
    'why a query of the caller may not see all rows of a table; NULL when it does';

CREATE FUNCTION airlift.table_digest(
        relation regclass, columns text[] DEFAULT NULL, predicate text DEFAULT NULL,
        OUT row_count bigint, OUT digest uuid, OUT complete boolean, OUT reason text)
    LANGUAGE plpgsql STABLE PARALLEL UNSAFE
    SET search_path = '' SET TimeZone = 'UTC' SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres'
    SET extra_float_digits = 3 SET bytea_output = 'hex' SET lc_monetary = 'C' SET quote_all_identifiers = off
    AS $$
    BEGIN
        EXECUTE pg_catalog.format(
            E'SELECT (d).row_count, (d).digest FROM (SELECT airlift.digest(%s) AS d FROM %s WHERE %s\n) AS digests',
            airlift.row_arguments(relation, COALESCE(columns, airlift.live_columns(relation))),
            airlift.row_source(relation),
            COALESCE('(' || predicate || E'\n)', 'true')) INTO row_count, digest;
        reason := airlift.incomplete_reason(relation);
        complete := reason IS NULL;
    END
    $$;
COMMENT ON FUNCTION airlift.table_digest(regclass, text[], text) IS
    'digest of a table, of all or some columns (in that order), of all rows or those for which an SQL condition is true; '
    'a partitioned table is the sum of its partitions, an inheritance parent its own rows only';

CREATE FUNCTION airlift.bucket_digests(
        relation regclass, buckets int, key_columns text[] DEFAULT NULL, columns text[] DEFAULT NULL,
        predicate text DEFAULT NULL)
    RETURNS TABLE (bucket int, row_count bigint, digest uuid)
    LANGUAGE plpgsql STABLE PARALLEL UNSAFE
    SET search_path = '' SET TimeZone = 'UTC' SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres'
    SET extra_float_digits = 3 SET bytea_output = 'hex' SET lc_monetary = 'C' SET quote_all_identifiers = off
    AS $$
    DECLARE
        all_columns text[] := COALESCE(columns, airlift.live_columns(relation));
        key text[] := COALESCE(key_columns, airlift.key_columns(relation), '{}');
    BEGIN
        IF key = '{}' THEN
            key := all_columns;
        END IF;
        RETURN QUERY EXECUTE pg_catalog.format(
            E'SELECT b, (d).row_count, (d).digest FROM ('
            'SELECT airlift.digest_bucket(airlift.row_digest(%s), $1) AS b, airlift.digest(%s) AS d '
            'FROM %s WHERE %s\nGROUP BY 1) AS digests ORDER BY b',
            airlift.row_arguments(relation, key),
            airlift.row_arguments(relation, all_columns),
            airlift.row_source(relation),
            COALESCE('(' || predicate || E'\n)', 'true')) USING buckets;
    END
    $$;
COMMENT ON FUNCTION airlift.bucket_digests(regclass, int, text[], text[], text) IS
    'digest of a table split into buckets by the digest of each row''s key (the primary key if none is named, the whole '
    'row if there is none or an empty list is given); buckets without rows are left out';

--
-- Databases
--

-- As psql and pg_dump read patterns: * and ? stand for any characters and any one, a dot parts schema and table, letters
-- are folded to lower case, double quotes switch all this off, and what else means something in a regular expression
-- does so here.
CREATE FUNCTION airlift.pattern_regexps(pattern text, OUT schema_regexp text, OUT table_regexp text)
    LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = ''
    AS $$
    DECLARE
        c text;
        is_quoted boolean := false;
        previous text := '';
    BEGIN
        table_regexp := '';
        FOREACH c IN ARRAY pg_catalog.regexp_split_to_array(pattern, '') LOOP
            IF c = '"' THEN
                IF previous = '"' AND NOT is_quoted THEN -- "" within quotes is a quote
                    table_regexp := table_regexp || '"';
                END IF;
                is_quoted := NOT is_quoted;
            ELSIF is_quoted THEN
                table_regexp := table_regexp || pg_catalog.regexp_replace(c, '([][|*+?(){}.^$\\])', '\\\1');
            ELSIF c = '.' AND schema_regexp IS NULL THEN
                schema_regexp := table_regexp;
                table_regexp := '';
            ELSIF c = '.' THEN
                RAISE syntax_error USING MESSAGE = pg_catalog.format('too many dots in pattern %s', pattern);
            ELSE
                table_regexp := table_regexp
                    || CASE c WHEN '*' THEN '.*' WHEN '?' THEN '.' WHEN '$' THEN '\$' ELSE pg_catalog.lower(c) END;
            END IF;
            previous := c;
        END LOOP;
        IF is_quoted THEN
            RAISE syntax_error USING MESSAGE = pg_catalog.format('unterminated quote in pattern %s', pattern);
        END IF;
        table_regexp := '^(' || table_regexp || ')$';
        schema_regexp := '^(' || COALESCE(schema_regexp, '.*') || ')$';
    END
    $$;
COMMENT ON FUNCTION airlift.pattern_regexps(text) IS 'regular expressions for a pattern as psql and pg_dump have them';

CREATE FUNCTION airlift.user_tables(pattern text DEFAULT NULL) RETURNS TABLE (relation regclass, schema_name text, table_name text)
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT c.oid::regclass, n.nspname::text, c.relname::text
    FROM pg_catalog.pg_class c
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        LEFT JOIN airlift.pattern_regexps(pattern) p ON true
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
        AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        AND n.nspname !~ '^pg_(toast|temp)'
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
        AND (pattern IS NULL
            OR n.nspname::text ~ p.schema_regexp COLLATE pg_catalog."default"
            AND c.relname::text ~ p.table_regexp COLLATE pg_catalog."default")
    ORDER BY n.nspname, c.relname
    $$;
COMMENT ON FUNCTION airlift.user_tables(text) IS
    'tables of the database that match a pattern; without system tables, members of extensions, temporary tables and partitions';

CREATE FUNCTION airlift.digest_tables(pattern text DEFAULT NULL)
    RETURNS TABLE (schema_name text, table_name text, row_count bigint, digest uuid, complete boolean, reason text)
    LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = ''
    AS $$
    DECLARE
        relation regclass;
    BEGIN
        FOR relation, schema_name, table_name IN SELECT * FROM airlift.user_tables(pattern) LOOP
            BEGIN
                SELECT d.row_count, d.digest, d.complete, d.reason INTO row_count, digest, complete, reason
                FROM airlift.table_digest(relation) AS d;
            EXCEPTION WHEN insufficient_privilege THEN
                row_count := NULL;
                digest := NULL;
                complete := false;
                reason := SQLERRM;
            END;
            RETURN NEXT;
        END LOOP;
    END
    $$;
COMMENT ON FUNCTION airlift.digest_tables(text) IS
    'digests of all tables of the database, or of those that match a pattern like those of psql; partitions are counted '
    'with the table they belong to';

--
-- Assessment
--
-- What would stop or harm a move to a managed server. A check that cannot be run, for want of a privilege say, is a row
-- with severity "error", never silence. Everything is read with the caller's privileges: a superuser sees all.

CREATE FUNCTION airlift.assess(
        target text DEFAULT 'rds', target_version int DEFAULT NULL, deep boolean DEFAULT false, only_checks text[] DEFAULT NULL)
    RETURNS TABLE (check_id text, severity text, object text, detail text, remedy text, fix_sql text, undo_sql text)
    AS 'MODULE_PATHNAME', 'airlift_assess' LANGUAGE C STABLE PARALLEL UNSAFE
    SET search_path = '' SET row_security = off
    ROWS 100 COST 100000;
COMMENT ON FUNCTION airlift.assess(text, int, boolean, text[]) IS
    'findings about this database and its server for a move to "rds", "aurora" or "managed" of a major version (this server''s '
    'where none is given), by severity: error (the check failed), blocker, warning, info; deep reads samples of tables as well; '
    'fix_sql is never run';

CREATE FUNCTION airlift.checks()
    RETURNS TABLE (
        id text, title text, severity text, strategies text[], targets text[], from_version int, to_version int,
        from_target int, to_target int, side text, scope text, remedy text, source text, has_fix boolean, deep boolean)
    AS 'MODULE_PATHNAME', 'airlift_checks' LANGUAGE C STABLE PARALLEL SAFE
    SET search_path = ''
    ROWS 200;
COMMENT ON FUNCTION airlift.checks() IS
    'the catalogue of checks; versions are major ones, NULL for no limit; those with side "target" or "paired" are run by the '
    'helper program';

CREATE FUNCTION airlift.inventory(wal_interval interval DEFAULT '1 second')
    RETURNS TABLE (area text, name text, property text, value text)
    LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = ''
    AS $$
    DECLARE
        first_lsn pg_catalog.pg_lsn;
        started pg_catalog.timestamptz;
    BEGIN
        RETURN QUERY
        SELECT 'server', 'server', p.property, p.value
        FROM (VALUES ('version', pg_catalog.current_setting('server_version')),
            ('standby', pg_catalog.pg_is_in_recovery()::pg_catalog.text)) AS p (property, value);
        RETURN QUERY
        SELECT 'database', d.datname::pg_catalog.text, p.property, p.value
        FROM pg_catalog.pg_database d
            CROSS JOIN LATERAL (VALUES
                (1, 'size', CASE WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT')
                    THEN pg_catalog.pg_database_size(d.oid)::pg_catalog.text END),
                (2, 'owner', pg_catalog.pg_get_userbyid(d.datdba)::pg_catalog.text),
                (3, 'encoding', pg_catalog.pg_encoding_to_char(d.encoding)::pg_catalog.text),
                (4, 'collate', d.datcollate::pg_catalog.text),
                (5, 'ctype', d.datctype::pg_catalog.text),
                (6, 'provider', COALESCE(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c'))) AS p (place, property, value)
        WHERE d.datallowconn
        ORDER BY d.datname, p.place;
        RETURN QUERY
        SELECT 'objects', o.kind, 'count', pg_catalog.count(*)::pg_catalog.text
        FROM (
            SELECT CASE c.relkind WHEN 'r' THEN 'tables' WHEN 'p' THEN 'partitioned tables' WHEN 'v' THEN 'views'
                WHEN 'm' THEN 'materialized views' WHEN 'f' THEN 'foreign tables' WHEN 'S' THEN 'sequences'
                WHEN 'i' THEN 'indexes' WHEN 'I' THEN 'partitioned indexes' END AS kind,
                c.relnamespace AS namespace, c.oid, 'pg_catalog.pg_class'::pg_catalog.regclass AS class
            FROM pg_catalog.pg_class c WHERE c.relkind <> 'c'
            UNION ALL
            SELECT CASE p.prokind WHEN 'a' THEN 'aggregates' WHEN 'p' THEN 'procedures' ELSE 'functions' END, p.pronamespace,
                p.oid, 'pg_catalog.pg_proc'::pg_catalog.regclass
            FROM pg_catalog.pg_proc p
            UNION ALL
            SELECT CASE t.typtype WHEN 'e' THEN 'enums' WHEN 'd' THEN 'domains' WHEN 'r' THEN 'ranges' ELSE 'composite types' END,
                t.typnamespace, t.oid, 'pg_catalog.pg_type'::pg_catalog.regclass
            FROM pg_catalog.pg_type t LEFT JOIN pg_catalog.pg_class tc ON tc.oid = t.typrelid
            WHERE t.typtype IN ('e', 'd', 'r') OR tc.relkind = 'c') o
            JOIN pg_catalog.pg_namespace n ON n.oid = o.namespace
        WHERE o.kind IS NOT NULL AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_depend d WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e')
        GROUP BY o.kind ORDER BY o.kind;
        RETURN QUERY
        SELECT 'objects', 'large objects', 'count', pg_catalog.count(*)::pg_catalog.text FROM pg_catalog.pg_largeobject_metadata;
        RETURN QUERY
        SELECT 'extension', e.extname::pg_catalog.text, 'version', e.extversion FROM pg_catalog.pg_extension e ORDER BY e.extname;
        RETURN QUERY
        SELECT 'owner', r.rolname::pg_catalog.text, 'objects', pg_catalog.count(*)::pg_catalog.text
        FROM pg_catalog.pg_shdepend s JOIN pg_catalog.pg_roles r ON r.oid = s.refobjid
        WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND s.deptype = 'o'
            AND s.dbid = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
        GROUP BY r.rolname ORDER BY pg_catalog.count(*) DESC, r.rolname;
        RETURN QUERY
        SELECT 'busiest table', b.name, p.property, p.value::pg_catalog.text
        FROM (
            SELECT pg_catalog.format('%I.%I', t.schemaname, t.relname) AS name, t.n_tup_ins, t.n_tup_upd, t.n_tup_del
            FROM pg_catalog.pg_stat_user_tables t WHERE t.n_tup_ins + t.n_tup_upd + t.n_tup_del > 0
            ORDER BY t.n_tup_ins + t.n_tup_upd + t.n_tup_del DESC, 1 LIMIT 10) b
            CROSS JOIN LATERAL (VALUES ('inserts', b.n_tup_ins), ('updates', b.n_tup_upd), ('deletes', b.n_tup_del)
                ) AS p (property, value);
        IF pg_catalog.pg_is_in_recovery() THEN
            RETURN;
        END IF;
        first_lsn := pg_catalog.pg_current_wal_lsn();
        started := pg_catalog.clock_timestamp();
        PERFORM pg_catalog.pg_sleep_for(GREATEST(wal_interval, '10 milliseconds'));
        RETURN QUERY
        SELECT 'wal', 'rate', 'bytes per second', pg_catalog.round(
            pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), first_lsn)
            / EXTRACT(epoch FROM pg_catalog.clock_timestamp() - started)::numeric)::pg_catalog.text;
    END
    $$;
COMMENT ON FUNCTION airlift.inventory(interval) IS
    'what there is to move: databases of the server; of this database its objects by kind, extensions, owners, busiest tables; '
    'and the rate of WAL measured over an interval';
