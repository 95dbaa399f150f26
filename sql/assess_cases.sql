-- Every check of the catalogue: a database in which it fires and one in which it does not.
--
-- Cases are data. For each: nothing is found, {set-up}, the object is found, its fix makes that go away, its undo brings it
-- back, everything is rolled back; then a neighbour that looks alike and must not be found. In the texts {s} is a schema,
-- {t} and {u} are tables in it, {n} and {m} names: with quotes and a newline, 63 bytes long. What cannot be done in a
-- transaction, and what needs a target, is in test/e2e/assess_test.cpp; a unit test sees that no check is left out.
\set VERBOSITY terse
SET client_min_messages = error;
CREATE SCHEMA assess_test;
CREATE TABLE assess_test.cases (
    check_id text, object text, setup text, neighbour text DEFAULT '',
    since int DEFAULT 13, until int DEFAULT 99, target text DEFAULT 'rds', target_version int, always boolean DEFAULT false,
    runs_fix boolean DEFAULT true);

CREATE FUNCTION assess_test.named(template text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $body$
DECLARE
    n text := format('%I', rpad(E'n"ew\nli''ne %s', 62, 'n'));
    m text := format('%I', rpad(E'm"ew\nli''ne %I', 62, 'm'));
    s text := format('%I', E'hos"tile\n''schema');
BEGIN
    template := replace(replace(replace(template, '{lt}', quote_literal(s || '.' || n)), '{lu}', quote_literal(s || '.' || m)), '{ln}',
        quote_literal(rpad(E'n"ew\nli''ne %s', 62, 'n')));
    RETURN replace(replace(replace(replace(replace(template, '{t}', s || '.' || n), '{u}', s || '.' || m), '{s}', s), '{n}', n), '{m}', m);
END $body$;

CREATE FUNCTION assess_test.found(c assess_test.cases, in_object text) RETURNS SETOF record LANGUAGE sql STABLE AS $body$
    SELECT a.severity, a.object, a.detail, a.fix_sql, a.undo_sql
    FROM airlift.checks() k CROSS JOIN LATERAL airlift.assess(c.target,
        COALESCE(c.target_version, k.to_target, GREATEST(k.from_target, current_setting('server_version_num')::int / 10000)),
        k.deep, ARRAY[c.check_id]) a
    WHERE k.id = c.check_id AND (in_object IS NULL OR a.object = in_object OR a.severity = 'error')
$body$;

-- What went wrong, NULL where nothing did.
CREATE FUNCTION assess_test.fires(c assess_test.cases) RETURNS text LANGUAGE plpgsql AS $body$
DECLARE
    object text := assess_test.named(c.object);
    has_fix boolean := (SELECT k.has_fix FROM airlift.checks() k WHERE k.id = c.check_id);
    first record;
    again record;
    problem text;
BEGIN
    SELECT * INTO first FROM assess_test.found(c, object) AS (severity text, object text, detail text, fix text, undo text);
    IF FOUND AND NOT c.always THEN RETURN 'fires before the set-up: ' || first::text; END IF;
    EXECUTE assess_test.named(c.setup);
    SELECT * INTO first FROM assess_test.found(c, object) AS (severity text, object text, detail text, fix text, undo text);
    IF NOT FOUND THEN RAISE EXCEPTION USING ERRCODE = 'AL000', MESSAGE = 'does not fire'; END IF;
    IF first.severity = 'error' THEN RAISE EXCEPTION USING ERRCODE = 'AL000', MESSAGE = 'fails: ' || first.detail; END IF;
    IF (first.fix IS NOT NULL) IS DISTINCT FROM has_fix THEN
        RAISE EXCEPTION USING ERRCODE = 'AL000', MESSAGE = 'has_fix is wrong';
    END IF;
    IF NOT has_fix OR NOT c.runs_fix THEN RAISE EXCEPTION USING ERRCODE = 'AL000', MESSAGE = ''; END IF;
    EXECUTE first.fix;
    SELECT * INTO again FROM assess_test.found(c, object) AS (severity text, object text, detail text, fix text, undo text);
    IF FOUND THEN RAISE EXCEPTION USING ERRCODE = 'AL000', MESSAGE = 'is still there after the fix'; END IF;
    IF first.undo IS NULL THEN RAISE EXCEPTION USING ERRCODE = 'AL000', MESSAGE = ''; END IF;
    EXECUTE first.undo;
    SELECT * INTO again FROM assess_test.found(c, object) AS (severity text, object text, detail text, fix text, undo text);
    IF again IS DISTINCT FROM first THEN RAISE EXCEPTION USING ERRCODE = 'AL000', MESSAGE = 'undo does not bring it back'; END IF;
    RAISE EXCEPTION USING ERRCODE = 'AL000', MESSAGE = '';
EXCEPTION
    WHEN SQLSTATE 'AL000' THEN RETURN NULLIF(SQLERRM, '');
    WHEN OTHERS THEN RETURN 'error: ' || SQLERRM;
END $body$;

CREATE FUNCTION assess_test.is_silent(c assess_test.cases) RETURNS text LANGUAGE plpgsql AS $body$
DECLARE
    before_it text := (SELECT string_agg(f::text, '|' ORDER BY f::text) FROM assess_test.found(c, NULL) AS f (s text, o text, d text, x text, u text));
    after_it text;
BEGIN
    EXECUTE assess_test.named(c.neighbour);
    SELECT string_agg(f::text, '|' ORDER BY f::text) INTO after_it FROM assess_test.found(c, NULL) AS f (s text, o text, d text, x text, u text);
    RAISE EXCEPTION USING ERRCODE = 'AL000',
        MESSAGE = CASE WHEN after_it IS DISTINCT FROM before_it THEN 'fires for its neighbour: ' || COALESCE(after_it, '') ELSE '' END;
EXCEPTION
    WHEN SQLSTATE 'AL000' THEN RETURN NULLIF(SQLERRM, '');
    WHEN OTHERS THEN RETURN 'error in neighbour: ' || SQLERRM;
END $body$;

-- versions, sizes
INSERT INTO assess_test.cases (check_id, object, setup, neighbour, since, target_version, always) VALUES
('ver.source_eol', NULL, '', '', 13, NULL, true),
('ver.target_lower', 'PostgreSQL 13', '', '', 14, 13, true),
('ver.target_extended_support', 'PostgreSQL 13', '', '', 13, 13, true),
('feat.row_filters', NULL, '', '', 13, NULL, true),
('feat.origin_none', NULL, '', '', 13, NULL, true);
INSERT INTO assess_test.cases (check_id, object, setup, neighbour) VALUES
('size.table_32tib', '{t}', $$CREATE TABLE {t} (); UPDATE pg_class SET relpages = -100 WHERE oid = {lt}::regclass$$,
    $$CREATE TABLE {t} (); UPDATE pg_class SET relpages = 2000000000 WHERE oid = {lt}::regclass$$),
('size.single_huge_table', '{t}', $$CREATE TABLE {t} (); UPDATE pg_class SET relpages = 2000000 WHERE oid = {lt}::regclass$$,
    $$CREATE TABLE {t} (); CREATE TABLE {u} (); UPDATE pg_class SET relpages = 2000000 WHERE oid IN ({lt}::regclass, {lu}::regclass)$$),
('size.relations', 'relations', $$UPDATE pg_class SET reltuples = 200000 WHERE oid = 'pg_class'::regclass$$, ''),
('size.large_objects', 'large objects', $$UPDATE pg_class SET reltuples = 2000000 WHERE oid = 'pg_largeobject_metadata'::regclass$$, ''),
('size.sequences', 'sequences', $$DO 'BEGIN FOR i IN 1..5001 LOOP EXECUTE format(''CREATE SEQUENCE assess_test.s%s'', i); END LOOP; END'$$, ''),
('size.wide_values', '{t}.{n}', $$CREATE TABLE {t} ({n} text); INSERT INTO {t} VALUES (repeat('x', 110000000))$$,
    $$CREATE TABLE {t} (a text); INSERT INTO {t} VALUES (repeat('x', 9000000))$$),
('size.bloat', '{t}', $$CREATE TABLE {t} (a text); INSERT INTO {t} SELECT 'x' FROM generate_series(1, 100); ANALYZE {t};
    UPDATE pg_class SET relpages = 5000 WHERE oid = {lt}::regclass$$, ''),
('xid.age', '{n}', $$INSERT INTO pg_database SELECT (d).* FROM (SELECT jsonb_populate_record(d, jsonb_build_object('oid', 4000000000, 'datname', {ln}::text,
    'datfrozenxid', ((txid_current() + 4294967296 - 1100000000) % 4294967296)::text)) AS d FROM pg_database d WHERE datname = 'template0') x$$, ''),
('xid.wraparound', '{n}', $$INSERT INTO pg_database SELECT (d).* FROM (SELECT jsonb_populate_record(d, jsonb_build_object('oid', 4000000000, 'datname', {ln}::text,
    'datfrozenxid', ((txid_current() + 4294967296 - 1900000000) % 4294967296)::text)) AS d FROM pg_database d WHERE datname = 'template0') x$$,
    $$INSERT INTO pg_database SELECT (d).* FROM (SELECT jsonb_populate_record(d, jsonb_build_object('oid', 4000000000, 'datname', 'assess_x',
    'datfrozenxid', ((txid_current() + 4294967296 - 1100000000) % 4294967296)::text)) AS d FROM pg_database d WHERE datname = 'template0') x$$);
INSERT INTO assess_test.cases (check_id, object, setup, runs_fix) VALUES
('db.invalid', '{n}', $$INSERT INTO pg_database SELECT (d).* FROM (SELECT jsonb_populate_record(d, jsonb_build_object('oid', 4000000000, 'datname', {ln}::text,
    'datconnlimit', -2)) AS d FROM pg_database d WHERE datname = 'template0') x$$, false);

INSERT INTO assess_test.cases (check_id, object, setup, always) VALUES
('client.pg_dump_wave', 'pg_attribute.attoptions', $$CREATE TABLE {t} (a int); UPDATE pg_attribute SET attoptions = '{pg_attver=1}' WHERE attrelid = {lt}::regclass AND attnum = 1$$, true);

-- roles
INSERT INTO assess_test.cases (check_id, object, setup, neighbour) VALUES
('role.superuser', '{n}', 'CREATE ROLE {n} SUPERUSER', 'CREATE ROLE {n} CREATEROLE CREATEDB LOGIN'),
('role.replication', '{n}', 'CREATE ROLE {n} REPLICATION', 'CREATE ROLE {n}'),
('role.bypassrls', '{n}', 'CREATE ROLE {n} BYPASSRLS', 'CREATE ROLE {n} SUPERUSER BYPASSRLS'),
('role.reserved_name', 'rds_app', 'CREATE ROLE rds_app', 'CREATE ROLE cards_app'),
('db.reserved_name', 'rdsadmin', $$UPDATE pg_database SET datname = 'rdsadmin' WHERE datname = 'template0'$$, ''),
('db.name_characters', '"my-db"', $$UPDATE pg_database SET datname = 'my-db', datallowconn = true WHERE datname = 'template0'$$,
    $$UPDATE pg_database SET datname = 'My_db1', datallowconn = true WHERE datname = 'template0'$$),
('role.server_files', '{n}', 'CREATE ROLE {n}; GRANT pg_read_server_files TO {n}', 'CREATE ROLE {n}; GRANT pg_monitor TO {n}'),
('role.md5', '{n}', $$SET LOCAL password_encryption = 'md5'; CREATE ROLE {n} PASSWORD 'x'$$,
    $$SET LOCAL password_encryption = 'scram-sha-256'; CREATE ROLE {n} PASSWORD 'x'$$),
('role.password_hidden', 'pg_catalog.pg_authid', 'CREATE ROLE {n}; GRANT USAGE ON SCHEMA assess_test TO {n}; SET LOCAL ROLE {n}', 'CREATE ROLE {n}'),
('role.guc_superuser', 'role {n}', 'CREATE ROLE {n}; ALTER ROLE {n} SET log_min_messages = debug1', $$CREATE ROLE {n}; ALTER ROLE {n} SET work_mem = '8MB'$$),
('role.grantor', '{n}', 'CREATE ROLE {m}; CREATE ROLE {n}; GRANT {m} TO {n}', 'CREATE ROLE {m}; CREATE ROLE {n}'),
('owner.schema_create', '{n} in schema {s}', 'CREATE ROLE {n}; CREATE TABLE {t} (); GRANT CREATE ON SCHEMA {s} TO {n}; ALTER TABLE {t} OWNER TO {n}; REVOKE CREATE ON SCHEMA {s} FROM {n}',
    'CREATE ROLE {n}; GRANT CREATE ON SCHEMA {s} TO {n}; CREATE TABLE {t} (); ALTER TABLE {t} OWNER TO {n}'),
('acl.catalog', 'pg_catalog.pg_stat_reset()', 'CREATE ROLE {n}; GRANT EXECUTE ON FUNCTION pg_stat_reset() TO {n}',
    'CREATE FUNCTION {t}() RETURNS int LANGUAGE sql AS ''SELECT 1''; CREATE ROLE {n}; GRANT EXECUTE ON FUNCTION {t}() TO {n}'),
('acl.default_privileges', '{n}', 'CREATE ROLE {n}; ALTER DEFAULT PRIVILEGES FOR ROLE {n} GRANT SELECT ON TABLES TO PUBLIC', 'CREATE ROLE {n}'),
('lo.present', 'large objects', 'SELECT lo_create(0)', 'CREATE TABLE {t} (a oid)'),
('lo.partial_dump', 'large objects', 'SELECT lo_create(0)', 'CREATE TABLE {t} (a oid)'),
('lo.owner_acl', 'large objects of {n}', 'CREATE ROLE {n}; DO ''DECLARE o oid := lo_create(0); BEGIN EXECUTE format($x$ALTER LARGE OBJECT %s OWNER TO %I$x$, o, (SELECT rolname FROM pg_roles ORDER BY oid DESC LIMIT 1)); END''',
    'CREATE ROLE {n}; SELECT lo_create(0)'),
('seclabel.present', 'provider test', $$INSERT INTO pg_seclabel (objoid, classoid, objsubid, provider, label) VALUES (1, 1, 0, 'test', 'x')$$, ''),
('act.visibility', '{n}', 'CREATE ROLE {n}; GRANT USAGE ON SCHEMA assess_test TO {n}; SET LOCAL ROLE {n}', 'CREATE ROLE {n}; GRANT pg_monitor TO {n}; GRANT USAGE ON SCHEMA assess_test TO {n}; SET LOCAL ROLE {n}');
INSERT INTO assess_test.cases (check_id, object, setup, neighbour, since) VALUES
('role.grant_options', '{n}', 'CREATE ROLE {m}; CREATE ROLE {n}; GRANT {m} TO {n} WITH SET FALSE', 'CREATE ROLE {m}; CREATE ROLE {n}; GRANT {m} TO {n}', 16),
('acl.parameter', 'work_mem', 'GRANT SET ON PARAMETER work_mem TO PUBLIC', '', 15);
INSERT INTO assess_test.cases (check_id, object, setup, neighbour, target) VALUES
('db.connect_revoked', '{n}', $$UPDATE pg_database SET datname = {ln}::text, datallowconn = true, datacl = '{postgres=C/postgres}' WHERE datname = 'template0'$$,
    $$UPDATE pg_database SET datallowconn = true WHERE datname = 'template0'$$, 'aurora');
INSERT INTO assess_test.cases (check_id, object, setup, until, always) VALUES
('schema.public_acl', 'public', '', 14, true);

-- extensions, functions, types
INSERT INTO assess_test.cases (check_id, object, setup, neighbour) VALUES
('ext.unavailable', 'file_fdw', 'CREATE EXTENSION file_fdw', 'CREATE EXTENSION hstore'),
('ext.version', 'hstore', $$CREATE EXTENSION hstore; UPDATE pg_extension SET extversion = '1.99' WHERE extname = 'hstore'$$,
    $$CREATE EXTENSION hstore; UPDATE pg_extension SET extversion = '1.1.7' WHERE extname = 'hstore'$$),
('ext.needs_admin', 'dblink', 'CREATE EXTENSION dblink', 'CREATE EXTENSION hstore'),
('ext.comment', 'hstore', $$CREATE EXTENSION hstore; COMMENT ON EXTENSION hstore IS 'mine'$$, 'CREATE EXTENSION hstore'),
('ext.config_tables', 'hstore', $$CREATE EXTENSION hstore; CREATE TABLE {t} (); UPDATE pg_extension SET extconfig = ARRAY[{lt}::regclass::oid] WHERE extname = 'hstore'$$, 'CREATE EXTENSION hstore'),
('ext.in_app_schema', 'hstore', 'CREATE TABLE {t} (); CREATE EXTENSION hstore SCHEMA {s}', 'CREATE TABLE {t} (); CREATE EXTENSION hstore SCHEMA public'),
('lang.untrusted', '{n}', 'CREATE LANGUAGE {n} HANDLER plpgsql_call_handler', ''),
('job.scheduler', 'pgagent', 'CREATE SCHEMA pgagent', 'CREATE SCHEMA pgagents'),
('func.c', '{t}(integer)', $$CREATE FUNCTION {t}(int) RETURNS int LANGUAGE internal AS 'int4abs'$$,
    $$CREATE FUNCTION {t}(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE {u} AS RANGE (subtype = int4)$$),
('func.leakproof', '{t}({n} integer)', $$CREATE FUNCTION {t}({n} int) RETURNS int LANGUAGE sql LEAKPROOF AS 'SELECT 1'$$, $$CREATE FUNCTION {t}({n} int) RETURNS int LANGUAGE sql AS 'SELECT 1'$$),
('func.secdef_super', '{t}()', $$CREATE FUNCTION {t}() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'$$,
    $$CREATE ROLE {n}; CREATE FUNCTION {t}() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; ALTER FUNCTION {t}() OWNER TO {n}$$),
('func.config_super', '{t}()', $$CREATE PROCEDURE {t}() LANGUAGE sql SET log_min_messages = debug1 AS 'SELECT 1'$$, $$CREATE FUNCTION {t}() RETURNS int LANGUAGE sql SET work_mem = '1MB' AS 'SELECT 1'$$),
('func.search_path', '{u}(integer)', $$CREATE TABLE {t} (a int); CREATE FUNCTION {u}(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN 1; END'; CREATE INDEX ON {t} ({u}(a))$$,
    $$CREATE TABLE {t} (a int); CREATE FUNCTION {u}(int) RETURNS int LANGUAGE plpgsql IMMUTABLE SET search_path = '' AS 'BEGIN RETURN 1; END'; CREATE INDEX ON {t} ({u}(a));
    CREATE FUNCTION {s}.unused() RETURNS int LANGUAGE sql AS 'SELECT 1'$$),
('type.base', '{t}', $$CREATE TYPE {t}; CREATE FUNCTION {s}.i(cstring) RETURNS {t} AS 'int4in' LANGUAGE internal STRICT IMMUTABLE; CREATE FUNCTION {s}.o({t}) RETURNS cstring AS 'int4out' LANGUAGE internal STRICT IMMUTABLE; CREATE TYPE {t} (INPUT = {s}.i, OUTPUT = {s}.o, LIKE = int4)$$,
    $$CREATE TYPE {t} AS (a int); CREATE TYPE {u} AS ENUM ('a')$$),
('op.class', '{s}.{n} USING btree', $$CREATE OPERATOR CLASS {s}.{n} FOR TYPE int4 USING btree AS OPERATOR 1 <, FUNCTION 1 btint4cmp(int4, int4)$$, ''),
('op.class', '{s}.{n} USING hash', $$CREATE OPERATOR FAMILY {s}.{n} USING hash$$, ''),
('op.custom', '{s}.<<<', $$CREATE OPERATOR {s}.<<< (LEFTARG = int, RIGHTARG = int, FUNCTION = int4lt)$$, ''),
('cast.not_owned', '(text AS integer)', 'CREATE CAST (text AS int4) WITH INOUT', 'CREATE TABLE {t} (a int); CREATE CAST ({t} AS int) WITH INOUT'),
('am.access_method', '{n}', 'CREATE ACCESS METHOD {n} TYPE TABLE HANDLER heap_tableam_handler', ''),
('ts.parser_template', '{s}.{n}', 'CREATE TEXT SEARCH TEMPLATE {s}.{n} (LEXIZE = dsimple_lexize, INIT = dsimple_init)', 'CREATE TEXT SEARCH DICTIONARY {s}.{n} (TEMPLATE = simple)'),
('ts.parser_template', '{s}.{m}', 'CREATE TEXT SEARCH PARSER {s}.{m} (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)', ''),
('ts.dict_files', '{s}.{n}', $$CREATE TEXT SEARCH DICTIONARY {s}.{n} (TEMPLATE = simple, STOPWORDS = english); UPDATE pg_ts_dict SET dictinitoption = 'stopwords = ''mine''' WHERE oid = (SELECT max(oid) FROM pg_ts_dict)$$,
    'CREATE TEXT SEARCH DICTIONARY {s}.{n} (TEMPLATE = simple, STOPWORDS = english)'),
('conv.custom', '{s}.{n}', $$CREATE CONVERSION {s}.{n} FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8$$, ''),
('fdw.wrapper', '{n}', 'CREATE FOREIGN DATA WRAPPER {n}', 'CREATE EXTENSION postgres_fdw'),
('evt.trigger', '{n}', $$CREATE FUNCTION {t}() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER {n} ON sql_drop EXECUTE FUNCTION {t}()$$, ''),
('fdw.file_fdw', '{n}', 'CREATE EXTENSION file_fdw; CREATE SERVER {n} FOREIGN DATA WRAPPER file_fdw', 'CREATE EXTENSION postgres_fdw; CREATE SERVER {n} FOREIGN DATA WRAPPER postgres_fdw'),
('fdw.server_reach', '{n}', $$CREATE EXTENSION postgres_fdw; CREATE SERVER {n} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'x')$$, $$CREATE EXTENSION postgres_fdw; CREATE SERVER {n} FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname 'x')$$),
('fdw.user_mapping', 'PUBLIC on server {n}', 'CREATE EXTENSION postgres_fdw; CREATE SERVER {n} FOREIGN DATA WRAPPER postgres_fdw; CREATE USER MAPPING FOR PUBLIC SERVER {n}', 'CREATE EXTENSION postgres_fdw; CREATE SERVER {n} FOREIGN DATA WRAPPER postgres_fdw'),
('pub.all_tables', '{n}', 'CREATE PUBLICATION {n} FOR ALL TABLES', 'CREATE PUBLICATION {n}'),
('pub.existing', '{n}', 'CREATE PUBLICATION {n}', ''),
('pub.foreign_key_outside', '{n}: {u}', 'CREATE TABLE {t} (a int PRIMARY KEY); CREATE TABLE {u} (a int REFERENCES {t}); CREATE PUBLICATION {n} FOR TABLE {t}', 'CREATE TABLE {t} (a int PRIMARY KEY); CREATE TABLE {u} (a int REFERENCES {t}); CREATE PUBLICATION {n} FOR TABLE {t}, {u}'),
('sub.existing', '{n}', $$CREATE SUBSCRIPTION {n} CONNECTION 'dbname=x host=h port=1' PUBLICATION p WITH (connect = false, slot_name = NONE, create_slot = false, enabled = false)$$, ''),
('slot.inactive', 'assess_slot', $$SELECT pg_create_physical_replication_slot('assess_slot')$$, ''),
('func.server_files', '{t}()', $$CREATE FUNCTION {t}() RETURNS text LANGUAGE sql AS 'SELECT pg_read_file(''x'')'$$, $$CREATE FUNCTION {t}() RETURNS text LANGUAGE sql AS 'SELECT ''copy that from me'''$$),
('func.dblink', '{t}()', $$CREATE FUNCTION {t}() RETURNS void LANGUAGE plpgsql AS 'BEGIN PERFORM dblink_exec (''x'', ''y''); END'$$, $$CREATE FUNCTION {t}() RETURNS text LANGUAGE sql AS 'SELECT ''my_dblink()'''$$);
INSERT INTO assess_test.cases (check_id, object, setup, neighbour, since) VALUES
('pub.schemas', '{n}', 'CREATE PUBLICATION {n} FOR TABLES IN SCHEMA {s}', 'CREATE PUBLICATION {n}', 15),
('coll.db_version', NULL, $$UPDATE pg_database SET datcollversion = '0' WHERE datname = current_database()$$, '', 15),
('fts.provider', NULL, $$UPDATE pg_database SET datlocprovider = 'i' WHERE datname = current_database()$$, '', 15),
('con.not_enforced', '{t}.{n}', 'CREATE TABLE {t} (a int CONSTRAINT {n} CHECK (a > 0) NOT ENFORCED)', 'CREATE TABLE {t} (a int CHECK (a > 0))', 18),
('tbl.generated_virtual', '{t}.{n}', 'CREATE TABLE {t} (a int, {n} int GENERATED ALWAYS AS (a * 2) VIRTUAL)', 'CREATE TABLE {t} (a int, {n} int GENERATED ALWAYS AS (a * 2) STORED)', 18),
('toast.lz4', '{t}.{n}', $$CREATE TABLE {t} ({n} text); UPDATE pg_attribute SET attcompression = 'l' WHERE attrelid = {lt}::regclass AND attnum = 1$$, 'CREATE TABLE {t} ({n} text)', 14);
INSERT INTO assess_test.cases (check_id, object, setup, neighbour, target_version) VALUES
('coll.builtin', NULL, $$UPDATE pg_database SET datlocprovider = 'b', datlocale = 'PG_UNICODE_FAST' WHERE datname = current_database()$$,
    $$UPDATE pg_database SET datlocprovider = 'b', datlocale = 'C.UTF-8' WHERE datname = current_database()$$, 17);

-- collations
INSERT INTO assess_test.cases (check_id, object, setup, neighbour) VALUES
('coll.db_locale', NULL, $$UPDATE pg_database SET datcollate = 'English_United States.1252' WHERE datname = current_database()$$, $$UPDATE pg_database SET datcollate = 'de_DE.UTF-8@euro', datctype = 'POSIX' WHERE datname = current_database()$$),
('coll.glibc', NULL, $$UPDATE pg_database SET datcollate = 'en_US.UTF-8' WHERE datname = current_database()$$, $$UPDATE pg_database SET datcollate = 'C.UTF-8' WHERE datname = current_database(); CREATE TABLE {t} (a text COLLATE "C")$$),
('coll.version_mismatch', '{s}.{n}', $$CREATE COLLATION {s}.{n} (provider = icu, locale = 'de'); CREATE TABLE {t} (a text COLLATE {s}.{n}); UPDATE pg_collation SET collversion = '0' WHERE collname = (SELECT max(collname) FROM pg_collation WHERE oid > 16384)$$,
    $$CREATE COLLATION {s}.{n} (provider = icu, locale = 'de'); CREATE TABLE {t} (a text COLLATE {s}.{n})$$),
('coll.icu', '{s}.{n}', $$CREATE COLLATION {s}.{n} (provider = icu, locale = 'de-u-co-phonebk', deterministic = false)$$, $$CREATE COLLATION {s}.{n} (provider = libc, locale = 'C')$$),
('coll.nondeterministic_fk', '{u}.{m}', $$CREATE COLLATION {s}.a (provider = icu, locale = 'de', deterministic = false); CREATE COLLATION {s}.b (provider = icu, locale = 'fr', deterministic = false);
    CREATE TABLE {t} (a text COLLATE {s}.a PRIMARY KEY); CREATE TABLE {u} (b text COLLATE {s}.b CONSTRAINT {m} REFERENCES {t})$$,
    $$CREATE COLLATION {s}.a (provider = icu, locale = 'de', deterministic = false); CREATE TABLE {t} (a text COLLATE {s}.a PRIMARY KEY); CREATE TABLE {u} (b text COLLATE {s}.a REFERENCES {t})$$),
('part.by_text_or_enum', '{t}', $$CREATE TYPE {s}.e AS ENUM ('a'); CREATE TABLE {t} ({n} {s}.e) PARTITION BY HASH ({n})$$, $$CREATE TABLE {t} (a int) PARTITION BY HASH (a); CREATE TABLE {u} (a text COLLATE "C") PARTITION BY RANGE (a)$$),
('part.by_text_or_enum', '{t}', $$CREATE TABLE {t} ({n} text) PARTITION BY RANGE ({n})$$, $$CREATE TABLE {t} (a text) PARTITION BY LIST (a)$$),
('money.columns', '{t}.{n}', 'CREATE TABLE {t} ({n} money)', 'CREATE TABLE {t} ({n} numeric)'),

-- tables
('tbl.unlogged', '{t}', 'CREATE UNLOGGED TABLE {t} (a int)', 'CREATE TABLE {t} (a int)'),
('tbl.unlogged_partitioned', '{t}', $$CREATE TABLE {t} (a int) PARTITION BY HASH (a); UPDATE pg_class SET relpersistence = 'u' WHERE oid = {lt}::regclass$$, 'CREATE TABLE {t} (a int) PARTITION BY HASH (a)'),
('tbl.inheritance', '{t}', 'CREATE TABLE {t} (a int); CREATE TABLE {u} () INHERITS ({t})', 'CREATE TABLE {t} (a int) PARTITION BY HASH (a); CREATE TABLE {u} PARTITION OF {t} FOR VALUES WITH (modulus 1, remainder 0)'),
('tbl.partitioned', '{t}', 'CREATE TABLE {t} (a int) PARTITION BY HASH (a)', 'CREATE TABLE {t} (a int); CREATE TABLE {u} () INHERITS ({t})'),
('tbl.not_replicated_kinds', 'views', 'CREATE VIEW {t} AS SELECT 1', 'CREATE TABLE {t} ()'),
('tbl.generated', '{t}.{n}', 'CREATE TABLE {t} (a int, {n} int GENERATED ALWAYS AS (a * 2) STORED)', 'CREATE TABLE {t} (a int, {n} int DEFAULT 2)'),
('tbl.identity', 'identity columns', 'CREATE TABLE {t} (a int GENERATED ALWAYS AS IDENTITY)', 'CREATE TABLE {t} (a serial)'),
('tbl.access_method', '{t}', 'CREATE ACCESS METHOD {n} TYPE TABLE HANDLER heap_tableam_handler; CREATE TABLE {t} (a int) USING {n}', 'CREATE TABLE {t} (a int)'),
('con.exclusion', '{t}.{m}', 'CREATE TABLE {t} (a int, CONSTRAINT {m} EXCLUDE (a WITH =))', 'CREATE TABLE {t} (a int UNIQUE)'),
('con.not_valid', '{t}.{n}', 'CREATE TABLE {t} (a int); ALTER TABLE {t} ADD CONSTRAINT {n} CHECK (a > 0) NOT VALID', 'CREATE TABLE {t} (a int); ALTER TABLE {t} ADD CONSTRAINT {n} CHECK (a > 0)'),
('con.not_valid', '{u}.{n}', 'CREATE TABLE {t} (a int PRIMARY KEY); CREATE TABLE {u} (b int); ALTER TABLE {u} ADD CONSTRAINT {n} FOREIGN KEY (b) REFERENCES {t} NOT VALID', ''),
('con.not_valid', '{t}.{n}', 'CREATE DOMAIN {t} AS int; ALTER DOMAIN {t} ADD CONSTRAINT {n} CHECK (VALUE > 0) NOT VALID', 'CREATE DOMAIN {t} AS int CHECK (VALUE > 0)'),
('con.not_null_inherited', '{u}.{n}', 'CREATE TABLE {t} ({n} int NOT NULL); CREATE TABLE {u} () INHERITS ({t}); ALTER TABLE {u} ALTER {n} DROP NOT NULL', 'CREATE TABLE {t} ({n} int NOT NULL); CREATE TABLE {u} () INHERITS ({t})'),
('con.foreign_keys', 'foreign keys', 'CREATE TABLE {t} (a int PRIMARY KEY); CREATE TABLE {u} (b int REFERENCES {t})', 'CREATE TABLE {t} (a int PRIMARY KEY)'),
('trg.always_or_replica', '{t}.{n}', $$CREATE TABLE {t} (a int); CREATE FUNCTION {u}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER {n} BEFORE INSERT ON {t} EXECUTE FUNCTION {u}(); ALTER TABLE {t} ENABLE ALWAYS TRIGGER {n}$$,
    $$CREATE TABLE {t} (a int); CREATE FUNCTION {u}() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER {n} BEFORE INSERT ON {t} EXECUTE FUNCTION {u}()$$),
('trg.always_or_replica', '{t}.{n}', 'CREATE TABLE {t} (a int); CREATE RULE {n} AS ON INSERT TO {t} DO NOTHING; ALTER TABLE {t} ENABLE REPLICA RULE {n}', 'CREATE TABLE {t} (a int); CREATE RULE {n} AS ON INSERT TO {t} DO NOTHING'),
('rls.enabled', '{t}', 'CREATE TABLE {t} (a int); ALTER TABLE {t} ENABLE ROW LEVEL SECURITY', 'CREATE TABLE {t} (a int); CREATE POLICY {n} ON {t} USING (true)'),
('idx.invalid_partitioned', '{u}', 'CREATE TABLE {t} (a int) PARTITION BY HASH (a); CREATE TABLE {s}.leaf PARTITION OF {t} FOR VALUES WITH (modulus 1, remainder 0); CREATE INDEX {m} ON ONLY {t} (a)',
    'CREATE TABLE {t} (a int) PARTITION BY HASH (a); CREATE TABLE {s}.leaf PARTITION OF {t} FOR VALUES WITH (modulus 1, remainder 0); CREATE INDEX {m} ON {t} (a)'),
('idx.unique_duplicates', '{u}', $$CREATE TABLE {t} (a int, {n} text); CREATE UNIQUE INDEX {m} ON {t} ({n}, a) INCLUDE (a); UPDATE pg_index SET indisready = false WHERE indexrelid = {lu}::regclass;
    INSERT INTO {t} VALUES (1, 'x'), (1, 'x'); UPDATE pg_index SET indisready = true WHERE indexrelid = {lu}::regclass$$,
    $$CREATE TABLE {t} (a int, {n} text); CREATE UNIQUE INDEX {m} ON {t} ({n}, a); INSERT INTO {t} VALUES (1, 'x'), (2, 'x'), (1, NULL), (1, NULL)$$),
('idx.hash', '{u}', 'CREATE TABLE {t} (a int); CREATE INDEX {m} ON {t} USING hash (a)', 'CREATE TABLE {t} (a int); CREATE INDEX {m} ON {t} (a)'),
('matview.refresh', '{t}', 'CREATE MATERIALIZED VIEW {t} AS SELECT 1', 'CREATE VIEW {t} AS SELECT 1'),
('stats.extended', '{s}.{n}', 'CREATE TABLE {t} (a int, b int); CREATE STATISTICS {s}.{n} ON a, b FROM {t}', 'CREATE TABLE {t} (a int, b int)'),
('name.case_duplicates', '{s}."TT"', 'CREATE TABLE {s}.tt (); CREATE TABLE {s}."TT" ()', 'CREATE TABLE {s}.tt (); CREATE TABLE {s}.tt2 ()'),
('tbl.temporary', NULL, 'CREATE TEMPORARY TABLE assess_temporary ()', 'CREATE TABLE {t} ()'),

-- columns
('seq.all', 'sequences', 'CREATE SEQUENCE {t}', 'CREATE TABLE {t} ()'),
('seq.near_end', '{u}', $$CREATE SEQUENCE {u} AS int; CREATE TABLE {t} ({n} int DEFAULT nextval({lu})); ALTER SEQUENCE {u} OWNED BY {t}.{n}; SELECT setval({lu}, 2000000000)$$,
    $$CREATE SEQUENCE {u} AS int; CREATE TABLE {t} ({n} int DEFAULT nextval({lu})); ALTER SEQUENCE {u} OWNED BY {t}.{n}; SELECT setval({lu}, 1000000000);
    CREATE SEQUENCE assess_test.big; CREATE TABLE assess_test.x (a bigint); ALTER SEQUENCE assess_test.big OWNED BY assess_test.x.a; SELECT setval('assess_test.big', 4000000000000)$$),
('seq.near_end', 'assess_test.x_a_seq', $$CREATE TABLE assess_test.x (a int GENERATED ALWAYS AS IDENTITY); SELECT setval('assess_test.x_a_seq', 2000000000)$$, ''),
('type.reg', '{t}.{n}', 'CREATE TABLE {t} ({n} regproc)', 'CREATE TABLE {t} ({n} regclass)'),
('type.reg', '{t}.{n}', 'CREATE TABLE {t} ({n} regproc[])', 'CREATE DOMAIN {u} AS regtype; CREATE TABLE {t} ({n} {u})'),
('type.oid', '{t}.{n}', 'CREATE DOMAIN {u} AS oid; CREATE TABLE {t} ({n} {u})', 'CREATE TABLE {t} ({n} bigint[])'),
('type.oid', '{t}.{n}', 'CREATE TABLE {t} ({n} oid)', 'CREATE TABLE {t} ({n} bigint)'),
('type.transaction_ids', '{t}.{n}', 'CREATE TABLE {t} ({n} pg_lsn)', 'CREATE TABLE {t} ({n} bigint)'),
('type.transaction_ids', '{t}.{n}', 'CREATE TABLE {t} ({n} xid[])', 'CREATE TABLE {t} ({n} bigint[])'),
('type.composite_columns', '{t}.{n}', 'CREATE TYPE {u} AS (a int); CREATE TABLE {t} ({n} {u})', 'CREATE TYPE {u} AS ENUM (''a''); CREATE TABLE {t} ({n} {u})'),
('type.array_without_key', '{t}', 'CREATE TABLE {t} (a int[])', 'CREATE TABLE {t} (a int[] PRIMARY KEY)'),
('type.numeric_unbounded', '{t}.{n}', 'CREATE TABLE {t} ({n} numeric)', 'CREATE TABLE {t} ({n} numeric(10, 2))'),
('type.no_binary', '{t}.{n}', 'CREATE TABLE {t} ({n} aclitem)', 'CREATE TABLE {t} ({n} text[])'),

-- replica identity, without counted updates
('ri.insert_only', '{t}', 'CREATE TABLE {t} (a int)', 'CREATE TABLE {t} (a int PRIMARY KEY); CREATE UNLOGGED TABLE {u} (a int)'),
('ri.insert_only', '{t}', 'CREATE TABLE {t} (a int NOT NULL UNIQUE, j json)', ''),
('ri.insert_only', '{t}', 'CREATE TABLE {t} (a int PRIMARY KEY); ALTER TABLE {t} REPLICA IDENTITY NOTHING', 'CREATE TABLE {t} (a int); ALTER TABLE {t} REPLICA IDENTITY FULL'),
('ri.full_no_equality', '{t}', 'CREATE TYPE {s}.c AS (a int, p point); CREATE DOMAIN {s}.d AS {s}.c[]; CREATE TABLE {t} (a {s}.d, k int NOT NULL UNIQUE); ALTER TABLE {t} REPLICA IDENTITY FULL',
    'CREATE TABLE {t} (a jsonb, b text[], c int4range, d varchar(3), e inet[], f bit(3), g xid); ALTER TABLE {t} REPLICA IDENTITY FULL'),
('ri.full_slow', '{t}', 'CREATE TABLE {t} (a int, k int NOT NULL UNIQUE); ALTER TABLE {t} REPLICA IDENTITY FULL', 'CREATE TABLE {t} (a int PRIMARY KEY); ALTER TABLE {t} REPLICA IDENTITY FULL'),
('ri.pk_deferrable', '{t}', 'CREATE TABLE {t} (a int PRIMARY KEY DEFERRABLE)', 'CREATE TABLE {t} (a int PRIMARY KEY)'),
('ri.index_dropped', '{t}', 'CREATE TABLE {t} (a int NOT NULL); CREATE UNIQUE INDEX {m} ON {t} (a); ALTER TABLE {t} REPLICA IDENTITY USING INDEX {m}; DROP INDEX {u}',
    'CREATE TABLE {t} (a int NOT NULL); CREATE UNIQUE INDEX {m} ON {t} (a); ALTER TABLE {t} REPLICA IDENTITY USING INDEX {m}');

-- Tables with counted updates; the counters arrive a little later.
CREATE TABLE assess_test.updated (a int PRIMARY KEY, k int NOT NULL, b json);
CREATE UNIQUE INDEX updated_k ON assess_test.updated (k);
INSERT INTO assess_test.updated VALUES (1, 1, '{}');
UPDATE assess_test.updated SET k = 2;
DO $$
BEGIN
    FOR i IN 1..100 LOOP
        EXIT WHEN pg_stat_get_tuples_updated('assess_test.updated'::regclass) > 0;
        COMMIT;
        PERFORM pg_sleep(0.1 + 1.1 * (i = 1)::int);
    END LOOP;
END $$;
INSERT INTO assess_test.cases (check_id, object, setup, neighbour) VALUES
('ri.none', 'assess_test.updated', 'ALTER TABLE assess_test.updated DROP CONSTRAINT updated_pkey', 'ALTER TABLE assess_test.updated REPLICA IDENTITY FULL'),
('ri.none', 'assess_test.updated', 'ALTER TABLE assess_test.updated REPLICA IDENTITY NOTHING', ''),
('ri.full_wal', 'assess_test.updated', 'ALTER TABLE assess_test.updated REPLICA IDENTITY FULL', 'CREATE TABLE {t} (a int); ALTER TABLE {t} REPLICA IDENTITY FULL');

CREATE FUNCTION assess_test.applies(c assess_test.cases) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT current_setting('server_version_num')::int / 10000 BETWEEN GREATEST(c.since, k.from_version) AND LEAST(c.until, k.to_version)
    FROM airlift.checks() k WHERE k.id = c.check_id
$$;
SELECT assess_test.named('CREATE SCHEMA {s}') \gexec
SELECT DISTINCT check_id AS unknown_check FROM assess_test.cases WHERE check_id NOT IN (SELECT id FROM airlift.checks());
SELECT count(*) > 100 AS many_cases FROM assess_test.cases c WHERE assess_test.applies(c);
CREATE TABLE assess_test.results AS
SELECT c.check_id, c.object, assess_test.fires(c) AS firing, CASE WHEN c.neighbour <> '' THEN assess_test.is_silent(c) END AS silence
FROM assess_test.cases c WHERE assess_test.applies(c);
SELECT * FROM assess_test.results WHERE firing IS NOT NULL OR silence IS NOT NULL ORDER BY check_id;

SELECT assess_test.named('DROP SCHEMA {s} CASCADE') \gexec
DROP SCHEMA assess_test CASCADE;
