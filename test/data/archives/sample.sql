CREATE ROLE lob_owner; CREATE ROLE lob_reader;
CREATE DATABASE sample;
\c sample
CREATE TABLE t (id int PRIMARY KEY, v text, n numeric, doc oid);
INSERT INTO t SELECT g, CASE g % 3 WHEN 0 THEN NULL WHEN 1 THEN 'a' || E'\t\\.' ELSE repeat('x', g) END, g / 7.0, NULL FROM generate_series(1, 200) g;
CREATE TABLE "Empty one" (a int UNIQUE);
CREATE TABLE refers (t_id int REFERENCES t, note text);
INSERT INTO refers SELECT g, md5(g::text) FROM generate_series(1, 100) g;
CREATE INDEX ON refers (note);
CREATE SEQUENCE s START 5; SELECT nextval('s');
CREATE MATERIALIZED VIEW m AS SELECT count(*) AS n FROM t;
SELECT lo_from_bytea(100 + g, decode(repeat(md5(g::text), g), 'hex')) FROM generate_series(1, 20) g;
SELECT lo_create(99);
ALTER LARGE OBJECT 105 OWNER TO lob_owner; ALTER LARGE OBJECT 106 OWNER TO lob_owner;
GRANT SELECT ON LARGE OBJECT 105 TO lob_reader; GRANT SELECT ON LARGE OBJECT 106 TO lob_reader; GRANT SELECT ON LARGE OBJECT 110 TO lob_reader;
COMMENT ON LARGE OBJECT 99 IS 'empty';
CREATE PUBLICATION p FOR ALL TABLES;
