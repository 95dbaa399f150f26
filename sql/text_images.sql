-- Columns whose binary form means nothing on another server are imaged as their text output, made under fixed settings.
CREATE FUNCTION text_image(value text) RETURNS bytea LANGUAGE sql AS $$
    SELECT int2send(1::int2) || int4send(octet_length(textsend(value))) || textsend(value)
$$;

CREATE TYPE mood AS ENUM ('happy', 'so so', 'q"uote');
CREATE TYPE pair AS (at timestamptz, raw bytea, ratio float8, took interval, cash money);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN moods AS mood[];
CREATE DOMAIN pair_domain AS pair;
CREATE DOMAIN ints AS int[];
CREATE TYPE positive_range AS RANGE (subtype = positive);
CREATE TYPE mood_range AS RANGE (subtype = mood);
CREATE TYPE pair_range AS RANGE (subtype = pair);

CREATE TABLE things (
    mood mood, moods mood[], mood_domain moods, pair pair, pairs pair[], pair_domain pair_domain,
    positive positive, positives positive[], ints ints, positive_range positive_range, mood_range mood_range, pair_range pair_range,
    relation regclass, relations regclass[], acl aclitem[], procedure regprocedure);
INSERT INTO things VALUES (
    'so so', '{happy,NULL,"q\"uote"}', '{"so so"}', ROW('2024-01-31 23:30+00', '\x0102', 0.1, '1 day', 1234.5),
    ARRAY[ROW('2024-01-31 23:30+00', NULL, 1e-5, '-1 mon', 2)::pair, NULL], ROW('2024-07-01 00:00+00', '', 'NaN', NULL, NULL),
    5, '{1,2}', '[0:1]={7,8}', '[1,9)', '[happy,"so so"]', NULL,
    'things', '{things,pg_class}', ARRAY[format('=r/%I', current_user)::aclitem], 'text_image(text)');

-- enums, domains over portable types, and ranges over them are portable
SELECT airlift.row_image(mood) = text_image('so so') AS enum_is_its_label,
       airlift.row_image(positive) = airlift.row_image(5) AS domain_is_its_base,
       airlift.row_image(ints) = airlift.row_image(ints::int[]) AS domain_over_array,
       airlift.row_image(positive_range) = int2send(1::int2) || int4send(octet_length(range_send(positive_range))) || range_send(positive_range) AS range_over_domain,
       airlift.row_image(mood_range) = int2send(1::int2) || int4send(octet_length(range_send(mood_range))) || range_send(mood_range) AS range_over_enum
FROM things;

-- the rest is text
\set settings 'SET TimeZone = \'UTC\'; SET DateStyle = \'ISO, YMD\'; SET IntervalStyle = \'postgres\'; SET extra_float_digits = 3; SET bytea_output = hex; SET lc_monetary = \'C\''
:settings;
SET search_path = '';
SELECT public.text_image(moods::text) = airlift.row_image(moods) AS moods,
       public.text_image(mood_domain::text) = airlift.row_image(mood_domain) AS mood_domain,
       public.text_image(ROW(pair)::text) = airlift.row_image(ROW(ROW(pair))) AS pair,
       public.text_image(pairs::text) = airlift.row_image(pairs) AS pairs,
       public.text_image(pair_domain::text) = airlift.row_image(ROW(pair_domain)) AS pair_domain,
       public.text_image(positives::text) = airlift.row_image(positives) AS positives,
       public.text_image(relation::text) = airlift.row_image(relation) AS relation,
       public.text_image(relations::text) = airlift.row_image(relations) AS relations,
       public.text_image(acl::text) = airlift.row_image(acl) AS acl,
       public.text_image(procedure::text) = airlift.row_image(procedure) AS procedure
FROM public.things;
SELECT convert_from(substr(airlift.row_image(pair_domain, 1), 7, get_byte(airlift.row_image(pair_domain, 1), 5)), 'UTF8') AS pair_domain,
       convert_from(substr(airlift.row_image(relation), 7), 'UTF8') AS relation,
       convert_from(substr(airlift.row_image(procedure), 7), 'UTF8') AS procedure FROM public.things;

-- Under any settings the digests are the same, and afterwards the settings are as before.
CREATE TABLE public.runs (n serial, digest uuid, settings text);
CREATE FUNCTION public.note_run() RETURNS void LANGUAGE sql AS $$
    INSERT INTO public.runs (digest, settings)
    SELECT (airlift.digest(t)).digest,
           concat_ws('|', current_setting('TimeZone'), current_setting('DateStyle'), current_setting('IntervalStyle'),
               current_setting('extra_float_digits'), current_setting('bytea_output'), current_setting('search_path'),
               current_setting('quote_all_identifiers'))
    FROM public.things t
$$;
SELECT public.note_run();
SET search_path = public;
SELECT note_run();
SET TimeZone = 'Asia/Tokyo';
SELECT note_run();
SET DateStyle = 'German'; SET IntervalStyle = 'iso_8601';
SELECT note_run();
SET extra_float_digits = -5; SET bytea_output = 'escape'; SET quote_all_identifiers = on;
SELECT note_run();
INSERT INTO runs (digest, settings) SELECT digest, 'table_digest' FROM airlift.table_digest('things');
SELECT count(DISTINCT digest) AS digests FROM runs;
SELECT settings FROM runs ORDER BY n;
SELECT current_setting('TimeZone') AS timezone, current_setting('search_path') AS search_path;

-- An error in an output function leaves the settings as they were, inside a transaction and across it.
SET client_min_messages = warning;
CREATE TYPE fails;
CREATE FUNCTION fails_in(cstring) RETURNS fails LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION fails_out(fails) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'enum_out'; -- not an enum
CREATE TYPE fails (INPUT = fails_in, OUTPUT = fails_out, LIKE = int4);
SET client_min_messages = notice;
DO $$
BEGIN
    PERFORM airlift.row_image('12'::fails);
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'failed; TimeZone is %, DateStyle is %, search_path is %', current_setting('TimeZone'), current_setting('DateStyle'),
        current_setting('search_path');
END $$;
SET client_min_messages = warning;
DROP TYPE fails CASCADE;
RESET ALL;
DROP TABLE things, runs;
DROP FUNCTION note_run, text_image;
DROP TYPE positive_range, mood_range, pair_range;
DROP DOMAIN positive, moods, pair_domain, ints;
DROP TYPE pair, mood;
