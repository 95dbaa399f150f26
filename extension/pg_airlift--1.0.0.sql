-- The extension's SQL interface, version 1.0.0.
--
-- Up to the section "Preparation" every function only reads, and reads as the role that calls it: privileges and row-level
-- security hold as in any query. That is why PUBLIC keeps its right to execute them.

-- Strings with a backslash are written E'...': functions are parsed in sessions with any standard_conforming_strings.

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

-- The same for each of a number of buckets, into which rows fall by their own digest: what compares two tables and then
-- looks only at the rows of buckets that differ.

CREATE FUNCTION airlift.buckets_add(state internal, buckets int, VARIADIC "any") RETURNS internal
    AS 'MODULE_PATHNAME', 'airlift_buckets_add' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION airlift.buckets_add(internal, int, VARIADIC "any") IS 'transition function of airlift.digest_buckets';

CREATE FUNCTION airlift.buckets_combine(state internal, other internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'airlift_buckets_combine' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION airlift.buckets_combine(internal, internal) IS 'combine function of airlift.digest_buckets';

CREATE FUNCTION airlift.buckets_serialize(state internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'airlift_buckets_serialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION airlift.buckets_serialize(internal) IS 'serialization function of airlift.digest_buckets';

CREATE FUNCTION airlift.buckets_deserialize(bytes bytea, state internal) RETURNS internal
    AS 'MODULE_PATHNAME', 'airlift_buckets_deserialize' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION airlift.buckets_deserialize(bytea, internal) IS 'deserialization function of airlift.digest_buckets';

CREATE FUNCTION airlift.buckets_result(state internal) RETURNS bytea
    AS 'MODULE_PATHNAME', 'airlift_buckets_result' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION airlift.buckets_result(internal) IS 'final function of airlift.digest_buckets';

CREATE AGGREGATE airlift.digest_buckets(buckets int, VARIADIC "any") (
    SFUNC = airlift.buckets_add,
    STYPE = internal,
    SSPACE = 65536,
    COMBINEFUNC = airlift.buckets_combine,
    SERIALFUNC = airlift.buckets_serialize,
    DESERIALFUNC = airlift.buckets_deserialize,
    FINALFUNC = airlift.buckets_result,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE airlift.digest_buckets(int, VARIADIC "any") IS
    'airlift.digest for each of 1 to 65536 buckets, into which rows fall by their own digest: 24 bytes for each, count and sum; '
    'NULL without rows';

CREATE FUNCTION airlift.add_digests(digests bytea, others bytea) RETURNS bytea
    AS 'MODULE_PATHNAME', 'airlift_add_digests' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION airlift.add_digests(bytea, bytea) IS
    'sum of two results of airlift.digest_buckets or scan_digests, bucket by bucket';

CREATE FUNCTION airlift.row_in_buckets(buckets int, bucket_set bytea, VARIADIC "any") RETURNS boolean
    AS 'MODULE_PATHNAME', 'airlift_row_in_buckets' LANGUAGE C STABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION airlift.row_in_buckets(int, bytea, VARIADIC "any") IS
    'whether a row falls into one of a set of buckets, given as one bit for each, the lowest of the first byte for bucket 0';

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

-- Looked up one by one: the planner takes a partition tree for 1000 relations and would read all of pg_class beside it.
CREATE FUNCTION airlift.foreign_leaves(relation regclass) RETURNS regclass[]
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT COALESCE(pg_catalog.array_agg(l.relid ORDER BY l.relid::text COLLATE "C"), '{}')
    FROM pg_catalog.pg_partition_tree(relation) l
    WHERE (SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = l.relid) = 'f'
    $$;
COMMENT ON FUNCTION airlift.foreign_leaves(regclass) IS 'partitions of a table whose rows are on another server';

CREATE FUNCTION airlift.local_leaves(relation regclass) RETURNS regclass[]
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT COALESCE(pg_catalog.array_agg(l.relid ORDER BY l.relid::text COLLATE "C"), '{}')
    FROM pg_catalog.pg_partition_tree(relation) l
    WHERE l.isleaf AND (SELECT c.relkind FROM pg_catalog.pg_class c WHERE c.oid = l.relid) = 'r'
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

CREATE FUNCTION airlift.scan_digests(
        relation regclass, buckets int, columns text[], first_block bigint DEFAULT NULL, blocks bigint DEFAULT NULL)
    RETURNS bytea
    AS 'MODULE_PATHNAME', 'airlift_scan_digests' LANGUAGE C STABLE PARALLEL UNSAFE
    SET search_path = '' SET TimeZone = 'UTC' SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres'
    SET extra_float_digits = 3 SET bytea_output = 'hex' SET lc_monetary = 'C' SET quote_all_identifiers = off;
COMMENT ON FUNCTION airlift.scan_digests(regclass, int, text[], bigint, bigint) IS
    'airlift.digest_buckets of the rows of a table, or of so many blocks of it, read straight from its pages, by parallel '
    'workers where the whole of a large table is asked for; NULL where only a query can read it: row-level security, foreign '
    'partitions, virtual columns, columns in another order';

CREATE FUNCTION airlift.table_digest(
        relation regclass, columns text[] DEFAULT NULL, predicate text DEFAULT NULL,
        OUT row_count bigint, OUT digest uuid, OUT complete boolean, OUT reason text)
    LANGUAGE plpgsql STABLE PARALLEL UNSAFE
    SET search_path = '' SET TimeZone = 'UTC' SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres'
    SET extra_float_digits = 3 SET bytea_output = 'hex' SET lc_monetary = 'C' SET quote_all_identifiers = off
    AS $$
    DECLARE
        all_columns text[] := COALESCE(columns, airlift.live_columns(relation));
        scanned bytea;
    BEGIN
        reason := airlift.incomplete_reason(relation);
        complete := reason IS NULL;
        IF predicate IS NULL THEN
            scanned := airlift.scan_digests(relation, 1, all_columns);
        END IF;
        IF scanned IS NOT NULL THEN
            row_count := ('x' || pg_catalog.encode(pg_catalog.substr(scanned, 1, 8), 'hex'))::bit(64)::bigint;
            digest := pg_catalog.encode(pg_catalog.substr(scanned, 9), 'hex')::uuid;
            RETURN;
        END IF;
        EXECUTE pg_catalog.format(
            E'SELECT (d).row_count, (d).digest FROM (SELECT airlift.digest(%s) AS d FROM %s WHERE %s\n) AS digests',
            airlift.row_arguments(relation, all_columns),
            airlift.row_source(relation),
            COALESCE('(' || predicate || E'\n)', 'true')) INTO row_count, digest;
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

CREATE FUNCTION airlift.table_buckets(
        relation regclass, buckets int, columns text[] DEFAULT NULL, predicate text DEFAULT NULL,
        OUT digests bytea, OUT complete boolean, OUT reason text)
    LANGUAGE plpgsql STABLE PARALLEL UNSAFE
    SET search_path = '' SET TimeZone = 'UTC' SET DateStyle = 'ISO, YMD' SET IntervalStyle = 'postgres'
    SET extra_float_digits = 3 SET bytea_output = 'hex' SET lc_monetary = 'C' SET quote_all_identifiers = off
    AS $$
    DECLARE
        all_columns text[] := COALESCE(columns, airlift.live_columns(relation));
    BEGIN
        reason := airlift.incomplete_reason(relation);
        complete := reason IS NULL;
        IF predicate IS NULL THEN
            digests := airlift.scan_digests(relation, buckets, all_columns);
        END IF;
        IF digests IS NOT NULL THEN
            RETURN;
        END IF;
        EXECUTE pg_catalog.format(
            E'SELECT airlift.digest_buckets($1, %s) FROM %s WHERE %s\n',
            airlift.row_arguments(relation, all_columns),
            airlift.row_source(relation),
            COALESCE('(' || predicate || E'\n)', 'true')) INTO digests USING buckets;
    END
    $$;
COMMENT ON FUNCTION airlift.table_buckets(regclass, int, text[], text) IS
    'airlift.table_digest split into buckets by the rows'' own digests, as airlift.digest_buckets gives them';

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
                table_regexp := table_regexp || pg_catalog.regexp_replace(c, E'([][|*+?(){}.^$\\\\])', E'\\\\\\1');
            ELSIF c = '.' AND schema_regexp IS NULL THEN
                schema_regexp := table_regexp;
                table_regexp := '';
            ELSIF c = '.' THEN
                RAISE syntax_error USING MESSAGE = pg_catalog.format('too many dots in pattern %s', pattern);
            ELSE
                table_regexp := table_regexp
                    || CASE c WHEN '*' THEN '.*' WHEN '?' THEN '.' WHEN '$' THEN E'\\$' ELSE pg_catalog.lower(c) END;
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
    SET search_path = '' SET standard_conforming_strings = on SET quote_all_identifiers = off SET row_security = off SET jit = off
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

--
-- Preparation: what changes the source, and how it is taken back
--
-- Of the functions from here on some change the database, as the role that calls them. Those PUBLIC may not execute (see
-- the end). Each change is recorded in the transaction that makes it, with the statement that takes it back.

CREATE TABLE airlift.change (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    what text NOT NULL,
    object text NOT NULL,
    sql text NOT NULL,
    undo_sql text,
    state text NOT NULL CHECK (state IN ('planned', 'applied', 'undone', 'failed')),
    applied_at timestamptz,
    applied_by name,
    undone_at timestamptz,
    undone_by name,
    error text
);
COMMENT ON TABLE airlift.change IS
    'every change that was made to this database, with the statement that takes it back; written in the same transaction';
COMMENT ON COLUMN airlift.change.what IS 'kind of change: replica identity, publication, ...';
COMMENT ON COLUMN airlift.change.object IS 'name of what was changed, with its schema and quoted';
COMMENT ON COLUMN airlift.change.error IS 'why it failed, or why the last attempt to undo it did';
-- So that it survives a dump of this database; readable to all because whoever dumps the database reads it.
SELECT pg_catalog.pg_extension_config_dump('airlift.change', '');
SELECT pg_catalog.pg_extension_config_dump('airlift.change_id_seq', '');
GRANT SELECT ON TABLE airlift.change TO PUBLIC;
GRANT SELECT ON SEQUENCE airlift.change_id_seq TO PUBLIC;

CREATE FUNCTION airlift.require_change_log() RETURNS void
    LANGUAGE plpgsql SET search_path = ''
    AS $$
    BEGIN
        IF NOT (pg_catalog.has_table_privilege('airlift.change', 'INSERT')
            AND pg_catalog.has_table_privilege('airlift.change', 'UPDATE')) THEN
            RAISE insufficient_privilege USING
                MESSAGE = 'permission denied to record changes of the database',
                DETAIL = 'No change is made that cannot be recorded.',
                HINT = pg_catalog.format('GRANT INSERT, UPDATE ON airlift.change TO %I;', current_user);
        END IF;
    END
    $$;
COMMENT ON FUNCTION airlift.require_change_log() IS 'raises an error if the caller may not write airlift.change';

CREATE FUNCTION airlift.record_applied(what text, object text, sql text, undo_sql text) RETURNS bigint
    LANGUAGE sql SET search_path = ''
    AS $$
    INSERT INTO airlift.change (what, object, sql, undo_sql, state, applied_at, applied_by)
    VALUES (what, object, sql, undo_sql, 'applied', pg_catalog.clock_timestamp(), CURRENT_USER)
    RETURNING id
    $$;
COMMENT ON FUNCTION airlift.record_applied(text, text, text, text) IS 'notes a change that this transaction has made';

CREATE FUNCTION airlift.record_failed(what text, object text, sql text, undo_sql text, error text) RETURNS bigint
    LANGUAGE sql SET search_path = ''
    AS $$
    INSERT INTO airlift.change (what, object, sql, undo_sql, state, applied_at, applied_by, error)
    VALUES (what, object, sql, undo_sql, 'failed', pg_catalog.clock_timestamp(), CURRENT_USER, error)
    RETURNING id
    $$;
COMMENT ON FUNCTION airlift.record_failed(text, text, text, text, text) IS 'notes a change that was tried in vain';

CREATE FUNCTION airlift.record_undone(change_id bigint, note text DEFAULT NULL) RETURNS void
    LANGUAGE sql SET search_path = ''
    AS $$
    UPDATE airlift.change
    SET state = 'undone', undone_at = pg_catalog.clock_timestamp(), undone_by = CURRENT_USER, error = note
    WHERE id = change_id
    $$;
COMMENT ON FUNCTION airlift.record_undone(bigint, text) IS 'notes that this transaction has taken a change back';

-- Runs a statement that needs a strong lock without making the application queue behind it for long. NULL on success,
-- else the error, and then nothing of the statement is left. SET LOCAL within a function ends with the function where
-- the function itself sets the same parameter.
CREATE FUNCTION airlift.execute_patiently(statement text, lock_timeout interval, attempts int) RETURNS text
    LANGUAGE plpgsql SET search_path = '' SET lock_timeout = 0
    AS $$
    DECLARE
        failure text;
    BEGIN
        PERFORM pg_catalog.set_config('lock_timeout',
            pg_catalog.ceil(EXTRACT(epoch FROM lock_timeout) * 1000)::int::text, true);
        FOR attempt IN 1..attempts LOOP
            BEGIN
                EXECUTE statement;
                RETURN NULL;
            EXCEPTION
                WHEN lock_not_available OR deadlock_detected THEN
                    failure := pg_catalog.format('%s (attempt %s of %s)', SQLERRM, attempt, attempts);
                WHEN OTHERS THEN
                    RETURN SQLERRM;
            END;
            IF attempt < attempts THEN
                PERFORM pg_catalog.pg_sleep(0.1 * attempt);
            END IF;
        END LOOP;
        RETURN failure;
    END
    $$;
COMMENT ON FUNCTION airlift.execute_patiently(text, interval, int) IS
    'runs a statement, giving up a wait for locks after lock_timeout, so many times; returns the error, NULL if it succeeded';

CREATE FUNCTION airlift.check_patience(lock_timeout interval, attempts int) RETURNS void
    LANGUAGE plpgsql IMMUTABLE SET search_path = ''
    AS $$
    BEGIN
        IF lock_timeout IS NULL OR lock_timeout <= '0'::interval OR lock_timeout > '1 day'::interval THEN
            RAISE invalid_parameter_value USING MESSAGE = 'lock_timeout must be greater than zero and at most one day';
        ELSIF attempts IS NULL OR attempts < 1 THEN
            RAISE invalid_parameter_value USING MESSAGE = 'attempts must be at least 1';
        END IF;
    END
    $$;
COMMENT ON FUNCTION airlift.check_patience(interval, int) IS 'raises an error unless the arguments of execute_patiently make sense';

CREATE FUNCTION airlift.quoted_list(names text[]) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT SET search_path = ''
    AS $$
    SELECT pg_catalog.string_agg(pg_catalog.quote_ident(n), ', ' ORDER BY ordinality)
    FROM pg_catalog.unnest(names) WITH ORDINALITY AS u (n, ordinality)
    $$;
COMMENT ON FUNCTION airlift.quoted_list(text[]) IS 'names, quoted where SQL needs it, with commas between them';

--
-- Replica identity: how it stands
--

-- A partition is matched by its own name and by that of every table above it.
CREATE FUNCTION airlift.user_relations(pattern text DEFAULT NULL)
    RETURNS TABLE (relation regclass, schema_name text, table_name text, kind text, persistence "char")
    LANGUAGE sql STABLE ROWS 10000 SET search_path = ''
    AS $$
    WITH RECURSIVE self_and_above AS (
        SELECT c.oid AS relid, c.oid AS above
        FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p')
        UNION ALL
        SELECT s.relid, i.inhparent
        FROM self_and_above s
            JOIN pg_catalog.pg_class c ON c.oid = s.above AND c.relispartition
            JOIN pg_catalog.pg_inherits i ON i.inhrelid = c.oid
    ), matching AS (
        SELECT DISTINCT s.relid
        FROM self_and_above s
            JOIN pg_catalog.pg_class c ON c.oid = s.above
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            LEFT JOIN airlift.pattern_regexps(pattern) p ON true
        WHERE pattern IS NULL
            OR n.nspname::text ~ p.schema_regexp COLLATE pg_catalog."default"
            AND c.relname::text ~ p.table_regexp COLLATE pg_catalog."default"
    )
    SELECT c.oid::regclass, n.nspname::text, c.relname::text,
        CASE WHEN c.relkind = 'p' THEN 'partitioned table' WHEN c.relispartition THEN 'partition' ELSE 'table' END,
        c.relpersistence
    FROM matching m
        JOIN pg_catalog.pg_class c ON c.oid = m.relid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relpersistence <> 't'
        -- nor what a migration into this database left: replicated, it would get into the memory of the next one
        AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'airlift_state', 'airlift_fence')
        AND n.nspname !~ '^pg_(toast|temp)'
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_depend d
            WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
    ORDER BY n.nspname, c.relname
    $$;
COMMENT ON FUNCTION airlift.user_relations(text) IS
    'like airlift.user_tables, with partitions, which match by their own name or that of a table above them';

-- The apply worker of a subscription compares old rows by the default btree or hash equality of each type, as
-- lookup_type_cache(TYPECACHE_EQ_OPR) finds it; arrays, domains and composite types have one if their parts do.
CREATE FUNCTION airlift.types_without_equality() RETURNS TABLE (type regtype, because_of regtype)
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    WITH RECURSIVE part AS (
        SELECT t.oid AS whole, t.typelem AS part FROM pg_catalog.pg_type t WHERE t.typelem <> 0 AND t.typlen = -1
        UNION ALL
        SELECT t.oid, t.typbasetype FROM pg_catalog.pg_type t WHERE t.typtype = 'd'
        UNION ALL
        SELECT t.oid, a.atttypid
        FROM pg_catalog.pg_type t
            JOIN pg_catalog.pg_attribute a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE t.typtype = 'c'
    ), with_opclass AS (
        SELECT o.opcintype AS type
        FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod
        WHERE o.opcdefault AND m.amname IN ('btree', 'hash')
    ), lacking AS (
        SELECT t.oid AS type, t.oid AS because_of
        FROM pg_catalog.pg_type t
        WHERE t.typtype = 'b' AND NOT (t.typelem <> 0 AND t.typlen = -1)
            AND NOT EXISTS (SELECT FROM with_opclass o WHERE o.type = t.oid)
            AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_cast k JOIN with_opclass o ON o.type = k.casttarget
                WHERE k.castsource = t.oid AND k.castmethod = 'b' AND k.castcontext = 'i')
        UNION
        SELECT p.whole, l.because_of FROM lacking l JOIN part p ON p.part = l.type
        WHERE NOT EXISTS (SELECT FROM with_opclass o WHERE o.type = p.whole)
    )
    SELECT l.type::regtype, pg_catalog.min(l.because_of)::regtype FROM lacking l GROUP BY l.type
    $$;
COMMENT ON FUNCTION airlift.types_without_equality() IS
    'types whose values a subscriber cannot compare, which REPLICA IDENTITY FULL needs; with the type inside that is to blame';

-- Not published unless asked for (18), and then refused by a generated column of the target.
CREATE FUNCTION airlift.columns_against_full() RETURNS TABLE (relation oid, column_name text, because_of regtype, reason text)
    LANGUAGE sql STABLE ROWS 10000 SET search_path = ''
    AS $$
    SELECT a.attrelid, a.attname::text, l.because_of,
        CASE WHEN l.type = l.because_of THEN pg_catalog.format('type %s of column %I has no equality operator', l.type, a.attname)
        ELSE pg_catalog.format('type %s of column %I contains %s, which has no equality operator', l.type, a.attname, l.because_of)
        END
    FROM pg_catalog.pg_attribute a
        JOIN airlift.types_without_equality() l ON l.type = a.atttypid
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
    WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    UNION ALL
    SELECT a.attrelid, a.attname::text, NULL,
        pg_catalog.format('column %I is generated, with which this server refuses updates under FULL', a.attname)
    FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p')
    WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> ''
        AND pg_catalog.current_setting('server_version_num')::int >= 180000
    $$;
COMMENT ON FUNCTION airlift.columns_against_full() IS
    'columns that make REPLICA IDENTITY FULL unusable; because_of is NULL where it is not their type';

CREATE FUNCTION airlift.unique_keys()
    RETURNS TABLE (relation oid, index oid, is_primary boolean, is_replica_identity boolean, columns text[], width int,
        problem text)
    LANGUAGE sql STABLE ROWS 10000 SET search_path = ''
    AS $$
    SELECT i.indrelid, i.indexrelid, i.indisprimary, i.indisreplident, k.columns, k.width,
        CASE WHEN NOT i.indimmediate THEN 'is deferrable'
            WHEN i.indpred IS NOT NULL THEN 'is partial'
            WHEN i.indexprs IS NOT NULL THEN 'has an expression'
            WHEN NOT (i.indisvalid AND i.indisready AND i.indislive) THEN 'is not valid'
            WHEN i.indisexclusion AND NOT i.indisprimary THEN 'is an exclusion constraint'
            WHEN k.has_generated THEN 'has a generated column, which is not published'
            WHEN k.nullable <> '{}' THEN 'has columns that may be NULL: ' || pg_catalog.array_to_string(k.nullable, ', ')
        END
    FROM pg_catalog.pg_index i
        JOIN pg_catalog.pg_class c ON c.oid = i.indrelid AND c.relkind IN ('r', 'p')
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN LATERAL (
            SELECT pg_catalog.array_agg(a.attname::text ORDER BY a.attname) AS columns,
                pg_catalog.sum(CASE WHEN a.attlen > 0 THEN a.attlen ELSE COALESCE(s.avg_width, 32) END)::int AS width,
                pg_catalog.bool_or(a.attgenerated <> '') AS has_generated,
                COALESCE(pg_catalog.array_agg(pg_catalog.quote_ident(a.attname) ORDER BY a.attname)
                    FILTER (WHERE NOT a.attnotnull OR EXISTS (
                        -- NOT NULL NOT VALID (18): several rows may have NULL
                        SELECT FROM pg_catalog.pg_constraint v
                        WHERE v.conrelid = a.attrelid AND v.contype = 'n' AND v.conkey = ARRAY[a.attnum] AND NOT v.convalidated)),
                    '{}') AS nullable
            FROM pg_catalog.generate_series(0, i.indnkeyatts - 1) AS g
                JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[g]
                LEFT JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname
                    AND s.attname = a.attname AND NOT s.inherited AND a.attlen < 0
        ) k
    WHERE i.indisunique AND c.relpersistence <> 't'
        AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
    $$;
COMMENT ON FUNCTION airlift.unique_keys() IS
    'unique indexes with the names of their key columns, the bytes of a key, and what keeps them from being a replica identity';

CREATE FUNCTION airlift.replica_identities()
    RETURNS TABLE (relation oid, identity "char", index oid, columns text[], problem text)
    LANGUAGE sql STABLE ROWS 10000 SET search_path = '' SET jit = off
    AS $$
    WITH unique_key AS MATERIALIZED (
        SELECT * FROM airlift.unique_keys()
    ), against_full AS (
        SELECT f.relation, pg_catalog.string_agg(f.reason, '; ' ORDER BY f.column_name) AS reasons,
            pg_catalog.bool_and(f.because_of IS NOT NULL) AS only_equality
        FROM airlift.columns_against_full() f GROUP BY f.relation
    )
    SELECT c.oid, c.relreplident, k.index, k.columns,
        CASE c.relreplident
            WHEN 'n' THEN 'REPLICA IDENTITY is NOTHING'
            WHEN 'd' THEN CASE WHEN k.index IS NULL THEN 'no primary key' ELSE 'the primary key ' || k.problem END
            WHEN 'i' THEN CASE WHEN k.index IS NULL THEN 'the index of REPLICA IDENTITY was dropped'
                ELSE 'the index of REPLICA IDENTITY ' || k.problem END
            -- with a primary key the subscriber finds rows by that and compares no others
            WHEN 'f' THEN CASE WHEN p.index IS NULL OR NOT f.only_equality THEN f.reasons END
        END
    FROM pg_catalog.pg_class c
        LEFT JOIN unique_key k ON k.relation = c.oid
            AND (c.relreplident = 'd' AND k.is_primary OR c.relreplident = 'i' AND k.is_replica_identity)
        LEFT JOIN unique_key p ON p.relation = c.oid AND p.is_primary AND p.problem IS NULL
        LEFT JOIN against_full f ON f.relation = c.oid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
        AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
    $$;
COMMENT ON FUNCTION airlift.replica_identities() IS
    'replica identity of each table: its index and columns, and why updates and deletes could not be replicated (NULL: they can)';

CREATE FUNCTION airlift.replica_identity_sql(relation regclass, identity "char", index oid) RETURNS text
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT pg_catalog.format('ALTER TABLE %s REPLICA IDENTITY %s;', relation,
        CASE identity WHEN 'd' THEN 'DEFAULT' WHEN 'f' THEN 'FULL'
            -- once its index is dropped it means NOTHING and cannot be set again as it was
            WHEN 'i' THEN COALESCE((SELECT pg_catalog.format('USING INDEX %I', c.relname) FROM pg_catalog.pg_class c
                WHERE c.oid = index), 'NOTHING')
            ELSE 'NOTHING' END)
    $$;
COMMENT ON FUNCTION airlift.replica_identity_sql(regclass, "char", oid) IS 'statement that gives a table a replica identity';

CREATE FUNCTION airlift.current_replica_identity_sql(relation regclass) RETURNS text
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT airlift.replica_identity_sql(relation, c.relreplident,
        (SELECT i.indexrelid FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisreplident))
    FROM pg_catalog.pg_class c WHERE c.oid = relation
    $$;
COMMENT ON FUNCTION airlift.current_replica_identity_sql(regclass) IS
    'statement that would give a table the replica identity that it has';

--
-- Replica identity: the plan
--
-- Such queries over catalogues are estimated as dear and are not: compiling them takes longer than running them.

-- Statistics only make it likely; the build finds out. A build that failed leaves an invalid index, after which its
-- column is no candidate any more.
CREATE FUNCTION airlift.likely_key_column(relation regclass) RETURNS name
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT a.attname
    FROM pg_catalog.pg_attribute a
        JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        LEFT JOIN pg_catalog.pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
            AND NOT s.inherited
    WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull AND a.attgenerated = ''
        AND (s.n_distinct = -1 AND c.reltuples >= 2 OR s.n_distinct IS NULL AND a.attidentity <> '')
        AND EXISTS (
            SELECT FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am m ON m.oid = o.opcmethod AND m.amname = 'btree'
            WHERE o.opcdefault AND (o.opcintype = a.atttypid OR t.typtype = 'e' AND o.opcintype = 'anyenum'::regtype
                OR EXISTS (SELECT FROM pg_catalog.pg_cast k
                    WHERE k.castsource = a.atttypid AND k.casttarget = o.opcintype AND k.castmethod = 'b' AND k.castcontext = 'i')))
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_index i
            WHERE i.indrelid = a.attrelid AND i.indisunique AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum AND NOT i.indisvalid)
    ORDER BY a.attidentity <> '' DESC, CASE WHEN a.attlen > 0 THEN a.attlen ELSE s.avg_width END, a.attnum
    LIMIT 1
    $$;
