-- Workers and leader together give what one process gives, also where settings or the client's encoding are in the way.
CREATE TYPE mood AS ENUM ('happy', 'sad');
CREATE TYPE pair AS (at timestamptz, raw bytea);
CREATE TABLE crowd (id int, name text, price numeric, document jsonb, tags text[], mood mood, moods mood[], pair pair, address inet, at timestamptz);
ALTER TABLE crowd SET (parallel_workers = 2);
INSERT INTO crowd
SELECT i, 'näme ' || i, i / 7.0, jsonb_build_object('k', i), ARRAY['ä', NULL, i::text], CASE i % 2 WHEN 0 THEN 'happy' ELSE 'sad' END::mood,
       ARRAY['sad', NULL]::mood[], ROW(timestamptz '2024-01-01 00:00+00' + i * interval '1 hour', decode(md5(i::text), 'hex'))::pair, '10.0.0.1', now()
FROM generate_series(1, 3000) i;
ANALYZE crowd;

CREATE FUNCTION has_workers(query text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
    line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
        IF line ~ 'Workers Planned' THEN RETURN true; END IF;
    END LOOP;
    RETURN false;
END $$;

SET max_parallel_workers_per_gather = 0;
SELECT airlift.digest(c) AS serial FROM crowd c \gset
SELECT airlift.digest(id, pair) AS serial_columns FROM crowd \gset
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SELECT has_workers('SELECT airlift.digest(c) FROM crowd c') AS whole_row, has_workers('SELECT airlift.digest(id, pair) FROM crowd') AS columns,
       has_workers('SELECT mood, airlift.digest(id) FROM crowd GROUP BY mood') AS grouped;

SELECT airlift.digest(c)::text = :'serial' AS same FROM crowd c;
SELECT airlift.digest(id, pair)::text = :'serial_columns' AS same FROM crowd;
SELECT (row_count, digest)::airlift.digest_value::text = :'serial' AS same FROM airlift.table_digest('crowd');
SELECT sum(row_count) AS rows FROM airlift.bucket_digests('crowd', 4, '{id}');

-- the session's settings and encoding, in the leader and in workers
SET TimeZone = 'Asia/Tokyo';
SET DateStyle = 'German';
SET bytea_output = 'escape';
SELECT airlift.digest(c)::text = :'serial' AS other_settings FROM crowd c;
SET client_encoding = 'LATIN1';
SELECT airlift.digest(c)::text = :'serial' AS other_encoding FROM crowd c;
SET parallel_leader_participation = on;
SELECT airlift.digest(c)::text = :'serial' AS other_encoding FROM crowd c;
SET max_parallel_workers_per_gather = 0;
SELECT airlift.digest(c)::text = :'serial' AS other_encoding FROM crowd c;
SELECT pg_client_encoding();
RESET client_encoding;

-- an empty table, and more groups than workers
SET max_parallel_workers_per_gather = 2;
CREATE TABLE empty_crowd (LIKE crowd);
ALTER TABLE empty_crowd SET (parallel_workers = 2);
SELECT airlift.digest(e) FROM empty_crowd e;
SELECT count(*) AS groups, sum((d).row_count) AS rows FROM (SELECT id % 100, airlift.digest(id, name) AS d FROM crowd GROUP BY 1) g;

RESET ALL;
DROP TABLE crowd, empty_crowd;
DROP FUNCTION has_workers;
DROP TYPE pair, mood;
