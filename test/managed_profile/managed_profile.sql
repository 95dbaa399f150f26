-- Makes a stock server (13 to 18) look like Amazon RDS for PostgreSQL to the role that migrates: "master" has what the
-- service's master user has and is never superuser, so that a test that passes here does not pass because of a superuser.
--
--   psql -v ON_ERROR_STOP=1 -v master_password=... -f managed_profile.sql      (once per cluster, as its superuser)
--
-- Three seams, where the service differs from a stock server by a patched engine:
--   1. statements that the service lets rds_superuser run and stock PostgreSQL keeps for superusers (event triggers,
--      publications FOR ALL TABLES, on 13-15 subscriptions): exec_as_admin.sql, run in a database whose test needs them;
--   2. extensions: the server runs from a copy of the installation that has the allow-listed extensions only
--      (extensions.txt), all of them marked trusted; see test/support/servers, "tree target". The objects of such an
--      extension belong to the bootstrap superuser, as on the service they belong to rdsadmin;
--   3. the parameter group: settings come from postgresql.conf; ALTER SYSTEM stays refused.
-- Not imitated: error wording of the service's own patches, storage, Aurora.

SELECT current_setting('server_version_num')::int >= 150000 AS at_least_15,
       current_setting('server_version_num')::int >= 160000 AS at_least_16 \gset

CREATE ROLE rdsadmin SUPERUSER NOLOGIN;
CREATE ROLE rds_superuser NOLOGIN;
CREATE ROLE rds_password NOLOGIN;
CREATE ROLE rds_replication NOLOGIN;
CREATE ROLE rds_extension NOLOGIN;
CREATE ROLE rds_iam NOLOGIN;
CREATE ROLE rds_ad NOLOGIN;
CREATE ROLE rds_reserved NOLOGIN;
CREATE ROLE rdstopmgr NOLOGIN;
CREATE ROLE rdsrepladmin REPLICATION NOINHERIT NOLOGIN;

-- Not pg_read_all_data: it would let master read pg_authid, which the service refuses.
GRANT pg_monitor, pg_signal_backend, rds_password, rds_replication, rds_extension TO rds_superuser WITH ADMIN OPTION;
\if :at_least_15
GRANT pg_checkpoint TO rds_superuser WITH ADMIN OPTION;
GRANT SET ON PARAMETER session_replication_role, log_min_duration_statement, log_statement, log_min_messages,
  deadlock_timeout, lc_messages, track_functions, track_io_timing, temp_file_limit TO rds_superuser;
\endif
\if :at_least_16
GRANT pg_create_subscription, pg_use_reserved_connections TO rds_superuser WITH ADMIN OPTION;
\endif

CREATE ROLE master LOGIN NOSUPERUSER INHERIT CREATEDB CREATEROLE NOREPLICATION NOBYPASSRLS
  PASSWORD :'master_password' VALID UNTIL 'infinity';
\if :at_least_16
GRANT rds_superuser TO master WITH ADMIN TRUE, INHERIT TRUE, SET TRUE;
\else
GRANT rds_superuser TO master WITH ADMIN OPTION;
\endif

GRANT EXECUTE ON FUNCTION pg_replication_origin_advance(text, pg_lsn), pg_show_replication_origin_status(),
  pg_replication_origin_session_setup(text) TO rds_superuser;
GRANT SELECT ON pg_replication_origin_status TO rds_superuser;
ALTER DATABASE postgres OWNER TO master;
