-- Publications: what is refused, what is made, what is left when it is dropped.
\set VERBOSITY terse
SET client_min_messages = error; -- the server warns where wal_level is not logical
CREATE SCHEMA pub;
CREATE SCHEMA "Odd ""Pub";
SET search_path = pub, public;
SELECT current_setting('server_version_num')::int >= 150000 AS has_filters \gset

CREATE TABLE a_key (id int PRIMARY KEY, v text, doc json);
CREATE TABLE b_no_key (a int);
CREATE TABLE b_deferrable (id int PRIMARY KEY DEFERRABLE);
CREATE TABLE b_nothing (id int PRIMARY KEY);
ALTER TABLE b_nothing REPLICA IDENTITY NOTHING;
CREATE TABLE b_dropped (a int NOT NULL);
CREATE UNIQUE INDEX b_index ON b_dropped (a);
ALTER TABLE b_dropped REPLICA IDENTITY USING INDEX b_index;
DROP INDEX b_index;
CREATE TABLE b_full_json (doc json);
ALTER TABLE b_full_json REPLICA IDENTITY FULL;
CREATE UNLOGGED TABLE c_unlogged (id int PRIMARY KEY);
CREATE TEMP TABLE c_temporary (id int PRIMARY KEY);
CREATE TABLE d_full (a int, b int);
ALTER TABLE d_full REPLICA IDENTITY FULL;
CREATE TABLE e_parent (id int PRIMARY KEY);
CREATE TABLE e_child (PRIMARY KEY (id)) INHERITS (e_parent);
CREATE TABLE f_root (k int, w int, v int, PRIMARY KEY (k, w)) PARTITION BY LIST (k);
CREATE TABLE f_leaf_1 PARTITION OF f_root FOR VALUES IN (1);
CREATE TABLE f_leaf_2 (v int, w int NOT NULL, k int NOT NULL);
ALTER TABLE f_root ATTACH PARTITION f_leaf_2 FOR VALUES IN (2);
CREATE TABLE "Odd ""Pub"."g.Root '" (k int, w int NOT NULL) PARTITION BY LIST (k);
CREATE TABLE g_leaf_with_key PARTITION OF "Odd ""Pub"."g.Root '" (PRIMARY KEY (w)) FOR VALUES IN (1);
CREATE TABLE g_leaf_without PARTITION OF "Odd ""Pub"."g.Root '" FOR VALUES IN (2);
-- What a migration into this database remembers is no part of it.
CREATE SCHEMA airlift_state CREATE TABLE h_state (a int);

-- What stands before the first colon of each line of DETAIL, for the rest may be the server's wording.
CREATE FUNCTION refusal(arguments text) RETURNS TABLE (about text, why text) LANGUAGE plpgsql AS $$
DECLARE
    detail text;
BEGIN
    EXECUTE 'SELECT * FROM airlift.create_publication(' || arguments || ')';
    about := 'created';
    RETURN NEXT;
EXCEPTION WHEN object_not_in_prerequisite_state THEN
    GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
    RETURN QUERY SELECT split_part(line, ': ', 1), split_part(line, ': ', 2)
        FROM regexp_split_to_table(detail, E'\n') AS line ORDER BY line COLLATE "C";
END $$;

-- Everything at once, and nothing made.
SELECT * FROM refusal($$'p'$$);
SELECT * FROM refusal($$'p', tables => '{pub.b_*,pub.c_temporary,nowhere.*,c_unlogged}', schemas => '{empty}', exclude_tables => '{absent}'$$);
SELECT * FROM refusal($$'p', schemas => '{"Odd \"Pub"}', exclude_tables => '{g_leaf_without}'$$);
SELECT * FROM refusal($$'p', tables => '{}'$$);
SELECT * FROM refusal($$'p', tables => '{NULL}'$$);
SELECT count(*) AS publications FROM pg_publication;
SELECT count(*) AS recorded FROM airlift.change;

-- Without old rows no identity is needed.
SELECT * FROM refusal($$'p', operations => 'insert, truncate', exclude_tables => '{c_unlogged}', dry_run => true$$);

