-- What the session has set for strings and identifiers changes neither results nor what is recorded.
\set VERBOSITY terse
SET client_min_messages = error;
CREATE SCHEMA settings;
CREATE TABLE settings.plain (id int NOT NULL UNIQUE, v text);
CREATE TABLE settings."a.b$c\d" (id int PRIMARY KEY);
CREATE FUNCTION settings.remote() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM dblink_connect(NULL); END';

SET standard_conforming_strings = off;
SELECT * FROM airlift.pattern_regexps(E'settings."a.b$c\\d"');
SELECT * FROM airlift.pattern_regexps('x$y*');
SELECT relation FROM airlift.user_tables(E'settings."a.b$c\\d"');
SELECT publication, sql FROM airlift.create_publication('settings_p', '{settings.a*}', operations => 'insert ,  update', dry_run => true);
SELECT airlift.loads_airlift('other, $libdir/pg_airlift.so'), airlift.loads_airlift('pg_airlift_so');
SELECT check_id, object FROM airlift.assess() WHERE object ~ '^settings.remote' OR severity = 'error';
SELECT id AS held FROM airlift.hold_snapshot() \gset
SELECT slot_name, held_by = current_user AS is_mine FROM airlift.held_snapshots() WHERE id = :held;
SELECT airlift.release_snapshot(:held);
RESET standard_conforming_strings;

-- What was recorded under one setting is found again under the other.
SET quote_all_identifiers = on;
SELECT state, sql, undo_sql FROM airlift.fix_replica_identity('settings.*', dry_run => false) WHERE state <> 'unchanged';
SELECT publication, state, sql FROM airlift.create_publication('settings_p', '{settings.*}');
INSERT INTO airlift.check_profile (profile, target, tables) VALUES ('settings', 'rds', '{settings.*}');
CALL airlift.run_checks('settings') \gset
RESET quote_all_identifiers;
CALL airlift.run_checks('settings') \gset
SELECT what, object FROM airlift.check_drift('settings') WHERE object ~ 'plain|settings|shared_buffers';
SELECT publication, made_by_airlift FROM airlift.publication_status() WHERE publication = 'settings_p';
SELECT publication, state, sql, error FROM airlift.drop_publication('settings_p');
SELECT object, state, sql, error FROM airlift.undo_replica_identity('settings.*');

DELETE FROM airlift.check_run WHERE profile = 'settings';
DELETE FROM airlift.check_profile WHERE profile = 'settings';
DELETE FROM airlift.change WHERE object LIKE '%settings%';
DROP SCHEMA settings CASCADE;