COMMENT ON FUNCTION airlift.likely_key_column(regclass) IS
    'NOT NULL column whose values all seem to differ, on which a unique index could be built; NULL if there is none';

-- The old row is logged as a whole, with the values that are stored out of line: that is why those count here.
CREATE FUNCTION airlift.average_row_bytes(relation regclass) RETURNS numeric
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT CASE WHEN c.relkind = 'r' AND c.reltuples > 0 THEN
        (c.relpages + COALESCE(t.relpages, 0))::numeric * pg_catalog.current_setting('block_size')::int / c.reltuples::numeric END
    FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_class t ON t.oid = c.reltoastrelid
    WHERE c.oid = relation
    $$;
COMMENT ON FUNCTION airlift.average_row_bytes(regclass) IS
    'bytes that a row takes, from the last ANALYZE or VACUUM (bloat counts); NULL before that';

CREATE FUNCTION airlift.replica_identity_choices() RETURNS TABLE (relation oid, choices text[])
    LANGUAGE sql STABLE ROWS 10000 SET search_path = ''
    AS $$
    WITH choice AS (
        SELECT k.relation, 1 AS n, pg_catalog.format('if they never are NULL: ALTER TABLE %s %s; then use index %I',
            k.relation::regclass, pg_catalog.string_agg(
                pg_catalog.format('ALTER COLUMN %I SET NOT NULL', a.attname), ', ' ORDER BY a.attname), i.relname) AS text
        FROM airlift.unique_keys() k
            JOIN pg_catalog.pg_class i ON i.oid = k.index
            JOIN pg_catalog.pg_attribute a ON a.attrelid = k.relation AND a.attname::text = ANY (k.columns) AND NOT a.attnotnull
        WHERE k.problem LIKE 'has columns that may be NULL%'
        GROUP BY k.relation, k.index, i.relname
        UNION ALL
        SELECT c.oid, 2, pg_catalog.format('add a key (rewrites the table): ALTER TABLE %s ADD COLUMN airlift_id bigint '
            'GENERATED ALWAYS AS IDENTITY PRIMARY KEY;', c.oid::regclass)
        FROM pg_catalog.pg_class c
        WHERE c.relkind = 'r' AND NOT c.relispartition
            AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint p WHERE p.conrelid = c.oid AND p.contype = 'p')
        UNION ALL
        SELECT p.conrelid, 3, pg_catalog.format(
            'make the primary key not deferrable: drop constraint %I of %s and add it again without DEFERRABLE',
            p.conname, p.conrelid::regclass)
        FROM pg_catalog.pg_constraint p WHERE p.contype = 'p' AND p.condeferrable AND p.conparentid = 0
        UNION ALL
        SELECT f.relation, 4, pg_catalog.format(
            'convert column %1$I (rewrites the table): ALTER TABLE %2$s ALTER COLUMN %1$I TYPE %3$s USING %1$I::%3$s;',
            f.column_name, f.relation::regclass,
            CASE f.because_of WHEN 'pg_catalog.json'::regtype THEN 'jsonb' ELSE 'text' END)
        FROM airlift.columns_against_full() f
            JOIN pg_catalog.pg_attribute a ON a.attrelid = f.relation AND a.attname::text = f.column_name
            JOIN pg_catalog.pg_class c ON c.oid = f.relation AND NOT c.relispartition
        WHERE a.atttypid = f.because_of
        UNION ALL
        SELECT c.oid, 5, 'publish no updates and deletes of it: a publication of its own with operations insert, truncate'
        FROM pg_catalog.pg_class c WHERE c.relkind = 'r'
    )
    SELECT h.relation, pg_catalog.array_agg(h.text ORDER BY h.n, h.text) FROM choice h GROUP BY h.relation
    $$;
COMMENT ON FUNCTION airlift.replica_identity_choices() IS
    'what can be done about a table that no replica identity fits; each has a price that only its owner can weigh';

-- The key of choice of each table: the narrowest, but in a partition the one that belongs to the choice of the table
-- above, so that both agree where the table is published through its root.
CREATE FUNCTION airlift.replica_identity_candidates() RETURNS TABLE (relation oid, index oid, columns text[])
    LANGUAGE sql STABLE ROWS 10000 SET search_path = ''
    AS $$
    WITH usable AS MATERIALIZED (
        SELECT k.relation, k.index, k.columns, k.width, c.relname AS index_name, r.relispartition AS is_partition
        FROM airlift.unique_keys() k
            JOIN pg_catalog.pg_class c ON c.oid = k.index
            JOIN pg_catalog.pg_class r ON r.oid = k.relation
        WHERE k.problem IS NULL AND NOT k.is_primary
    ), of_tables AS (
        SELECT DISTINCT ON (u.relation) u.relation, u.index, u.columns
        FROM usable u WHERE NOT u.is_partition
        ORDER BY u.relation, u.width, pg_catalog.cardinality(u.columns), u.index_name
    ), of_partitions AS (
        SELECT DISTINCT ON (u.relation) u.relation, u.index, u.columns
        FROM usable u LEFT JOIN of_tables t ON t.index = pg_catalog.pg_partition_root(u.index)
        WHERE u.is_partition
        ORDER BY u.relation, t.index IS NULL, u.width, pg_catalog.cardinality(u.columns), u.index_name
    )
    SELECT * FROM of_tables UNION ALL SELECT * FROM of_partitions
    $$;
