-- What must change a digest, and what must not, side by side.
CREATE TABLE verdicts (n serial, change text, alarms bool);

-- Loads the rows twice, changes the second table, and notes whether the digests differ.
CREATE FUNCTION compare(change text, columns text, rows text, statement text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    alarms bool;
BEGIN
    EXECUTE format('CREATE TABLE one (%s)', columns);
    EXECUTE format('CREATE TABLE two (%s)', columns);
    EXECUTE format('INSERT INTO one VALUES %s', rows);
    EXECUTE format('INSERT INTO two VALUES %s', rows);
    EXECUTE statement;
    SELECT (a.row_count, a.digest) IS DISTINCT FROM (b.row_count, b.digest) INTO alarms
    FROM airlift.table_digest('one') a, airlift.table_digest('two') b;
    INSERT INTO verdicts (change, alarms) VALUES (compare.change, alarms);
    DROP TABLE one, two;
END $$;

\set rows '(1, \'\', 1.0), (2, NULL, 2.00), (2, NULL, 2.00), (3, \'x\', NULL)'
\set columns 'a int, b text, c numeric'

-- must alarm
SELECT compare('NULL instead of an empty string', :'columns', :'rows', $$UPDATE two SET b = NULL WHERE b = ''$$);
SELECT compare('empty string instead of NULL', :'columns', :'rows', $$UPDATE two SET b = '' WHERE b IS NULL$$);
SELECT compare('a trailing blank', :'columns', :'rows', $$UPDATE two SET b = 'x ' WHERE b = 'x'$$);
SELECT compare('another case', :'columns', :'rows', $$UPDATE two SET b = 'X' WHERE b = 'x'$$);
SELECT compare('numeric scale', :'columns', :'rows', $$UPDATE two SET c = 1.00 WHERE a = 1$$);
SELECT compare('a duplicate removed', :'columns', :'rows', $$DELETE FROM two WHERE ctid = (SELECT min(ctid) FROM two WHERE a = 2)$$);
SELECT compare('a duplicate added', :'columns', :'rows', $$INSERT INTO two VALUES (2, NULL, 2.00)$$);
SELECT compare('both duplicates removed', :'columns', :'rows', $$DELETE FROM two WHERE a = 2$$);
SELECT compare('an empty row added', :'columns', :'rows', $$INSERT INTO two VALUES (NULL, NULL, NULL)$$);
SELECT compare('a row twice, another not', 'a int', '(1), (2)', $$UPDATE two SET a = 1$$);
SELECT compare('values swapped between columns', 'a int, b int', '(1, 2)', $$UPDATE two SET a = b, b = a$$);
SELECT compare('values swapped between rows', 'a int, b int', '(1, 10), (2, 20)', $$UPDATE two SET b = 30 - b$$);
SELECT compare('text moved over a column boundary', 'a text, b text', $$('ab', 'c')$$, $$UPDATE two SET a = 'a', b = 'bc'$$);
SELECT compare('NULL moved to the next column', 'a text, b text', $$('a', NULL)$$, $$UPDATE two SET a = NULL, b = 'a'$$);
SELECT compare('one microsecond', 'a timestamptz', $$('2024-01-01 00:00:00.000001+00')$$, $$UPDATE two SET a = '2024-01-01 00:00:00.000002+00'$$);
SELECT compare('negative zero', 'a float8', $$('0.0')$$, $$UPDATE two SET a = '-0.0'$$);
SELECT compare('the last bit of a double', 'a float8', $$(0.1)$$, $$UPDATE two SET a = 0.1::float8 + 1.4e-17::float8$$);
SELECT compare('an equal interval written otherwise', 'a interval', $$('1 month')$$, $$UPDATE two SET a = '30 days'$$);
SELECT compare('an equal time of another zone', 'a timetz', $$('10:00+00')$$, $$UPDATE two SET a = '11:00+01'$$);
SELECT compare('json white space', 'a json', $$('{"a":1}')$$, $$UPDATE two SET a = '{"a": 1}'$$);
SELECT compare('jsonb number scale', 'a jsonb', $$('{"a":1.0}')$$, $$UPDATE two SET a = '{"a":1.00}'$$);
SELECT compare('jsonb null instead of an absent key', 'a jsonb', $$('{}')$$, $$UPDATE two SET a = '{"a":null}'$$);
SELECT compare('NULL element instead of the word', 'a text[]', $$('{NULL}')$$, $$UPDATE two SET a = '{"NULL"}'$$);
SELECT compare('lower bound of an array', 'a int[]', $$('{1,2}')$$, $$UPDATE two SET a = '[0:1]={1,2}'$$);
SELECT compare('shape of an array', 'a int[]', $$('{1,2}')$$, $$UPDATE two SET a = '{{1,2}}'$$);
SELECT compare('an empty array instead of NULL', 'a int[]', $$(NULL)$$, $$UPDATE two SET a = '{}'$$);
SELECT compare('another label of an enum', 'a int, b text', $$(1, 'a')$$, $$CREATE TYPE e AS ENUM ('a', 'b');
    ALTER TABLE one ALTER b TYPE e USING b::e; ALTER TABLE two ALTER b TYPE e USING 'b'$$);
SELECT compare('composite with another field', 'a int', $$(1)$$, $$CREATE TYPE p AS (x int, y text);
    ALTER TABLE one ALTER a TYPE p USING ROW(1, '')::p; ALTER TABLE two ALTER a TYPE p USING ROW(1, NULL)::p$$);
SELECT compare('a character of another normal form', 'a text', $$(E'\u00e9')$$, $$UPDATE two SET a = E'e\u0301'$$);
SELECT compare('a blank-padded value in a wider column', 'a char(3)', $$('a')$$, $$ALTER TABLE two ALTER a TYPE char(4)$$);
SELECT compare('an integer of another width', 'a int', $$(1)$$, $$ALTER TABLE two ALTER a TYPE bigint$$);
SELECT compare('a column more', 'a int', $$(1)$$, $$ALTER TABLE two ADD b int$$);

-- must not alarm
SELECT compare('nothing', :'columns', :'rows', $$SELECT$$);
SELECT compare('no rows', 'a int', '(1)', $$DELETE FROM one; DELETE FROM two$$);
SELECT compare('another physical order', :'columns', :'rows', $$DELETE FROM two WHERE a = 1; INSERT INTO two VALUES (1, '', 1.0)$$);
SELECT compare('a column dropped', 'a int, b text', $$(1, 'x')$$, $$ALTER TABLE one DROP b; ALTER TABLE two DROP b$$);
SELECT compare('a column dropped on one side', 'a int, b text', $$(1, 'x')$$,
    $$ALTER TABLE two DROP b; ALTER TABLE two ADD b text; UPDATE two SET b = 'x'$$);
SELECT compare('a column added with a default', 'a int', '(1), (2)',
    $$ALTER TABLE two ADD b text DEFAULT 'x'; ALTER TABLE one ADD b text; UPDATE one SET b = 'x'$$);
SELECT compare('names of columns', 'a int, b text', $$(1, 'x')$$, $$ALTER TABLE two RENAME a TO z$$);
SELECT compare('text or varchar', 'a text', $$('x')$$, $$ALTER TABLE two ALTER a TYPE varchar(10)$$);
SELECT compare('a generated column', 'a int, b int GENERATED ALWAYS AS (a * 2) STORED', '(1)', $$SELECT$$);
SELECT compare('OIDs of an enum', 'a text', $$('x')$$, $$CREATE TYPE e1 AS ENUM ('x', 'y'); CREATE TYPE e2 AS ENUM ('y', 'x');
    ALTER TABLE one ALTER a TYPE e1 USING a::e1; ALTER TABLE two ALTER a TYPE e2 USING a::e2$$);
SELECT compare('OIDs in an array of an enum', 'a text', $$('x')$$, $$CREATE TYPE e3 AS ENUM ('x', 'y'); CREATE TYPE e4 AS ENUM ('y', 'x');
    ALTER TABLE one ALTER a TYPE e3[] USING ARRAY[a::e3]; ALTER TABLE two ALTER a TYPE e4[] USING ARRAY[a::e4]$$);
SELECT compare('OIDs of a composite', 'a int', $$(1)$$, $$CREATE TYPE c1 AS (x int, y text); CREATE TYPE c2 AS (x int, y text);
    ALTER TABLE one ALTER a TYPE c1 USING ROW(1, 'z')::c1; ALTER TABLE two ALTER a TYPE c2 USING ROW(1, 'z')::c2$$);
SELECT compare('a domain', 'a int', $$(1)$$, $$CREATE DOMAIN d AS int; ALTER TABLE two ALTER a TYPE d$$);
SELECT compare('order of keys in jsonb', 'a jsonb', $$('{"b":1,"aa":2}')$$, $$UPDATE two SET a = '{"aa":2,"b":1}'$$);
-- the array keeps its null bitmap; what COPY BINARY carries to another server does not
SELECT compare('an array that once had a NULL', 'a int[]', $$('{1,2}')$$, $$UPDATE two SET a[2] = NULL; UPDATE two SET a[2] = 2$$);
SELECT compare('storage', 'a text', $$(repeat('x', 10000))$$, $$ALTER TABLE two ALTER a SET STORAGE EXTERNAL; UPDATE two SET a = a || ''$$);
SELECT compare('partitions', 'a int', '(1), (11), (21)', $$ALTER TABLE two RENAME TO three; CREATE TABLE two (a int) PARTITION BY RANGE (a);
    CREATE TABLE two_low PARTITION OF two FOR VALUES FROM (0) TO (10);
    CREATE TABLE two_high PARTITION OF two FOR VALUES FROM (10) TO (100) PARTITION BY HASH (a);
    CREATE TABLE two_high_0 PARTITION OF two_high FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE two_high_1 PARTITION OF two_high FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    INSERT INTO two SELECT * FROM three; DROP TABLE three$$);

SELECT change AS missed FROM verdicts WHERE NOT alarms AND n < (SELECT n FROM verdicts WHERE change = 'nothing') ORDER BY n;
SELECT change AS false_alarm FROM verdicts WHERE alarms AND n >= (SELECT n FROM verdicts WHERE change = 'nothing') ORDER BY n;
SELECT count(*) FILTER (WHERE alarms) AS alarms, count(*) FILTER (WHERE NOT alarms) AS no_alarms FROM verdicts;
DROP TABLE verdicts;
DROP FUNCTION compare;
DROP TYPE e, p, e1, e2, e3, e4, c1, c2;
DROP DOMAIN d;
