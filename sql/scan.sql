-- Digests read straight from the pages are those of a query, whatever lies in the pages.
\set VERBOSITY terse
CREATE FUNCTION scan_agrees(relation regclass, columns text[] DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    list text[] := COALESCE(columns, airlift.live_columns(relation));
    scanned bytea := airlift.scan_digests(relation, 8, list);
    queried bytea;
BEGIN
    EXECUTE format('SELECT airlift.digest_buckets(8, %s) FROM %s', airlift.row_arguments(relation, list), airlift.row_source(relation))
        INTO queried;
    RETURN CASE WHEN scanned IS NULL THEN 'by a query' WHEN scanned = COALESCE(queried, decode(repeat('00', 8 * 24), 'hex')) THEN 'same'
        ELSE 'differs' END;
END $$;

-- every length and alignment, with and without NULLs, dropped columns and columns younger than the rows
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TYPE shade AS ENUM ('light', 'dark');
CREATE TYPE duo AS (a int, b text);
CREATE TABLE pages (
    b bool, i2 int2, gone_early text, i4 int4, c "char", i8 int8, f4 float4, gone_fixed int8, f8 float8, n name, t text, v varchar(20),
    p char(7), u uuid, m macaddr, raw bytea, num numeric, j jsonb, js json, d date, ts timestamptz, tz timetz, iv interval, ip inet,
    bits bit(5), arr int[], texts text[], dom positive, e shade, es shade[], duo duo, duos duo[], pt point, r int4range, x xml, o oid,
    lsn pg_lsn, q tsvector, y money, twice int8 GENERATED ALWAYS AS (i8 * 2) STORED);
INSERT INTO pages
SELECT i % 2 = 0, i, repeat('g', i % 9), i * 7, chr(65 + i % 26)::"char", i * 1000000007::int8, i / 3.0, i, i / 7.0, 'name ' || i,
    repeat('t', i % 300), repeat('v', i % 20), 'p' || i % 10, md5(i::text)::uuid, '08:00:2b:01:02:03', decode(repeat('00ff', i % 70), 'hex'),
    i / 11.0, jsonb_build_object('i', i, 's', repeat('j', i % 50)), '{"a": 1}', date '2024-01-01' + i,
    timestamptz '2024-01-01 00:00+00' + i * interval '1 min', '10:00+02', i * interval '1 day', '10.0.0.1',
    (i % 32)::bit(5), ARRAY[i, NULL, -i], ARRAY['a', NULL, repeat('b', i % 40)], i, CASE i % 2 WHEN 0 THEN 'light' ELSE 'dark' END::shade,
    ARRAY['dark', NULL]::shade[], ROW(i, 'duo')::duo, ARRAY[ROW(i, NULL)::duo], point(i, -i), int4range(i, i + 5), '<a/>', i,
    '0/16B3748', 'a fat cat', 12.34
FROM generate_series(1, 200) i;
INSERT INTO pages (i4, i8) SELECT i, i FROM generate_series(1, 20) i;
INSERT INTO pages (b, t) SELECT NULL, repeat('x', 122 + i) FROM generate_series(1, 20) i;
SELECT scan_agrees('pages') AS whole;
ALTER TABLE pages DROP COLUMN gone_early;
ALTER TABLE pages DROP COLUMN gone_fixed;
ALTER TABLE pages ADD COLUMN young int DEFAULT 42;
ALTER TABLE pages ADD COLUMN young_text text DEFAULT 'a value that no row has';
ALTER TABLE pages ADD COLUMN young_null numeric;
INSERT INTO pages (i4, young, young_text, young_null) VALUES (1, 1, NULL, 1), (2, NULL, '', NULL);
UPDATE pages SET t = 'updated' WHERE i4 % 10 = 0;
DELETE FROM pages WHERE i2 % 10 = 1;
SELECT scan_agrees('pages') AS after_ddl, scan_agrees('pages', '{i4}') AS one, scan_agrees('pages', '{t,young_text}') AS two,
    scan_agrees('pages', '{b,o,twice,young,young_null}') AS some, scan_agrees('pages', '{i2}') AS first_fixed;

-- values out of line, compressed, both and neither
CREATE TABLE toasted (id int, plain text, packed text, document jsonb, tags text[]);
ALTER TABLE toasted ALTER plain SET STORAGE EXTERNAL;
INSERT INTO toasted SELECT i, repeat(md5(i::text), 200), repeat('abc', 20000), jsonb_build_object('long', repeat('z', 40000)),
    ARRAY[repeat('tag', 9000), 'short'] FROM generate_series(1, 30) i;
INSERT INTO toasted SELECT i, repeat('m', 100 * i), repeat('m', 200 * i), '{}', '{}' FROM generate_series(1, 30) i;
SELECT scan_agrees('toasted') AS toasted;

-- by workers
CREATE TABLE large AS SELECT i AS id, 'row ' || i AS name, i::numeric / 3 AS price, now() AS at, ROW(i, 'x')::duo AS duo FROM generate_series(1, 20000) i;
ALTER TABLE large SET (parallel_workers = 2);
SET max_parallel_workers_per_gather = 2;
SELECT scan_agrees('large') AS by_workers;
SET TimeZone = 'Asia/Tokyo';
SET DateStyle = 'German';
SET client_encoding = 'LATIN1';
SELECT scan_agrees('large') AS other_settings;
SELECT pg_client_encoding(), current_setting('DateStyle') AS datestyle;
RESET client_encoding;
RESET TimeZone;
RESET DateStyle;
BEGIN;
DELETE FROM large WHERE id % 7 = 0;
INSERT INTO large SELECT i, 'new' FROM generate_series(1, 10) i;
SELECT scan_agrees('large') AS own_changes;
ROLLBACK;
-- many times in one transaction, also after an error
DO $$
DECLARE
    first bytea := airlift.scan_digests('large', 65536, '{id,name}');
BEGIN
    FOR i IN 1..5 LOOP
        IF airlift.scan_digests('large', 65536, '{id,name}') <> first THEN RAISE 'differs'; END IF;
        BEGIN
            PERFORM airlift.scan_digests('large', 65537, '{id,name}');
        EXCEPTION WHEN invalid_parameter_value THEN NULL;
        END;
    END LOOP;
END $$;
SET max_parallel_workers_per_gather = 0;

-- by ranges of blocks: their sum is the whole
CREATE FUNCTION rows_of(digests bytea) RETURNS bigint LANGUAGE sql AS $$ SELECT ('x' || encode(substr(digests, 1, 8), 'hex'))::bit(64)::bigint $$;
SELECT sum(rows_of(airlift.scan_digests('large', 1, '{id}', first, 10))) AS rows
FROM generate_series(0, pg_relation_size('large') / current_setting('block_size')::int, 10) AS first;
SELECT rows_of(airlift.scan_digests('large', 1, '{id}', 1000000, 10)) AS behind_the_end, rows_of(airlift.scan_digests('large', 1, '{id}', 0, 0)) AS none;
SELECT airlift.scan_digests('large', 1, '{id}', -1, 10);

-- partitions, whose columns may stand in another order
CREATE TABLE parted (id int, name text, at date) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE parted_2 (gone int, id int, name text, at date);
ALTER TABLE parted_2 DROP COLUMN gone;
ALTER TABLE parted ATTACH PARTITION parted_2 FOR VALUES FROM (100) TO (200);
CREATE TABLE parted_deep PARTITION OF parted FOR VALUES FROM (200) TO (300) PARTITION BY LIST (name);
CREATE TABLE parted_deep_a PARTITION OF parted_deep DEFAULT;
INSERT INTO parted SELECT i, 'row ' || i, '2024-01-01' FROM generate_series(0, 299) i;
SELECT scan_agrees('parted') AS parted, scan_agrees('parted_deep') AS deep, scan_agrees('parted_2') AS leaf;
CREATE TABLE parted_3 (at date, name text, id int);
ALTER TABLE parted ATTACH PARTITION parted_3 FOR VALUES FROM (300) TO (400);
INSERT INTO parted VALUES (300, 'other order', '2024-01-01');
SELECT scan_agrees('parted') AS other_order, (airlift.table_digest('parted')).row_count;

-- what only a query can read, and other kinds
CREATE MATERIALIZED VIEW seen AS SELECT * FROM large LIMIT 10;
CREATE MATERIALIZED VIEW unseen AS SELECT * FROM large WITH NO DATA;
CREATE TEMP TABLE passing AS SELECT 1 AS a;
CREATE UNLOGGED TABLE fleeting AS SELECT 1 AS a;
CREATE TABLE heir () INHERITS (large);
INSERT INTO heir SELECT * FROM large;
CREATE TABLE bare ();
INSERT INTO bare DEFAULT VALUES;
CREATE TABLE empty (a int);
SELECT scan_agrees('seen') AS seen, scan_agrees('passing') AS temporary, scan_agrees('fleeting') AS unlogged, scan_agrees('large') AS parent,
    scan_agrees('bare') AS bare, scan_agrees('empty') AS empty, scan_agrees('pages', '{o,b}') AS reordered, scan_agrees('pages', '{b,b}') AS twice;
SELECT airlift.table_digest('unseen');
SELECT airlift.scan_digests('pg_stats', 1, '{schemaname}') IS NULL AS view, airlift.scan_digests(0, 1, '{a}') IS NULL AS nothing;

DO $$
BEGIN
    IF current_setting('server_version_num')::int >= 180000 THEN
        EXECUTE 'CREATE TABLE computed (a int, b int GENERATED ALWAYS AS (a * 2) VIRTUAL)';
        INSERT INTO computed VALUES (1);
        IF scan_agrees('computed') <> 'by a query' OR scan_agrees('computed', '{a}') <> 'same' THEN RAISE 'virtual column'; END IF;
        DROP TABLE computed;
    END IF;
END $$;

-- privileges and policies
CREATE ROLE regress_scan_reader;
GRANT USAGE ON SCHEMA airlift TO regress_scan_reader;
SET ROLE regress_scan_reader;
SELECT airlift.table_digest('large');
SELECT airlift.scan_digests('parted', 1, '{id}');
RESET ROLE;
GRANT SELECT (id, name) ON large TO regress_scan_reader;
GRANT SELECT ON parted TO regress_scan_reader;
SET ROLE regress_scan_reader;
SELECT airlift.table_digest('large');
SELECT (airlift.table_digest('large', '{id,name}')).row_count AS by_columns, (airlift.table_digest('parted')).row_count AS by_root;
RESET ROLE;
GRANT SELECT ON large TO regress_scan_reader;
ALTER TABLE large ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON large FOR SELECT TO regress_scan_reader USING (id <= 5);
SET ROLE regress_scan_reader;
SELECT scan_agrees('large') AS policy, row_count, complete, reason FROM airlift.table_digest('large');
RESET ROLE;
SELECT scan_agrees('large') AS owner;

-- a schema that the role may not use: the query's error, not the digest
CREATE SCHEMA closed;
CREATE TABLE closed.inside AS SELECT 1 AS a;
GRANT SELECT ON closed.inside TO regress_scan_reader;
SELECT 'closed.inside'::regclass::oid AS inside \gset
SET ROLE regress_scan_reader;
SELECT airlift.scan_digests(:inside, 1, '{a}') IS NULL AS left_to_the_query;
SELECT airlift.table_digest(:inside);
RESET ROLE;
DROP SCHEMA closed CASCADE;

DROP OWNED BY regress_scan_reader;
DROP ROLE regress_scan_reader;
DROP TABLE heir, pages, toasted, parted, passing, fleeting, bare, empty;
DROP TABLE large CASCADE;
DROP FUNCTION scan_agrees, rows_of;
DROP TYPE shade, duo;
DROP DOMAIN positive;
