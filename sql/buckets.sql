-- airlift.digest_buckets, row_in_buckets and table_buckets.
\set VERBOSITY terse
CREATE TABLE many (id int PRIMARY KEY, note text, twice int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO many (id, note) SELECT i, NULLIF('row ' || i, 'row 7') FROM generate_series(1, 5000) i;
CREATE FUNCTION digest_of_bucket(digests bytea, bucket int) RETURNS airlift.digest_value LANGUAGE sql AS $$
    SELECT ('x' || encode(substr(digests, bucket * 24 + 1, 8), 'hex'))::bit(64)::bigint, encode(substr(digests, bucket * 24 + 9, 16), 'hex')::uuid
$$;
CREATE FUNCTION bucket_set(buckets int, VARIADIC chosen int[]) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    bucket_bits bytea := decode(repeat('00', (buckets + 7) / 8), 'hex');
    bucket int;
BEGIN
    FOREACH bucket IN ARRAY chosen LOOP
        bucket_bits := set_bit(bucket_bits, bucket, 1);
    END LOOP;
    RETURN bucket_bits;
END $$;

-- as airlift.bucket_digests by whole rows has them, and together the table's digest
SELECT length(digests), complete, reason FROM airlift.table_buckets('many', 8);
SELECT count(*) AS compared, count(*) FILTER (WHERE digest_of_bucket(t.digests, b.bucket) IS DISTINCT FROM (b.row_count, b.digest)::airlift.digest_value) AS wrong
FROM airlift.table_buckets('many', 8) t, airlift.bucket_digests('many', 8, '{}') b;
SELECT digest_of_bucket(t.digests, 0) = (d.row_count, d.digest)::airlift.digest_value AS same
FROM airlift.table_buckets('many', 1) t, airlift.table_digest('many') d;
SELECT digest_of_bucket(t.digests, 0) = (d.row_count, d.digest)::airlift.digest_value AS same
FROM airlift.table_buckets('many', 1, '{note}', 'id < 50 -- few') t, airlift.table_digest('many', '{note}', 'id < 50') d;
SELECT airlift.digest_buckets(3, m) = (SELECT digests FROM airlift.table_buckets('many', 3)) AS same FROM many m;

-- the same by workers
BEGIN;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
ALTER TABLE many SET (parallel_workers = 2);
CREATE TEMPORARY TABLE by_workers AS SELECT digests FROM airlift.table_buckets('many', 1000);
SET LOCAL max_parallel_workers_per_gather = 0;
SELECT b.digests = t.digests AS same FROM by_workers b, airlift.table_buckets('many', 1000) t;
COMMIT;

-- rows of chosen buckets
SELECT count(*) AS wrong FROM many m
WHERE airlift.row_in_buckets(8, bucket_set(8, 1, 6), m) IS DISTINCT FROM airlift.digest_bucket(airlift.row_digest(m), 8) IN (1, 6);
SELECT count(*) AS wrong FROM many m
WHERE airlift.row_in_buckets(100, bucket_set(100, 0, 99, 50), id, note) IS DISTINCT FROM airlift.digest_bucket(airlift.row_digest(id, note), 100) IN (0, 99, 50);
SELECT count(*) AS none FROM many m WHERE airlift.row_in_buckets(8, '\x00', m);
SELECT airlift.row_in_buckets(8, '\xff', NULL::many), airlift.row_in_buckets(NULL, '\xff', 1), airlift.row_in_buckets(8, NULL, 1);

-- nothing, and what is refused
SELECT digests IS NULL AS none, complete FROM airlift.table_buckets('many', 8, predicate => 'false');
SELECT airlift.digest_buckets(8, m) IS NULL AS none FROM many m WHERE false;
SELECT * FROM airlift.table_buckets('many', 0);
SELECT * FROM airlift.table_buckets('many', 65537);
SELECT * FROM airlift.table_buckets('many', NULL);
SELECT * FROM airlift.table_buckets('many', 8, '{nosuch}');
SELECT airlift.row_in_buckets(9, '\xff', 1);
SELECT airlift.row_in_buckets(0, '\xff', 1);

DROP TABLE many;
DROP FUNCTION digest_of_bucket, bucket_set;
