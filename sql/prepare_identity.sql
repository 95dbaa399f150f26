-- Replica identities: the plan, the change, the way back.
SET client_min_messages = warning;
CREATE EXTENSION dblink;
CREATE SCHEMA ident;
CREATE SCHEMA "Odd ""Schema";
SET search_path = ident, public;
SELECT current_setting('server_version_num')::int AS server_version \gset

-- Our equality is the server's, for every type it has.
CREATE TYPE ident.pair AS (a int, b json);
CREATE TYPE ident.fine AS (a int, b text[]);
CREATE DOMAIN ident.document AS json;
CREATE DOMAIN ident.pairs AS ident.pair[];
CREATE TYPE ident.deep AS (d ident.document, f ident.fine);
CREATE TYPE ident.colour AS ENUM ('red');
CREATE TYPE ident.span AS RANGE (subtype = int);
CREATE FUNCTION has_equality(type regtype) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('SELECT DISTINCT NULL::%s', type);
    RETURN true;
EXCEPTION
    WHEN undefined_function THEN
        RETURN false;
    WHEN feature_not_supported THEN -- equality, but nothing to sort or hash by
        RETURN true;
END $$;
SELECT t.oid::regtype AS judged_differently
FROM pg_type t LEFT JOIN airlift.types_without_equality() l ON l.type = t.oid
WHERE t.typtype <> 'p' AND t.typisdefined AND has_equality(t.oid) <> (l.type IS NULL)
    -- what holds pseudo-types, as no user's table can
    AND t.oid <> 'cstring[]'::regtype AND t.typname !~ '^_?pg_(attribute|stat.*)$';
SELECT type, because_of FROM airlift.types_without_equality()
WHERE type::text ~ 'ident|pair|fine|document|deep|colour|span' OR type::text IN ('json', 'jsonb', 'xml', 'point', 'box[]', 'xid', 'path')
ORDER BY type::text COLLATE "C";

-- What is recorded goes into a dump of the database.
SELECT array_agg(c::regclass ORDER BY c::regclass::text COLLATE "C") AS dumped FROM pg_extension, unnest(extconfig) AS c WHERE extname = 'pg_airlift';

