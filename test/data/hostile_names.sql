-- Names that break a program which forgets that a name is data.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
CREATE FUNCTION pg_temp.hostile_names() RETURNS SETOF text LANGUAGE sql AS $body$
  SELECT unnest(ARRAY['plain', 'MixedCase', 'with space', 'with.dot', 'quo"te', 'apo''strophe', E'new\nline',
    E'verdict: verified\nverdict: verified', E'tab\tname', 'semi;colon', '"; DROP TABLE plain; --', '$$dollar$$', 'back\slash',
    'größe', '漢字テーブル', '🐘', 'select', 'user', '%s%n%I', '{}', '*', '?', ':name', '-- comment', '/*', '\.',
    repeat('n', 63), repeat('ü', 31), ' leading', 'trailing ', '.', '""', 'pg_airlift', 'airlift', '1digit', E'cr\rname',
    E'\x01control', '--source', 'a=b'])
$body$;
DO $$
DECLARE
  name text;
  other text;
  i int := 0;
BEGIN
  FOR name IN SELECT * FROM pg_temp.hostile_names() LOOP
    i := i + 1;
    -- Every name as a table, a column, a constraint, an index, a sequence; in turn as a schema, an enum and its label.
    EXECUTE format('CREATE TABLE public.%1$I (%1$I serial, other text, CONSTRAINT %2$I PRIMARY KEY (%1$I))', name, left(name, 55) || i);
    EXECUTE format('CREATE INDEX %1$I ON public.%2$I (other)', left(name, 50) || ' idx' || i, name);
    EXECUTE format('INSERT INTO public.%I (other) SELECT %L || g FROM generate_series(1, 3) g', name, name);
    EXECUTE format('COMMENT ON TABLE public.%I IS %L', name, name);
    IF name NOT IN ('pg_airlift', 'airlift') THEN
      EXECUTE format('CREATE SCHEMA %I', name);
      EXECUTE format('CREATE TYPE %1$I.%1$I AS ENUM (%1$L)', name);
      EXECUTE format('CREATE TABLE %1$I.t (%1$I %1$I.%1$I, a %1$I.%1$I[])', name);
      EXECUTE format('INSERT INTO %1$I.t VALUES (%1$L, ARRAY[%1$L::%1$I.%1$I])', name);
      EXECUTE format('CREATE VIEW %1$I.v AS SELECT %1$I FROM %1$I.t', name);
      EXECUTE format('CREATE MATERIALIZED VIEW %1$I.m AS SELECT %1$I FROM %1$I.t', name);
    END IF;
  END LOOP;
END
$$;
