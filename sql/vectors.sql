-- The test vectors that the helper's unit tests read as well. The path is seen from extension/, where pg_regress is run.
\set vectors `cat ../test/vectors/format1.json`
CREATE TABLE vectors AS SELECT :'vectors'::json AS v;
SELECT v->>'format' AS format FROM vectors;

SELECT h->>'digest' AS wrong_hash FROM vectors, json_array_elements(v->'hashes') h
WHERE airlift.hash_bytes(decode(h->>'bytes', 'hex')) <> (h->>'digest')::uuid;

CREATE FUNCTION wrong_rows(rows json) RETURNS SETOF text LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    vector json;
    arguments text;
    image bytea;
    digest uuid;
BEGIN
    FOR vector IN SELECT * FROM json_array_elements(rows) LOOP
        SELECT string_agg(format('CAST(%L AS %s)', c->>'value', c->>'type'), ', ') INTO arguments FROM json_array_elements(vector->'columns') c;
        EXECUTE format('SELECT airlift.row_image(%1$s), airlift.row_digest(%1$s)', COALESCE(arguments, 'ROW()')) INTO image, digest;
        IF image <> decode(vector->>'image', 'hex') OR digest <> (vector->>'digest')::uuid OR airlift.hash_bytes(image) <> digest THEN
            RETURN NEXT vector->>'name';
        END IF;
    END LOOP;
END $$;
SELECT wrong_rows(v->'rows') FROM vectors;

-- a row whose digest is given cannot be made, so that the sums are taken by hand here
CREATE FUNCTION digest_number(digest uuid) RETURNS numeric LANGUAGE sql AS $$
    SELECT sum(get_byte(uuid_send(digest), i) * 256::numeric ^ (15 - i)) FROM generate_series(0, 15) i
$$;
SELECT t->>'name' AS wrong_sum FROM vectors, json_array_elements(v->'tables') t
WHERE digest_number((t->>'digest')::uuid) <> COALESCE((SELECT sum(digest_number(d::uuid)) % 2::numeric ^ 128 FROM json_array_elements_text(t->'digests') d), 0);
SELECT b AS wrong_bucket FROM vectors, json_array_elements(v->'buckets') b
WHERE airlift.digest_bucket((b->>'digest')::uuid, (b->>'buckets')::int) <> (b->>'bucket')::int;

-- the aggregate's sum, carries and all, against numbers
SELECT digest_number((d).digest) = total AS sum_agrees FROM (
    SELECT airlift.digest(i) AS d, sum(digest_number(airlift.row_digest(i))) % 2::numeric ^ 128 AS total FROM generate_series(1, 200) i) s;
SELECT json_array_length(v->'hashes') AS hashes, json_array_length(v->'rows') AS rows, json_array_length(v->'tables') AS tables FROM vectors;
DROP FUNCTION wrong_rows, digest_number;
DROP TABLE vectors;