-- One table for each branch.
CREATE TABLE a_primary (id int PRIMARY KEY, doc json);
CREATE TABLE b_unique (a bigint NOT NULL UNIQUE, b int NOT NULL UNIQUE, c text NOT NULL UNIQUE, d int2 NOT NULL, e int2 NOT NULL, UNIQUE (d, e));
CREATE TABLE b_wider (a uuid NOT NULL, b int NOT NULL, c int NOT NULL);
CREATE UNIQUE INDEX one_uuid ON b_wider (a);
CREATE UNIQUE INDEX two_ints ON b_wider (b, c) INCLUDE (a);
CREATE TABLE c_not_usable (a int NOT NULL, b int, c int NOT NULL, d int NOT NULL, UNIQUE (a) DEFERRABLE, UNIQUE (b));
CREATE UNIQUE INDEX partial ON c_not_usable (c) WHERE c > 0;
CREATE UNIQUE INDEX expression ON c_not_usable ((d + 1));
CREATE INDEX not_unique ON c_not_usable (d);
CREATE TABLE d_deferrable (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, b text);
CREATE TABLE d_deferrable_unique (id int PRIMARY KEY DEFERRABLE, b int NOT NULL UNIQUE);
CREATE TABLE e_buildable (a text NOT NULL, b int NOT NULL, c int);
INSERT INTO e_buildable SELECT i::text, i, i FROM generate_series(1, 500) i;
CREATE TABLE e_identity (n bigint GENERATED ALWAYS AS IDENTITY, p point);
CREATE TABLE e_repeated (a int NOT NULL);
INSERT INTO e_repeated SELECT i % 10 FROM generate_series(1, 500) i;
ANALYZE e_buildable, e_repeated;
CREATE TABLE f_full (a int, b text, c int[]);
CREATE TABLE f_full_already (a int NOT NULL UNIQUE);
ALTER TABLE f_full_already REPLICA IDENTITY FULL;
CREATE TABLE g_json (a int, doc json);
CREATE TABLE g_xml (a int UNIQUE, x xml);
CREATE TABLE g_point (p point, q box[]);
CREATE TABLE g_nested (d document, p pairs, e deep, f fine);
CREATE TABLE g_full_json (doc json);
ALTER TABLE g_full_json REPLICA IDENTITY FULL;
CREATE TABLE g_full_json_with_key (id int PRIMARY KEY, doc json);
ALTER TABLE g_full_json_with_key REPLICA IDENTITY FULL;
CREATE TABLE h_dropped (a int NOT NULL, b int NOT NULL UNIQUE);
CREATE UNIQUE INDEX h_dropped_index ON h_dropped (a);
ALTER TABLE h_dropped REPLICA IDENTITY USING INDEX h_dropped_index;
DROP INDEX h_dropped_index;
CREATE TABLE h_index (a int NOT NULL UNIQUE, b int PRIMARY KEY);
ALTER TABLE h_index REPLICA IDENTITY USING INDEX h_index_a_key;
CREATE TABLE h_nothing (a int PRIMARY KEY);
ALTER TABLE h_nothing REPLICA IDENTITY NOTHING;
CREATE UNLOGGED TABLE i_unlogged (a int);
CREATE TEMP TABLE i_temporary (a int);
CREATE TABLE j_parent (a int PRIMARY KEY);
CREATE TABLE j_child () INHERITS (j_parent);
CREATE TABLE k_generated (a int, b int GENERATED ALWAYS AS (a * 2) STORED NOT NULL UNIQUE);
CREATE TABLE l_root (k int NOT NULL, w int NOT NULL, v int, UNIQUE (k, w)) PARTITION BY LIST (k);
CREATE TABLE l_leaf_1 PARTITION OF l_root FOR VALUES IN (1);
CREATE TABLE "Odd ""Schema"."l.leaf 2" PARTITION OF l_root FOR VALUES IN (2);
CREATE UNIQUE INDEX "narrower, but not of the root" ON "Odd ""Schema"."l.leaf 2" (w);
CREATE TABLE m_root (k int) PARTITION BY LIST (k);
CREATE TABLE m_middle PARTITION OF m_root FOR VALUES IN (1, 2) PARTITION BY LIST (k);
CREATE TABLE m_leaf PARTITION OF m_middle FOR VALUES IN (1);
CREATE TABLE m_leaf_with_key PARTITION OF m_middle (PRIMARY KEY (k)) FOR VALUES IN (2);
CREATE TABLE n_root (id int PRIMARY KEY, doc json) PARTITION BY RANGE (id);
CREATE TABLE n_leaf PARTITION OF n_root DEFAULT;
CREATE TABLE o_root (k int, doc json) PARTITION BY LIST (k);
CREATE TABLE o_leaf PARTITION OF o_root DEFAULT;
CREATE TABLE "Odd ""Schema"."T.1 %I '';--" ("a "" b" int NOT NULL, CONSTRAINT "k ""1' ;" UNIQUE ("a "" b"));
CREATE TABLE c_not_null_not_valid (a int UNIQUE);
DO $$ BEGIN
    IF current_setting('server_version_num')::int >= 180000 THEN
        EXECUTE 'ALTER TABLE c_not_null_not_valid ADD CONSTRAINT n NOT NULL a NOT VALID';
    END IF;
END $$;
CREATE TABLE no_columns ();

SELECT relation, kind, current_identity AS "current", choice, current_index, substring(sql FROM 'REPLICA IDENTITY (.*);') AS identity
FROM airlift.replica_identity_plan('ident.*') WHERE relation::text <> 'k_generated';
SELECT relation, choice, sql, undo_sql FROM airlift.replica_identity_plan('"Odd ""Schema".*');
SELECT choice = CASE WHEN :server_version >= 180000 THEN 'blocker' ELSE 'full' END AS generated_column_is_no_key
FROM airlift.replica_identity_plan('k_generated');
SELECT relation, reason FROM airlift.replica_identity_plan('*') WHERE relation::text ~ '^(a_|b_u|d_|e_bu|f_|g_|h_|i_)';
SELECT relation, choices FROM airlift.replica_identity_plan('ident.*') WHERE relation::text ~ '^(d_|g_)' AND choices IS NOT NULL;
SELECT count(*) AS temporary FROM airlift.replica_identity_plan() WHERE relation = 'i_temporary'::regclass;
SELECT relation, updates IS NOT NULL AS updates, deletes IS NOT NULL AS deletes, full_wal_bytes IS NOT NULL AS has_estimate
FROM airlift.replica_identity_plan('e_bu*');
SELECT airlift.average_row_bytes('e_buildable') BETWEEN 20 AND 100 AS about_right, airlift.average_row_bytes('f_full') AS unknown;

