-- Roles with attributes that a managed target refuses. As superuser of the source.
CREATE ROLE refused_owner LOGIN PASSWORD 'a-s3cret-of-the-source';
CREATE ROLE refused_reader NOLOGIN;
CREATE ROLE refused_super LOGIN SUPERUSER;
CREATE ROLE refused_repl LOGIN REPLICATION BYPASSRLS;
GRANT refused_reader TO refused_owner;
GRANT pg_read_server_files TO refused_super;
ALTER ROLE refused_owner SET log_min_duration_statement = 0;
