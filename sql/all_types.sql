-- Every built-in type and the array of it: the rows' images are, byte for byte, what COPY BINARY writes between the
-- file's header and trailer; for types whose binary form is missing or carries OIDs they hold the text.
SET client_encoding = 'UTF8';

CREATE TABLE samples (type name, literals text[]);
INSERT INTO samples VALUES
    ('bool', '{t,f}'), ('bytea', '{"","\\\\x00ff"}'), ('char', '{a," "}'), ('name', '{"",ü}'), ('int8', '{-1,9}'),
    ('int2', '{-1,9}'), ('int2vector', '{"1 2 3",""}'), ('int4', '{-1,9}'), ('text', '{"",ß}'), ('oid', '{0,4294967295}'),
    ('tid', '{"(1,2)","(4294967295,65535)"}'), ('xid', '{0,7}'), ('cid', '{0,7}'), ('oidvector', '{"1 2",""}'),
    ('json', '{"{\"b\" :1}",null}'), ('xml', '{<a/>,"<?xml version=\"1.0\" encoding=\"UTF-8\"?><b/>"}'), ('xid8', '{0,18446744073709551615}'),
    ('point', '{"(1,-0)"}'), ('lseg', '{"[(1,2),(3,4)]"}'), ('path', '{"((1,2),(3,4))","[(1,2)]"}'), ('box', '{"(3,4),(1,2)"}'),
    ('polygon', '{"((1,2),(3,4),(5,6))"}'), ('line', '{"{1,2,3}"}'), ('cidr', '{10.0.0.0/8,::/0}'),
    ('float4', '{NaN,-0,1.5}'), ('float8', '{Infinity,-0,1e-300}'), ('circle', '{"<(1,2),3>"}'), ('macaddr8', '{08:00:2b:01:02:03:04:05}'),
    ('money', '{1.23,-5}'), ('macaddr', '{08:00:2b:01:02:03}'), ('inet', '{10.0.0.1/8,::1}'), ('aclitem', ARRAY[format('=r/%I', current_user)]),
    ('bpchar', '{"a ",""}'), ('varchar', '{"a ",""}'), ('date', '{2000-01-01,-infinity}'), ('time', '{24:00:00,00:00:00.000001}'),
    ('timestamp', '{infinity,2024-02-29 12:34:56.789}'), ('timestamptz', '{-infinity,2024-02-29 12:34:56.789+05}'),
    ('interval', '{1 mon -1 day 00:00:01.5,-00:00:00.000001}'), ('timetz', '{10:00+05:30,24:00:00-15}'), ('bit', '{1,0}'), ('varbit', '{101,""}'),
    ('numeric', '{NaN,0,-1.50,1e100,1e-20}'), ('refcursor', '{abc}'), ('regprocedure', '{pg_sleep(double precision)}'), ('regproc', '{pg_sleep}'),
    ('regoper', '{|/}'), ('regoperator', '{"+(integer,integer)"}'), ('regclass', '{pg_class}'), ('regcollation', '{"\"C\""}'),
    ('regtype', '{integer}'), ('regrole', '{-}'), ('regnamespace', '{pg_catalog}'), ('uuid', '{00000000-0000-0000-0000-0000000000ff}'),
    ('pg_lsn', '{FF/1}'), ('tsvector', '{"a:1A,3 b",""}'), ('gtsvector', '{}'), ('tsquery', '{"a & (b:*A | !c) <2> d"}'), ('regconfig', '{simple}'),
    ('regdictionary', '{simple}'), ('jsonb', '{"{\"b\": [1.50, null]}"}'), ('jsonpath', '{$.a[*]}'), ('txid_snapshot', '{10:20:10,14}'),
    ('pg_snapshot', '{"10:20:10,14"}'), ('int4range', '{"[1,5)",empty,"(,)"}'), ('numrange', '{"[1.10,5]"}'), ('tsrange', '{"[2020-01-01,)"}'),
    ('tstzrange', '{"[2020-01-01 00:00+00,)"}'), ('daterange', '{"[2020-01-01,)"}'), ('int8range', '{"[1,5)"}'),
    ('int4multirange', '{"{[1,5),[7,8)}","{}"}'), ('nummultirange', '{"{[1.10,5]}"}'), ('tsmultirange', '{"{[2020-01-01,)}"}'),
    ('tstzmultirange', '{"{[2020-01-01 00:00+00,)}"}'), ('datemultirange', '{"{[2020-01-01,)}"}'), ('int8multirange', '{"{[1,5)}"}'),
    -- no input from SQL
    ('pg_node_tree', '{}'), ('pg_ndistinct', '{}'), ('pg_dependencies', '{}'), ('pg_mcv_list', '{}'),
    ('pg_brin_bloom_summary', '{}'), ('pg_brin_minmax_multi_summary', '{}');
