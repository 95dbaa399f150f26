-- An object for each check of the catalogue that offers a fix and a way back, with names that want quoting. As superuser;
-- psql -v database=NAME -v role=NAME, the role has no privilege on the schema.
SET client_min_messages = error;
CREATE SCHEMA "fix
'""es";
SET search_path = "fix
'""es";

CREATE TABLE "up'dated ""index""" (a int NOT NULL, b text, c int NOT NULL);
CREATE UNIQUE INDEX "on 'c'" ON "up'dated ""index""" (c);
CREATE TABLE updated_full (a int);
CREATE TABLE updated_nothing (a int PRIMARY KEY);
ALTER TABLE updated_nothing REPLICA IDENTITY NOTHING;
CREATE TABLE "updated wal" (a int PRIMARY KEY);
ALTER TABLE "updated wal" REPLICA IDENTITY FULL;
CREATE TABLE inserted (a int);
CREATE TABLE "no equality" (a int NOT NULL UNIQUE, j json);
ALTER TABLE "no equality" REPLICA IDENTITY FULL;
CREATE TABLE deferrable_key (a int PRIMARY KEY DEFERRABLE, b text);

INSERT INTO "up'dated ""index""" VALUES (1, 'x', 1);
INSERT INTO updated_full VALUES (1);
INSERT INTO updated_nothing VALUES (1);
INSERT INTO "updated wal" VALUES (1);
UPDATE "up'dated ""index""" SET b = 'y';
UPDATE updated_full SET a = 2;
UPDATE updated_nothing SET a = 2;
UPDATE "updated wal" SET a = 2;

CREATE UNLOGGED TABLE "un""logged" (a serial, b text);
CREATE TABLE referred (a int PRIMARY KEY);
CREATE TABLE "con'strained" (a int, b int);
ALTER TABLE "con'strained" ADD CONSTRAINT "che""ck" CHECK (a > 0) NOT VALID, ADD CONSTRAINT "for'eign" FOREIGN KEY (b) REFERENCES referred ON DELETE CASCADE NOT VALID;
COMMENT ON CONSTRAINT "che""ck" ON "con'strained" IS 'with a ''comment''';
CREATE DOMAIN "dom'ain" AS int;
ALTER DOMAIN "dom'ain" ADD CONSTRAINT "not ""yet" CHECK (VALUE > 0) NOT VALID;
COMMENT ON CONSTRAINT "not ""yet" ON DOMAIN "dom'ain" IS 'not yet';
CREATE TABLE "numbers" ("n'r" serial, "i""d" int GENERATED ALWAYS AS IDENTITY, "s" smallint);
COMMENT ON COLUMN numbers."n'r" IS 'near its end';
SELECT setval('"numbers_n''r_seq"', 2000000000);
SELECT setval('"numbers_i""d_seq"', 2100000000);

CREATE FUNCTION "leak""proof"(a int DEFAULT 1, VARIADIC b text[] DEFAULT '{}') RETURNS int LANGUAGE sql IMMUTABLE LEAKPROOF AS 'SELECT 1';
CREATE FUNCTION "sett'ings"(OUT a int, OUT b int) LANGUAGE sql
  SET work_mem = '1MB' SET log_min_messages = 'debug1' SET search_path = "$user", "fix
'""es", pg_catalog SET deadlock_timeout = '7s' SET application_name = 'it''s, here' AS 'SELECT 1, 2';
CREATE PROCEDURE "empty path"() LANGUAGE sql SET log_statement = 'all' SET search_path = '' AS 'SELECT 1';

CREATE TABLE owned (a int);
ALTER TABLE owned OWNER TO :"role";
ALTER DATABASE :"database" SET work_mem = '3MB';
ALTER ROLE :"role" SET work_mem = '5MB';