COMMENT ON FUNCTION airlift.replica_identity_candidates() IS 'of each table the unique index, not the primary key, that suits best';

CREATE FUNCTION airlift.replica_identity_plan(pattern text DEFAULT NULL)
    RETURNS TABLE (relation regclass, kind text, current_identity text, current_index name, choice text, reason text,
        updates bigint, deletes bigint, full_wal_bytes bigint, sql text, undo_sql text, choices text[])
    LANGUAGE sql STABLE SET search_path = '' SET quote_all_identifiers = off SET jit = off
    AS $$
    WITH unique_key AS MATERIALIZED (
        SELECT * FROM airlift.unique_keys()
    ), against_full AS (
        SELECT f.relation, pg_catalog.string_agg(f.reason, '; ' ORDER BY f.column_name) AS reasons
        FROM airlift.columns_against_full() f GROUP BY f.relation
    ), invalid AS (
        SELECT k.relation, pg_catalog.min(c.relname::text) AS index_name
        FROM unique_key k JOIN pg_catalog.pg_class c ON c.oid = k.index
        WHERE k.problem = 'is not valid' GROUP BY k.relation
    ), facts AS (
        SELECT r.relation, r.kind, r.persistence, r.schema_name, r.table_name, i.identity, i.index, i.columns, i.problem,
            p.columns AS primary_columns, p.problem AS primary_problem, p.index AS primary_index,
            k.index AS key_index, k.columns AS key_columns, f.reasons AS against_full
        FROM airlift.user_relations(pattern) r
            JOIN airlift.replica_identities() i ON i.relation = r.relation
            LEFT JOIN unique_key p ON p.relation = r.relation AND p.is_primary
            LEFT JOIN airlift.replica_identity_candidates() k ON k.relation = r.relation
            LEFT JOIN against_full f ON f.relation = r.relation
    ), decided AS (
        SELECT f.*,
            CASE WHEN f.persistence = 'u' THEN 'none'
                WHEN f.problem IS NULL THEN 'keep'
                WHEN f.primary_index IS NOT NULL AND f.primary_problem IS NULL THEN 'default'
                WHEN f.key_index IS NOT NULL THEN 'index'
                WHEN f.kind <> 'partitioned table' AND airlift.likely_key_column(f.relation) IS NOT NULL THEN 'build index'
                WHEN f.against_full IS NULL THEN 'full'
                WHEN f.kind = 'partitioned table' THEN 'none'
                ELSE 'blocker'
            END AS choice
        FROM facts f
    )
    SELECT d.relation, d.kind,
        CASE d.identity WHEN 'd' THEN 'default' WHEN 'n' THEN 'nothing' WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' END,
        (SELECT c.relname FROM pg_catalog.pg_class c WHERE c.oid = d.index),
        d.choice,
        pg_catalog.concat_ws('; ',
            CASE WHEN d.persistence <> 'u' AND NOT (d.identity = 'f' AND d.choice = 'blocker') THEN d.problem END,
            CASE WHEN d.primary_problem IS NOT NULL AND d.identity <> 'd' THEN 'the primary key ' || d.primary_problem END,
            CASE d.choice
                WHEN 'none' THEN CASE d.persistence WHEN 'u' THEN 'unlogged: never published' END
                WHEN 'keep' THEN CASE d.identity WHEN 'f' THEN 'FULL: whole old rows are logged and compared'
                        || CASE WHEN d.primary_index IS NOT NULL AND d.primary_problem IS NULL THEN ', the primary key would be cheaper'
                            WHEN d.key_index IS NOT NULL THEN ', a unique index would be cheaper' ELSE '' END
                    WHEN 'i' THEN 'unique key ' || airlift.quoted_list(d.columns)
                    ELSE 'primary key ' || airlift.quoted_list(d.columns) END
                WHEN 'default' THEN 'primary key ' || airlift.quoted_list(d.primary_columns)
                WHEN 'index' THEN 'unique key ' || airlift.quoted_list(d.key_columns)
                WHEN 'build index' THEN pg_catalog.format('values of %I all seem to differ: build the index, then plan again',
                    airlift.likely_key_column(d.relation))
                WHEN 'full' THEN 'no unique key: whole old rows are logged and compared'
                WHEN 'blocker' THEN 'no unique key, and FULL cannot be used: ' || d.against_full
            END,
            CASE WHEN d.choice IN ('full', 'blocker') AND v.index_name IS NOT NULL THEN pg_catalog.format('index %I is not valid', v.index_name) END,
            CASE WHEN d.kind = 'partitioned table' THEN 'matters only if published through the root; new partitions start with DEFAULT' END,
            CASE WHEN d.identity = 'i' AND d.index IS NULL THEN 'undo sets NOTHING, which is what it amounts to' END),
        s.updates, s.deletes,
        (airlift.average_row_bytes(d.relation) * (s.updates + s.deletes))::bigint,
        CASE d.choice
            WHEN 'default' THEN airlift.replica_identity_sql(d.relation, 'd', NULL)
            WHEN 'index' THEN airlift.replica_identity_sql(d.relation, 'i', d.key_index)
            WHEN 'full' THEN airlift.replica_identity_sql(d.relation, 'f', NULL)
            WHEN 'build index' THEN pg_catalog.format('CREATE UNIQUE INDEX CONCURRENTLY airlift_identity_%s ON %s (%I);',
                d.relation::oid, d.relation, airlift.likely_key_column(d.relation))
        END,
        CASE d.choice
            WHEN 'default' THEN airlift.current_replica_identity_sql(d.relation)
            WHEN 'index' THEN airlift.current_replica_identity_sql(d.relation)
            WHEN 'full' THEN airlift.current_replica_identity_sql(d.relation)
            WHEN 'build index' THEN pg_catalog.format('DROP INDEX CONCURRENTLY %I.airlift_identity_%s;', d.schema_name, d.relation::oid)
        END,
        CASE WHEN d.choice IN ('full', 'blocker') THEN h.choices END
    FROM decided d
        LEFT JOIN invalid v ON v.relation = d.relation
        LEFT JOIN airlift.replica_identity_choices() h ON h.relation = d.relation
        CROSS JOIN LATERAL (
            SELECT pg_catalog.pg_stat_get_tuples_updated(d.relation) AS updates,
                pg_catalog.pg_stat_get_tuples_deleted(d.relation) AS deletes
        ) s
    ORDER BY d.schema_name, d.table_name
    $$;
COMMENT ON FUNCTION airlift.replica_identity_plan(text) IS
    'for each table, or those that match a pattern: its replica identity, the one to give it (keep, default, index, build index, '
    'full, blocker, none) and why, updates and deletes counted by the statistics and the bytes of WAL that FULL would have added for them';

--
-- Replica identity: the change
--

-- All is one transaction, and the tables that are changed stay locked until it ends.
CREATE FUNCTION airlift.fix_replica_identity(
        pattern text DEFAULT NULL, dry_run boolean DEFAULT true, lock_timeout interval DEFAULT '2s', attempts int DEFAULT 5)
    RETURNS TABLE (relation regclass, choice text, state text, sql text, undo_sql text, error text)
    LANGUAGE plpgsql SET search_path = '' SET quote_all_identifiers = off
    AS $$
    DECLARE
        step record;
    BEGIN
        PERFORM airlift.check_patience(lock_timeout, attempts);
        IF NOT dry_run THEN
            PERFORM airlift.require_change_log();
        END IF;
        FOR step IN SELECT * FROM airlift.replica_identity_plan(pattern) LOOP
            relation := step.relation;
            choice := step.choice;
            sql := step.sql;
            undo_sql := step.undo_sql;
            error := NULL;
            IF choice IN ('keep', 'none') THEN
                state := 'unchanged';
            ELSIF choice = 'blocker' THEN
                state := 'blocked';
                error := step.reason;
            ELSIF choice = 'build index' THEN
                state := 'to do';
                error := 'an index is built concurrently by its own transaction only: run the statement, then call this again';
            ELSIF dry_run THEN
                state := 'planned';
            ELSE
                error := airlift.execute_patiently(sql, lock_timeout, attempts);
                IF error IS NULL THEN
                    state := 'applied';
                    PERFORM airlift.record_applied('replica identity', relation::text, sql, undo_sql);
                ELSE
                    state := 'failed';
                    PERFORM airlift.record_failed('replica identity', relation::text, sql, undo_sql, error);
                END IF;
            END IF;
            RETURN NEXT;
        END LOOP;
    END
    $$;
COMMENT ON FUNCTION airlift.fix_replica_identity(text, boolean, interval, int) IS
    'carries out airlift.replica_identity_plan; a table that fails is left as it was and reported (states: unchanged, planned, '
    'applied, failed, blocked, to do)';

-- What the table airlift.change says is compared, never executed unless it is one of the statements that give this very
-- table a replica identity: who can write there must not be able to have a superuser run what he likes.
CREATE FUNCTION airlift.is_replica_identity_sql(relation regclass, statement text) RETURNS boolean
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT statement IN (airlift.replica_identity_sql(relation, 'd', NULL), airlift.replica_identity_sql(relation, 'f', NULL),
            airlift.replica_identity_sql(relation, 'n', NULL))
        OR EXISTS (SELECT FROM pg_catalog.pg_index i
            WHERE i.indrelid = relation AND statement = airlift.replica_identity_sql(relation, 'i', i.indexrelid))
    $$;
COMMENT ON FUNCTION airlift.is_replica_identity_sql(regclass, text) IS
    'whether a statement does nothing but give the table a replica identity that it can have';

CREATE FUNCTION airlift.publications_of_changes(relation regclass) RETURNS text
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT pg_catalog.string_agg(DISTINCT pg_catalog.quote_ident(p.pubname), ', ')
    FROM pg_catalog.pg_publication p
        JOIN pg_catalog.pg_publication_tables t ON t.pubname = p.pubname
        JOIN pg_catalog.pg_namespace n ON n.nspname = t.schemaname
        JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = t.tablename
    WHERE (p.pubupdate OR p.pubdelete)
        AND (c.oid = relation OR c.oid IN (SELECT a.relid FROM pg_catalog.pg_partition_ancestors(relation) a))
    $$;
COMMENT ON FUNCTION airlift.publications_of_changes(regclass) IS
    'publications that publish updates or deletes of a table; NULL if there are none';

-- One change back, in a subtransaction of its own. Returns why it could not be, NULL when it is done.
CREATE FUNCTION airlift.undo_one_replica_identity(
        relation regclass, applied_sql text, undo_sql text, dry_run boolean, lock_timeout interval, attempts int)
    RETURNS text
    LANGUAGE plpgsql SET search_path = '' SET quote_all_identifiers = off SET jit = off
    AS $$
    DECLARE
        failure text;
    BEGIN
        IF airlift.current_replica_identity_sql(relation) <> applied_sql THEN
            RETURN pg_catalog.format('it has been changed since: %s', airlift.current_replica_identity_sql(relation));
        ELSIF NOT airlift.is_replica_identity_sql(relation, undo_sql) THEN
            RETURN 'the recorded statement cannot give back what was, for an index is gone or renamed';
        ELSIF dry_run THEN
            RETURN NULL;
        END IF;
        failure := airlift.execute_patiently(undo_sql, lock_timeout, attempts);
        IF failure IS NULL AND airlift.publications_of_changes(relation) IS NOT NULL
            AND EXISTS (SELECT FROM airlift.replica_identities() i WHERE i.relation = undo_one_replica_identity.relation
                AND i.problem IS NOT NULL) THEN
            RAISE object_in_use USING MESSAGE = pg_catalog.format(
                'updates and deletes are published by %s and would fail from now on: drop that first',
                airlift.publications_of_changes(relation));
        END IF;
        RETURN failure;
    EXCEPTION WHEN object_in_use THEN
        RETURN SQLERRM;
    END
    $$;
COMMENT ON FUNCTION airlift.undo_one_replica_identity(regclass, text, text, boolean, interval, int) IS
    'gives a table back its replica identity unless somebody else has changed it or its updates would fail';

CREATE FUNCTION airlift.undo_replica_identity(
        pattern text DEFAULT NULL, dry_run boolean DEFAULT false, lock_timeout interval DEFAULT '2s', attempts int DEFAULT 5)
    RETURNS TABLE (object text, state text, sql text, error text)
    LANGUAGE plpgsql SET search_path = '' SET quote_all_identifiers = off
    AS $$
    DECLARE
        made record;
        relation regclass;
    BEGIN
        PERFORM airlift.check_patience(lock_timeout, attempts);
        IF NOT dry_run THEN
            PERFORM airlift.require_change_log();
        END IF;
        FOR made IN
            SELECT c.* FROM airlift.change c
            WHERE c.what = 'replica identity' AND c.state = 'applied'
                AND (pattern IS NULL OR pg_catalog.to_regclass(c.object) IN (SELECT r.relation FROM airlift.user_relations(pattern) r))
            ORDER BY c.id DESC
        LOOP
            relation := pg_catalog.to_regclass(made.object);
            object := made.object;
            sql := made.undo_sql;
            error := NULL;
            IF relation IS NULL THEN
                error := 'the table is gone, there is nothing to undo';
                state := 'undone';
            ELSE
                error := airlift.undo_one_replica_identity(relation, made.sql, made.undo_sql, dry_run, lock_timeout, attempts);
                state := CASE WHEN error IS NOT NULL THEN 'failed' WHEN dry_run THEN 'planned' ELSE 'undone' END;
            END IF;
            IF state = 'undone' AND NOT dry_run THEN
                PERFORM airlift.record_undone(made.id, error);
            ELSIF state = 'failed' AND NOT dry_run THEN
                UPDATE airlift.change SET error = undo_replica_identity.error WHERE change.id = made.id;
            END IF;
            RETURN NEXT;
        END LOOP;
    END
    $$;
COMMENT ON FUNCTION airlift.undo_replica_identity(text, boolean, interval, int) IS
    'puts back the replica identities that airlift.fix_replica_identity has changed, the last change first (states: planned, undone, failed)';

--
-- Publications
--

CREATE FUNCTION airlift.stored_tables(relation regclass) RETURNS SETOF regclass
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT c.oid::regclass FROM pg_catalog.pg_class c WHERE c.oid = relation AND c.relkind = 'r'
    UNION
    SELECT t.relid
    FROM pg_catalog.pg_partition_tree(relation) t JOIN pg_catalog.pg_class c ON c.oid = t.relid
    WHERE t.isleaf AND c.relkind = 'r'
    $$;
COMMENT ON FUNCTION airlift.stored_tables(regclass) IS 'the table itself, or the partitions of a partitioned table that hold rows here';

-- Children come with the table they inherit from, as in CREATE PUBLICATION; partitions with the table above them.
CREATE FUNCTION airlift.selected_tables(tables text[], schemas text[], exclude_tables text[]) RETURNS SETOF regclass
    LANGUAGE sql STABLE ROWS 10000 SET search_path = ''
    AS $$
    WITH RECURSIVE excluded AS MATERIALIZED (
        SELECT r.relation FROM pg_catalog.unnest(exclude_tables) AS pattern CROSS JOIN LATERAL airlift.user_relations(pattern) r
        WHERE pattern IS NOT NULL
    ), named AS (
        SELECT r.relation FROM airlift.user_relations() r
        WHERE tables IS NULL AND schemas IS NULL OR r.schema_name = ANY (schemas)
        UNION
        SELECT r.relation FROM pg_catalog.unnest(tables) AS pattern CROSS JOIN LATERAL airlift.user_relations(pattern) r
        WHERE pattern IS NOT NULL
    ), with_children AS (
        SELECT n.relation FROM named n
        UNION
        SELECT c.oid
        FROM with_children w
            JOIN pg_catalog.pg_inherits i ON i.inhparent = w.relation
            JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid AND c.relkind = 'r' AND NOT c.relispartition
    ), remaining AS MATERIALIZED (
        SELECT w.relation FROM with_children w WHERE w.relation NOT IN (SELECT e.relation FROM excluded e)
    ), below AS MATERIALIZED (
        SELECT t.relid
        FROM remaining r
            JOIN pg_catalog.pg_class c ON c.oid = r.relation AND c.relkind = 'p'
            CROSS JOIN LATERAL pg_catalog.pg_partition_tree(r.relation) t
        WHERE t.level > 0
    )
    SELECT r.relation
    FROM remaining r
        JOIN pg_catalog.pg_class c ON c.oid = r.relation
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE r.relation NOT IN (SELECT b.relid FROM below b)
    ORDER BY n.nspname, c.relname
    $$;
