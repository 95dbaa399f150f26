-- Roles and a database with settings that a managed target refuses or must translate. As superuser, in database postgres;
-- hostile_schema.sql follows, in the database "nasty" that is created here.
CREATE ROLE app_owner LOGIN PASSWORD 'a';
CREATE ROLE app_ro NOLOGIN;
CREATE ROLE etl LOGIN SUPERUSER;
CREATE ROLE repl LOGIN REPLICATION BYPASSRLS;
CREATE ROLE cr LOGIN CREATEROLE CREATEDB;
GRANT app_ro TO app_owner;
GRANT pg_read_server_files TO etl;
SET password_encryption='md5';
CREATE ROLE md5user LOGIN PASSWORD 'old';
RESET password_encryption;
ALTER ROLE app_owner SET log_min_duration_statement=0;
ALTER ROLE app_owner SET session_replication_role=replica;
ALTER ROLE app_owner SET search_path=app,public;
CREATE DATABASE nasty OWNER app_owner;
ALTER DATABASE nasty SET work_mem='64MB';
ALTER DATABASE nasty SET log_statement='all';
