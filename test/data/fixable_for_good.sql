-- An object for each check whose fix has no way back.
SET client_min_messages = error;
CREATE TABLE "in""valid" (a int);
CREATE INDEX "in'valid index" ON "in""valid" (a);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = '"in''valid index"'::regclass;
CREATE TABLE "dropped'index" (a int NOT NULL);
CREATE UNIQUE INDEX gone ON "dropped'index" (a);
ALTER TABLE "dropped'index" REPLICA IDENTITY USING INDEX gone;
DROP INDEX gone;
SELECT pg_create_physical_replication_slot('idle_slot');
CREATE DATABASE "in""valid 'database'";
UPDATE pg_database SET datconnlimit = -2 WHERE datname = 'in"valid ''database''';
