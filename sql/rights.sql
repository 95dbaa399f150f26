-- Who may do what with the extension's own functions and tables. A new function shows here: think before you accept it.
\set VERBOSITY terse
CREATE ROLE regress_airlift_nobody;

-- With the owner's rights. pg_temp must come last: where the path does not name it, the caller's types come first.
SELECT p.oid::regprocedure AS security_definer, p.proconfig FROM pg_proc p
WHERE p.pronamespace = 'airlift'::regnamespace AND p.prosecdef ORDER BY p.oid::regprocedure::text COLLATE "C";
-- ... and what these call.
SELECT DISTINCT called.oid::regprocedure AS called, called.proconfig
FROM pg_proc caller JOIN pg_proc called ON called.pronamespace = caller.pronamespace
    AND caller.prosrc ~ ('airlift\.' || called.proname || '\(')
WHERE caller.pronamespace = 'airlift'::regnamespace AND caller.prosecdef ORDER BY 1;
-- Every other function runs as its caller, under a path of its own where it runs SQL. run_checks commits, and may not have one.
SELECT p.oid::regprocedure AS path_of_the_caller FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = 'airlift'::regnamespace AND l.lanname <> 'c' AND p.prokind <> 'a'
    AND NOT COALESCE(p.proconfig && ARRAY['search_path=""', 'search_path=pg_catalog, pg_temp'], false);

-- Nobody but the owner may put anything into the schema.
SELECT has_schema_privilege('regress_airlift_nobody', 'airlift', 'USAGE') AS usage,
    has_schema_privilege('regress_airlift_nobody', 'airlift', 'CREATE') AS "create";
SELECT c.relname, privilege FROM pg_class c
    CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS privilege
WHERE c.relnamespace = 'airlift'::regnamespace AND c.relkind IN ('r', 'v', 'p')
    AND has_table_privilege('regress_airlift_nobody', c.oid, privilege) ORDER BY 1, 2;

-- What everybody may execute.
SELECT p.oid::regprocedure AS open_to_public, p.provolatile AS volatility FROM pg_proc p
WHERE p.pronamespace = 'airlift'::regnamespace AND has_function_privilege('regress_airlift_nobody', p.oid, 'EXECUTE')
ORDER BY p.oid::regprocedure::text COLLATE "C";

-- A caller who brings his own types along: none of his code may run with the owner's rights.
SET ROLE regress_airlift_nobody;
CREATE FUNCTION pg_temp.spy(value anyelement) RETURNS boolean LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'runs as %', current_user; END $$;
CREATE DOMAIN pg_temp.pg_lsn AS pg_catalog.pg_lsn CHECK (pg_temp.spy(VALUE));
CREATE DOMAIN pg_temp.text AS pg_catalog.text CHECK (pg_temp.spy(VALUE));
CREATE DOMAIN pg_temp.jsonb AS pg_catalog.jsonb CHECK (pg_temp.spy(VALUE));
CREATE DOMAIN pg_temp.timestamptz AS pg_catalog.timestamptz CHECK (pg_temp.spy(VALUE));
CREATE DOMAIN pg_temp.float8 AS pg_catalog.float8 CHECK (pg_temp.spy(VALUE));
SELECT count(*) >= 0 AS quiet FROM airlift.replication_status();
SELECT count(*) >= 0 AS quiet FROM airlift.held_snapshots();
SELECT airlift.awaited_transactions() IS NULL OR true AS quiet;
RESET ROLE;
DROP DOMAIN pg_temp.pg_lsn, pg_temp.text, pg_temp.jsonb, pg_temp.timestamptz, pg_temp.float8;
DROP FUNCTION pg_temp.spy(anyelement);
DROP ROLE regress_airlift_nobody;
