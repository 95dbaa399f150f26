-- Every fast path against the type's own send function, over random and extreme values that were stored in a table (so
-- that short ones have 1-byte headers).
SELECT setseed(0.42);

-- Stores the values of an SQL expression over i = 1..count and compares images. Returns what differs first, if anything.
CREATE FUNCTION check_type(type regtype, expression text, count int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    send regproc := (SELECT typsend FROM pg_type WHERE oid = type);
    checked bigint;
    wrong text;
BEGIN
    EXECUTE format('CREATE TEMP TABLE sample AS SELECT (%s)::%s AS v FROM generate_series(1, %s) i', expression, type, count);
    EXECUTE format($q$
        SELECT count(*), min(v::text) FILTER (WHERE airlift.row_image(v) IS DISTINCT FROM
            CASE WHEN v IS NULL THEN int2send(1::int2) || int4send(-1)
                ELSE int2send(1::int2) || int4send(octet_length(%1$s(v))) || %1$s(v) END)
        FROM sample $q$, send) INTO checked, wrong;
    DROP TABLE sample;
    RETURN COALESCE('WRONG: ' || left(wrong, 200), checked || ' agree');
END $$;

CREATE FUNCTION random_int(bits int) RETURNS bigint LANGUAGE sql VOLATILE AS $$
    SELECT (((random() * 4294967296)::bigint << 32 | (random() * 4294967295)::bigint) >> (64 - bits))
$$;
CREATE FUNCTION random_text(longest int) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT COALESCE(string_agg(substr(E'abcXYZ 0189\\"/\n\t\r\b\f\x01\x1f\x7fäß€\u4e2d\U0001F600', (random() * 27)::int + 1, 1), ''), '')
    FROM generate_series(1, (random() * longest)::int)
$$;
CREATE FUNCTION random_numeric(longest int) RETURNS numeric LANGUAGE sql VOLATILE AS $$
    SELECT (CASE WHEN random() < 0.5 THEN '-' ELSE '' END
        || (SELECT string_agg(CASE WHEN random() < 0.3 THEN '0000' ELSE (random() * 9999)::int::text END, '')
            FROM generate_series(0, (random() * longest)::int))
        || CASE WHEN random() < 0.3 THEN '' ELSE '.' || repeat('0', (random() * 9)::int) || (random() * 99999)::int
            || repeat('0', (random() * 5)::int) END)::numeric
$$;

SELECT type, check_type(type::regtype, expression, 500) FROM (VALUES
    ('bool', 'CASE i % 3 WHEN 0 THEN NULL ELSE i % 3 = 1 END'),
    ('"char"', 'chr(i % 127 + 1)'),
    ('int2', 'CASE i WHEN 1 THEN -32768 WHEN 2 THEN 32767 ELSE random_int(16) END'),
    ('int4', 'CASE i WHEN 1 THEN -2147483648 WHEN 2 THEN 2147483647 ELSE random_int(32) END'),
    ('int8', 'CASE i WHEN 1 THEN -9223372036854775808 WHEN 2 THEN 9223372036854775807 WHEN 3 THEN NULL ELSE random_int(64) END'),
    ('oid', 'CASE i WHEN 1 THEN 4294967295 ELSE random_int(32) & 4294967295 END'),
    ('xid', '(random_int(32) & 4294967295)::text'),
    ('cid', '(random_int(32) & 4294967295)::text'),
    ('xid8', '(random_int(63) & 9223372036854775807)::text'),
    ('money', 'CASE i WHEN 1 THEN ''-92233720368547758.08''::money ELSE random_int(50)::money END'),
    ('float4', 'CASE i WHEN 1 THEN ''NaN'' WHEN 2 THEN ''-Infinity'' WHEN 3 THEN ''Infinity'' WHEN 4 THEN ''-0'' WHEN 5 THEN ''1e-45'' ELSE random_int(40)::float4 / 7 END'),
    ('float8', 'CASE i WHEN 1 THEN ''NaN'' WHEN 2 THEN ''-Infinity'' WHEN 3 THEN ''Infinity'' WHEN 4 THEN ''-0'' WHEN 5 THEN ''5e-324'' ELSE random_int(64)::float8 / 7 END'),
    ('date', 'CASE i WHEN 1 THEN ''infinity'' WHEN 2 THEN ''-infinity'' WHEN 3 THEN ''4713-01-01 BC'' WHEN 4 THEN ''5874897-12-31'' ELSE date ''2000-01-01'' + random_int(20)::int END'),
    ('time', 'CASE i WHEN 1 THEN ''24:00:00'' WHEN 2 THEN ''00:00'' ELSE time ''00:00'' + random() * interval ''1 day'' END'),
    ('timetz', '(time ''00:00'' + random() * interval ''1 day'')::text || ''+'' || i % 15 || '':30:15'''),
    ('timestamp', 'CASE i WHEN 1 THEN ''infinity'' WHEN 2 THEN ''-infinity'' WHEN 3 THEN ''4713-01-01 BC'' ELSE timestamp ''2000-01-01'' + random_int(35) * interval ''1 microsecond'' * 1009 END'),
    ('timestamptz', 'CASE i WHEN 1 THEN ''infinity'' WHEN 2 THEN ''294276-12-31 23:59:59.999999+00'' ELSE timestamptz ''2000-01-01'' + random_int(35) * interval ''1 microsecond'' * 1009 END'),
    ('interval', 'make_interval(random_int(8)::int, random_int(8)::int, 0, random_int(8)::int, 0, 0, random() * 1e6)'),
    ('uuid', 'md5(i::text)'),
    ('macaddr', 'substr(md5(i::text), 1, 12)'),
    ('macaddr8', 'substr(md5(i::text), 1, 16)'),
    ('pg_lsn', 'to_hex(random_int(32) & 4294967295) || ''/'' || to_hex(i)'),
    ('point', 'point(random_int(64)::float8 / 3, -0.0::float8)'),
    ('lseg', 'lseg(point(i, random()), point(-i, random()))'),
    ('box', 'box(point(i, random()), point(-i, random()))'),
    ('line', '''{1,'' || i || '','' || random() || ''}'''),
    ('circle', 'circle(point(i, random()), random() * 100)'),
    ('bytea', 'decode(md5(i::text) || repeat(md5((i + 1)::text), (random() * 30)::int), ''hex'')'),
    ('text', 'random_text(i)'),
    ('varchar', 'CASE WHEN i % 5 = 0 THEN '''' ELSE random_text(i / 10) END'),
    ('bpchar(20)', 'left(random_text(30), 20)'),
    ('name', 'left(random_text(30), 15)'),
    ('json', 'to_json(random_text(i))'),
    ('xml', 'xmlelement(name a, regexp_replace(random_text(i), ''[^[:alnum:]]'', '''', ''g''))')
) v (type, expression);

-- numeric: digits, weight, sign, scale, in the short and the long on-disk form
SELECT check_type('numeric', 'random_numeric(i / 10)', 2000);
SELECT check_type('numeric', 'random_numeric(1000)', 20);
SELECT check_type('numeric', 'CASE i % 2 WHEN 0 THEN ''-'' ELSE '''' END || ''1e'' || (i - 500) * 30', 1000);
SELECT check_type('numeric', 'round(i * 1.1, i % 130)', 500);
SELECT check_type('numeric', format('(%L::text[])[i]', ARRAY['NaN', '0', '-0', '0.0', '-0.00', '0.000000', '1', '1.0', '1.00',
    '10000', '9999', '10000.0001', '0.0001', '0.00010', '0.00001', '1e131071', '1e-16383', '-1e131071', '0e100', '100000000',
    '99999999.99999999', '12345678901234567890.123456789012345678901234567890']), 22);
SELECT check_type('numeric(12,2)', 'random_numeric(1)', 500);
SELECT check_type('numeric', CASE WHEN current_setting('server_version_num')::int >= 140000
    THEN '(ARRAY[''Infinity'', ''-Infinity''])[i]' ELSE 'i' END, 2);

-- jsonb: the text, through our own walk over the tree
CREATE FUNCTION random_jsonb(depth int) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    CASE (random() * (CASE WHEN depth > 0 THEN 8 ELSE 5 END))::int
        WHEN 0 THEN RETURN 'null';
        WHEN 1 THEN RETURN to_jsonb(random() < 0.5);
        WHEN 2 THEN RETURN to_jsonb(random_numeric(4));
        WHEN 3, 4, 5 THEN RETURN to_jsonb(random_text(30));
        WHEN 6 THEN RETURN (SELECT COALESCE(jsonb_agg(random_jsonb(depth - 1)), '[]') FROM generate_series(1, (random() * 6)::int));
        ELSE RETURN (SELECT COALESCE(jsonb_object_agg(random_text(12) || i, random_jsonb(depth - 1)), '{}')
            FROM generate_series(1, (random() * 6)::int) i);
    END CASE;
END $$;
SELECT check_type('jsonb', 'random_jsonb(0)', 500);
SELECT check_type('jsonb', 'random_jsonb(5)', 1000);
SELECT check_type('jsonb', format('(%L::text[])[i]', ARRAY['null', '[]', '{}', '""', '[[]]', '[{}]', '{"":{}}', '{"a":[]}', 'true', '0', '-0', '-0.00',
    '1e400', '1e-400', '123456789012345678901234567890.1234567890', '"\u0001\u001f\u007f\"\\\/\b\f\n\r\t"', '"\ud83d\ude00\u4e2d"', '[null, true, false, "", 1.10]',
    '{"b":1,"a":2,"aa":3,"b":4}', '[1,[2,[3,[4]]]]', '"1234567"', '"12345678"', '"1234567\""', '"\"12345678"', '"123456789012345\n"']), 25);
-- more children than one stretch of lengths between two offsets (32)
SELECT check_type('jsonb', '(SELECT jsonb_agg(k * i) FROM generate_series(1, i * 7) k)', 50);
SELECT check_type('jsonb', '(SELECT jsonb_object_agg(md5(k::text), repeat(''x'', k % 40)) FROM generate_series(1, i * 7) k)', 50);
SELECT check_type('jsonb', '(repeat(''['', i * 20) || repeat('']'', i * 20))', 50);
SELECT check_type('jsonb', 'to_jsonb(repeat(chr(i % 128 + 1), i))', 500);
SELECT check_type('jsonb', '''"'' || repeat(''a'', i % 30) || ''\n'' || repeat(''b'', i % 17) || ''"''', 600);

-- arrays of each of these, and of types that only have a send function
SELECT type, check_type((type || '[]')::regtype, expression, 200) FROM (VALUES
    ('bool', 'ARRAY[true, NULL, i % 2 = 0]'),
    ('"char"', 'ARRAY[''a'', chr(i % 127 + 1)]'),
    ('int2', 'ARRAY[i, NULL, -i]'),
    ('int4', '(SELECT array_agg(k) FROM generate_series(1, i) k)'),
    ('int4', '(''['' || i - 100 || '':'' || i - 99 || '']={1,NULL}'')'),
    ('int4', '''[2:3][-1:1]={{1,2,3},{4,NULL,6}}'''),
    ('int4', '''{{{1,2}},{{3,4}},{{5,6}}}'''),
    ('int4', '''{}'''),
    ('int8', 'array_fill(i::int8, ARRAY[i % 5, 2, 3])'),
    ('float8', 'ARRAY[random(), NULL, ''NaN'']'),
    ('timestamptz', 'ARRAY[timestamptz ''2000-01-01'' + i * interval ''1 hour'']'),
    ('timetz', 'ARRAY[timetz ''10:00+02'', NULL]'),
    ('interval', 'ARRAY[make_interval(i), NULL, make_interval(0, i)]'),
    ('uuid', 'ARRAY[md5(i::text), NULL, md5(''a'')]::uuid[]'),
    ('macaddr', 'ARRAY[substr(md5(i::text), 1, 12), substr(md5(i::text), 2, 12)]::macaddr[]'),
    ('point', 'ARRAY[point(i, -i), point(0, 0)]'),
    ('name', 'ARRAY[''a'', repeat(''b'', 63), '''']'),
    ('text', '(SELECT array_agg(random_text(k)) FROM generate_series(0, i % 20) k)'),
    ('text', 'ARRAY[repeat(''x'', i * 20), NULL, repeat(''y'', i)]'),
    ('text', 'ARRAY[]::text[]'),
    ('text', 'ARRAY[NULL]::text[]'),
    ('varchar', 'ARRAY[ARRAY[''a'', ''bc''], ARRAY['''', NULL]]'),
    ('bpchar', 'ARRAY[''a  '', '''']'),
    ('bytea', 'ARRAY[decode(md5(i::text), ''hex''), '''']'),
    ('numeric', '(SELECT array_agg(random_numeric(k)) FROM generate_series(1, i % 10 + 1) k)'),
    ('jsonb', 'ARRAY[random_jsonb(3), NULL, random_jsonb(1)]'),
    ('inet', 'ARRAY[''10.0.0.1/8'', NULL, ''::1'']'),
    ('tsvector', 'ARRAY[to_tsvector(''simple'', random_text(30)), NULL]'),
    ('varbit', 'ARRAY[B''101'', NULL, repeat(''10'', i)::varbit]'),
    ('int4range', 'ARRAY[int4range(i, i + 10), NULL, ''empty'']'),
    ('path', 'ARRAY[''((1,2),(3,4))'', NULL]::path[]')
) v (type, expression);

-- compressed, out-of-line and plain values of all sizes around the limits of headers and TOAST
CREATE TABLE toasted (n int, plain text, external text, main text, packed bytea, document jsonb, list text[], number numeric);
ALTER TABLE toasted ALTER external SET STORAGE EXTERNAL, ALTER main SET STORAGE MAIN, ALTER packed SET STORAGE EXTENDED;
INSERT INTO toasted
SELECT n, repeat('ab', n), repeat('cd', n), repeat('ef', n), decode(repeat(md5(n::text), n / 16), 'hex'), to_jsonb(repeat('j"', n)),
       ARRAY[repeat('k', n), NULL, md5(n::text)], ('1' || repeat('0123456789', least(n, 9000)))::numeric
FROM unnest(ARRAY[0, 1, 62, 63, 64, 100, 500, 1000, 2000, 4000, 10000, 100000]) n;
SELECT n, airlift.row_image(t) = int2send(8::int2)
    || int4send(4) || int4send(n)
    || int4send(octet_length(textsend(plain))) || textsend(plain)
    || int4send(octet_length(textsend(external))) || textsend(external)
    || int4send(octet_length(textsend(main))) || textsend(main)
    || int4send(octet_length(byteasend(packed))) || byteasend(packed)
    || int4send(octet_length(jsonb_send(document))) || jsonb_send(document)
    || int4send(octet_length(array_send(list))) || array_send(list)
    || int4send(octet_length(numeric_send(number))) || numeric_send(number) AS same
FROM toasted t ORDER BY n;
DROP TABLE toasted;
DROP FUNCTION check_type, random_jsonb, random_numeric, random_text, random_int;