-- Through the root, root and partitions must agree.
SELECT * FROM refusal($$'p', tables => '{f_root}', via_partition_root => true, dry_run => true$$);
SELECT * FROM refusal($$'p', tables => '{"\"Odd \"\"Pub\".*"}', via_partition_root => true$$);
ALTER TABLE "Odd ""Pub"."g.Root '" REPLICA IDENTITY FULL;
ALTER TABLE g_leaf_without REPLICA IDENTITY FULL;
SELECT * FROM refusal($$'p', tables => '{"\"Odd \"\"Pub\".*"}', via_partition_root => true$$);
SELECT * FROM refusal($$'p', tables => '{"\"Odd \"\"Pub\".*"}', dry_run => true$$);
CREATE UNIQUE INDEX narrow ON f_leaf_2 (w);
ALTER TABLE f_leaf_2 REPLICA IDENTITY USING INDEX narrow;
SELECT * FROM refusal($$'p', tables => '{f_root}', via_partition_root => true$$);
ALTER TABLE f_leaf_2 REPLICA IDENTITY DEFAULT;
-- a partition that is unlogged would be left out silently
ALTER TABLE f_leaf_2 SET UNLOGGED;
SELECT * FROM refusal($$'p', tables => '{f_root}'$$);
ALTER TABLE f_leaf_2 SET LOGGED;
CREATE FOREIGN DATA WRAPPER elsewhere;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER elsewhere;
CREATE TABLE h_root (k int) PARTITION BY LIST (k);
CREATE FOREIGN TABLE h_foreign PARTITION OF h_root FOR VALUES IN (1) SERVER elsewhere;
SELECT * FROM refusal($$'p', tables => '{h_root}'$$);
DROP TABLE h_root;
DROP FOREIGN DATA WRAPPER elsewhere CASCADE;

-- Arguments.
SELECT * FROM airlift.create_publication('p', operations => 'insert,upsert');
SELECT * FROM airlift.create_publication('p', groups => 0);
SELECT * FROM airlift.create_publication('');
SELECT * FROM airlift.create_publication(repeat('p', 62), groups => 2);
SELECT * FROM airlift.drop_publication('p');

-- Row filters and column lists, for which the server is asked.
SELECT CASE WHEN :'has_filters' THEN about = 'created' ELSE about = 'row_filters' AND why LIKE 'PostgreSQL 15%' END AS as_expected
FROM refusal($$'p', tables => '{a_key,d_full}', row_filters => '{"pub.a_key": "id > 0 -- only some", "pub.d_full": "a > 0 and b = 1"}', dry_run => true$$);
SELECT CASE WHEN :'has_filters' THEN about = 'created' ELSE about = 'column_lists' END AS as_expected
FROM refusal($$'p', tables => '{a_key}', column_lists => '{"pub.a_key": ["id", "v"]}', dry_run => true$$);
SELECT CASE WHEN :'has_filters' THEN array_agg(about) = '{pub.a_key,pub.d_full,pub.f_root}' ELSE cardinality(array_agg(about)) = 2 END AS as_expected
FROM refusal($$'p', tables => '{a_key,d_full,f_root}', row_filters => '{"pub.a_key": "v > ''''", "pub.f_root": "w = 1"}',
    column_lists => '{"pub.d_full": ["a"]}'$$);
SELECT CASE WHEN :'has_filters' THEN array_agg(about) = '{pub.a_key,pub.f_leaf_1}' ELSE true END AS as_expected
FROM refusal($$'p', tables => '{a_key,f_leaf_1}', row_filters => '{"pub.f_leaf_1": "w ="}', column_lists => '{"pub.a_key": ["v"]}'$$);
SELECT operation, CASE WHEN :'has_filters' THEN about = CASE operation WHEN 'truncate' THEN 'created' ELSE 'pub.a_key' END ELSE true END AS as_expected
FROM unnest('{update,delete,truncate}'::text[]) AS operation,
    refusal(format($$'p', tables => '{a_key}', row_filters => '{"pub.a_key": "v IS NULL"}', operations => 'insert,%s', dry_run => true$$, operation));
SELECT CASE WHEN :'has_filters' THEN about = 'created' ELSE true END AS as_expected
FROM refusal($$'p', tables => '{a_key,f_root}', operations => 'insert', row_filters => '{"pub.a_key": "v > ''''", "pub.f_root": "v = 1"}',
    via_partition_root => true, dry_run => true$$);
SELECT CASE WHEN :'has_filters' THEN array_agg(why) =
        ARRAY['pub.absent is not among the published tables', 'pub.d_full is not among the published tables',
            'pub.e_child needs one of its own, for it inherits from pub.e_parent']
        ELSE true END AS as_expected