COMMENT ON FUNCTION airlift.selected_tables(text[], text[], text[]) IS
    'tables that match one of the patterns or are in one of the schemas (all without either), with children and without partitions';

-- Arguments that select nothing are mistakes more often than not.
CREATE FUNCTION airlift.selection_problems(tables text[], schemas text[], exclude_tables text[], relations regclass[])
    RETURNS SETOF text
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT pg_catalog.format('no table matches %s%s', COALESCE(pattern, 'NULL'),
        CASE WHEN pattern !~ '[*?]' AND EXISTS (
            SELECT FROM airlift.pattern_regexps(pattern) p JOIN pg_catalog.pg_class c ON c.relname::text ~ p.table_regexp
            WHERE c.relpersistence = 't' AND c.relkind IN ('r', 'p')) THEN ', and temporary tables cannot be published' ELSE '' END)
    FROM pg_catalog.unnest(tables || exclude_tables) AS pattern
    WHERE NOT EXISTS (SELECT FROM airlift.user_relations(COALESCE(pattern, '')))
    UNION ALL
    SELECT pg_catalog.format('no table is in schema %I', s)
    FROM pg_catalog.unnest(schemas) AS s
    WHERE NOT EXISTS (SELECT FROM airlift.user_relations() r WHERE r.schema_name = s)
    UNION ALL
    SELECT pg_catalog.format('%s: a partition cannot be left out of %s', e.relation, a.relid)
    FROM pg_catalog.unnest(exclude_tables) AS pattern
        CROSS JOIN LATERAL airlift.user_relations(pattern) e
        CROSS JOIN LATERAL pg_catalog.pg_partition_ancestors(e.relation) a
    WHERE pattern IS NOT NULL AND a.relid = ANY (relations)
    UNION ALL
    SELECT 'no table is selected' WHERE COALESCE(relations, '{}') = '{}'
    $$;
COMMENT ON FUNCTION airlift.selection_problems(text[], text[], text[], regclass[]) IS 'what is wrong with the choice of tables';

CREATE FUNCTION airlift.unpublishable_tables(relations regclass[]) RETURNS SETOF text
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT pg_catalog.format('%s: %s tables cannot be published', s.relation,
        CASE c.relpersistence WHEN 'u' THEN 'unlogged' ELSE 'temporary' END)
    FROM pg_catalog.unnest(relations) AS r (relation)
        CROSS JOIN LATERAL airlift.stored_tables(r.relation) AS s (relation)
        JOIN pg_catalog.pg_class c ON c.oid = s.relation
    WHERE c.relpersistence <> 'p'
    UNION ALL
    SELECT pg_catalog.format('%s: rows of foreign table %s are on another server', r.relation, f.relation)
    FROM pg_catalog.unnest(relations) AS r (relation)
        JOIN pg_catalog.pg_class c ON c.oid = r.relation
        CROSS JOIN LATERAL pg_catalog.unnest(CASE c.relkind WHEN 'p' THEN airlift.foreign_leaves(r.relation) END) AS f (relation)
    $$;
COMMENT ON FUNCTION airlift.unpublishable_tables(regclass[]) IS 'tables among these that no publication can hold, with the reason';

-- Once updates or deletes of such a table are published, they fail in the application; without an error here where
-- the subscriber is the one to fail.
CREATE FUNCTION airlift.identity_problems(relations regclass[], via_partition_root boolean) RETURNS SETOF text
    LANGUAGE sql STABLE SET search_path = '' SET jit = off
    AS $$
    WITH identity AS MATERIALIZED (
        SELECT * FROM airlift.replica_identities()
    ), stored AS (
        SELECT r.relation AS root, s.relation
        FROM pg_catalog.unnest(relations) AS r (relation) CROSS JOIN LATERAL airlift.stored_tables(r.relation) AS s (relation)
    )
    SELECT pg_catalog.format('%s: %s', s.relation, i.problem)
    FROM stored s
        JOIN identity i ON i.relation = s.relation
        JOIN pg_catalog.pg_class c ON c.oid = s.relation AND c.relpersistence = 'p'
    WHERE i.problem IS NOT NULL
    UNION ALL
    SELECT pg_catalog.format('%s, published through its root: %s', r.relation, i.problem)
    FROM pg_catalog.unnest(relations) AS r (relation)
        JOIN pg_catalog.pg_class c ON c.oid = r.relation AND c.relkind = 'p'
        JOIN identity i ON i.relation = r.relation
    WHERE via_partition_root AND i.problem IS NOT NULL
    UNION ALL
    SELECT pg_catalog.format('%s: replica identity differs from that of %s, through which it is published', s.relation, s.root)
    FROM stored s
        JOIN identity leaf ON leaf.relation = s.relation
        JOIN identity root ON root.relation = s.root
    WHERE via_partition_root AND s.relation <> s.root AND leaf.problem IS NULL AND root.problem IS NULL
        AND ((leaf.identity = 'f') <> (root.identity = 'f') OR leaf.columns IS DISTINCT FROM root.columns)
    $$;
COMMENT ON FUNCTION airlift.identity_problems(regclass[], boolean) IS
    'tables among these whose updates and deletes cannot be published, with the reason';

CREATE FUNCTION airlift.option_problems(option text, by_table jsonb, relations regclass[]) RETURNS SETOF text
    LANGUAGE plpgsql STABLE SET search_path = ''
    AS $$
    BEGIN
        IF by_table IS NULL THEN
            RETURN;
        ELSIF pg_catalog.current_setting('server_version_num')::int < 150000 THEN
            RETURN NEXT pg_catalog.format('%s: PostgreSQL 15 or later is needed', option);
            RETURN;
        ELSIF pg_catalog.jsonb_typeof(by_table) <> 'object' THEN
            RETURN NEXT pg_catalog.format('%s: not an object of names of tables', option);
            RETURN;
        END IF;
        RETURN QUERY
            SELECT pg_catalog.format('%s: %s is not among the published tables', option, k)
            FROM pg_catalog.jsonb_object_keys(by_table) AS k
            WHERE pg_catalog.to_regclass(k) IS NULL OR pg_catalog.to_regclass(k) <> ALL (relations);
        RETURN QUERY
            SELECT pg_catalog.format('%s: %s needs one of its own, for it inherits from %s', option, i.inhrelid::regclass, k)
            FROM pg_catalog.jsonb_object_keys(by_table) AS k
                JOIN pg_catalog.pg_inherits i ON i.inhparent = pg_catalog.to_regclass(k)
            WHERE i.inhrelid = ANY (relations) AND airlift.option_of(by_table, i.inhrelid) IS NULL;
    END
    $$;
COMMENT ON FUNCTION airlift.option_problems(text, jsonb, regclass[]) IS
    'what is wrong with row filters or column lists, apart from what only the server can tell';

CREATE FUNCTION airlift.option_of(by_table jsonb, relation regclass) RETURNS jsonb
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT e.value FROM pg_catalog.jsonb_each(by_table) e WHERE pg_catalog.to_regclass(e.key) = relation LIMIT 1
    $$;
COMMENT ON FUNCTION airlift.option_of(jsonb, regclass) IS 'value of an object under the name of a table, however it is written';

