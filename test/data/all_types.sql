-- One table per built-in type: a column of the type, one of its arrays, and extreme values of both. Fails where the
-- server has a type that is neither here nor listed as one that no table can hold.
\set ON_ERROR_STOP 1
SET timezone = 'UTC';
SET client_min_messages = warning;

CREATE TEMPORARY TABLE sample (type text, literals text[]);
INSERT INTO sample VALUES
  ('bool', '{t,f}'),
  ('"char"', '{a,"",~}'),
  ('bytea', ARRAY['\x', '\x00', '\xdeadbeef', '\x5c27220a']),
  ('name', ARRAY['', 'pg_class', repeat('n', 63), 'größe']),
  ('int8', '{0,1,-1,9223372036854775807,-9223372036854775808}'),
  ('int2', '{0,1,-1,32767,-32768}'),
  ('int4', '{0,1,-1,2147483647,-2147483648}'),
  ('oid', '{0,1,4294967295}'),
  ('regproc', '{0,now,pg_catalog.version}'),
  ('regprocedure', '{0,"abs(integer)"}'),
  ('regoper', '{0,pg_catalog.||/}'),
  ('regoperator', ARRAY['0', '+(integer,integer)']),
  ('regclass', '{0,pg_catalog.pg_class}'),
  ('regtype', '{0,integer,text[]}'),
  ('regrole', '{0,pg_monitor}'),
  ('regnamespace', '{0,pg_catalog}'),
  ('regconfig', '{0,simple}'),
  ('regdictionary', '{0,simple}'),
  ('regcollation', ARRAY['0', '"C"']),
  ('text', ARRAY['', ' ', 'a', E'tab\t newline\n backslash\\ quote"', 'größe 漢字 🐘', '\N', '\.', repeat('long ', 5000)]),
  ('json', ARRAY['{"a": 1, "a":2,  "b":[]}', 'null', '"x"', '[]', '1e400']),
  ('jsonb', ARRAY['{"a": 1, "b": [1, 2, null, {"c": "\u00e9"}]}', 'null', '"x"', '[]', '{}', '1.10', '123456789012345678901234567890.5']),
  ('jsonpath', ARRAY['$', '$.a[*] ? (@ > 1)', 'strict $."k"']),
  ('xml', ARRAY['<a/>', '<a b="c">x &amp; y</a>', 'content only']),
  ('point', ARRAY['(0,0)', '(1e300,-1e-300)', '(NaN,Infinity)']),
  ('lseg', ARRAY['[(0,0),(1,1)]']),
  ('path', ARRAY['((0,0),(1,1),(2,0))', '[(0,0),(1,1)]']),
  ('box', ARRAY['(1,1),(0,0)']),
  ('polygon', ARRAY['((0,0),(1,1),(2,0))']),
  ('line', ARRAY['{1,2,3}']),
  ('circle', ARRAY['<(0,0),1.5>']),
  ('float4', '{0,-0,1.1,NaN,Infinity,-Infinity,1e-45,3.4028235e38}'),
  ('float8', '{0,-0,0.1,NaN,Infinity,-Infinity,5e-324,1.7976931348623157e308}'),
  ('money', '{$0.00,-$1.10,$92233720368547758.07}'),
  ('macaddr', '{08:00:2b:01:02:03}'),
  ('macaddr8', '{08:00:2b:01:02:03:04:05}'),
  ('inet', '{192.168.0.1,192.168.0.1/24,::1,2001:db8::/32,0.0.0.0/0}'),
  ('cidr', '{192.168.0.0/24,2001:db8::/32,0.0.0.0/0}'),
  ('bpchar', ARRAY['', 'a', 'ab ', 'größe']),
  ('varchar', ARRAY['', 'a', 'trailing ', 'größe']),
  ('date', ARRAY['2000-01-01', '4713-01-01 BC', '5874897-12-31', 'infinity', '-infinity', '0001-12-31 BC']),
  ('time', '{00:00:00,23:59:59.999999,24:00:00}'),
  ('timetz', ARRAY['00:00:00+00', '23:59:59.999999-15:59', '12:00:00+05:30']),
  ('timestamp', ARRAY['2000-01-01', '4713-01-01 BC', '294276-12-31 23:59:59.999999', 'infinity', '-infinity']),
  ('timestamptz', ARRAY['2000-01-01 00:00:00+00', '4713-01-01 BC', '294276-12-31 23:59:59.999999+00', 'infinity', '-infinity']),
  ('interval', ARRAY['0', '1 mon -1 day 00:00:00.000001', '-178000000 years', '24 hours', '1 day']),
  ('bit', '{0,1}'),
  ('varbit', ARRAY['', '1', repeat('01', 100)]),
  ('numeric', ARRAY['0', '0.00', '1.10', '1.1', '-0.000000000000000000001', 'NaN', repeat('9', 1000), '1e-1000', '1e131071']),
  ('uuid', '{00000000-0000-0000-0000-000000000000,ffffffff-ffff-ffff-ffff-ffffffffffff}'),
  ('pg_lsn', '{0/0,FFFFFFFF/FFFFFFFF,16/B374D848}'),
  ('tsvector', ARRAY['', 'a:1A fat:2,3B cat', '''it''''s''']),
  ('tsquery', ARRAY['', 'fat & (cat | !rat:AB*)', 'a <-> b']),
  ('txid_snapshot', '{10:20:10,14,15}'),
  ('pg_snapshot', '{10:20:10,14,15}'),
  ('xid', '{0,4294967295}'),
  ('xid8', '{0,18446744073709551615}'),
  ('cid', '{0,4294967295}'),
  ('tid', ARRAY['(0,0)', '(4294967295,65535)']),
  ('oidvector', ARRAY['', '1 2 3']),
  ('int2vector', ARRAY['', '1 -2 3']),
  ('refcursor', '{"",c1}'),
  ('aclitem', ARRAY['postgres=r/postgres', '=U*/postgres']),
  ('int4range', ARRAY['empty', '[1,5)', '(,)', '[,3)']),
  ('int8range', ARRAY['empty', '[1,5)', '(,9223372036854775807)']),
  ('numrange', ARRAY['empty', '[1.10,2.0]', '(,)']),
  ('daterange', ARRAY['empty', '[2000-01-01,2001-01-01)', '[,infinity]']),
  ('tsrange', ARRAY['empty', '["2000-01-01 00:00","2001-01-01"]']),
  ('tstzrange', ARRAY['empty', '["2000-01-01 00:00+00",)']),
  ('int4multirange', ARRAY['{}', '{[1,2),[5,9)}']),
  ('int8multirange', ARRAY['{}', '{[1,2),[5,)}']),
  ('nummultirange', ARRAY['{}', '{[1.10,2.0]}']),
  ('datemultirange', ARRAY['{}', '{[2000-01-01,2001-01-01)}']),
  ('tsmultirange', ARRAY['{}', '{["2000-01-01","2001-01-01"]}']),
  ('tstzmultirange', ARRAY['{}', '{["2000-01-01 00:00+00",)}']);