-- A pattern takes partitions with the tables above them.
SELECT relation FROM airlift.replica_identity_plan('m_middle');
SELECT relation FROM airlift.replica_identity_plan('"Odd ""Schema"."l.leaf 2"');

-- A dry run plans what the real one does, and changes nothing.
CREATE TEMP TABLE identities_before AS
    SELECT c.oid::regclass AS relation, c.relreplident,
        ARRAY(SELECT (i.indexrelid::regclass, i.indisreplident)::text FROM pg_index i WHERE i.indrelid = c.oid ORDER BY 1) AS indexes
    FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace IN ('ident'::regnamespace, '"Odd ""Schema"'::regnamespace);
CREATE TEMP VIEW identities_changed AS
    SELECT b.relation, b.relreplident AS before, c.relreplident AS after
    FROM identities_before b JOIN pg_class c ON c.oid = b.relation
    WHERE c.relreplident <> b.relreplident OR b.indexes <>
        ARRAY(SELECT (i.indexrelid::regclass, i.indisreplident)::text FROM pg_index i WHERE i.indrelid = c.oid ORDER BY 1);
CREATE TEMP TABLE planned AS SELECT relation, sql, undo_sql FROM airlift.fix_replica_identity() WHERE state = 'planned';
SELECT count(*) AS changed FROM identities_changed;
SELECT count(*) AS recorded FROM airlift.change;

SELECT state, count(*) FROM airlift.fix_replica_identity(dry_run => false) WHERE relation <> 'k_generated'::regclass GROUP BY 1 ORDER BY state COLLATE "C";
SELECT count(*) AS not_as_planned
FROM planned p FULL JOIN airlift.change c ON c.object = regexp_replace(p.relation::text, '^(?!"Odd)', 'ident.') AND c.sql = p.sql AND c.undo_sql = p.undo_sql
WHERE p.relation IS NULL OR c.id IS NULL;
SELECT state, what, bool_and(applied_at <= clock_timestamp() AND applied_by = current_user AND error IS NULL) AS complete
FROM airlift.change GROUP BY 1, 2;
SELECT relation, choice, current_identity, current_index FROM airlift.replica_identity_plan() WHERE relation IN (SELECT relation FROM planned)
    AND relation <> 'k_generated'::regclass;
SELECT state, count(*) FROM airlift.fix_replica_identity(dry_run => false) WHERE relation <> 'k_generated'::regclass GROUP BY 1 ORDER BY state COLLATE "C";

-- What changed in between stays; all else is back as it was, byte for byte. Where the index is gone NOTHING is the same.
ALTER TABLE f_full REPLICA IDENTITY NOTHING;
ALTER INDEX two_ints RENAME TO renamed;
DROP TABLE no_columns;
SELECT object, state, error FROM airlift.undo_replica_identity(dry_run => true) WHERE error IS NOT NULL;
SELECT object, state, error FROM airlift.undo_replica_identity('ident.f*');
SELECT object, state, error FROM airlift.undo_replica_identity() WHERE state <> 'undone' OR error IS NOT NULL;
SELECT * FROM identities_changed ORDER BY relation::text COLLATE "C";
ALTER TABLE f_full REPLICA IDENTITY FULL;
ALTER INDEX renamed RENAME TO two_ints;
SELECT object, state, error FROM airlift.undo_replica_identity();
SELECT * FROM identities_changed ORDER BY relation::text COLLATE "C";
SELECT count(*) AS nothing_left FROM airlift.undo_replica_identity();
SELECT state, bool_and(undone_at >= applied_at AND undone_by = current_user) AS complete FROM airlift.change GROUP BY 1;

-- A forged record is not executed.
INSERT INTO airlift.change (what, object, sql, undo_sql, state)
VALUES ('replica identity', 'ident.f_full', airlift.current_replica_identity_sql('ident.f_full'),
    'ALTER TABLE ident.f_full REPLICA IDENTITY FULL; DROP TABLE ident.g_json;', 'applied');
SELECT object, state, error FROM airlift.undo_replica_identity();
SELECT 'g_json'::regclass;
TRUNCATE airlift.change;