FROM refusal($$'p', tables => '{e_parent}', row_filters => '{"pub.e_parent": "id > 0", "pub.d_full": "true", "pub.absent": "true"}'$$);
SELECT count(*) AS publications FROM pg_publication;

-- What was accepted works in the application, and what was refused would have failed there.
CREATE FUNCTION fails(statement text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
    RETURN false;
EXCEPTION WHEN object_not_in_prerequisite_state OR invalid_column_reference THEN
    RETURN true;
END $$;
CREATE PUBLICATION careless FOR TABLE b_no_key, b_deferrable, b_nothing, b_dropped, a_key, d_full, f_root;
INSERT INTO b_no_key VALUES (1); INSERT INTO b_deferrable VALUES (1); INSERT INTO b_nothing VALUES (1); INSERT INTO b_dropped VALUES (1);
INSERT INTO a_key VALUES (1); INSERT INTO d_full VALUES (1); INSERT INTO f_root VALUES (1, 1), (2, 2);
SELECT t.name, fails('DELETE FROM ' || t.name) AS fails
FROM unnest('{b_no_key,b_deferrable,b_nothing,b_dropped,a_key,d_full,f_root}'::text[]) AS t (name);
SELECT missing_identity FROM airlift.publication_status();
DROP PUBLICATION careless;

-- Made, shown, recorded, dropped. An inheritance child comes with its parent.
SELECT publication, state, relations, sql, undo_sql FROM airlift.create_publication('Hostile ''"; --', tables => '{a_key,e_parent,f_root}');
SELECT pubname, tablename FROM pg_publication_tables ORDER BY 1, 2;
SELECT publication, made_by_airlift, for_all_tables, operations, via_partition_root, tables, missing_identity FROM airlift.publication_status();
SELECT what, object, state, undo_sql, applied_by = current_user AS by_me FROM airlift.change;
ALTER TABLE f_leaf_1 REPLICA IDENTITY NOTHING;
SELECT missing_identity FROM airlift.publication_status();
ALTER TABLE f_leaf_1 REPLICA IDENTITY DEFAULT;
\set VERBOSITY sqlstate
SELECT * FROM airlift.create_publication('Hostile ''"; --', tables => '{a_key}');
\set VERBOSITY terse
SELECT * FROM airlift.drop_publication('Hostile ''"; --', dry_run => true);
SELECT * FROM airlift.drop_publication('Hostile ''"; --');
SELECT count(*) AS publications FROM pg_publication;
SELECT what, object, state, undone_by = current_user AS by_me FROM airlift.change;
CREATE PUBLICATION foreign_to_us;
SELECT * FROM airlift.drop_publication('foreign_to_us');
SELECT publication, made_by_airlift, tables FROM airlift.publication_status();
DROP PUBLICATION foreign_to_us;

-- A table whose updates are published keeps an identity.
SELECT relation, state FROM airlift.fix_replica_identity('b_no_key', false);
SELECT publication, state FROM airlift.create_publication('p', tables => '{b_no_key}');
SELECT object, state, error FROM airlift.undo_replica_identity();
UPDATE b_no_key SET a = 1;
SELECT object, state, error FROM airlift.undo_all();
SELECT count(*) AS left_over FROM airlift.change WHERE state = 'applied';
SELECT relreplident FROM pg_class WHERE oid = 'b_no_key'::regclass;

-- Groups: foreign keys and inheritance keep tables together, through partitions too; sizes are shared out.
CREATE SCHEMA big;
SET search_path = big, public;
CREATE TABLE alone_50 (id int PRIMARY KEY, v text);
CREATE TABLE alone_30 (id int PRIMARY KEY, v text);
CREATE TABLE chain_1 (id int PRIMARY KEY, v text);
CREATE TABLE chain_2 (id int PRIMARY KEY REFERENCES chain_1, v text);
CREATE TABLE chain_3 (id int PRIMARY KEY REFERENCES chain_2, v text);
CREATE TABLE cycle_a (id int PRIMARY KEY, v text);
CREATE TABLE cycle_b (id int PRIMARY KEY REFERENCES cycle_a, v text);
ALTER TABLE cycle_a ADD FOREIGN KEY (id) REFERENCES cycle_b DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE whole (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE whole_part PARTITION OF whole DEFAULT;
CREATE TABLE to_part (id int PRIMARY KEY REFERENCES whole_part, v text);
CREATE TABLE parent (id int PRIMARY KEY, v text);
CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent);
CREATE TABLE self (id int PRIMARY KEY REFERENCES self, v text);
BEGIN;
INSERT INTO alone_50 SELECT i, repeat('x', 500) FROM generate_series(1, 5000) i;
INSERT INTO alone_30 SELECT i, repeat('x', 500) FROM generate_series(1, 3000) i;
INSERT INTO chain_1 SELECT i, repeat('x', 500) FROM generate_series(1, 1000) i;
INSERT INTO chain_2 SELECT i, repeat('x', 500) FROM generate_series(1, 1000) i;
INSERT INTO whole SELECT i, repeat('x', 500) FROM generate_series(1, 1200) i;
COMMIT;
SELECT publication, state, relations FROM airlift.create_publication('mig', schemas => '{big}', groups => 2, dry_run => true);
SELECT publication, state, relations FROM airlift.create_publication('mig', schemas => '{big}', groups => 3);
SELECT publication, relations FROM airlift.create_publication('few', tables => '{cycle_*,chain_*}', groups => 5);
-- no foreign key leads out of its group, no table is in two
SELECT c.conrelid::regclass FROM pg_constraint c
    JOIN pg_publication_rel f ON f.prrelid = c.conrelid JOIN pg_publication_rel t ON t.prrelid = c.confrelid
    JOIN pg_publication pf ON pf.oid = f.prpubid AND pf.pubname LIKE 'mig%' JOIN pg_publication pt ON pt.oid = t.prpubid AND pt.pubname LIKE 'mig%'
WHERE c.contype = 'f' AND pf.oid <> pt.oid;
SELECT prrelid::regclass FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid WHERE pubname LIKE 'mig%' GROUP BY 1 HAVING count(*) > 1;
SELECT publication, tables, made_by_airlift FROM airlift.publication_status();
-- one made by that very name, others are left alone
SELECT publication FROM airlift.create_publication('mig', tables => '{self}');
SELECT publication FROM airlift.create_publication('mig_x', tables => '{self}');
SELECT publication, state FROM airlift.drop_publication('mig');
DROP PUBLICATION mig_2;
SELECT publication, state, error FROM airlift.drop_publication('mig');
SELECT object, state, error FROM airlift.undo_all(dry_run => true);
SELECT object, state, error FROM airlift.undo_all();
SELECT count(*) AS publications FROM pg_publication;
SELECT count(*) AS not_undone FROM airlift.change WHERE state <> 'undone';

-- Rights: by default none, and the server's own for the rest.
CREATE ROLE regress_airlift_publisher;
GRANT USAGE ON SCHEMA big TO regress_airlift_publisher;
SELECT publication FROM airlift.create_publication('of_another', tables => '{self}');
SET ROLE regress_airlift_publisher;
\set VERBOSITY sqlstate
SELECT * FROM airlift.create_publication('p');
SELECT * FROM airlift.drop_publication('of_another');
\set VERBOSITY terse
SELECT publication, tables FROM airlift.publication_status();
RESET ROLE;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA airlift TO regress_airlift_publisher;
GRANT INSERT, UPDATE ON airlift.change TO regress_airlift_publisher;
SET ROLE regress_airlift_publisher;
\set VERBOSITY sqlstate
SELECT * FROM airlift.create_publication('p', tables => '{self}');
\set VERBOSITY terse
SELECT publication, state, error IS NOT NULL AS has_error FROM airlift.drop_publication('of_another');
RESET ROLE;
SELECT publication, tables FROM airlift.publication_status();
SELECT object, state, error IS NOT NULL AS has_error FROM airlift.change WHERE object = 'of_another';
SELECT object, state FROM airlift.undo_all();
SELECT count(*) AS publications FROM pg_publication;

-- Nobody may change anything unless he is given the right to.
SELECT p.oid::regprocedure AS open_to_public FROM pg_proc p
WHERE p.pronamespace = 'airlift'::regnamespace AND p.provolatile = 'v'
    AND p.proname <> 'require_change_log' AND has_function_privilege('public', p.oid, 'EXECUTE')
ORDER BY p.oid::regprocedure::text COLLATE "C";

DROP SCHEMA pub, "Odd ""Pub", big, airlift_state CASCADE;
TRUNCATE airlift.change;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA airlift FROM regress_airlift_publisher;
REVOKE ALL ON airlift.change FROM regress_airlift_publisher;
DROP ROLE regress_airlift_publisher;