-- txid_snapshot and its like have commas: the array literals above split them.
UPDATE sample SET literals = ARRAY['10:20:10,14,15', '1:1:'] WHERE type IN ('txid_snapshot', 'pg_snapshot');
-- Before 14 a numeric has no infinity.
UPDATE sample SET literals = literals || ARRAY['Infinity', '-Infinity']
  WHERE type = 'numeric' AND current_setting('server_version_num')::int >= 140000;

DO $$
DECLARE
  missing text;
BEGIN
  SELECT string_agg(t.typname, ', ') INTO missing FROM pg_type t
  WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype IN ('b', 'r', 'm') AND t.typcategory <> 'A'
    AND t.typname NOT IN (SELECT trim('"' FROM type) FROM sample)
    -- Their input functions refuse every value.
    AND t.typname NOT IN ('pg_node_tree', 'pg_ndistinct', 'pg_dependencies', 'pg_mcv_list', 'gtsvector',
      'pg_brin_bloom_summary', 'pg_brin_minmax_multi_summary')
    AND t.typname !~ '^_';
  IF missing IS NOT NULL THEN
    RAISE EXCEPTION 'no sample values for: %', missing;
  END IF;
END
$$;

CREATE SCHEMA types;
DO $$
DECLARE
  s record;
  literal text;
  has_array boolean;