CREATE FUNCTION airlift.publication_sql(
        name text, relations regclass[], operations text, via_partition_root boolean, row_filters jsonb, column_lists jsonb)
    RETURNS text
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT pg_catalog.format('CREATE PUBLICATION %I FOR TABLE %s WITH (publish = %L%s);', name,
        pg_catalog.string_agg(pg_catalog.concat(
            CASE WHEN c.relkind = 'p' THEN '' ELSE 'ONLY ' END, r.relation::text,
            ' (' || airlift.quoted_list(ARRAY(
                SELECT pg_catalog.jsonb_array_elements_text(airlift.option_of(column_lists, r.relation)))) || ')',
            -- a line of its own, lest a comment in it swallows the parenthesis
            E' WHERE (' || (airlift.option_of(row_filters, r.relation) #>> '{}') || E'\n)'), ', ' ORDER BY r.n),
        operations, CASE WHEN via_partition_root THEN ', publish_via_partition_root = true' ELSE '' END)
    FROM pg_catalog.unnest(relations) WITH ORDINALITY AS r (relation, n)
        JOIN pg_catalog.pg_class c ON c.oid = r.relation
    $$;
COMMENT ON FUNCTION airlift.publication_sql(text, regclass[], text, boolean, jsonb, jsonb) IS 'statement that creates a publication';

-- EXPLAIN starts a statement without running it: the server checks replica identity, row filter and column list as it
-- would for the application, and no trigger fires. All is rolled back.
CREATE FUNCTION airlift.publication_refusal(statement text, relation regclass, operations text[]) RETURNS text
    LANGUAGE plpgsql SET search_path = ''
    AS $$
    DECLARE
        stored regclass;
        message text;
        detail text;
    BEGIN
        EXECUTE statement;
        FOR stored IN SELECT * FROM airlift.stored_tables(relation) LOOP
            IF 'update' = ANY (operations) THEN
                EXECUTE pg_catalog.format('EXPLAIN UPDATE ONLY %s SET %I = DEFAULT', stored, (airlift.live_columns(stored))[1]);
            END IF;
            IF 'delete' = ANY (operations) THEN
                EXECUTE pg_catalog.format('EXPLAIN DELETE FROM ONLY %s', stored);
            END IF;
        END LOOP;
        RAISE EXCEPTION USING ERRCODE = 'AL001';
    EXCEPTION
        WHEN SQLSTATE 'AL001' THEN
            RETURN NULL;
        WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
            RETURN pg_catalog.concat_ws('. ', message, NULLIF(detail, ''));
    END
    $$;
COMMENT ON FUNCTION airlift.publication_refusal(text, regclass, text[]) IS
    'what the server has against a publication of one table, or would have against its updates and deletes; NULL if nothing';

CREATE FUNCTION airlift.publication_problems(
        relations regclass[], operations text, via_partition_root boolean, row_filters jsonb, column_lists jsonb)
    RETURNS SETOF text
    LANGUAGE plpgsql SET search_path = ''
    AS $$
    DECLARE
        operation_list text[] := pg_catalog.regexp_split_to_array(operations, E'\\s*,\\s*');
        option_problems text[] := ARRAY(
            SELECT * FROM airlift.option_problems('row_filters', row_filters, relations)
            UNION ALL
            SELECT * FROM airlift.option_problems('column_lists', column_lists, relations));
        identity_problems text[] := '{}';
    BEGIN
        RETURN QUERY SELECT * FROM airlift.unpublishable_tables(relations);
        IF operation_list && '{update,delete}' THEN
            identity_problems := ARRAY(SELECT * FROM airlift.identity_problems(relations, via_partition_root));
            RETURN QUERY SELECT * FROM pg_catalog.unnest(identity_problems);
        END IF;
        RETURN QUERY SELECT * FROM pg_catalog.unnest(option_problems);
        IF option_problems || identity_problems <> '{}' OR row_filters IS NULL AND column_lists IS NULL THEN
            RETURN;
        END IF;
        RETURN QUERY
            SELECT pg_catalog.format('%s: %s', r.relation, r.refusal)
            FROM (
                SELECT u.relation, airlift.publication_refusal(
                    airlift.publication_sql('airlift_probe', ARRAY[u.relation], operations, via_partition_root, row_filters, column_lists),
                    u.relation, operation_list) AS refusal
                FROM pg_catalog.unnest(relations) AS u (relation)
                WHERE airlift.option_of(row_filters, u.relation) IS NOT NULL OR airlift.option_of(column_lists, u.relation) IS NOT NULL
            ) r
            WHERE r.refusal IS NOT NULL;
    END
    $$;
COMMENT ON FUNCTION airlift.publication_problems(regclass[], text, boolean, jsonb, jsonb) IS
    'all that stands against publishing these tables so, or would break the application afterwards';

-- Foreign keys: a subscriber applies each transaction of a publication's tables at once, but those of two subscriptions
-- independently. Inheritance: TRUNCATE of a table reaches its children.
CREATE FUNCTION airlift.connected_tables(relations regclass[]) RETURNS int[]
    LANGUAGE plpgsql STABLE SET search_path = ''
    AS $$
    DECLARE
        parent int[] := ARRAY(SELECT pg_catalog.generate_subscripts(relations, 1));
        a int;
        b int;
    BEGIN
        FOR a, b IN
            WITH selected AS (
                SELECT u.relation, u.n FROM pg_catalog.unnest(relations) WITH ORDINALITY AS u (relation, n)
            ), covered AS MATERIALIZED (
                SELECT s.relation, s.n FROM selected s
                UNION
                SELECT t.relid, s.n
                FROM selected s
                    JOIN pg_catalog.pg_class c ON c.oid = s.relation AND c.relkind = 'p'
                    CROSS JOIN LATERAL pg_catalog.pg_partition_tree(s.relation) t
            ), link AS (
                SELECT k.conrelid AS one, k.confrelid AS other FROM pg_catalog.pg_constraint k WHERE k.contype = 'f'
                UNION
                SELECT i.inhrelid, i.inhparent FROM pg_catalog.pg_inherits i
            )
            SELECT x.n, y.n
            FROM link l JOIN covered x ON x.relation = l.one JOIN covered y ON y.relation = l.other
            WHERE x.n <> y.n
        LOOP
            WHILE parent[a] <> a LOOP
                parent[a] := parent[parent[a]];
                a := parent[a];
            END LOOP;
            WHILE parent[b] <> b LOOP
                parent[b] := parent[parent[b]];
                b := parent[b];
            END LOOP;
            parent[GREATEST(a, b)] := LEAST(a, b);
        END LOOP;
        -- a table stands behind its parent, which by then points at the first table of all
        FOR i IN 1..pg_catalog.cardinality(parent) LOOP
            parent[i] := parent[parent[i]];
        END LOOP;
        RETURN parent;
    END
    $$;
COMMENT ON FUNCTION airlift.connected_tables(regclass[]) IS
    'for each table the place of the first one that foreign keys or inheritance connect it with, in however many steps';

CREATE FUNCTION airlift.publication_groups(relations regclass[], groups int)
    RETURNS TABLE (group_number int, relations_of_group regclass[], bytes bigint, writes bigint)
    LANGUAGE plpgsql STABLE SET search_path = ''
    AS $$
    DECLARE
        component_of int[] := airlift.connected_tables(relations);
        group_of int[] := component_of;
        bytes_of bigint[];
        writes_of bigint[];
        load double precision[] := pg_catalog.array_fill(0, ARRAY[groups]);
        component record;
        lightest int;
    BEGIN
        SELECT pg_catalog.array_agg(l.bytes ORDER BY r.n), pg_catalog.array_agg(l.writes ORDER BY r.n) INTO bytes_of, writes_of
        FROM pg_catalog.unnest(relations) WITH ORDINALITY AS r (relation, n)
            CROSS JOIN LATERAL (
                SELECT pg_catalog.sum(pg_catalog.pg_table_size(s.relation))::bigint AS bytes,
                    pg_catalog.sum(pg_catalog.pg_stat_get_tuples_inserted(s.relation)
                        + pg_catalog.pg_stat_get_tuples_updated(s.relation)
                        + pg_catalog.pg_stat_get_tuples_deleted(s.relation))::bigint AS writes
                FROM airlift.stored_tables(r.relation) AS s (relation)
            ) l;
        FOR component IN
            SELECT t.component,
                COALESCE(pg_catalog.sum(t.bytes) / NULLIF(pg_catalog.max(t.all_bytes), 0), 0)
                    + COALESCE(pg_catalog.sum(t.writes) / NULLIF(pg_catalog.max(t.all_writes), 0), 0)
                    + 0.001 * pg_catalog.count(*) / pg_catalog.cardinality(relations) AS weight
            FROM (
                SELECT u.component, u.bytes, u.writes, pg_catalog.sum(u.bytes) OVER () AS all_bytes,
                    pg_catalog.sum(u.writes) OVER () AS all_writes
                FROM ROWS FROM (pg_catalog.unnest(component_of), pg_catalog.unnest(bytes_of), pg_catalog.unnest(writes_of))
                    AS u (component, bytes, writes)
            ) t
            GROUP BY t.component
            ORDER BY weight DESC, t.component
        LOOP
            SELECT g INTO lightest FROM pg_catalog.generate_series(1, groups) AS g ORDER BY load[g], g LIMIT 1;
            load[lightest] := load[lightest] + component.weight;
            group_of[component.component] := lightest;
        END LOOP;
        RETURN QUERY
            SELECT u.group_number, pg_catalog.array_agg(u.relation ORDER BY u.n), pg_catalog.sum(u.bytes)::bigint,
                pg_catalog.sum(u.writes)::bigint
            FROM (
                SELECT group_of[component_of[r.n]] AS group_number, r.relation, r.n, bytes_of[r.n] AS bytes, writes_of[r.n] AS writes
                FROM pg_catalog.unnest(relations) WITH ORDINALITY AS r (relation, n)
            ) u
            GROUP BY u.group_number
            ORDER BY u.group_number;
    END
    $$;
COMMENT ON FUNCTION airlift.publication_groups(regclass[], int) IS
    'tables in up to so many groups of about equal size and write rate, connected tables always in one';

CREATE FUNCTION airlift.check_publication_arguments(name text, operations text, groups int) RETURNS void
    LANGUAGE plpgsql IMMUTABLE SET search_path = ''
    AS $$
    BEGIN
        IF groups IS NULL OR groups < 1 THEN
            RAISE invalid_parameter_value USING MESSAGE = 'groups must be at least 1';
        ELSIF COALESCE(name, '') = '' THEN
            RAISE invalid_name USING MESSAGE = 'a publication needs a name';
        ELSIF pg_catalog.octet_length(CASE groups WHEN 1 THEN name ELSE name || '_' || groups END) > 63 THEN
            RAISE name_too_long USING MESSAGE = pg_catalog.format('publication name %I is too long', name);
        ELSIF operations IS NULL
            OR NOT pg_catalog.regexp_split_to_array(operations, E'\\s*,\\s*') <@ '{insert,update,delete,truncate}' THEN
            RAISE invalid_parameter_value USING
                MESSAGE = pg_catalog.format('operations %s are not known', pg_catalog.quote_nullable(operations)),
                HINT = 'Name some of insert, update, delete, truncate, with commas between them.';
        END IF;
    END
    $$;
COMMENT ON FUNCTION airlift.check_publication_arguments(text, text, int) IS 'raises an error unless arguments of create_publication make sense';

CREATE FUNCTION airlift.create_publication(
        name text, tables text[] DEFAULT NULL, schemas text[] DEFAULT NULL,
        operations text DEFAULT 'insert,update,delete,truncate', via_partition_root boolean DEFAULT false,
        row_filters jsonb DEFAULT NULL, column_lists jsonb DEFAULT NULL, groups int DEFAULT 1, dry_run boolean DEFAULT false,
        exclude_tables text[] DEFAULT NULL)
    RETURNS TABLE (publication text, state text, relations regclass[], bytes bigint, writes bigint, sql text, undo_sql text)
    LANGUAGE plpgsql SET search_path = '' SET quote_all_identifiers = off SET jit = off
    AS $$
    DECLARE
        selected regclass[] := ARRAY(SELECT * FROM airlift.selected_tables(tables, schemas, exclude_tables));
        problems text[];
        group_number int;
    BEGIN
        PERFORM airlift.check_publication_arguments(name, operations, groups);
        problems := ARRAY(
            SELECT * FROM airlift.selection_problems(tables, schemas, exclude_tables, selected)
            UNION ALL
            SELECT * FROM airlift.publication_problems(selected, operations, via_partition_root, row_filters, column_lists));
        IF problems <> '{}' THEN
            RAISE object_not_in_prerequisite_state USING
                MESSAGE = pg_catalog.format('publication %I is not created', name),
                DETAIL = pg_catalog.array_to_string(problems, E'\n'),
                HINT = 'airlift.replica_identity_plan() tells what to do about replica identities, '
                    'exclude_tables leaves tables out, operations => ''insert,truncate'' does without old rows.';
        END IF;
        IF NOT dry_run THEN
            PERFORM airlift.require_change_log();
        END IF;
        FOR group_number, relations, bytes, writes IN SELECT * FROM airlift.publication_groups(selected, groups) LOOP
            publication := CASE groups WHEN 1 THEN name ELSE name || '_' || group_number END;
            sql := airlift.publication_sql(publication, relations, operations, via_partition_root, row_filters, column_lists);
            undo_sql := pg_catalog.format('DROP PUBLICATION %I;', publication);
            IF dry_run THEN
                state := 'planned';
            ELSE
                EXECUTE sql;
                PERFORM airlift.record_applied('publication', pg_catalog.quote_ident(publication), sql, undo_sql);
                state := 'applied';
            END IF;
            RETURN NEXT;
        END LOOP;
    END
    $$;
COMMENT ON FUNCTION airlift.create_publication(text, text[], text[], text, boolean, jsonb, jsonb, int, boolean, text[]) IS
    'publishes tables that match patterns or are in schemas (all without either), in one publication or in groups name_1 to '
    'name_n; refuses, with all reasons at once, whatever would break the application or lose changes';

-- The groups of a name, but only where no publication of just that name was made.
CREATE FUNCTION airlift.drop_publication(name text, dry_run boolean DEFAULT false)
    RETURNS TABLE (publication text, state text, sql text, error text)
    LANGUAGE plpgsql SET search_path = '' SET quote_all_identifiers = off
    AS $$
    DECLARE
        made record;
        is_exact boolean := EXISTS (SELECT FROM airlift.change c
            WHERE c.what = 'publication' AND c.state = 'applied' AND c.object = pg_catalog.quote_ident(name));
        is_found boolean := false;
    BEGIN
        IF NOT dry_run THEN
            PERFORM airlift.require_change_log();
        END IF;
        FOR made IN
            SELECT c.id, p.pubname, name_of.publication
            FROM airlift.change c
                CROSS JOIN LATERAL (SELECT (pg_catalog.parse_ident(c.object))[1] AS publication) name_of
                LEFT JOIN pg_catalog.pg_publication p ON p.pubname::text = name_of.publication
            WHERE c.what = 'publication' AND c.state = 'applied'
                AND CASE WHEN is_exact THEN name_of.publication = drop_publication.name
                    ELSE pg_catalog.starts_with(name_of.publication, drop_publication.name || '_')
                        AND pg_catalog.substr(name_of.publication, pg_catalog.length(drop_publication.name) + 2) ~ '^[1-9][0-9]*$' END
            ORDER BY c.id DESC
        LOOP
            is_found := true;
            publication := made.publication;
            sql := pg_catalog.format('DROP PUBLICATION %I;', publication);
            state := CASE WHEN dry_run THEN 'planned' ELSE 'undone' END;
            error := NULL;
            IF made.pubname IS NULL THEN
                error := 'it was gone already';
            ELSIF NOT dry_run THEN
                BEGIN
                    EXECUTE sql;
                EXCEPTION WHEN OTHERS THEN
                    state := 'failed';
                    error := SQLERRM;
                END;
            END IF;
            IF state = 'undone' THEN
                PERFORM airlift.record_undone(made.id, error);
            ELSIF state = 'failed' THEN
                UPDATE airlift.change SET error = drop_publication.error WHERE change.id = made.id;
            END IF;
            RETURN NEXT;
        END LOOP;
        IF NOT is_found THEN
            RAISE undefined_object USING
                MESSAGE = pg_catalog.format('airlift.create_publication has made no publication %I, or it was dropped', name),
                HINT = 'Others are dropped with DROP PUBLICATION.';
        END IF;
    END
    $$;
COMMENT ON FUNCTION airlift.drop_publication(text, boolean) IS
    'drops what airlift.create_publication has made under this name, all groups of it (states: planned, undone, failed)';

CREATE FUNCTION airlift.publication_status()
    RETURNS TABLE (publication text, made_by_airlift boolean, for_all_tables boolean, operations text, via_partition_root boolean,
        tables bigint, missing_identity regclass[], bytes bigint, writes bigint)
    LANGUAGE sql STABLE SET search_path = '' SET quote_all_identifiers = off SET jit = off
    AS $$
    WITH identity AS MATERIALIZED (
        SELECT i.relation, i.problem FROM airlift.replica_identities() i
    ), published AS MATERIALIZED (
        SELECT t.pubname, c.oid::regclass AS relation
        FROM pg_catalog.pg_publication_tables t
            JOIN pg_catalog.pg_namespace n ON n.nspname = t.schemaname
            JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = t.tablename
    ), stored AS (
        SELECT p.pubname, s.relation,
            (c.relpages + COALESCE(o.relpages, 0))::bigint * pg_catalog.current_setting('block_size')::int AS bytes,
            pg_catalog.pg_stat_get_tuples_inserted(s.relation) + pg_catalog.pg_stat_get_tuples_updated(s.relation)
                + pg_catalog.pg_stat_get_tuples_deleted(s.relation) AS writes,
            i.problem
        FROM published p
            CROSS JOIN LATERAL airlift.stored_tables(p.relation) AS s (relation)
            JOIN pg_catalog.pg_class c ON c.oid = s.relation
            LEFT JOIN pg_catalog.pg_class o ON o.oid = c.reltoastrelid
            LEFT JOIN identity i ON i.relation = s.relation
    ), summed AS (
        SELECT s.pubname, pg_catalog.sum(s.bytes)::bigint AS bytes, pg_catalog.sum(s.writes)::bigint AS writes,
            COALESCE(pg_catalog.array_agg(s.relation ORDER BY s.relation::text COLLATE "C") FILTER (WHERE s.problem IS NOT NULL),
                '{}') AS missing
        FROM stored s GROUP BY s.pubname
    )
    SELECT p.pubname::text,
        EXISTS (SELECT FROM airlift.change c
            WHERE c.what = 'publication' AND c.state = 'applied' AND c.object = pg_catalog.quote_ident(p.pubname)),
        p.puballtables,
        pg_catalog.concat_ws(',', CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
            CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END),
        p.pubviaroot,
        (SELECT pg_catalog.count(*) FROM published b WHERE b.pubname = p.pubname),
        CASE WHEN p.pubupdate OR p.pubdelete THEN COALESCE(s.missing, '{}') ELSE '{}' END,
        COALESCE(s.bytes, 0), COALESCE(s.writes, 0)
    FROM pg_catalog.pg_publication p LEFT JOIN summed s ON s.pubname = p.pubname
    ORDER BY p.pubname
    $$;
COMMENT ON FUNCTION airlift.publication_status() IS
    'each publication of the database: what it publishes, how many tables, those among them (or their partitions) whose updates '
    'and deletes fail or cannot be applied, bytes as of the last ANALYZE or VACUUM, rows written since statistics were reset';

--
-- Held snapshots
--
-- A background worker holds each; pg_stat_activity is where they are found again (docs/held-snapshots.md). The functions
-- below that look there run with the rights of the extension's owner, because activity of others is hidden from most roles.
-- Such functions name pg_temp last: where the path does not name it, it comes first for the names of types, and the caller's
-- domain "pg_lsn" would bring its own code along.

CREATE FUNCTION airlift.hold_snapshot(
        slot_name text DEFAULT NULL, max_hold interval DEFAULT '1 day', wait interval DEFAULT '10 minutes')
    RETURNS TABLE (id int, snapshot text, slot_name text, lsn pg_lsn)
    AS 'MODULE_PATHNAME', 'airlift_hold_snapshot' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION airlift.hold_snapshot(text, interval, interval) IS
    'exports a snapshot that outlives this session, until airlift.release_snapshot or for max_hold; with a slot name, that of a '
    'new logical slot (pgoutput) at its consistent point';

CREATE FUNCTION airlift.awaited_transactions() RETURNS text
    LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT pg_catalog.pg_stat_clear_snapshot();
    SELECT pg_catalog.string_agg(t.description, ', ' ORDER BY t.began)
    FROM (
        SELECT pg_catalog.format('pid %s (%s of %s, transaction since %s)', a.pid, a.state, a.usename, a.xact_start) AS description,
            a.xact_start AS began
        FROM pg_catalog.pg_stat_activity a
        WHERE a.backend_xid IS NOT NULL AND a.xact_start < pg_catalog.clock_timestamp() - '1 second'::interval
        UNION ALL
        SELECT pg_catalog.format('prepared transaction %L in database %I, since %s', p.gid, p.database, p.prepared), p.prepared
        FROM pg_catalog.pg_prepared_xacts p
        ORDER BY began LIMIT 10) t
    $$;
COMMENT ON FUNCTION airlift.awaited_transactions() IS
    'the ten oldest transactions that have written and not ended, prepared ones included; NULL if there are none';

CREATE FUNCTION airlift.held_snapshots()
    RETURNS TABLE (id int, snapshot text, slot_name text, lsn pg_lsn, held_since timestamptz, held_until timestamptz, xmin xid,
        xmin_age int, retained_wal bigint, held_by name)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
        PERFORM pg_catalog.pg_stat_clear_snapshot();
        RETURN QUERY
        SELECT a.pid, d.field[1], s.slot_name::text, NULLIF(d.field[3]::pg_lsn, '0/0'), a.xact_start,
            CASE d.field[5] WHEN '9223372036854775807' THEN 'infinity'::timestamptz
                ELSE '2000-01-01 00:00:00+00'::timestamptz + d.field[5]::bigint * '1 microsecond'::interval END,
            a.backend_xmin, pg_catalog.age(a.backend_xmin),
            CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN
                pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn)::bigint END,
            pg_catalog.pg_get_userbyid(d.field[4]::oid)
        FROM pg_catalog.pg_stat_activity a
            CROSS JOIN LATERAL pg_catalog.regexp_match(a.query,
                E'^snapshot (\\S+) slot (\\S+) lsn (\\S+) role (\\d+) until (-?\\d+)$') AS d (field)
            LEFT JOIN pg_catalog.pg_replication_slots s ON s.slot_name::text = d.field[2]
        WHERE a.backend_type = 'pg_airlift held snapshot' AND d.field IS NOT NULL
            AND a.datname = pg_catalog.current_database()
        ORDER BY a.pid;
    END
    $$;
COMMENT ON FUNCTION airlift.held_snapshots() IS
    'snapshots of this database that are held now: import one with SET TRANSACTION SNAPSHOT; slot_name is NULL once the slot is '
    'dropped, retained_wal the bytes of WAL that the slot keeps';

CREATE FUNCTION airlift.end_held_snapshot(id int) RETURNS boolean
    AS 'MODULE_PATHNAME', 'airlift_end_held_snapshot' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION airlift.end_held_snapshot(int) IS
    'ends the worker that holds a snapshot; false if there is none with this id';

CREATE FUNCTION airlift.may_release_snapshot(id int) RETURNS boolean
    LANGUAGE sql VOLATILE SET search_path = ''
    AS $$
    SELECT pg_catalog.pg_has_role(h.held_by, 'USAGE') FROM airlift.held_snapshots() h WHERE h.id = may_release_snapshot.id
    $$;
COMMENT ON FUNCTION airlift.may_release_snapshot(int) IS
    'whether the caller is the role that holds a snapshot, a member of it, or superuser; NULL if there is none with this id';

CREATE FUNCTION airlift.release_snapshot(id int, drop_slot boolean DEFAULT false) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SET search_path = ''
    AS $$
    DECLARE
        held record;
        is_ended boolean;
    BEGIN
        SELECT h.* INTO held FROM airlift.held_snapshots() h WHERE h.id = release_snapshot.id;
        IF NOT FOUND THEN
            RETURN false;
        ELSIF drop_slot AND EXISTS (SELECT FROM pg_catalog.pg_replication_slots s
                WHERE s.slot_name::text = held.slot_name AND s.active) THEN
            RAISE object_in_use USING
                MESSAGE = pg_catalog.format('replication slot "%s" is in use', held.slot_name),
                HINT = 'Drop or disable the subscription that uses it, or release the snapshot without drop_slot.';
        END IF;
        is_ended := airlift.end_held_snapshot(id);
        IF drop_slot AND held.slot_name IS NOT NULL THEN
            PERFORM pg_catalog.pg_drop_replication_slot(held.slot_name::name);
        END IF;
        RETURN is_ended;
    END
    $$;
COMMENT ON FUNCTION airlift.release_snapshot(int, boolean) IS
    'lets a held snapshot go, and drops its slot if asked; false if there is none with this id';

--
-- Fence
--
-- Raised by two settings of the database: airlift.fence, a JSON object that is the fence's only state, and
-- session_preload_libraries, which loads our library into every session (docs/fence.md). raise_fence, complete_fence and
-- lower_fence are run by a background worker that commits each; airlift.fence and airlift.unfence start it.

CREATE FUNCTION airlift.database_setting(name text) RETURNS text
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT pg_catalog.substr(c, pg_catalog.length(name) + 2)
    FROM pg_catalog.pg_db_role_setting s
        JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
        CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c
    WHERE d.datname = pg_catalog.current_database() AND s.setrole = 0 AND pg_catalog.starts_with(c, name || '=')
    $$;
COMMENT ON FUNCTION airlift.database_setting(text) IS
    'what ALTER DATABASE SET has given a parameter in this database, as it is stored; NULL without';

-- SET ... FROM CURRENT takes the value as it is; any other form of SET would quote a list anew.
CREATE FUNCTION airlift.set_database_setting(name text, value text) RETURNS void
    LANGUAGE plpgsql SET search_path = ''
    AS $$
    BEGIN
        IF value IS NULL THEN
            EXECUTE pg_catalog.format('ALTER DATABASE %I RESET %s', pg_catalog.current_database(), name);
        ELSE
            PERFORM pg_catalog.set_config(name, value, true);
            EXECUTE pg_catalog.format('ALTER DATABASE %I SET %s FROM CURRENT', pg_catalog.current_database(), name);
        END IF;
    END
    $$;
COMMENT ON FUNCTION airlift.set_database_setting(text, text) IS
    'stores a value of a parameter for this database as it is; NULL removes it';

CREATE FUNCTION airlift.loads_airlift(libraries text) RETURNS boolean
    LANGUAGE sql IMMUTABLE SET search_path = ''
    AS $$ SELECT COALESCE(libraries ~ E'(^|[/", ])pg_airlift(\\.so)?($|[", ])', false) $$;
COMMENT ON FUNCTION airlift.loads_airlift(text) IS 'whether a list of libraries to preload has ours';

CREATE FUNCTION airlift.fence_problems() RETURNS SETOF text
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT pg_catalog.format('The database has been fenced already, since %s by %s.', f.state ->> 'since', f.state ->> 'by')
    FROM (SELECT airlift.database_setting('airlift.fence')::jsonb AS state) f WHERE f.state IS NOT NULL
    UNION ALL
    SELECT pg_catalog.format('Prepared transactions, which could be committed by anyone: %s.',
        pg_catalog.string_agg(pg_catalog.quote_literal(p.gid), ', ' ORDER BY p.prepared))
    FROM pg_catalog.pg_prepared_xacts p WHERE p.database = pg_catalog.current_database() HAVING pg_catalog.count(*) > 0
    UNION ALL
    SELECT pg_catalog.format('Role %I has a session_preload_libraries of its own, without pg_airlift: %s.', r.rolname, c)
    FROM pg_catalog.pg_db_role_setting s
        JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
        CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c
    WHERE s.setdatabase IN (0, (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()))
        AND pg_catalog.starts_with(c, 'session_preload_libraries=')
        AND NOT airlift.loads_airlift(pg_catalog.substr(c, pg_catalog.length('session_preload_libraries=') + 1))
    $$;
COMMENT ON FUNCTION airlift.fence_problems() IS 'why airlift.fence would refuse now';

CREATE FUNCTION airlift.require_fence_possible() RETURNS void
    LANGUAGE plpgsql SET search_path = ''
    AS $$
    DECLARE
        problems text := (SELECT pg_catalog.string_agg(p, E'\n') FROM airlift.fence_problems() p);
    BEGIN
        IF problems IS NOT NULL THEN
            RAISE object_not_in_prerequisite_state USING
                MESSAGE = pg_catalog.format('database "%s" cannot be fenced', pg_catalog.current_database()),
                DETAIL = problems,
                HINT = 'End prepared transactions, add pg_airlift to the lists of roles or RESET them; airlift.enter_fence() '
                    'writes under a fence that stands, airlift.unfence() takes it away.';
        END IF;
    END
    $$;
COMMENT ON FUNCTION airlift.require_fence_possible() IS 'raises an error with all that airlift.fence_problems() lists';

CREATE FUNCTION airlift.raise_fence(id text, reason text, role oid) RETURNS void
    LANGUAGE plpgsql SET search_path = ''
    AS $$
    DECLARE
        former text := airlift.database_setting('session_preload_libraries');
        libraries text := COALESCE(former, pg_catalog.current_setting('session_preload_libraries'));
    BEGIN
        PERFORM airlift.require_fence_possible();
        IF NOT airlift.loads_airlift(libraries) THEN
            libraries := pg_catalog.concat_ws(', ', NULLIF(libraries, ''), '$libdir/pg_airlift');
        END IF;
        PERFORM airlift.set_database_setting('airlift.fence', pg_catalog.jsonb_build_object('id', id, 'reason', reason,
            'since', pg_catalog.clock_timestamp()::text, 'by', pg_catalog.pg_get_userbyid(role), 'role', role::text,
            'former', former, 'libraries', libraries)::text);
        PERFORM airlift.set_database_setting('session_preload_libraries', libraries);
    END
    $$;
COMMENT ON FUNCTION airlift.raise_fence(text, text, oid) IS 'writes the settings that fence sessions begun from now on';

-- The message tells subscribers and whoever decodes the WAL where the fence begins; its end is the fence's LSN.
CREATE FUNCTION airlift.complete_fence(id text) RETURNS pg_lsn
    LANGUAGE plpgsql SET search_path = ''
    AS $$
    DECLARE
        state jsonb := airlift.database_setting('airlift.fence')::jsonb;
        prepared text := (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(p.gid), ', ')
            FROM pg_catalog.pg_prepared_xacts p WHERE p.database = pg_catalog.current_database());
        lsn pg_lsn;
    BEGIN
        IF state ->> 'id' IS DISTINCT FROM id THEN
            RAISE object_not_in_prerequisite_state USING
                MESSAGE = 'the fence was taken away or replaced while it was being raised';
        ELSIF prepared IS NOT NULL THEN
            RAISE object_not_in_prerequisite_state USING
                MESSAGE = 'database is not fenced: transactions were prepared meanwhile',
                DETAIL = pg_catalog.format('Prepared transactions: %s.', prepared),
                HINT = 'Commit or roll them back, then fence again.';
        END IF;
        lsn := pg_catalog.pg_logical_emit_message(false, 'pg_airlift.fence', id);
        PERFORM airlift.set_database_setting('airlift.fence', (state || pg_catalog.jsonb_build_object('lsn', lsn::text))::text);
        RETURN lsn;
    END
    $$;
COMMENT ON FUNCTION airlift.complete_fence(text) IS
    'notes the LSN from which on nothing of this database is written; called once all sessions begun before the fence have ended';

CREATE FUNCTION airlift.lower_fence(id text DEFAULT NULL) RETURNS boolean
    LANGUAGE plpgsql SET search_path = ''
    AS $$
    DECLARE
        state jsonb := airlift.database_setting('airlift.fence')::jsonb;
    BEGIN
        IF state IS NULL OR state ->> 'id' <> id THEN
            RETURN false;
        END IF;
        PERFORM airlift.set_database_setting('airlift.fence', NULL);
        -- Left alone where somebody has given it another value since.
        IF airlift.database_setting('session_preload_libraries') IS NOT DISTINCT FROM state ->> 'libraries' THEN
            PERFORM airlift.set_database_setting('session_preload_libraries', state ->> 'former');
        END IF;
        RETURN true;
    END
    $$;
COMMENT ON FUNCTION airlift.lower_fence(text) IS 'puts the settings back that were before the fence (that of this id, if given)';

CREATE FUNCTION airlift.fence(reason text DEFAULT '', timeout interval DEFAULT '1 minute') RETURNS pg_lsn
    AS 'MODULE_PATHNAME', 'airlift_fence' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION airlift.fence(text, interval) IS
    'ends all other sessions of this database and lets nobody write to it from the returned LSN on but the caller, until '
    'airlift.unfence(); takes all back if a session does not end in time';

CREATE FUNCTION airlift.unfence() RETURNS boolean
    AS 'MODULE_PATHNAME', 'airlift_unfence' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION airlift.unfence() IS 'reopens this database for writing, at once; false if it was not fenced';

CREATE FUNCTION airlift.enter_fence() RETURNS void
    AS 'MODULE_PATHNAME', 'airlift_enter_fence' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION airlift.enter_fence() IS
    'lets this session write under the fence; for superusers and the role that raised it';

CREATE FUNCTION airlift.leave_fence() RETURNS void
    AS 'MODULE_PATHNAME', 'airlift_leave_fence' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION airlift.leave_fence() IS 'makes this session obey the fence again';

CREATE FUNCTION airlift.is_exempt() RETURNS boolean
    AS 'MODULE_PATHNAME', 'airlift_is_exempt' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION airlift.is_exempt() IS 'whether this session may write under the fence that stands';

CREATE FUNCTION airlift.fence_status()
    RETURNS TABLE (fenced boolean, reason text, fenced_at timestamptz, fenced_by text, lsn pg_lsn, session_is_exempt boolean)
    LANGUAGE sql VOLATILE SET search_path = ''
    AS $$
    SELECT f.state IS NOT NULL AND airlift.loads_airlift(airlift.database_setting('session_preload_libraries')),
        f.state ->> 'reason', (f.state ->> 'since')::timestamptz, f.state ->> 'by', (f.state ->> 'lsn')::pg_lsn, airlift.is_exempt()
    FROM (SELECT airlift.database_setting('airlift.fence')::jsonb AS state) f
    $$;
COMMENT ON FUNCTION airlift.fence_status() IS
    'one row: whether this database is fenced, why, since when, by whom, from which LSN on (NULL: being raised, or left half '
    'raised), and whether this session may write';

--
-- Watching replication
--

-- What came after version 13 is looked up by name, and NULL where it does not exist.
CREATE FUNCTION airlift.wal_disk_free() RETURNS bigint
    LANGUAGE c VOLATILE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'airlift_wal_disk_free';
COMMENT ON FUNCTION airlift.wal_disk_free() IS 'bytes free on the file system of pg_wal, which a replication slot may fill';
REVOKE ALL ON FUNCTION airlift.wal_disk_free() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION airlift.wal_disk_free() TO pg_monitor;

CREATE FUNCTION airlift.replication_status()
    RETURNS TABLE (slot_name text, plugin text, active boolean, active_pid int, application_name text, state text,
        restart_lsn pg_lsn, confirmed_flush_lsn pg_lsn, lag_bytes bigint, retained_wal bigint, wal_status text,
        safe_wal_size bigint, invalidation_reason text, spill_bytes bigint,
        write_lag_seconds float8, flush_lag_seconds float8, replay_lag_seconds float8)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        position pg_lsn := CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
            ELSE pg_catalog.pg_current_wal_lsn() END;
        slot record;
    BEGIN
        PERFORM pg_catalog.pg_stat_clear_snapshot();
        FOR slot IN
            SELECT s.slot_name AS name, pg_catalog.to_jsonb(s) AS fields FROM pg_catalog.pg_replication_slots s
            WHERE s.slot_type = 'logical' AND s.database = pg_catalog.current_database() ORDER BY s.slot_name
        LOOP
            SELECT f.* INTO slot_name, plugin, active, active_pid, restart_lsn, confirmed_flush_lsn, wal_status, safe_wal_size,
                invalidation_reason
            FROM pg_catalog.jsonb_to_record(slot.fields) AS f (slot_name text, plugin text, active boolean, active_pid int,
                restart_lsn pg_lsn, confirmed_flush_lsn pg_lsn, wal_status text, safe_wal_size bigint, invalidation_reason text);
            lag_bytes := pg_catalog.pg_wal_lsn_diff(position, confirmed_flush_lsn)::bigint;
            retained_wal := pg_catalog.pg_wal_lsn_diff(position, restart_lsn)::bigint;
            IF pg_catalog.to_regclass('pg_catalog.pg_stat_replication_slots') IS NOT NULL THEN
                EXECUTE 'SELECT t.spill_bytes FROM pg_catalog.pg_stat_replication_slots t WHERE t.slot_name = $1'
                    INTO spill_bytes USING slot.name;
            END IF;
            SELECT r.application_name, r.state, EXTRACT(epoch FROM r.write_lag), EXTRACT(epoch FROM r.flush_lag),
                EXTRACT(epoch FROM r.replay_lag)
            INTO application_name, state, write_lag_seconds, flush_lag_seconds, replay_lag_seconds
            FROM pg_catalog.pg_stat_replication r WHERE r.pid = replication_status.active_pid;
            RETURN NEXT;
        END LOOP;
    END
    $$;
COMMENT ON FUNCTION airlift.replication_status() IS
    'one row for each logical slot of this database: who uses it, how far behind it is (lag_bytes, and seconds as '
    'pg_stat_replication has them), how much WAL it keeps, and whether it is about to be lost';

--
-- Watching DDL, which logical replication does not replicate
--

CREATE TABLE airlift.ddl_event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    lsn pg_lsn NOT NULL DEFAULT pg_catalog.pg_current_wal_insert_lsn(),
    xid bigint NOT NULL DEFAULT pg_catalog.txid_current(),
    who name NOT NULL DEFAULT SESSION_USER,
    command text NOT NULL,
    object_type text,
    object text,
    statement text
);
COMMENT ON TABLE airlift.ddl_event IS 'DDL executed while airlift.watch_ddl was in effect';
COMMENT ON COLUMN airlift.ddl_event.lsn IS 'end of WAL when it was executed; its commit comes later';
COMMENT ON COLUMN airlift.ddl_event.statement IS
    'what the client sent, cut at 10 kB; NULL where it might hold a password';

