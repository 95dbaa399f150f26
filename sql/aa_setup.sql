\set VERBOSITY terse
CREATE EXTENSION pg_airlift;

SELECT airlift.api_version(), airlift.version() = extversion AS version_agrees
FROM pg_extension WHERE extname = 'pg_airlift';

-- All that the extension brings is a member of it, the schema too, so that pg_dump leaves it out.
SELECT count(*) > 20 AS members,
       bool_and(obj_description(d.objid, d.classid::regclass::name) IS NOT NULL) AS all_commented
FROM pg_depend d
WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
    AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'pg_airlift')
    AND d.classid IN ('pg_proc'::regclass, 'pg_namespace'::regclass);
SELECT count(*) AS not_members FROM pg_proc p
WHERE pronamespace = 'airlift'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e');
SELECT count(*) AS schema_is_member FROM pg_depend
WHERE classid = 'pg_namespace'::regclass AND objid = 'airlift'::regnamespace AND deptype = 'e';

-- What runs SQL is never led astray by the caller's search path.
SELECT proname FROM pg_proc
WHERE pronamespace = 'airlift'::regnamespace AND prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c')
    AND prokind = 'f' AND NOT COALESCE(proconfig && ARRAY['search_path=""', 'search_path=pg_catalog, pg_temp'], false);

-- Arguments: a row, or columns.
CREATE TABLE small (a int, b text, gone int, c int[]);
INSERT INTO small VALUES (1, 'one', 7, '{1,2}'), (NULL, '', 8, '{}');
ALTER TABLE small DROP COLUMN gone;
SELECT airlift.row_image(s) AS image, airlift.row_image(s) = airlift.row_image(a, b, c) AS by_columns,
       airlift.row_image(s) = airlift.row_image(ROW(a, b, c)) AS by_record, airlift.row_image(s.*) = airlift.row_image(s) AS by_star
FROM small s;
SELECT airlift.row_digest(s) = airlift.hash_bytes(airlift.row_image(s)) AS digest_is_hash,
       airlift.row_digest(s) = airlift.row_digest(a, b, c) AS by_columns FROM small s;
SELECT airlift.row_image(ROW()), airlift.row_image(1), airlift.row_image('x'), airlift.row_image(NULL::int), airlift.row_image(NULL);
SELECT airlift.row_image(NULL::small) IS NULL AS no_row, airlift.row_digest(NULL::small) IS NULL AS no_row;
SELECT airlift.row_image(VARIADIC ARRAY[1, 2]);

-- The sum over no rows is a digest, not NULL; a NULL row is no row.
SELECT airlift.digest(s) FROM small s WHERE false;
SELECT (airlift.digest(s)).row_count FROM (VALUES (1), (2)) v (i) LEFT JOIN small s ON s.a = v.i;
SELECT (airlift.digest(s)).* FROM small s;
SELECT airlift.digest(s) = airlift.digest(a, b, c) AS same FROM small s;
SELECT i % 2 AS odd, airlift.digest(i) FROM generate_series(1, 4) i GROUP BY 1 ORDER BY 1;

-- Rows of several types from one place in the query.
SELECT n, airlift.row_image(r) FROM (
    SELECT 1 AS n, ROW(1::int2, 'a'::text) AS r UNION ALL SELECT 2, ROW(2::int8) UNION ALL SELECT 3, ROW(3::int2, 'b'::text)) s ORDER BY n;

-- A row type that changes between two calls from the same place.
CREATE FUNCTION images_around_ddl() RETURNS SETOF bytea LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    FOR i IN 1..3 LOOP
        SELECT s AS whole INTO r FROM small s WHERE a = 1;
        RETURN NEXT airlift.row_image(r.whole);
        IF i = 1 THEN ALTER TABLE small ADD COLUMN d bool DEFAULT true; END IF;
        IF i = 2 THEN ALTER TABLE small DROP COLUMN d; END IF;
    END LOOP;
END $$;
SELECT * FROM images_around_ddl();

CREATE TYPE colour AS ENUM ('red', 'green');
CREATE FUNCTION images_around_rename() RETURNS SETOF bytea LANGUAGE plpgsql AS $$
DECLARE
    c colour := 'red';
BEGIN
    FOR i IN 1..2 LOOP
        RETURN NEXT airlift.row_image(c);
        IF i = 1 THEN ALTER TYPE colour RENAME VALUE 'red' TO 'rouge'; END IF;
    END LOOP;
END $$;
SELECT * FROM images_around_rename();

SELECT airlift.digest_bucket('ffffffff-ffff-ffff-0000-000000000000', 10), -- 18446744073709551615 mod 10
       airlift.digest_bucket('00000000-0000-0000-ffff-ffffffffffff', 10),
       airlift.digest_bucket('80000000-0000-0000-0000-000000000000', 2147483647);
SELECT airlift.digest_bucket('00000000-0000-0000-0000-000000000000', 0);
DROP FUNCTION images_around_ddl, images_around_rename;
DROP TYPE colour;
DROP TABLE small;
