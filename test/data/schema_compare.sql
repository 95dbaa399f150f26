-- A schema with something of every kind, for the comparison of schemas. Runs on 13 and later as a superuser.
-- Roles compare_alice, compare_bob and compare_reader exist.
CREATE SCHEMA app AUTHORIZATION compare_alice;
CREATE SCHEMA "Mixed.Case ""q";
COMMENT ON SCHEMA app IS 'the app''s';
GRANT USAGE ON SCHEMA app TO compare_bob WITH GRANT OPTION;
GRANT CREATE ON SCHEMA app TO PUBLIC;
CREATE EXTENSION hstore SCHEMA app;
CREATE EXTENSION citext;
CREATE EXTENSION btree_gist;
CREATE EXTENSION pg_trgm;
CREATE EXTENSION postgres_fdw;
COMMENT ON EXTENSION citext IS 'mine';
SET search_path = app, public;
CREATE TYPE mood AS ENUM ('sad', 'o''k', 'hap\py');
ALTER TYPE mood ADD VALUE 'meh' BEFORE 'sad';
COMMENT ON TYPE mood IS 'm';
CREATE DOMAIN posint AS int DEFAULT 1 NOT NULL CHECK (VALUE > 0);
ALTER DOMAIN posint ADD CONSTRAINT small CHECK (VALUE < 1000) NOT VALID;
CREATE DOMAIN ctext AS text COLLATE "C" CHECK (VALUE ~ '^[a-z]+$' AND length(VALUE) BETWEEN 1 AND 10);
CREATE TYPE addr AS (street text COLLATE "C", zip varchar(10), tags text[]);
CREATE TYPE floatrange AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE COLLATION nd (provider = icu, locale = 'de-u-ks-level2', deterministic = false);
CREATE FUNCTION f_plain(a int, b text DEFAULT 'x''y', VARIADIC c int[] DEFAULT '{1,2}') RETURNS TABLE(x int, y text)
  LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 7 ROWS 3 SET work_mem = '8MB' SET search_path = app, pg_temp AS $$begin return query select a, b; end$$;
CREATE FUNCTION f_plain(mood, OUT o1 int, INOUT io addr) LANGUAGE sql IMMUTABLE AS 'select 1, io';
CREATE PROCEDURE p_in(a int, INOUT b text) LANGUAGE plpgsql SECURITY DEFINER AS $$begin b := 'x'; end$$;
CREATE AGGREGATE myavg(float8) (SFUNC = float8_accum, STYPE = float8[], FINALFUNC = float8_avg, INITCOND =
  '{0,0,0}', COMBINEFUNC = float8_combine, PARALLEL = SAFE);
CREATE AGGREGATE mypct(float8 ORDER BY float8) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC =
  percentile_disc_final, FINALFUNC_EXTRA);
CREATE FUNCTION moodnum(mood) RETURNS int LANGUAGE sql IMMUTABLE AS $$select 1$$;
CREATE CAST (mood AS int) WITH FUNCTION moodnum(mood) AS ASSIGNMENT;
CREATE FUNCTION addr_eq(addr, addr) RETURNS bool LANGUAGE sql IMMUTABLE AS $$select $1.zip = $2.zip$$;
CREATE OPERATOR === (LEFTARG = addr, RIGHTARG = addr, FUNCTION = addr_eq, COMMUTATOR = ===, RESTRICT = eqsel, JOIN =
  eqjoinsel);
CREATE TEXT SEARCH DICTIONARY dict (TEMPLATE = pg_catalog.simple, STOPWORDS = english);
CREATE TEXT SEARCH CONFIGURATION cfg (COPY = pg_catalog.english);
ALTER TEXT SEARCH CONFIGURATION cfg ALTER MAPPING FOR asciiword WITH dict, english_stem;
CREATE SEQUENCE s1 AS smallint INCREMENT -2 MINVALUE -100 MAXVALUE 50 START 10 CACHE 5 CYCLE;
CREATE TABLE t1 (id bigint GENERATED ALWAYS AS IDENTITY (START 5 INCREMENT 3),
  "Weird ""col.1" int DEFAULT nextval('s1'),
  v varchar(20) COLLATE "C" NOT NULL DEFAULT 'a'::text || 'b',
  m mood DEFAULT 'sad',
  ts timestamptz DEFAULT now() - interval '1 day 02:03',
  d date DEFAULT CURRENT_DATE,
  u text DEFAULT CURRENT_USER,
  su name DEFAULT SESSION_USER,
  n numeric(10,2) DEFAULT 1.5e3,
  g numeric GENERATED ALWAYS AS (n * 2) STORED,
  j jsonb DEFAULT '{"a":1}',
  arr int[] DEFAULT ARRAY[1,2],
  h hstore,
  c citext,
  ad addr,
  fr floatrange,
  b bit(3) DEFAULT B'101',
  tz timestamptz DEFAULT ('2020-01-01'::timestamp AT TIME ZONE 'UTC'),
  ex float8 DEFAULT extract(epoch from now()),
  su2 text DEFAULT substring('abcdef' from 2 for 3),
  tr text DEFAULT trim(both 'x' from 'xax'),
  ov text DEFAULT overlay('abc' placing 'z' from 1),
  po int DEFAULT position('a' in 'ba'),
  nrm text DEFAULT normalize('a', NFC),
  PRIMARY KEY (id) INCLUDE (v),
  UNIQUE (v, m) DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT chk CHECK (n > 0 AND v LIKE 'a%' OR m IN ('sad', 'meh') AND NOT (j @> '{}')
  OR v IS DISTINCT FROM 'q' AND d BETWEEN '2000-01-01' AND 'infinity'
  OR v = ANY (ARRAY['x','y']) OR CASE WHEN n > 5 THEN true ELSE false END) NO INHERIT,
  CONSTRAINT nv CHECK (length(v) < 100),
  EXCLUDE USING gist (n WITH =, fr WITH &&) WHERE (n > 1)) WITH (fillfactor = 70, autovacuum_enabled = off, toast.autovacuum_enabled = off);