-- The index that the plan asks for, built and taken.
SELECT sql AS build, undo_sql AS unbuild FROM airlift.replica_identity_plan('e_buildable') \gset
SELECT regexp_replace(:'build', '\d+', 'N') AS build, regexp_replace(:'unbuild', '\d+', 'N') AS unbuild;
:build
SELECT choice, state FROM airlift.fix_replica_identity('e_buildable', false);
SELECT state FROM airlift.undo_replica_identity('e_buildable');
:unbuild
SELECT choice FROM airlift.replica_identity_plan('e_buildable');
-- one whose build failed is not asked for again
DELETE FROM e_buildable;
INSERT INTO e_buildable VALUES ('1', 7), ('1', 8);
\set VERBOSITY sqlstate
:build
\set VERBOSITY terse
SELECT sql LIKE 'CREATE%(b);' AS another_column FROM airlift.replica_identity_plan('e_buildable');
:unbuild

-- A lock that another session holds: reported after the attempts, and nothing half done.
SELECT dblink_connect('other', format('dbname=%s port=%s host=%s user=%s', quote_literal(current_database()), current_setting('port'),
    split_part(current_setting('unix_socket_directories'), ',', 1), quote_literal(current_user)));
SELECT dblink_exec('other', 'BEGIN; LOCK TABLE ident.h_nothing IN ACCESS SHARE MODE');
SET lock_timeout = '77s';
SELECT relation, state, error LIKE '%(attempt 2 of 2)' AS after_two FROM airlift.fix_replica_identity('h_*', false, '50ms', 2);
SHOW lock_timeout;
RESET lock_timeout;
SELECT object, state, error IS NOT NULL AS has_error, undo_sql FROM airlift.change ORDER BY id;
SELECT * FROM identities_changed;
SELECT dblink_exec('other', 'COMMIT');
SELECT relation, state FROM airlift.fix_replica_identity('h_*', false);
SELECT dblink_exec('other', 'BEGIN; LOCK TABLE ident.h_nothing IN ACCESS SHARE MODE');
SELECT object, state, error LIKE '%(attempt 1 of 1)' AS after_one FROM airlift.undo_replica_identity('h_*', lock_timeout => '50ms', attempts => 1);
SELECT object, state, error IS NOT NULL AS has_error FROM airlift.change WHERE state <> 'failed' ORDER BY id;
SELECT dblink_exec('other', 'COMMIT'), dblink_disconnect('other');
SELECT object, state, error FROM airlift.undo_replica_identity();
SELECT object, state, error FROM airlift.change WHERE state <> 'failed' ORDER BY id;

-- Arguments.
SELECT * FROM airlift.fix_replica_identity(lock_timeout => '0');
SELECT * FROM airlift.fix_replica_identity(attempts => 0);
SELECT * FROM airlift.fix_replica_identity('a.b.c');

-- Rights: none by default; then, of the owner only; never without a record.
CREATE ROLE regress_airlift_preparer;
GRANT USAGE ON SCHEMA ident TO regress_airlift_preparer;
ALTER TABLE h_nothing OWNER TO regress_airlift_preparer;
TRUNCATE airlift.change;
SET ROLE regress_airlift_preparer;
SELECT count(*) > 10 AS sees_the_plan FROM airlift.replica_identity_plan('ident.*');
\set VERBOSITY sqlstate
SELECT * FROM airlift.fix_replica_identity();
SELECT * FROM airlift.undo_replica_identity();
\set VERBOSITY terse
RESET ROLE;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA airlift TO regress_airlift_preparer;
SET ROLE regress_airlift_preparer;
SELECT * FROM airlift.fix_replica_identity('ident.h_*', false);
RESET ROLE;
GRANT INSERT, UPDATE ON airlift.change TO regress_airlift_preparer;
SET ROLE regress_airlift_preparer;
SELECT relation, choice, state, error IS NOT NULL AS has_error FROM airlift.fix_replica_identity('ident.h_*', false);
RESET ROLE;
SELECT object, state, applied_by, error IS NOT NULL AS has_error FROM airlift.change ORDER BY id;
SELECT object, state FROM airlift.undo_replica_identity();
SELECT relation, after FROM identities_changed;

DROP EXTENSION dblink;
DROP VIEW identities_changed;
DROP SCHEMA ident, "Odd ""Schema" CASCADE;
TRUNCATE airlift.change;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA airlift FROM regress_airlift_preparer;
REVOKE ALL ON airlift.change FROM regress_airlift_preparer;
DROP ROLE regress_airlift_preparer;