CREATE FUNCTION airlift.recordable_statement(command text) RETURNS text
    LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
    AS $$
    SELECT CASE WHEN command !~ 'SUBSCRIPTION|USER MAPPING|SERVER' AND q !~* 'password' THEN pg_catalog.left(q, 10240) END
    FROM pg_catalog.current_query() AS q
    $$;
COMMENT ON FUNCTION airlift.recordable_statement(text) IS 'the statement under way, NULL where it might hold a password';

-- Nothing that goes wrong in here may break the application's DDL. REFRESH MATERIALIZED VIEW changes no definition.
CREATE FUNCTION airlift.note_ddl() RETURNS event_trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
        -- What the helper does for the migration is in its own record.
        IF pg_catalog.current_setting('application_name') LIKE E'pg\\_airlift%' THEN RETURN; END IF;
        INSERT INTO airlift.ddl_event (command, object_type, object, statement)
        SELECT DISTINCT c.command_tag, c.object_type, c.object_identity, airlift.recordable_statement(c.command_tag)
        FROM pg_catalog.pg_event_trigger_ddl_commands() c
        WHERE c.schema_name IS DISTINCT FROM 'pg_temp' AND c.schema_name IS DISTINCT FROM 'airlift'
            AND c.command_tag <> 'REFRESH MATERIALIZED VIEW'
            AND NOT (c.object_type = 'extension' AND c.object_identity = 'pg_airlift');
    EXCEPTION WHEN OTHERS THEN
        RAISE WARNING USING MESSAGE = pg_catalog.format('pg_airlift could not record this %s: %s', TG_TAG, SQLERRM),
            HINT = 'airlift.ddl_events() is incomplete from here on.';
    END
    $$;
