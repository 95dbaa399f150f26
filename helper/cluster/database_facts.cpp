#include "cluster/database_facts.h"

namespace airlift {

namespace {

// Provider, its locale, its rules: PostgreSQL 15 brought ICU, 16 its rules, 17 one column for all providers.
const char* LocaleColumns(int major) {
  if (major >= 17) return "d.datlocprovider, d.datlocale, d.daticurules";
  if (major == 16) return "d.datlocprovider, d.daticulocale, d.daticurules";
  if (major == 15) return "d.datlocprovider, d.daticulocale, NULL";
  return "'c', NULL, NULL";
}

}  // namespace

std::vector<DatabaseFacts> ReadDatabases(Connection& connection) {
  const std::string may_connect = "pg_catalog.has_database_privilege(d.oid, 'CONNECT')";
  const Result result = connection.Query(
      "SELECT d.datname, pg_catalog.pg_get_userbyid(d.datdba), pg_catalog.pg_encoding_to_char(d.encoding), "
      "d.datcollate, d.datctype, d.datistemplate, d.datallowconn, d.datconnlimit = -2, " +
      may_connect + ", CASE WHEN " + may_connect + " THEN pg_catalog.pg_database_size(d.oid) ELSE 0 END, " +
      LocaleColumns(connection.server_major()) + " FROM pg_catalog.pg_database d ORDER BY d.datname COLLATE \"C\"");
  std::vector<DatabaseFacts> databases;
  for (int row = 0; row < result.rows(); ++row) {
    DatabaseFacts database;
    database.name = result.Text(row, 0);
    database.owner = result.Text(row, 1);
    database.encoding = result.Text(row, 2);
    database.collate = result.Text(row, 3);
    database.ctype = result.Text(row, 4);
    database.is_template = result.Boolean(row, 5);
    database.takes_connections = result.Boolean(row, 6);
    database.is_half_dropped = result.Boolean(row, 7);
    database.may_connect = result.Boolean(row, 8);
    database.bytes = result.Integer(row, 9);
    database.provider = result.Text(row, 10)[0];
    database.locale = result.Text(row, 11);
    database.icu_rules = result.Text(row, 12);
    databases.push_back(std::move(database));
  }
  return databases;
}

}  // namespace airlift
