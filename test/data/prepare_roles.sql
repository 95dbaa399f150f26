-- Roles whose names, passwords, memberships and settings try what `prepare` must bear. Superuser of the source.
CREATE ROLE plain_app LOGIN PASSWORD 'plain-s3cret' CONNECTION LIMIT 7 VALID UNTIL '2031-02-03 04:05:06+00';
CREATE ROLE "Evil ""quoted"" 'role'; DROP ROLE plain_app; --" LOGIN NOINHERIT PASSWORD 'evil-s3cret';
CREATE ROLE U&"two\000alines" LOGIN PASSWORD 'lines-s3cret';
CREATE ROLE "'********'" LOGIN PASSWORD 'mark-s3cret';
CREATE ROLE "back\slash$1 %s {}" NOLOGIN;
CREATE ROLE "ÜberÜberÜberÜberÜberÜberÜberÜberÜberÜberÜberÜberÜb" LOGIN;  -- 63 bytes
CREATE ROLE maker CREATEROLE CREATEDB;
CREATE ROLE reader;
SET password_encryption = 'md5';
CREATE ROLE old_md5 LOGIN PASSWORD 'old-s3cret';
RESET password_encryption;

GRANT reader TO plain_app, "Evil ""quoted"" 'role'; DROP ROLE plain_app; --" WITH ADMIN OPTION;
GRANT U&"two\000alines" TO reader;
GRANT pg_monitor TO reader;
SELECT current_setting('server_version_num')::int >= 160000 AS has_grant_options \gset
\if :has_grant_options
GRANT reader TO old_md5 WITH INHERIT FALSE, SET TRUE;
GRANT plain_app TO maker WITH INHERIT TRUE, SET FALSE, ADMIN TRUE;
\endif
GRANT pg_read_server_files TO maker;

COMMENT ON ROLE plain_app IS E'it''s\nthe "app" \\ role';
ALTER ROLE plain_app SET search_path = "$user", "odd, ""name""", public;
ALTER ROLE plain_app SET work_mem = '12MB';
ALTER ROLE plain_app SET my.thing = E'it''s \\ here';
ALTER ROLE "Evil ""quoted"" 'role'; DROP ROLE plain_app; --" SET datestyle = 'ISO, DMY';
ALTER ROLE old_md5 SET zero_damaged_pages = on;