COMMENT ON FUNCTION airlift.note_ddl() IS 'event trigger of airlift.watch_ddl: what was created or altered';

CREATE FUNCTION airlift.note_drop() RETURNS event_trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
    AS $$
    BEGIN
        -- What the helper does for the migration is in its own record.
        IF pg_catalog.current_setting('application_name') LIKE E'pg\\_airlift%' THEN RETURN; END IF;
        INSERT INTO airlift.ddl_event (command, object_type, object, statement)
        SELECT TG_TAG, d.object_type, d.object_identity, airlift.recordable_statement(TG_TAG)
        FROM pg_catalog.pg_event_trigger_dropped_objects() d
        WHERE (d.original OR d.normal) AND NOT d.is_temporary AND d.schema_name IS DISTINCT FROM 'airlift';
    EXCEPTION WHEN OTHERS THEN
        RAISE WARNING USING MESSAGE = pg_catalog.format('pg_airlift could not record this %s: %s', TG_TAG, SQLERRM),
            HINT = 'airlift.ddl_events() is incomplete from here on.';
    END
    $$;
COMMENT ON FUNCTION airlift.note_drop() IS 'event trigger of airlift.watch_ddl: what was dropped';

-- The event triggers become members of the extension, so that pg_dump leaves them out.
CREATE FUNCTION airlift.watch_ddl() RETURNS boolean
    LANGUAGE plpgsql SET search_path = ''
    AS $$
    BEGIN
        IF EXISTS (SELECT FROM pg_catalog.pg_event_trigger WHERE evtname = 'airlift_note_ddl') THEN
            RETURN false;
        END IF;
        PERFORM airlift.require_change_log();
        CREATE EVENT TRIGGER airlift_note_ddl ON ddl_command_end EXECUTE FUNCTION airlift.note_ddl();
        CREATE EVENT TRIGGER airlift_note_drop ON sql_drop EXECUTE FUNCTION airlift.note_drop();
        ALTER EVENT TRIGGER airlift_note_ddl ENABLE ALWAYS;
        ALTER EVENT TRIGGER airlift_note_drop ENABLE ALWAYS;
        ALTER EXTENSION pg_airlift ADD EVENT TRIGGER airlift_note_ddl;
        ALTER EXTENSION pg_airlift ADD EVENT TRIGGER airlift_note_drop;
        PERFORM airlift.record_applied('ddl watch', 'event triggers', 'SELECT airlift.watch_ddl();', 'SELECT airlift.unwatch_ddl();');
        RETURN true;
    END
    $$;
COMMENT ON FUNCTION airlift.watch_ddl() IS
    'records DDL on permanent objects in airlift.ddl_event from now on; false if that was so already';

CREATE FUNCTION airlift.unwatch_ddl() RETURNS boolean
    LANGUAGE plpgsql SET search_path = ''
    AS $$
    DECLARE
        trigger name;
        is_found boolean := false;
    BEGIN
        PERFORM airlift.require_change_log();
        FOR trigger IN SELECT e.evtname FROM pg_catalog.pg_event_trigger e WHERE e.evtname IN ('airlift_note_ddl', 'airlift_note_drop') LOOP
            EXECUTE pg_catalog.format('ALTER EXTENSION pg_airlift DROP EVENT TRIGGER %I', trigger);
            EXECUTE pg_catalog.format('DROP EVENT TRIGGER %I', trigger);
            is_found := true;
        END LOOP;
        PERFORM airlift.record_undone(c.id) FROM airlift.change c WHERE c.what = 'ddl watch' AND c.state = 'applied';
        RETURN is_found;
    END
    $$;
COMMENT ON FUNCTION airlift.unwatch_ddl() IS 'records no more DDL; what was recorded stays. False if it was not recorded';

CREATE FUNCTION airlift.ddl_events(since timestamptz DEFAULT NULL) RETURNS SETOF airlift.ddl_event
    LANGUAGE sql STABLE SET search_path = ''
    AS $$ SELECT * FROM airlift.ddl_event e WHERE since IS NULL OR e.at >= since ORDER BY e.id $$;
COMMENT ON FUNCTION airlift.ddl_events(timestamptz) IS 'DDL that was recorded, all of it or since a moment';

--
-- Checks on a schedule
--

CREATE TABLE airlift.check_profile (
    profile text PRIMARY KEY,
    assess boolean NOT NULL DEFAULT true,
    target text NOT NULL DEFAULT 'rds' CHECK (target IN ('rds', 'aurora', 'managed')),
    target_version int,
    severity text NOT NULL DEFAULT 'blocker' CHECK (severity IN ('blocker', 'warning', 'info')),
    tables text[] NOT NULL DEFAULT '{*.*}',
    exclude_tables text[] NOT NULL DEFAULT '{}',
    table_timeout interval CHECK (table_timeout > '0'),
    max_rate bigint CHECK (max_rate > 0)
);
COMMENT ON TABLE airlift.check_profile IS
    'what airlift.run_checks does; where there is no row "default", that profile has the columns'' defaults';
COMMENT ON COLUMN airlift.check_profile.target IS 'kind and major version of the server that airlift.assess looks ahead to';
COMMENT ON COLUMN airlift.check_profile.severity IS 'findings from this severity on make the verdict "findings"';
COMMENT ON COLUMN airlift.check_profile.tables IS 'patterns of tables that are digested; an empty array for none';
COMMENT ON COLUMN airlift.check_profile.table_timeout IS 'time after which the digest of a table is given up';
COMMENT ON COLUMN airlift.check_profile.max_rate IS 'bytes of tables per second that digests read';

CREATE TABLE airlift.check_run (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    profile text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    finished_at timestamptz,
    duration interval GENERATED ALWAYS AS (finished_at - started_at) STORED,
    lsn pg_lsn,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'finished', 'failed')),
    verdict text CHECK (verdict IN ('ok', 'findings', 'failed')),
    findings int,
    tables int,
    who name NOT NULL DEFAULT SESSION_USER,
    pid int DEFAULT pg_catalog.pg_backend_pid(),
    pending oid[],
    error text
);
COMMENT ON TABLE airlift.check_run IS 'runs of airlift.run_checks';
COMMENT ON COLUMN airlift.check_run.lsn IS 'end of WAL when it began';
COMMENT ON COLUMN airlift.check_run.verdict IS
    'failed: something could not be checked; findings: of the profile''s severity, or a table changed though no write was recorded';
COMMENT ON COLUMN airlift.check_run.pending IS 'tables still to be digested';

CREATE TABLE airlift.check_result (
    run_id bigint NOT NULL REFERENCES airlift.check_run (id) ON DELETE CASCADE,
    kind text NOT NULL CHECK (kind IN ('finding', 'digest')),
    object text,
    at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    duration interval,
    lsn pg_lsn,
    check_id text,
    severity text,
    detail text,
    remedy text,
    columns text[],
    row_count bigint,
    digest uuid,
    complete boolean,
    reason text,
    storage uuid,
    writes_before bigint,
    writes_after bigint,
    statistics_since timestamptz
);
CREATE INDEX check_result_run_id ON airlift.check_result (run_id, kind);
COMMENT ON TABLE airlift.check_result IS 'what runs of airlift.run_checks found: findings of the assessment, digests of tables';
COMMENT ON COLUMN airlift.check_result.storage IS 'changes when the table''s files are replaced, by TRUNCATE or VACUUM FULL';
COMMENT ON COLUMN airlift.check_result.writes_before IS
    'rows inserted, updated and deleted by the statistics, read before the digest was made; writes_after: after it';