ALTER TABLE t1 ADD COLUMN dropme int;
ALTER TABLE t1 DROP COLUMN dropme;
ALTER TABLE t1 ALTER n SET STATISTICS 500, ALTER v SET (n_distinct = 10), ALTER j SET STORAGE EXTERNAL;
ALTER TABLE t1 ADD CONSTRAINT nv2 CHECK (n < 1e9) NOT VALID;
COMMENT ON TABLE t1 IS E'line\nbreak';
COMMENT ON COLUMN t1.v IS 'vee';
COMMENT ON CONSTRAINT chk ON t1 IS 'chk';
COMMENT ON FUNCTION moodnum(mood) IS 'f';
COMMENT ON COLUMN t1."Weird ""col.1" IS 'w';
COMMENT ON SEQUENCE s1 IS 's';
CREATE INDEX i_expr ON t1 USING btree (lower(v) COLLATE "C" text_pattern_ops DESC NULLS LAST, (n + 1)) INCLUDE (m)
  WITH (fillfactor = 80) WHERE n > 0 AND v <> '';
CREATE INDEX i_gin ON t1 USING gin (j jsonb_path_ops, v gin_trgm_ops);
CREATE INDEX i_brin ON t1 USING brin (id) WITH (pages_per_range = 16);
CREATE UNIQUE INDEX i_uq ON t1 (id, v);
CLUSTER t1 USING i_uq;
ALTER TABLE t1 REPLICA IDENTITY USING INDEX i_uq;
COMMENT ON INDEX i_gin IS 'gin';
CREATE STATISTICS st1 (ndistinct, mcv) ON v, m FROM t1;
CREATE TABLE child (id serial PRIMARY KEY, t1_id bigint REFERENCES t1 ON DELETE CASCADE ON UPDATE SET NULL
  DEFERRABLE, x int);
ALTER TABLE child ADD CONSTRAINT fk2 FOREIGN KEY (t1_id) REFERENCES t1 (id) NOT VALID;
ALTER TABLE child ADD CONSTRAINT c_using UNIQUE (x);
CREATE TABLE parent_inh (a int CHECK (a > 0), b text NOT NULL);
CREATE TABLE kid1 (c int) INHERITS (parent_inh);
CREATE TABLE kid2 (b text, z int) INHERITS (parent_inh);
ALTER TABLE kid1 ALTER b SET DEFAULT 'k';
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS $$begin return new; end$$;
CREATE UNLOGGED TABLE unl (a int);
CREATE TABLE typed OF addr (PRIMARY KEY (zip));
CREATE TABLE zero ();
CREATE TABLE rid (a int);
ALTER TABLE rid REPLICA IDENTITY FULL;
CREATE TABLE part (id int NOT NULL, k date NOT NULL, v text, PRIMARY KEY (id, k), t1_id bigint REFERENCES t1)
  PARTITION BY RANGE (k);
CREATE TABLE part_a PARTITION OF part FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE part_e (k date, id int) PARTITION BY RANGE (k, (id % 10));
CREATE TABLE part_e1 PARTITION OF part_e FOR VALUES FROM ('2020-01-01', MINVALUE) TO ('2021-01-01', 5);
CREATE TABLE part_d PARTITION OF part DEFAULT;
CREATE TABLE part_l (v text, z int) PARTITION BY LIST (v);
CREATE TABLE part_d1 PARTITION OF part_l FOR VALUES IN ('a', NULL) PARTITION BY RANGE (z);
CREATE TABLE part_d2 PARTITION OF part_d1 DEFAULT;
CREATE TRIGGER trp AFTER INSERT ON part_l FOR EACH ROW EXECUTE FUNCTION trg();
CREATE TABLE part_h (id int, v text) PARTITION BY HASH (id);
CREATE TABLE part_h0 PARTITION OF part_h FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part_h1 (v text, id int);
ALTER TABLE part_h ATTACH PARTITION part_h1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE INDEX part_v ON part (v);
CREATE TABLE refs_part (i int, k date, FOREIGN KEY (i, k) REFERENCES part);
CREATE TRIGGER tr1 BEFORE INSERT OR UPDATE OF v, n ON t1 FOR EACH ROW WHEN (NEW.v <> 'x') EXECUTE FUNCTION trg('a',
  'b''c');
