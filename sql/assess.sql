-- airlift.assess, airlift.checks and airlift.inventory: their shape, errors, privileges.
\set VERBOSITY terse
SET client_min_messages = error;
SELECT count(*) > 150 AS many, count(DISTINCT id) = count(*) AS unique_ids, bool_and(id ~ '^[a-z]+\.[a-z0-9_]+$') AS well_formed,
    bool_and(title <> '' AND remedy <> '' AND source <> '') AS complete,
    bool_and(cardinality(strategies) > 0 AND cardinality(targets) > 0) AS concerns_something,
    bool_and(severity IN ('blocker', 'warning', 'info') AND side IN ('source', 'target', 'paired')) AS known_words
FROM airlift.checks();

-- The whole catalogue runs, whatever the target; nothing fails for a superuser.
SELECT t.target, t.version, t.deep, a.check_id, a.detail
FROM (VALUES ('rds', NULL, false), ('rds', 13, false), ('aurora', 18, true), ('managed', 17, false)) AS t (target, version, deep)
    CROSS JOIN LATERAL airlift.assess(t.target, t.version, t.deep) a
WHERE a.severity = 'error';
SELECT count(*) AS out_of_order FROM (
    SELECT array_position(ARRAY['error', 'blocker', 'warning', 'info'], severity) AS s,
        lag(array_position(ARRAY['error', 'blocker', 'warning', 'info'], severity)) OVER () AS before_s, check_id, lag(check_id) OVER () AS before_id
    FROM airlift.assess()) o
WHERE s < before_s OR s = before_s AND check_id COLLATE "C" < before_id COLLATE "C";
SELECT count(*) AS not_in_the_catalogue FROM airlift.assess() WHERE check_id NOT IN (SELECT id FROM airlift.checks());

-- Refused arguments.
SELECT * FROM airlift.assess('azure');
SELECT * FROM airlift.assess(target_version => 12);
SELECT * FROM airlift.assess(only_checks => '{tbl.unlogged,no.such}');
SELECT * FROM airlift.assess(only_checks => '{target.workers}');
SELECT count(*) FROM airlift.assess(only_checks => '{}');

-- A check that fails is a finding, the others still run, and its transaction goes on.
CREATE ROLE assess_poor;
CREATE UNLOGGED TABLE assess_unlogged (a int);
SET ROLE assess_poor;
BEGIN;
SELECT check_id, severity, object FROM airlift.assess(only_checks => '{cfg.hba_methods,tbl.unlogged}') WHERE severity = 'error' OR object = 'public.assess_unlogged';
SELECT 'still alive' AS transaction;
COMMIT;
RESET ROLE;
-- What is cancelled stays cancelled: no finding hides it.
SET statement_timeout = 1;
\set VERBOSITY sqlstate
SELECT count(*) FROM airlift.assess(deep => true), pg_sleep(0.1);
\set VERBOSITY terse
RESET statement_timeout;
DROP TABLE assess_unlogged;
DROP ROLE assess_poor;

-- No name that is set to lead it astray does.
CREATE SCHEMA assess_evil;
CREATE FUNCTION assess_evil.format(text, text) RETURNS text LANGUAGE sql AS $$SELECT 'evil'::text$$;
CREATE FUNCTION assess_evil.count() RETURNS bigint LANGUAGE sql AS $$SELECT 666::bigint$$;
CREATE TABLE assess_evil.pg_class (oid oid, evil int);
CREATE TEMPORARY TABLE pg_settings (evil int);
SET search_path = assess_evil, pg_catalog, public;
SELECT check_id, detail FROM airlift.assess() WHERE severity = 'error' OR detail = 'evil' OR detail ~ '666';
RESET search_path;
DROP TABLE pg_temp.pg_settings;
DROP SCHEMA assess_evil CASCADE;

-- No lock stays behind, nor is a lock waited for.
BEGIN;
SELECT count(*) > 0 AS found FROM airlift.assess(deep => true);
SELECT count(*) AS locks FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE l.pid = pg_backend_pid() AND c.oid >= 16384;
COMMIT;

SELECT DISTINCT area FROM airlift.inventory('20 milliseconds') ORDER BY 1;
SELECT area, property, count(*) > 0 AS there FROM airlift.inventory('0') WHERE area = 'database' AND name = current_database() GROUP BY 1, 2 ORDER BY 2;