UPDATE samples SET literals = '{10:20:10,10:20:14}' WHERE type = 'txid_snapshot';

-- A type that a newer server brings needs a sample, and perhaps a thought.
SELECT t.typname AS without_sample FROM pg_type t
WHERE t.oid < 10000 AND t.typtype IN ('b', 'r', 'm') AND t.typarray <> 0 AND t.typname NOT IN (SELECT type FROM samples)
    AND t.typrelid = 0;

-- The file of COPY (query) TO ... (FORMAT binary).
CREATE FUNCTION copied(query text) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    file text := current_setting('data_directory') || '/airlift_regress.copy';
    content bytea;
BEGIN
    EXECUTE format('COPY (%s) TO %L (FORMAT binary)', query, file);
    content := pg_read_binary_file(file);
    EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'cat >/dev/null; rm ' || quote_literal(file));
    RETURN content;
END $$;

CREATE FUNCTION images_as_file(query text) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
    images bytea;
BEGIN
    EXECUTE format('SELECT string_agg(airlift.row_image(q), '''') FROM (%s) q', query) INTO images;
    RETURN '\x5047434f50590aff0d0a000000000000000000'::bytea || images || '\xffff'::bytea;
END $$;

CREATE TABLE verdicts (type name, how text, agrees bool);
DO $$
DECLARE
    t record;
    query text;
    text_query text;
BEGIN
    FOR t IN
        SELECT b.typname, b.oid::regtype AS type, a.oid::regtype AS array_type, s.literals,
               b.typsend <> 0 AND b.typname !~ '^reg|vector$|^tsquery$' OR b.typname IN ('refcursor', 'tsvector') AS is_portable
        FROM samples s JOIN pg_type b ON b.typname = s.type AND b.typnamespace = 'pg_catalog'::regnamespace
            JOIN pg_type a ON a.oid = b.typarray
        WHERE s.literals <> '{}'
    LOOP
        query := format('SELECT l::%1$s AS v, (SELECT ARRAY[l, NULL])::%2$s AS pair, ''{}''::%2$s AS empty, NULL::%1$s AS nothing FROM unnest(%3$L::text[]) l',
            t.type, t.array_type, t.literals);
        IF t.is_portable THEN
            INSERT INTO verdicts VALUES (t.typname, 'binary', copied(query) = images_as_file(query));
        ELSE
            text_query := format('SELECT v::text, pair::text, empty::text, nothing::text FROM (%s) q', query);
            INSERT INTO verdicts VALUES (t.typname, 'text', images_as_file(text_query) = images_as_file(query)
                AND copied(text_query) = images_as_file(query));
        END IF;
    END LOOP;
END $$;
SELECT * FROM verdicts WHERE agrees IS NOT TRUE ORDER BY type;
SELECT count(*) > 50 AS many_in_binary FROM verdicts WHERE how = 'binary';
SELECT type AS as_text FROM verdicts WHERE how = 'text' ORDER BY type COLLATE "C";

-- The system's own tables, whatever they hold: types in the wild, among them some that cannot be made by hand.
CREATE FUNCTION catalog_agrees(catalog regclass) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
    columns text := (
        SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute a JOIN pg_type t ON t.oid = atttypid
            LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typoutput = 'array_out'::regproc
        WHERE attrelid = catalog AND attnum > 0 AND NOT attisdropped AND t.typtype <> 'p'
            AND COALESCE(e.typname, t.typname) !~ '^reg|^aclitem$|^(int2|oid)vector$');
    query text := format('SELECT %s FROM %s LIMIT 300', columns, catalog);
BEGIN
    RETURN copied(query) = images_as_file(query);
END $$;
SELECT oid::regclass AS differs FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'pg_catalog'::regnamespace
    AND relname IN ('pg_class', 'pg_proc', 'pg_type', 'pg_attribute', 'pg_index', 'pg_rewrite', 'pg_constraint', 'pg_operator', 'pg_trigger', 'pg_description')
    AND NOT catalog_agrees(oid);

DROP FUNCTION copied, images_as_file, catalog_agrees;
DROP TABLE samples, verdicts;
