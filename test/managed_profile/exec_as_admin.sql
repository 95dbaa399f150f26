-- Seam 1 of managed_profile.sql, for one database: what a managed service lets its master user run by a patched engine,
-- master runs here as SELECT managed.exec_as_admin('CREATE EVENT TRIGGER ...'). Superuser, in that database.

CREATE SCHEMA managed;
CREATE FUNCTION managed.exec_as_admin(statement text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF statement !~* '^\s*(create|alter|drop)\s+(event\s+trigger|publication|subscription)\s[^;]*;?\s*$' THEN
    RAISE EXCEPTION 'statement is not on the list' USING ERRCODE = 'insufficient_privilege';
  END IF;
  EXECUTE statement;
END
$$;
REVOKE ALL ON FUNCTION managed.exec_as_admin(text) FROM PUBLIC;
GRANT USAGE ON SCHEMA managed TO rds_superuser;
GRANT EXECUTE ON FUNCTION managed.exec_as_admin(text) TO rds_superuser;
