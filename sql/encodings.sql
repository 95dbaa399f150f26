-- Images are UTF8 whatever the encodings of the database and of the client.
SET client_encoding = 'UTF8';
CREATE TYPE word AS ENUM ('grün');
SELECT airlift.row_image('grün'::text, 'é'::varchar, 'ß'::char(3), 'ü'::name, '{"ä": ["ö"]}'::jsonb, '{"ä":1}'::json, ARRAY['ñ'], 'grün'::word,
    ARRAY['grün']::word[], '<a>ü</a>'::xml, 'größe:1'::tsvector) AS utf8 \gset
DROP TYPE word;

CREATE DATABASE regress_airlift_latin1 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
CREATE DATABASE regress_airlift_ascii ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
SELECT current_database() AS here \gset

\c regress_airlift_latin1
SET client_encoding = 'UTF8';
CREATE EXTENSION pg_airlift;
CREATE TYPE word AS ENUM ('grün');
CREATE TABLE words AS SELECT 'grün'::text AS a, 'é'::varchar AS b, 'ß'::char(3) AS c, 'ü'::name AS d, '{"ä": ["ö"]}'::jsonb AS e, '{"ä":1}'::json AS f, ARRAY['ñ'] AS g,
    'grün'::word AS h, ARRAY['grün']::word[] AS i, '<a>ü</a>'::xml AS j, 'größe:1'::tsvector AS k;
SELECT airlift.row_image(w) = :'utf8'::bytea AS same FROM words w;
SET client_encoding = 'LATIN1';
SELECT airlift.row_image(w) = :'utf8'::bytea AS same FROM words w;
SELECT d.digest = airlift.hash_bytes(:'utf8'::bytea) AS same FROM airlift.table_digest('words') d;
SELECT pg_client_encoding();
-- an error between leaves the client's encoding alone
CREATE TYPE fails;
SET client_min_messages = error;
CREATE FUNCTION fails_in(cstring) RETURNS fails LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION fails_out(fails) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE FUNCTION fails_send(fails) RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'enum_send'; -- not an enum
CREATE TYPE fails (INPUT = fails_in, OUTPUT = fails_out, SEND = fails_send, LIKE = int4);
RESET client_min_messages;
\set VERBOSITY sqlstate
SELECT airlift.row_image('12'::fails);
\set VERBOSITY default
SELECT pg_client_encoding();

\c regress_airlift_ascii
SET client_encoding = 'UTF8';
CREATE EXTENSION pg_airlift;
-- UTF8 in it is taken as it is; other bytes are refused
SELECT airlift.row_image('grün'::text, '{"ä": 1}'::jsonb, ARRAY['ñ'::text]) = airlift.row_image('grün'::varchar, '{"ä": 1}'::jsonb, ARRAY['ñ'::text]) AS taken;
SELECT airlift.row_image(E'\xc3\xbc'::text);
CREATE TABLE bytes (a text);
INSERT INTO bytes SELECT 'x' || convert_from('\xfc', 'SQL_ASCII');
DO $$
BEGIN
    PERFORM airlift.digest(b) FROM bytes b;
    RAISE NOTICE 'no error';
EXCEPTION WHEN character_not_in_repertoire THEN
    RAISE NOTICE 'refused';
END $$;
DO $$
BEGIN
    PERFORM airlift.row_image(jsonb_build_object('a', a)) FROM bytes;
    RAISE NOTICE 'no error';
EXCEPTION WHEN character_not_in_repertoire THEN
    RAISE NOTICE 'refused';
END $$;
-- bytea is not text
SELECT airlift.row_image('\xfc'::bytea);

\c :here
DROP DATABASE regress_airlift_latin1;
DROP DATABASE regress_airlift_ascii;