-- So that they survive a dump; readable to all because whoever dumps the database reads them.
SELECT pg_catalog.pg_extension_config_dump('airlift.check_profile', '');
SELECT pg_catalog.pg_extension_config_dump('airlift.check_run', '');
SELECT pg_catalog.pg_extension_config_dump('airlift.check_run_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('airlift.check_result', '');
GRANT SELECT ON TABLE airlift.check_profile, airlift.check_run, airlift.check_result TO PUBLIC;
GRANT SELECT ON SEQUENCE airlift.check_run_id_seq TO PUBLIC;

CREATE FUNCTION airlift.check_profile_of(profile text) RETURNS airlift.check_profile
    LANGUAGE plpgsql STABLE SET search_path = ''
    AS $$
    #variable_conflict use_variable
    DECLARE
        found_profile airlift.check_profile;
    BEGIN
        SELECT p.* INTO found_profile FROM airlift.check_profile p WHERE p.profile = check_profile_of.profile;
        IF FOUND THEN
            RETURN found_profile;
        ELSIF profile IS DISTINCT FROM 'default' THEN
            RAISE undefined_object USING MESSAGE = pg_catalog.format('check profile %s does not exist',
                COALESCE(pg_catalog.quote_literal(profile), 'NULL')), HINT = 'Add a row to airlift.check_profile.';
        END IF;
        found_profile.profile := profile;
        found_profile.assess := true;
        found_profile.target := 'rds';
        found_profile.severity := 'blocker';
        found_profile.tables := '{*.*}';
        found_profile.exclude_tables := '{}';
        RETURN found_profile;
    END
    $$;
COMMENT ON FUNCTION airlift.check_profile_of(text) IS 'the row of airlift.check_profile, or what stands for a missing "default"';

CREATE FUNCTION airlift.recorded_writes(relation regclass) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SET search_path = ''
    AS $$
    BEGIN
        PERFORM pg_catalog.pg_stat_clear_snapshot();
        -- "xact": what this session has not yet sent
        RETURN (SELECT pg_catalog.sum(pg_catalog.pg_stat_get_tuples_inserted(part) + pg_catalog.pg_stat_get_tuples_updated(part)
                + pg_catalog.pg_stat_get_tuples_deleted(part) + pg_catalog.pg_stat_get_xact_tuples_inserted(part)
                + pg_catalog.pg_stat_get_xact_tuples_updated(part) + pg_catalog.pg_stat_get_xact_tuples_deleted(part))
            FROM airlift.stored_tables(relation) AS part);
    END
    $$;
COMMENT ON FUNCTION airlift.recorded_writes(regclass) IS
    'rows inserted, updated and deleted in a table and its partitions by the cumulative statistics, which lag behind by seconds';

CREATE FUNCTION airlift.storage_of(relation regclass) RETURNS uuid
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT airlift.hash_bytes(pg_catalog.convert_to(
        pg_catalog.string_agg(part::oid || ' ' || pg_catalog.pg_relation_filenode(part), ',' ORDER BY part::oid), 'UTF8'))
    FROM airlift.stored_tables(relation) AS part
    $$;
COMMENT ON FUNCTION airlift.storage_of(regclass) IS 'changes when the files of a table or of its partitions are replaced';

-- STABLE: all parts are read under the one snapshot of the calling query.
CREATE FUNCTION airlift.paced_digest(
        relation regclass, max_rate bigint DEFAULT NULL, time_limit interval DEFAULT NULL,
        OUT row_count bigint, OUT digest uuid, OUT complete boolean, OUT reason text)
    LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = ''
    AS $$
    DECLARE
        started timestamptz := pg_catalog.clock_timestamp();
        block_bytes int := pg_catalog.current_setting('block_size')::int;
        columns text[] := airlift.live_columns(relation);
        total bytea := pg_catalog.decode(pg_catalog.repeat('00', 24), 'hex');
        part regclass;
        chunk bytea;
        chunk_started timestamptz;
        first_block bigint;
        step bigint;
        blocks bigint;
        bytes numeric;
        seconds numeric;
    BEGIN
        IF max_rate IS NULL AND time_limit IS NULL OR pg_catalog.row_security_active(relation) THEN
            SELECT d.* INTO row_count, digest, complete, reason FROM airlift.table_digest(relation) d;
            RETURN;
        END IF;
        reason := airlift.incomplete_reason(relation);
        FOR part IN SELECT * FROM airlift.stored_tables(relation) LOOP
            first_block := 0;
            step := 128;
            blocks := pg_catalog.pg_relation_size(part) / block_bytes;
            bytes := pg_catalog.pg_table_size(part);
            WHILE first_block < blocks LOOP
                chunk_started := pg_catalog.clock_timestamp();
                chunk := airlift.scan_digests(part, 1, columns, first_block, step);
                IF chunk IS NULL THEN -- only a query can read it
                    SELECT d.* INTO row_count, digest, complete, reason FROM airlift.table_digest(relation) d;
                    RETURN;
                END IF;
                total := airlift.add_digests(total, chunk);
                seconds := EXTRACT(epoch FROM pg_catalog.clock_timestamp() - chunk_started);
                IF max_rate IS NOT NULL THEN
                    PERFORM pg_catalog.pg_sleep(GREATEST(0, bytes * LEAST(step, blocks - first_block) / blocks / max_rate - seconds)::float8);
                END IF;
                first_block := first_block + step;
                IF first_block < blocks AND time_limit < pg_catalog.clock_timestamp() - started THEN
                    complete := false;
                    reason := pg_catalog.format('not finished within %s s: %s of %s blocks of %s were read',
                        EXTRACT(epoch FROM time_limit)::float8, first_block, blocks, part);
                    RETURN;
                END IF;
                -- parts of about half a second
                step := GREATEST(16, LEAST(step * 2, (step * 0.5 / GREATEST(seconds, 0.001))::bigint));
            END LOOP;
        END LOOP;
        row_count := ('x' || pg_catalog.encode(pg_catalog.substr(total, 1, 8), 'hex'))::bit(64)::bigint;
        digest := pg_catalog.encode(pg_catalog.substr(total, 9), 'hex')::uuid;
        complete := reason IS NULL;
    END
    $$;
COMMENT ON FUNCTION airlift.paced_digest(regclass, bigint, interval) IS
    'airlift.table_digest read in parts, at most so many bytes per second, given up after a time; what only a query can read '
    'is read in one go';

-- One run at a time for each profile. The lock is the session's: it ends with the run, or with the session that died.
CREATE FUNCTION airlift.lock_checks(profile text) RETURNS void
    LANGUAGE plpgsql SET search_path = ''
    AS $$
    BEGIN
        IF NOT pg_catalog.pg_try_advisory_lock('airlift.check_run'::regclass::oid::int, pg_catalog.hashtext(profile)) THEN
            RAISE object_in_use USING MESSAGE = pg_catalog.format('a run of check profile %L is under way', profile),
                DETAIL = (SELECT pg_catalog.format('Run %s of process %s, since %s.', r.id, r.pid, r.started_at)
                    FROM airlift.check_run r WHERE r.profile = lock_checks.profile AND r.state = 'running' ORDER BY r.id DESC LIMIT 1);
        END IF;
    END
    $$;
COMMENT ON FUNCTION airlift.lock_checks(text) IS 'raises an error where a run of the profile is under way';

CREATE FUNCTION airlift.unlock_checks(profile text) RETURNS void
    LANGUAGE sql SET search_path = ''
    AS $$ SELECT pg_catalog.pg_advisory_unlock('airlift.check_run'::regclass::oid::int, pg_catalog.hashtext(profile)) $$;
COMMENT ON FUNCTION airlift.unlock_checks(text) IS 'ends what airlift.lock_checks began';

CREATE FUNCTION airlift.begin_checks(profile text) RETURNS bigint
    LANGUAGE plpgsql SET search_path = ''
    AS $$
    DECLARE
        settings airlift.check_profile := airlift.check_profile_of(profile);
        run bigint;
    BEGIN
        PERFORM airlift.lock_checks(profile);
        BEGIN
            UPDATE airlift.check_run r SET state = 'failed', verdict = 'failed', pending = NULL, error = 'interrupted'
            WHERE r.profile = begin_checks.profile AND r.state = 'running';
            INSERT INTO airlift.check_run (profile, lsn, pending)
            VALUES (profile, pg_catalog.pg_current_wal_lsn(), CASE WHEN settings.tables = '{}' THEN '{}' ELSE ARRAY(
                SELECT t::oid FROM airlift.selected_tables(settings.tables, NULL, settings.exclude_tables) t) END)
            RETURNING id INTO run;
            RETURN run;
        EXCEPTION WHEN query_canceled OR OTHERS THEN
            PERFORM airlift.unlock_checks(profile);
            RAISE;
        END;
    END
    $$;
COMMENT ON FUNCTION airlift.begin_checks(text) IS 'begins a run of a profile; the first step of airlift.run_checks';

CREATE FUNCTION airlift.assess_run(run bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = ''
    AS $$
    DECLARE
        settings airlift.check_profile := airlift.check_profile_of((SELECT r.profile FROM airlift.check_run r WHERE r.id = run));
        began timestamptz := pg_catalog.clock_timestamp();
    BEGIN
        IF settings.assess THEN
            INSERT INTO airlift.check_result (run_id, kind, object, check_id, severity, detail, remedy)
            SELECT run, 'finding', f.object, f.check_id, f.severity, f.detail, f.remedy
            FROM airlift.assess(settings.target, settings.target_version) f;
            UPDATE airlift.check_result r SET duration = pg_catalog.clock_timestamp() - began WHERE r.run_id = run;
        END IF;
    EXCEPTION WHEN query_canceled OR OTHERS THEN
        PERFORM airlift.unlock_checks(settings.profile);
        RAISE;
    END
    $$;
COMMENT ON FUNCTION airlift.assess_run(bigint) IS 'the assessment of a run';

-- A table that cannot be read is a result, too: it must not keep the others from being looked at.
CREATE FUNCTION airlift.digest_next(run bigint) RETURNS boolean
    LANGUAGE plpgsql SET search_path = '' SET quote_all_identifiers = off
    AS $$
    DECLARE
        settings airlift.check_profile := airlift.check_profile_of((SELECT r.profile FROM airlift.check_run r WHERE r.id = run));
        relation regclass := (SELECT r.pending[1] FROM airlift.check_run r WHERE r.id = run);
        began timestamptz := pg_catalog.clock_timestamp();
        found_row airlift.check_result;
    BEGIN
        IF relation IS NULL THEN
            RETURN false;
        END IF;
        UPDATE airlift.check_run r SET pending = r.pending[2:] WHERE r.id = run;
        SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) INTO found_row.object
        FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation;
        IF NOT FOUND THEN -- dropped meanwhile
            RETURN true;
        END IF;
        BEGIN
            found_row.columns := airlift.live_columns(relation);
            found_row.statistics_since := pg_catalog.pg_stat_get_db_stat_reset_time(
                (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()));
            found_row.storage := airlift.storage_of(relation);
            found_row.writes_before := airlift.recorded_writes(relation);
            found_row.lsn := pg_catalog.pg_current_wal_lsn();
            SELECT d.row_count, d.digest, d.complete, d.reason
            INTO found_row.row_count, found_row.digest, found_row.complete, found_row.reason
            FROM airlift.paced_digest(relation, settings.max_rate, settings.table_timeout) d;
            found_row.writes_after := airlift.recorded_writes(relation);
        EXCEPTION
            WHEN query_canceled THEN
                PERFORM airlift.unlock_checks(settings.profile);
                RAISE;
            WHEN OTHERS THEN
                found_row.complete := false;
                found_row.reason := SQLERRM;
        END;
        INSERT INTO airlift.check_result (run_id, kind, object, duration, lsn, columns, row_count, digest, complete, reason, storage,
            writes_before, writes_after, statistics_since)
        VALUES (run, 'digest', found_row.object, pg_catalog.clock_timestamp() - began, found_row.lsn, found_row.columns,
            found_row.row_count, found_row.digest, found_row.complete, found_row.reason, found_row.storage,
            found_row.writes_before, found_row.writes_after, found_row.statistics_since);
        RETURN true;
    END
    $$;
COMMENT ON FUNCTION airlift.digest_next(bigint) IS 'digests the next table of a run; false when there is none left';

CREATE FUNCTION airlift.last_runs(profile text, OUT from_run bigint, OUT to_run bigint)
    LANGUAGE sql STABLE SET search_path = ''
    AS $$
    SELECT (SELECT r.id FROM airlift.check_run r WHERE r.profile = $1 AND r.state = 'finished' ORDER BY r.id DESC LIMIT 1 OFFSET 1),
        (SELECT r.id FROM airlift.check_run r WHERE r.profile = $1 AND r.state = 'finished' ORDER BY r.id DESC LIMIT 1)
    $$;
COMMENT ON FUNCTION airlift.last_runs(text) IS 'the last two finished runs of a profile';

CREATE FUNCTION airlift.drift_between(from_run bigint, to_run bigint)
    RETURNS TABLE (what text, object text, check_id text, severity text, detail text)
    LANGUAGE sql STABLE ROWS 100 SET search_path = ''
    AS $$
    SELECT 'new finding', b.object, b.check_id, b.severity, b.detail
    FROM airlift.check_result b
    WHERE b.run_id = to_run AND b.kind = 'finding' AND NOT EXISTS (
        SELECT FROM airlift.check_result a
        WHERE a.run_id = from_run AND a.kind = 'finding' AND a.check_id = b.check_id AND a.object IS NOT DISTINCT FROM b.object)
    UNION ALL
    SELECT 'finding gone', a.object, a.check_id, a.severity, a.detail
    FROM airlift.check_result a
    WHERE a.run_id = from_run AND a.kind = 'finding' AND NOT EXISTS (
        SELECT FROM airlift.check_result b
        WHERE b.run_id = to_run AND b.kind = 'finding' AND b.check_id = a.check_id AND b.object IS NOT DISTINCT FROM a.object)
    UNION ALL
    SELECT
        CASE WHEN a.object IS NULL THEN 'new table'
            WHEN b.object IS NULL THEN 'table gone'
            WHEN a.columns <> b.columns THEN 'columns changed'
            WHEN a.digest IS NULL OR b.digest IS NULL THEN 'cannot tell'
            WHEN a.statistics_since IS DISTINCT FROM b.statistics_since OR b.writes_after < a.writes_before THEN 'cannot tell'
            ELSE 'changed without a recorded write' END,
        COALESCE(a.object, b.object), NULL, NULL,
        CASE WHEN a.object IS NULL OR b.object IS NULL THEN NULL
            WHEN a.columns <> b.columns THEN pg_catalog.format('from %s to %s', a.columns, b.columns)
            WHEN a.digest IS NULL OR b.digest IS NULL THEN COALESCE(b.reason, a.reason)
            WHEN a.statistics_since IS DISTINCT FROM b.statistics_since OR b.writes_after < a.writes_before
                THEN 'the digest changed, and the statistics that count writes were reset'
            ELSE pg_catalog.format('%s rows, digest %s; before: %s rows, digest %s', b.row_count, b.digest, a.row_count, a.digest) END
    FROM (SELECT * FROM airlift.check_result WHERE run_id = from_run AND kind = 'digest') a
        FULL JOIN (SELECT * FROM airlift.check_result WHERE run_id = to_run AND kind = 'digest') b ON b.object = a.object
    WHERE a.object IS NULL OR b.object IS NULL OR a.columns <> b.columns OR a.digest IS NULL OR b.digest IS NULL
        OR (a.digest <> b.digest OR a.row_count <> b.row_count) AND (b.storage = a.storage OR a.storage IS NULL OR b.storage IS NULL)
            AND (b.writes_after <= a.writes_before OR a.statistics_since IS DISTINCT FROM b.statistics_since)
    ORDER BY 1, 3, 2
    $$;
COMMENT ON FUNCTION airlift.drift_between(bigint, bigint) IS 'airlift.check_drift of any two runs';

CREATE FUNCTION airlift.check_drift(profile text DEFAULT 'default')
    RETURNS TABLE (what text, object text, check_id text, severity text, detail text)
    LANGUAGE sql STABLE ROWS 100 SET search_path = ''
    AS $$
    SELECT d.* FROM airlift.last_runs(profile) r CROSS JOIN LATERAL airlift.drift_between(r.from_run, r.to_run) d
    WHERE r.from_run IS NOT NULL
    $$;
COMMENT ON FUNCTION airlift.check_drift(text) IS
    'what changed between the last two finished runs of a profile: findings and tables that are new or gone, and tables whose '
    'digest changed though no write was recorded; nothing before there are two runs';

-- Statistics arrive late by up to ten seconds and more: a change is called unrecorded only when they have had that time.
CREATE FUNCTION airlift.await_statistics(from_run bigint, to_run bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = ''
    AS $$
    BEGIN
        FOR second IN 1..12 LOOP
            UPDATE airlift.check_result r SET writes_after = airlift.recorded_writes(pg_catalog.to_regclass(r.object))
            FROM airlift.drift_between(from_run, to_run) d
            WHERE r.run_id = to_run AND r.kind = 'digest' AND r.object = d.object
                AND d.what = 'changed without a recorded write'
                -- Before 16 an error for what is no name, as the objects of findings; and conditions have no order.
                AND CASE WHEN r.kind = 'digest' THEN pg_catalog.to_regclass(r.object) IS NOT NULL END;
            EXIT WHEN NOT FOUND;
            PERFORM pg_catalog.pg_sleep(1);
        END LOOP;
    END
    $$;
COMMENT ON FUNCTION airlift.await_statistics(bigint, bigint) IS 'reads the statistics of suspicious tables again, for 12 seconds at most';

CREATE FUNCTION airlift.end_checks(run bigint) RETURNS text
    LANGUAGE plpgsql SET search_path = ''
    AS $$
    DECLARE
        of_profile text := (SELECT r.profile FROM airlift.check_run r WHERE r.id = run);
        settings airlift.check_profile := airlift.check_profile_of(of_profile);
        former bigint := (SELECT r.to_run FROM airlift.last_runs(of_profile) r);
        result text;
    BEGIN
        PERFORM airlift.await_statistics(former, run);
        UPDATE airlift.check_run r
        SET state = 'finished', finished_at = pg_catalog.clock_timestamp(), pending = NULL, pid = NULL,
            findings = counts.findings, tables = counts.tables,
            verdict = CASE WHEN counts.failures > 0 THEN 'failed'
                WHEN counts.findings > 0 OR EXISTS (
                    SELECT FROM airlift.drift_between(former, run) d WHERE d.what = 'changed without a recorded write') THEN 'findings'
                ELSE 'ok' END
        FROM (
            SELECT pg_catalog.count(*) FILTER (WHERE c.kind = 'finding' AND pg_catalog.array_position('{blocker,warning,info}', c.severity)
                    <= pg_catalog.array_position('{blocker,warning,info}', settings.severity)) AS findings,
                pg_catalog.count(*) FILTER (WHERE c.kind = 'digest') AS tables,
                pg_catalog.count(*) FILTER (WHERE c.severity = 'error' OR c.kind = 'digest' AND NOT c.complete) AS failures
            FROM airlift.check_result c WHERE c.run_id = run
        ) counts
        WHERE r.id = run
        RETURNING r.verdict INTO result;
        PERFORM airlift.unlock_checks(of_profile);
        RETURN result;
    EXCEPTION WHEN query_canceled OR OTHERS THEN
        PERFORM airlift.unlock_checks(of_profile);
        RAISE;
    END
    $$;
COMMENT ON FUNCTION airlift.end_checks(bigint) IS 'ends a run: the verdict';

-- A transaction for each table, so that no snapshot is held for long. A procedure that commits may not fix its search
-- path: there is nothing in it that one could lead astray.
CREATE PROCEDURE airlift.run_checks(profile text DEFAULT 'default', INOUT run bigint DEFAULT NULL, INOUT verdict text DEFAULT NULL)
    LANGUAGE plpgsql
    AS $$
    BEGIN
        run := airlift.begin_checks(profile);
        COMMIT;
        PERFORM airlift.assess_run(run);
        COMMIT;
        WHILE airlift.digest_next(run) LOOP
            COMMIT;
        END LOOP;
        verdict := airlift.end_checks(run);
        COMMIT;
    END
    $$;
COMMENT ON PROCEDURE airlift.run_checks(text, bigint, text) IS
    'runs the assessment and digests tables as a profile says, and stores the results in airlift.check_run and check_result';

CREATE FUNCTION airlift.prune_checks(keep interval DEFAULT '90 days', keep_runs int DEFAULT 10) RETURNS bigint
    LANGUAGE sql SET search_path = ''
    AS $$
    WITH pruned AS (
        DELETE FROM airlift.check_run r
        USING (SELECT id, pg_catalog.row_number() OVER (PARTITION BY profile ORDER BY id DESC) AS age FROM airlift.check_run) ranked
        WHERE ranked.id = r.id AND ranked.age > keep_runs AND r.started_at < pg_catalog.clock_timestamp() - keep AND r.state <> 'running'
        RETURNING 1
    )
    SELECT pg_catalog.count(*) FROM pruned
    $$;
COMMENT ON FUNCTION airlift.prune_checks(interval, int) IS
    'removes runs older than an interval, but never the last so many of a profile; returns how many';

--
-- All of it back
--

-- Publications first: without them no table needs its replica identity.
CREATE FUNCTION airlift.undo_all(dry_run boolean DEFAULT false) RETURNS TABLE (object text, state text, sql text, error text)
    LANGUAGE plpgsql SET search_path = '' SET quote_all_identifiers = off
    AS $$
    DECLARE
        made text;
    BEGIN
        FOR made IN
            SELECT (pg_catalog.parse_ident(c.object))[1] FROM airlift.change c
            WHERE c.what = 'publication' AND c.state = 'applied' ORDER BY c.id DESC
        LOOP
            RETURN QUERY SELECT pg_catalog.quote_ident(d.publication), d.state, d.sql, d.error
                FROM airlift.drop_publication(made, dry_run) d;
        END LOOP;
        RETURN QUERY SELECT * FROM airlift.undo_replica_identity(NULL, dry_run);
        RETURN QUERY SELECT c.object, CASE WHEN dry_run THEN 'planned' ELSE 'undone' END, c.undo_sql, NULL::text
            FROM airlift.change c WHERE c.what = 'ddl watch' AND c.state = 'applied';
        IF FOUND AND NOT dry_run THEN
            PERFORM airlift.unwatch_ddl();
        END IF;
    END
    $$;
COMMENT ON FUNCTION airlift.undo_all(boolean) IS
    'takes back what airlift.create_publication, airlift.fix_replica_identity and airlift.watch_ddl have done and nobody has '
    'undone since';

DO $$
DECLARE
    changing regprocedure;
BEGIN
    FOREACH changing IN ARRAY ARRAY[
        'airlift.record_applied(text, text, text, text)',
        'airlift.record_failed(text, text, text, text, text)',
        'airlift.record_undone(bigint, text)',
        'airlift.execute_patiently(text, interval, int)',
        'airlift.fix_replica_identity(text, boolean, interval, int)',
        'airlift.undo_one_replica_identity(regclass, text, text, boolean, interval, int)',
        'airlift.undo_replica_identity(text, boolean, interval, int)',
        'airlift.publication_refusal(text, regclass, text[])',
        'airlift.publication_problems(regclass[], text, boolean, jsonb, jsonb)',
        'airlift.create_publication(text, text[], text[], text, boolean, jsonb, jsonb, int, boolean, text[])',
        'airlift.drop_publication(text, boolean)',
        'airlift.set_database_setting(text, text)',
        'airlift.raise_fence(text, text, oid)',
        'airlift.complete_fence(text)',
        'airlift.lower_fence(text)',
        'airlift.fence(text, interval)',
        'airlift.unfence()',
        'airlift.require_fence_possible()',
        'airlift.note_ddl()',
        'airlift.note_drop()',
        'airlift.watch_ddl()',
        'airlift.unwatch_ddl()',
        'airlift.ddl_events(timestamptz)',
        'airlift.recorded_writes(regclass)',
        'airlift.lock_checks(text)',
        'airlift.unlock_checks(text)',
        'airlift.begin_checks(text)',
        'airlift.assess_run(bigint)',
        'airlift.digest_next(bigint)',
        'airlift.await_statistics(bigint, bigint)',
        'airlift.end_checks(bigint)',
        'airlift.run_checks(text, bigint, text)',
        'airlift.prune_checks(interval, int)',
        'airlift.undo_all(boolean)']::regprocedure[]
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', changing);
    END LOOP;
END
$$;