BEGIN
  FOR s IN SELECT * FROM sample WHERE to_regtype(type) IS NOT NULL ORDER BY type LOOP
    SELECT typarray <> 0 INTO has_array FROM pg_type WHERE oid = to_regtype(s.type);
    EXECUTE format('CREATE TABLE types.%I (id serial, v %s %s)', 'of_' || trim('"' FROM s.type), s.type,
      CASE WHEN has_array THEN format(', a %s[]', s.type) END);
    FOREACH literal IN ARRAY s.literals || ARRAY[NULL]::text[] LOOP
      EXECUTE format('INSERT INTO types.%I (v) VALUES (CAST(%L AS %s))', 'of_' || trim('"' FROM s.type), literal, s.type);
    END LOOP;
    IF has_array THEN
      -- array_agg of an array-like type (int2vector) makes another type, and box separates by semicolons.
      IF s.type IN ('int2vector', 'oidvector') THEN
        EXECUTE format('INSERT INTO types.%I (a) SELECT $1::%s[]', 'of_' || s.type, s.type) USING s.literals::text;
      ELSE
        EXECUTE format('INSERT INTO types.%1$I (a) SELECT array_agg(v ORDER BY id) FROM types.%1$I',
          'of_' || trim('"' FROM s.type));
      END IF;
      EXECUTE format('INSERT INTO types.%1$I (a) VALUES (''{}''), (ARRAY[[NULL, NULL], [NULL, NULL]]::%2$s[])',
        'of_' || trim('"' FROM s.type), s.type);
    END IF;
  END LOOP;
END
$$;

-- Types that a user makes, and arrays of each.
CREATE TYPE types.mood AS ENUM ('sad', 'ok', 'happy');
ALTER TYPE types.mood ADD VALUE 'glad' BEFORE 'happy';
CREATE DOMAIN types.positive AS int CHECK (VALUE > 0);
CREATE TYPE types.pair AS (first int, second text);
CREATE TYPE types.nested AS (inner_pair types.pair, moods types.mood[]);
CREATE TYPE types.textrange AS RANGE (subtype = text);
CREATE DOMAIN types.pairs AS types.pair[];
CREATE TABLE types.user_made (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  mood types.mood, moods types.mood[], positive types.positive, positives types.positive[],
  pair types.pair, pairs types.pair[], nested types.nested, textrange types.textrange, textranges types.textrange[],
  pairs_domain types.pairs, numeric_scaled numeric(10, 3), bits bit(5), letters char(8)[], stamps timestamptz(0)[]);
INSERT INTO types.user_made (mood, moods, positive, positives, pair, pairs, nested, textrange, textranges, pairs_domain,
  numeric_scaled, bits, letters, stamps) VALUES
  ('sad', '{happy,ok,NULL,glad}', 1, '{1,2}', '(1,"a ""quoted"" text")', ARRAY['(1,x)', '(,)', NULL]::types.pair[],
   ROW(ROW(7, 'seven')::types.pair, '{ok}'), '[a,b)', ARRAY['[a,b)', 'empty']::types.textrange[],
   ARRAY['(2,"y,z")']::types.pair[], 1.1, '10101', '{a,b}', '{2000-01-01 00:00:00+00}'),
  (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  ('happy', '{}', 2147483647, '{}', '(,)', '{}', '(,)', 'empty', '{}', '{}', -9999999.999, '00000', '{}', '{}');