CREATE TRIGGER tr2 AFTER DELETE ON t1 REFERENCING OLD TABLE AS o FOR EACH STATEMENT EXECUTE FUNCTION trg();
CREATE CONSTRAINT TRIGGER tr3 AFTER INSERT ON t1 FROM child DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE
  FUNCTION trg();
ALTER TABLE t1 DISABLE TRIGGER tr2;
ALTER TABLE t1 ENABLE ALWAYS TRIGGER tr1;
CREATE TRIGGER trp AFTER INSERT ON part FOR EACH ROW EXECUTE FUNCTION trg();
ALTER TABLE part_d DISABLE TRIGGER trp;
COMMENT ON TRIGGER tr1 ON t1 IS 'tr';
CREATE VIEW v1 WITH (security_barrier) AS SELECT t.id, t.v, count(*) OVER (PARTITION BY t.m ORDER BY t.id) AS c FROM
  t1 t JOIN child c USING (id) WHERE EXISTS (SELECT 1 FROM part);
CREATE VIEW v2 AS SELECT id, v AS "V" FROM t1 WHERE n > 0 WITH LOCAL CHECK OPTION;
CREATE MATERIALIZED VIEW mv AS SELECT m, sum(n) s FROM t1 GROUP BY m WITH NO DATA;
CREATE MATERIALIZED VIEW mv2 AS SELECT 1 AS one;
CREATE UNIQUE INDEX mvi ON mv2 (one);
COMMENT ON VIEW v1 IS 'v';
COMMENT ON MATERIALIZED VIEW mv IS 'mv';
COMMENT ON COLUMN v1.c IS 'cc';
CREATE RULE r1 AS ON INSERT TO v1 DO INSTEAD INSERT INTO child (t1_id) VALUES (NEW.id);
CREATE RULE r2 AS ON UPDATE TO rid DO ALSO NOTIFY x;
ALTER TABLE child ENABLE ROW LEVEL SECURITY;
ALTER TABLE child FORCE ROW LEVEL SECURITY;
CREATE POLICY pol ON child AS RESTRICTIVE FOR UPDATE TO compare_bob, compare_alice USING (x > 0 AND current_user =
  'compare_bob') WITH CHECK (x < 100);
CREATE POLICY pol2 ON child FOR SELECT USING (true);
CREATE SERVER srv TYPE 't' VERSION '1' FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'h', dbname 'd');
CREATE USER MAPPING FOR compare_bob SERVER srv OPTIONS (user 'u', password 'p');
CREATE USER MAPPING FOR PUBLIC SERVER srv;
CREATE FOREIGN TABLE ft (a int OPTIONS (column_name 'b'), c text NOT NULL) SERVER srv OPTIONS (schema_name 's');
GRANT USAGE ON FOREIGN SERVER srv TO compare_bob;
CREATE FUNCTION evt() RETURNS event_trigger LANGUAGE plpgsql AS $$begin end$$;
CREATE EVENT TRIGGER et ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION evt();
ALTER EVENT TRIGGER et DISABLE;
ALTER TABLE t1 OWNER TO compare_alice;
ALTER FUNCTION trg() OWNER TO compare_alice;
ALTER TYPE mood OWNER TO compare_bob;
GRANT SELECT, INSERT ON t1 TO compare_bob WITH GRANT OPTION;
SET ROLE compare_bob;
GRANT SELECT ON app.t1 TO compare_reader;
RESET ROLE;
GRANT UPDATE (v, n) ON t1 TO compare_reader;
GRANT ALL ON child TO compare_bob;
REVOKE EXECUTE ON FUNCTION moodnum(mood) FROM PUBLIC;
GRANT USAGE ON SEQUENCE s1 TO compare_bob;
REVOKE USAGE ON TYPE mood FROM PUBLIC;
REVOKE ALL ON rid FROM postgres;
GRANT EXECUTE ON PROCEDURE p_in(int, text) TO compare_bob;
GRANT SELECT ON v1, mv TO PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO compare_bob;
ALTER DEFAULT PRIVILEGES FOR ROLE compare_alice REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE compare_alice GRANT ALL ON TABLES TO compare_reader;
CREATE TABLE "Mixed.Case ""q"."T.able
nl" ("A b" int PRIMARY KEY, "select" text DEFAULT '"x"', "name" int, "system_user" int, "json_table" int, CHECK ("system_user" > "json_table"));
CREATE INDEX "I x" ON "Mixed.Case ""q"."T.able
nl" ("select", "json_table", name);
COMMENT ON COLUMN "Mixed.Case ""q"."T.able
nl"."json_table" IS 'kw';
