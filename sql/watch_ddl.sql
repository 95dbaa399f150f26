-- DDL that is recorded while airlift.watch_ddl is in effect.
\set VERBOSITY terse
SELECT airlift.watch_ddl();
SELECT airlift.watch_ddl();
SELECT evtname, evtevent, evtenabled FROM pg_event_trigger WHERE evtname LIKE 'airlift%' ORDER BY 1;
CREATE SCHEMA watched;
CREATE TABLE watched.t (id int PRIMARY KEY, v text);
ALTER TABLE watched.t ADD COLUMN n int;
ALTER TABLE watched.t DROP COLUMN v;
COMMENT ON TABLE watched.t IS 'with a password: none of this is recorded';
CREATE VIEW watched.v AS SELECT id FROM watched.t;
CREATE MATERIALIZED VIEW watched.m AS SELECT id FROM watched.t;
REFRESH MATERIALIZED VIEW watched.m;
CREATE TEMP TABLE unseen (i int);
DROP TABLE unseen;
INSERT INTO watched.t VALUES (1);
BEGIN;
CREATE TABLE watched.rolled_back ();
ROLLBACK;
SET session_replication_role = replica;
CREATE TABLE watched.under_replica_role ();
RESET session_replication_role;
SELECT command, object_type, object, statement FROM airlift.ddl_events() ORDER BY id, object COLLATE "C";
TRUNCATE airlift.ddl_event;
DROP TABLE watched.t CASCADE;
SELECT DISTINCT command, object_type, object FROM airlift.ddl_events() WHERE object_type IN ('table', 'view', 'materialized view') ORDER BY 3;
SELECT count(*) FROM airlift.ddl_events(now() + interval '1 hour');

-- Whoever does it, and whatever goes wrong in recording.
CREATE ROLE regress_watched;
GRANT ALL ON SCHEMA watched TO regress_watched;
SET SESSION AUTHORIZATION regress_watched;
CREATE TABLE watched.of_another_role ();
SELECT airlift.watch_ddl();
SELECT count(*) FROM airlift.ddl_events();
RESET SESSION AUTHORIZATION;
SELECT who, command FROM airlift.ddl_event WHERE object = 'watched.of_another_role';
\set ECHO none
SELECT format('CREATE FUNCTION watched.long() RETURNS text LANGUAGE sql AS %L', 'SELECT ''' || repeat('x', 20000) || '''') \gexec
\set ECHO all
SELECT length(statement) FROM airlift.ddl_event WHERE command = 'CREATE FUNCTION';
ALTER TABLE airlift.ddl_event ADD CONSTRAINT broken CHECK (command <> 'CREATE TABLE') NOT VALID;
CREATE TABLE watched.unrecorded ();
SELECT to_regclass('watched.unrecorded');
ALTER TABLE airlift.ddl_event DROP CONSTRAINT broken;

SELECT what, object, state FROM airlift.change WHERE what = 'ddl watch';
SELECT object, state FROM airlift.undo_all(true) WHERE object = 'event triggers';
SELECT object, state FROM airlift.undo_all() WHERE object = 'event triggers';
SELECT airlift.unwatch_ddl();
SELECT what, object, state FROM airlift.change WHERE what = 'ddl watch';
SELECT count(*) FROM pg_event_trigger WHERE evtname LIKE 'airlift%';
TRUNCATE airlift.ddl_event;
DELETE FROM airlift.change WHERE what = 'ddl watch';
\set VERBOSITY default
SET client_min_messages = warning;
DROP SCHEMA watched CASCADE;
SELECT count(*) FROM airlift.ddl_event;
DROP ROLE regress_watched;

-- The extension takes its event triggers with it.
BEGIN;
SELECT airlift.watch_ddl();
DROP EXTENSION pg_airlift;
SELECT count(*) FROM pg_event_trigger;
ROLLBACK;
