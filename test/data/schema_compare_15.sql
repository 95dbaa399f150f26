-- What 15 added to schema_compare.sql.
SET search_path = app, public;
CREATE TABLE n15 (a int, b int, UNIQUE NULLS NOT DISTINCT (a), c text COMPRESSION pglz, tags int);
CREATE VIEW v15 WITH (security_invoker) AS SELECT 1 AS x;
CREATE FUNCTION sqlbody(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT a + 1; END;
CREATE STATISTICS st2 ON (a + 1), b FROM n15;
CREATE UNLOGGED SEQUENCE us;
CREATE PROCEDURE pout(IN a int, OUT b int) LANGUAGE plpgsql AS $$begin b := a; end$$;
CREATE TABLE fkset (a int, b int, PRIMARY KEY (a, b));
CREATE TABLE fkset2 (a int, b int, FOREIGN KEY (a, b) REFERENCES fkset ON DELETE SET NULL (b));
CREATE TYPE mr AS RANGE (subtype = date, multirange_type_name = mymulti);
CREATE TABLE usesmr (m mymulti, l app.mood[]);
