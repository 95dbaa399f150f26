-- airlift.table_digest, bucket_digests and digest_tables.
\set VERBOSITY terse
CREATE SCHEMA "Odd.Schema";
CREATE TABLE plain (id int PRIMARY KEY, gone text, b text, twice int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO plain (id, gone, b) SELECT i, 'gone', 'row ' || i FROM generate_series(1, 100) i;
ALTER TABLE plain DROP COLUMN gone;

SELECT d.row_count, d.complete, d.reason, d.digest = (SELECT (airlift.digest(p)).digest FROM plain p) AS same
FROM airlift.table_digest('plain') d;
SELECT d.row_count, d.digest = (SELECT (airlift.digest(b, id)).digest FROM plain) AS same
FROM airlift.table_digest('plain'::regclass, ARRAY['b', 'id']) d;
SELECT d.row_count, d.digest = (SELECT (airlift.digest(p)).digest FROM plain p WHERE id > 10 AND b <> 'row 50') AS same
FROM airlift.table_digest('plain', predicate => $$id > 10 AND b <> 'row 50' -- a comment$$) d;
SELECT d.row_count, d.digest = (SELECT (airlift.digest(ROW())).digest FROM plain) AS same FROM airlift.table_digest('plain', '{}') d;

-- refused
SELECT * FROM airlift.table_digest('plain', '{id,gone}');
SELECT * FROM airlift.table_digest('plain', '{id,NULL}');
SELECT * FROM airlift.table_digest('plain', '{ctid}');
SELECT * FROM airlift.table_digest('pg_stats');
SELECT * FROM airlift.table_digest(NULL);
\set VERBOSITY sqlstate
SELECT * FROM airlift.table_digest('plain', predicate => 'id');
\set VERBOSITY terse
SELECT * FROM airlift.bucket_digests('plain', 0);
SELECT * FROM airlift.bucket_digests('plain', 10, '{nosuch}');

-- no column, one, one of a composite type, 100, 101 and 1600
CREATE TYPE point3 AS (x int, y int, z int);
CREATE TABLE none ();
INSERT INTO none DEFAULT VALUES;
INSERT INTO none DEFAULT VALUES;
CREATE TABLE one_composite (p point3);
INSERT INTO one_composite VALUES (ROW(1, 2, 3)), (NULL);
CREATE FUNCTION make_wide(columns int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE wide_%s (%s)', columns, (SELECT string_agg('c' || i || ' int', ', ') FROM generate_series(1, columns) i));
    EXECUTE format('INSERT INTO wide_%1$s SELECT %2$s; INSERT INTO wide_%1$s DEFAULT VALUES', columns,
        (SELECT string_agg(i::text, ', ') FROM generate_series(1, columns) i));
END $$;
SELECT make_wide(98), make_wide(99), make_wide(100), make_wide(101), make_wide(1600);
SELECT row_count, digest = airlift.row_digest(ROW()) FROM airlift.table_digest('none', predicate => 'ctid = ''(0,1)''');
SELECT row_count, digest = airlift.row_digest(ROW(ROW(1, 2, 3)::point3)) AS same FROM airlift.table_digest('one_composite', predicate => 'p IS NOT NULL');
SELECT row_count FROM airlift.table_digest('one_composite');
SELECT d.row_count, d.digest = (SELECT (airlift.digest(w)).digest FROM wide_98 w) AS same FROM airlift.table_digest('wide_98') d;
SELECT d.row_count, d.digest = (SELECT (airlift.digest(w)).digest FROM wide_99 w) AS same FROM airlift.table_digest('wide_99') d;
SELECT d.row_count, d.digest = (SELECT (airlift.digest(w)).digest FROM wide_100 w) AS same FROM airlift.table_digest('wide_100') d;
SELECT d.row_count, d.digest = (SELECT (airlift.digest(w)).digest FROM wide_101 w) AS same FROM airlift.table_digest('wide_101') d;
SELECT d.row_count, d.digest = (SELECT (airlift.digest(w)).digest FROM wide_1600 w) AS same FROM airlift.table_digest('wide_1600') d;
SELECT d.digest = airlift.hash_bytes((SELECT int2send(1600::int2) || string_agg(int4send(4) || int4send(i), '' ORDER BY i) FROM generate_series(1, 1600) i)) AS as_specified
FROM airlift.table_digest('wide_1600', predicate => 'c1 IS NOT NULL') d;
DROP TABLE wide_98, wide_99, wide_100, wide_101, wide_1600, none, one_composite;
DROP FUNCTION make_wide;

-- hostile names
CREATE TABLE "Odd.Schema"."a ""table""
; DROP TABLE plain; --" ("select" int, "b""c" text, "d'e" int, "Übergrößenträger%s$1" int);
INSERT INTO "Odd.Schema"."a ""table""
; DROP TABLE plain; --" VALUES (1, 'x', 2, 3);
SELECT d.row_count, d.digest = airlift.row_digest(1, 'x'::text, 2, 3) AS same
FROM pg_class c, airlift.table_digest(c.oid) d WHERE relnamespace = '"Odd.Schema"'::regnamespace;
SELECT d.row_count, d.digest = airlift.row_digest(2, 'x'::text) AS same
FROM pg_class c, airlift.table_digest(c.oid, ARRAY['d''e', 'b"c'], '"Übergrößenträger%s$1" = 3') d WHERE relnamespace = '"Odd.Schema"'::regnamespace;
SELECT schema_name, table_name, row_count FROM airlift.digest_tables('"Odd.Schema".*');

-- partitions: the sum of the leaves, whatever their physical columns; inheritance: own rows only
CREATE TABLE measured (id int, at date, note text) PARTITION BY RANGE (at);
CREATE TABLE measured_2023 PARTITION OF measured FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE measured_2024 (note text, extra int, at date, id int);
ALTER TABLE measured_2024 DROP COLUMN extra;
ALTER TABLE measured ATTACH PARTITION measured_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE measured_rest PARTITION OF measured DEFAULT PARTITION BY LIST (id);
CREATE TABLE measured_rest_1 PARTITION OF measured_rest DEFAULT;
INSERT INTO measured SELECT i, date '2022-06-01' + i * 10, 'm' || i FROM generate_series(1, 100) i;
CREATE TABLE flat AS SELECT * FROM measured;
SELECT a.row_count, a = b AS same, a.complete FROM airlift.table_digest('measured') a, airlift.table_digest('flat') b;

CREATE TABLE parent (id int);
CREATE TABLE child () INHERITS (parent);
INSERT INTO parent VALUES (1);
INSERT INTO child VALUES (2), (3);
SELECT row_count, complete FROM airlift.table_digest('parent');

-- materialized views are tables to read
CREATE MATERIALIZED VIEW copied AS SELECT * FROM flat;
SELECT a = b AS same FROM airlift.table_digest('copied') a, airlift.table_digest('flat') b;
DROP MATERIALIZED VIEW copied;

-- a foreign partition is not read (this one could not be), and that is said
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE measured_far PARTITION OF measured FOR VALUES FROM ('2030-01-01') TO ('2040-01-01') SERVER nowhere;
SELECT a.row_count, a.digest = b.digest AS same, a.complete, a.reason FROM airlift.table_digest('measured') a, airlift.table_digest('flat') b;
SELECT a.row_count, a.digest = b.digest AS same FROM airlift.table_digest('measured', '{note,id}', 'id < 50') a, airlift.table_digest('flat', '{note,id}', 'id < 50') b;
SELECT * FROM airlift.table_digest('measured_far');
CREATE TABLE only_far (id int) PARTITION BY LIST (id);
CREATE FOREIGN TABLE only_far_1 PARTITION OF only_far DEFAULT SERVER nowhere;
SELECT row_count, complete, reason FROM airlift.table_digest('only_far');
DROP TABLE only_far;
DROP FOREIGN TABLE measured_far;
DROP FOREIGN DATA WRAPPER nowhere CASCADE;

-- buckets: by the primary key, by named columns, by the whole row; their sum is the table's digest
SELECT count(*) > 4 AS several, sum(row_count) AS rows, min(bucket) >= 0 AND max(bucket) < 8 AS in_range FROM airlift.bucket_digests('plain', 8);
SELECT count(*) AS wrong FROM airlift.bucket_digests('plain', 8) b
WHERE (b.row_count, b.digest)::airlift.digest_value IS DISTINCT FROM (
    SELECT airlift.digest(p) FROM plain p
    WHERE airlift.digest_bucket(airlift.row_digest(id), 8) = b.bucket);
SELECT count(*) AS wrong FROM airlift.bucket_digests('plain', 8, '{b,id}') b
WHERE b.row_count IS DISTINCT FROM (SELECT count(*) FROM plain WHERE airlift.digest_bucket(airlift.row_digest(b, id), 8) = bucket);
SELECT count(*) AS wrong FROM airlift.bucket_digests('flat', 8) b
WHERE b.row_count IS DISTINCT FROM (SELECT count(*) FROM flat WHERE airlift.digest_bucket(airlift.row_digest(id, at, note), 8) = bucket);
SELECT a.bucket, a.row_count, (a.row_count, a.digest) = (d.row_count, d.digest) AS whole_table
FROM airlift.bucket_digests('plain', 1) a, airlift.table_digest('plain') d;
SELECT count(*) AS differing FROM airlift.bucket_digests('plain', 8) a FULL JOIN airlift.bucket_digests('plain', 8, predicate => 'id <> 7') b USING (bucket)
WHERE (a.row_count, a.digest) IS DISTINCT FROM (b.row_count, b.digest);

-- patterns
SELECT * FROM (VALUES ('plain'), ('PLAIN'), ('"PLAIN"'), ('public.p*'), ('*.measured*'), ('fla?'), ('"Odd.Schema".*'), ('plain|flat'), ('p.l'), ('"pl.in"'), ('*.*')) v (pattern),
    LATERAL (SELECT string_agg(quote_ident(left(table_name, 8)), ' ' ORDER BY table_name COLLATE "C") AS tables FROM airlift.user_tables(pattern)) t;
SELECT * FROM airlift.pattern_regexps('A"b""C.D*".e$?');
SELECT * FROM airlift.pattern_regexps('a.b.c');
SELECT * FROM airlift.pattern_regexps('a."b');
SELECT table_name, row_count, complete FROM airlift.digest_tables('public.*');

-- row-level security and privileges are those of the caller
CREATE ROLE regress_airlift_reader;
CREATE TABLE secured (owner text, value int);
INSERT INTO secured VALUES ('regress_airlift_reader', 1), ('other', 2);
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON secured USING (owner = current_user);
GRANT SELECT ON secured, flat TO regress_airlift_reader;
GRANT SELECT (id) ON plain TO regress_airlift_reader;
SELECT row_count, complete, reason FROM airlift.table_digest('secured');
SET ROLE regress_airlift_reader;
SELECT row_count, complete, reason FROM airlift.table_digest('secured');
SELECT row_count, complete FROM airlift.table_digest('plain', '{id}');
\set VERBOSITY sqlstate
SELECT row_count, complete FROM airlift.table_digest('plain');
\set VERBOSITY terse
SELECT table_name, row_count, complete, reason IS NOT NULL AS has_reason FROM airlift.digest_tables('public.*');
RESET ROLE;
-- partitions read one by one have policies of their own; through the root only the root's count
ALTER TABLE measured_2024 ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON measured TO regress_airlift_reader;
SET ROLE regress_airlift_reader;
SELECT row_count, complete FROM airlift.table_digest('measured');
RESET ROLE;
ALTER TABLE measured ENABLE ROW LEVEL SECURITY;
SET ROLE regress_airlift_reader;
SELECT row_count, complete, reason FROM airlift.table_digest('measured');
RESET ROLE;

DROP TABLE plain, measured, flat, parent, child, secured;
DROP TYPE point3;
SET client_min_messages = warning;
DROP SCHEMA "Odd.Schema" CASCADE;
DROP ROLE regress_airlift_reader;
