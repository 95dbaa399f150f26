-- Checks on a schedule: runs, what they keep, what changed between them.
\set VERBOSITY terse
CREATE TABLE kept (id int PRIMARY KEY, name text);
INSERT INTO kept SELECT i, 'row ' || i FROM generate_series(1, 5000) i;
CREATE TABLE written (id int PRIMARY KEY);
CREATE TABLE emptied (id int PRIMARY KEY);
INSERT INTO emptied VALUES (1);
CREATE TABLE parted_check (id int) PARTITION BY RANGE (id);
CREATE TABLE parted_check_1 PARTITION OF parted_check DEFAULT;
INSERT INTO parted_check VALUES (1), (2);
INSERT INTO airlift.check_profile (profile, assess, tables, exclude_tables)
VALUES ('tables', false, '{kept,written,emptied,parted_check,later}', '{nosuch}');
-- Before 15 a session sends its statistics twice a second at most, at the end of a command.
DO $$ BEGIN PERFORM pg_sleep(1); END $$;
DO $$
BEGIN
    FOR i IN 1..100 LOOP
        EXIT WHEN pg_stat_get_tuples_inserted('kept'::regclass) = 5000;
        PERFORM pg_sleep(0.1), pg_stat_clear_snapshot();
    END LOOP;
END
$$;
CALL airlift.run_checks('tables');
SELECT r.object, r.columns, r.row_count, r.complete, r.reason, r.digest = (airlift.table_digest(r.object::regclass)).digest AS same
FROM airlift.check_result r ORDER BY 1;
SELECT profile, state, verdict, findings, tables, finished_at >= started_at AS has_times, lsn IS NOT NULL AS has_lsn, pid, pending, error
FROM airlift.check_run;
SELECT * FROM airlift.check_drift('tables');

-- writes that are recorded are no drift, other changes are
INSERT INTO written VALUES (1);
UPDATE parted_check SET id = id + 10;
TRUNCATE emptied;
CREATE TABLE later (id int);
CALL airlift.run_checks('tables');
SELECT what, object FROM airlift.check_drift('tables');
SET track_counts = off;
UPDATE kept SET name = 'changed' WHERE id = 17;
RESET track_counts;
ALTER TABLE later ADD COLUMN more text;
DROP TABLE emptied;
CALL airlift.run_checks('tables');
SELECT what, object, detail ~ '^5000 rows, digest .*; before: 5000 rows, digest ' AS has_digests FROM airlift.check_drift('tables');

-- the assessment
INSERT INTO airlift.check_profile (profile, tables, severity) VALUES ('assessment', '{}', 'info');
CREATE TABLE keyless_check (a int);
CALL airlift.run_checks('assessment');
DROP TABLE keyless_check;
CREATE UNLOGGED TABLE unlogged_check (a int PRIMARY KEY);
CALL airlift.run_checks('assessment');
SELECT what, object FROM airlift.check_drift('assessment') WHERE object ~ 'keyless_check|unlogged_check' GROUP BY 1, 2 ORDER BY 1;
SELECT verdict, findings = (SELECT count(*) FROM airlift.check_result c WHERE c.run_id = r.id) AS all_counted, tables
FROM airlift.check_run r WHERE profile = 'assessment';

-- what cannot be checked makes the run "failed", and keeps nothing else from being checked
CREATE TABLE slow_check AS SELECT i AS id, repeat('x', 500) AS x FROM generate_series(1, 20000) i;
INSERT INTO airlift.check_profile (profile, assess, tables, table_timeout, max_rate)
VALUES ('slow', false, '{slow_check,written}', '0.1 seconds', 5000000);
CALL airlift.run_checks('slow');
SELECT object, row_count, complete, reason ~ '^not finished within 0.1 s: \d+ of \d+ blocks of public.slow_check were read$' AS says_why
FROM airlift.check_result JOIN airlift.check_run r ON r.id = run_id WHERE profile = 'slow' ORDER BY 1;
CREATE ROLE regress_checker;
GRANT USAGE ON SCHEMA airlift TO regress_checker;
GRANT INSERT, UPDATE ON airlift.check_run, airlift.check_result TO regress_checker;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA airlift TO regress_checker;
GRANT SELECT ON written TO regress_checker;
SET ROLE regress_checker;
CALL airlift.run_checks('tables');
SELECT object, reason FROM airlift.check_result WHERE NOT complete AND run_id = (SELECT max(id) FROM airlift.check_run) ORDER BY 1;
RESET ROLE;
SELECT what, object FROM airlift.check_drift('tables');

-- paced: the same digest, whatever the parts
SELECT d = airlift.table_digest('slow_check') AS same FROM airlift.paced_digest('slow_check', 1000000000) d;
SELECT d = airlift.table_digest('parted_check') AS same FROM airlift.paced_digest('parted_check', 1000000000, '1 hour') d;
SELECT row_count FROM airlift.paced_digest('later', 1);
SELECT airlift.add_digests('\x00', '\x00');
SELECT airlift.add_digests(airlift.scan_digests('kept', 4, '{id}', 0, 10), airlift.scan_digests('kept', 4, '{id}', 10, 100000))
    = airlift.scan_digests('kept', 4, '{id}') AS sum_is_whole;

-- one at a time, and what became of one that was interrupted
\c -
\set VERBOSITY terse
SELECT airlift.begin_checks('tables') IS NOT NULL AS begun;
\! psql -X -q -d contrib_regression -c "CALL airlift.run_checks('tables')" 2>&1 | sed -n 's/process [0-9]*, since.*/process N/;/^ERROR\|^DETAIL/p' | sed 's/Run [0-9]*/Run N/'
\c -
\set VERBOSITY terse
SET statement_timeout = '5s';
INSERT INTO airlift.check_profile (profile, assess, tables, max_rate) VALUES ('crawling', false, '{slow_check}', 1000);
CALL airlift.run_checks('crawling');
RESET statement_timeout;
SELECT count(*) AS locks FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
UPDATE airlift.check_profile SET max_rate = NULL WHERE profile = 'crawling';
CALL airlift.run_checks('crawling');
SELECT state, verdict, error FROM airlift.check_run WHERE profile = 'crawling' ORDER BY id;
CALL airlift.run_checks('nosuch');
CALL airlift.run_checks(NULL);

-- pruning keeps the last runs
SELECT airlift.prune_checks('1 hour') AS young, airlift.prune_checks('0', 100) AS few;
SELECT airlift.prune_checks('-1 hour', 1) AS pruned;
SELECT profile, count(*) FROM airlift.check_run GROUP BY 1 ORDER BY 1;
SELECT count(*) AS orphans FROM airlift.check_result WHERE run_id NOT IN (SELECT id FROM airlift.check_run);

DELETE FROM airlift.check_run;
DELETE FROM airlift.check_profile;
DROP OWNED BY regress_checker;
DROP ROLE regress_checker;
DROP TABLE kept, written, parted_check, later, unlogged_check, slow_check;
