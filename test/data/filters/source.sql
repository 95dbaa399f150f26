-- Every relation says its number in its comment, and every table in its one row, so that what a dump holds can be read
-- from its text whatever the names are. See README.md.
CREATE EXTENSION citext; CREATE EXTENSION hstore;
CREATE SCHEMA shop; CREATE SCHEMA "Shop"; CREATE SCHEMA "a.b"; CREATE SCHEMA audit; CREATE SCHEMA empty;
CREATE TABLE public.t (v text); CREATE TABLE public.t1 (v text); CREATE TABLE public."T" (v text);
CREATE TABLE shop.t (v text); CREATE TABLE shop.t1 (v text); CREATE TABLE shop.t12 (v text); CREATE TABLE shop.log (v text);
CREATE TABLE shop."Log 2024" (v text); CREATE TABLE shop."a.b" (v text); CREATE TABLE shop."a # b" (v text);
CREATE TABLE shop."two
lines" (v text); CREATE TABLE shop."back\slash" (v text); CREATE TABLE shop."say ""hi""" (v text);
CREATE TABLE shop."a,b" (v text); CREATE TABLE shop."a, b" (v text); CREATE TABLE shop."(a)" (v text); CREATE TABLE shop." t" (v text);
CREATE TABLE shop."a b" (v text); CREATE TABLE shop."été" (v text); CREATE TABLE shop."t*" (v text); CREATE TABLE shop."#" (v text);
CREATE TABLE "Shop".t (v text); CREATE TABLE "Shop".t1 (v text); CREATE TABLE "a.b".t (v text); CREATE TABLE "a.b"."a.b" (v text);
CREATE TABLE audit.events (v text) PARTITION BY LIST (v);
CREATE TABLE audit.events_1 PARTITION OF audit.events FOR VALUES IN ('row 27.');
CREATE TABLE audit.events_2 PARTITION OF audit.events DEFAULT PARTITION BY HASH (v);
CREATE TABLE audit.events_2a PARTITION OF audit.events_2 FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE TABLE audit.base (v text); CREATE TABLE audit.heir () INHERITS (audit.base);
CREATE VIEW shop.t_view AS SELECT v FROM shop.t;
CREATE MATERIALIZED VIEW shop.t_seen AS SELECT count(*) AS n FROM shop.t;
CREATE SEQUENCE shop.t_numbers;
CREATE TABLE shop.counted (id serial, v text);
COMMENT ON VIEW shop.t_view IS 'marker 101.';
COMMENT ON MATERIALIZED VIEW shop.t_seen IS 'marker 102.';
COMMENT ON SEQUENCE shop.t_numbers IS 'marker 103.';
COMMENT ON SEQUENCE shop.counted_id_seq IS 'marker 104.';
SELECT format('COMMENT ON TABLE %I.%I IS %L', n.nspname, c.relname,
              'marker ' || row_number() OVER (ORDER BY c.oid) || '.'),
       CASE c.relkind WHEN 'r' THEN format('INSERT INTO %I.%I (v) VALUES (%L)', n.nspname, c.relname,
                                           'row ' || row_number() OVER (ORDER BY c.oid) || '.') END
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'shop', 'Shop', 'a.b', 'audit') ORDER BY c.oid \gexec
