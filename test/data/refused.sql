-- What a managed target refuses, each kind once, among tables that it takes. After refused_roles.sql, as superuser.
\set ON_ERROR_STOP 1
SET client_min_messages = error;
CREATE SCHEMA app AUTHORIZATION refused_owner;

-- Refused: file_fdw is not offered, and takes its server and foreign table along.
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE app.passwd (line text) SERVER files OPTIONS (filename '/etc/passwd');
CREATE VIEW app.over_foreign AS SELECT line FROM app.passwd;
CREATE FOREIGN DATA WRAPPER app_wrapper;

-- Refused: functions in C and internal, and what is built of them.
CREATE FUNCTION app.c_function() RETURNS text LANGUAGE c AS '$libdir/pgcrypto', 'pg_random_uuid';
CREATE FUNCTION app.internal_function(int) RETURNS int LANGUAGE internal STRICT IMMUTABLE AS 'int4abs';
CREATE FUNCTION app.leakproof() RETURNS int LANGUAGE sql LEAKPROOF IMMUTABLE AS 'SELECT 1';
CREATE TYPE app.base;
CREATE FUNCTION app.base_in(cstring) RETURNS app.base LANGUAGE internal STRICT IMMUTABLE AS 'int4in';
CREATE FUNCTION app.base_out(app.base) RETURNS cstring LANGUAGE internal STRICT IMMUTABLE AS 'int4out';
CREATE TYPE app.base (INPUT = app.base_in, OUTPUT = app.base_out, LIKE = int4);
-- The table cannot come along: its rows must be reported as not moved, never as verified.
CREATE TABLE app.of_base (id int PRIMARY KEY, value app.base);
INSERT INTO app.of_base SELECT g, g::text::app.base FROM generate_series(1, 5) g;
CREATE VIEW app.over_base AS SELECT id FROM app.of_base;
CREATE CAST (text AS int4) WITH INOUT;
CREATE TEXT SEARCH TEMPLATE app.template (LEXIZE = dsimple_lexize, INIT = dsimple_init);
CREATE ACCESS METHOD second_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE EVENT TRIGGER refused_event ON ddl_command_end EXECUTE FUNCTION app.on_ddl();
CREATE FUNCTION app.sets_log() RETURNS void LANGUAGE sql SET log_executor_stats = on AS 'SELECT 1';

-- Left out by design.
CREATE PUBLICATION all_tables FOR ALL TABLES;
CREATE SUBSCRIPTION upstream CONNECTION 'host=127.0.0.1 port=1 dbname=x password=a-s3cret-of-the-source'
  PUBLICATION p WITH (connect = false, slot_name = NONE);

-- Taken.
SET ROLE refused_owner;
CREATE TABLE app.plain (id int PRIMARY KEY, v text, doc json);
INSERT INTO app.plain SELECT g, 'v' || g, '{}' FROM generate_series(1, 1000) g;
CREATE TABLE app.child (id int PRIMARY KEY REFERENCES app.plain);
INSERT INTO app.child SELECT g FROM generate_series(1, 1000) g;
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER touch BEFORE INSERT ON app.plain FOR EACH ROW EXECUTE FUNCTION app.touch();
ALTER TABLE app.plain ENABLE ALWAYS TRIGGER touch;
CREATE MATERIALIZED VIEW app.counted AS SELECT count(*) FROM app.plain;
GRANT SELECT ON app.plain TO refused_reader;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO refused_reader;
SELECT lo_from_bytea(0, 'hello') \g /dev/null
RESET ROLE;
CREATE TABLE app.of_super (a int);
INSERT INTO app.of_super VALUES (1), (1);
ALTER TABLE app.of_super OWNER TO refused_super;
GRANT EXECUTE ON FUNCTION pg_stat_reset() TO refused_owner;
