#include "replicate/publication.h"

#include <algorithm>

#include "pg/identifier.h"
#include "pg/sql_text.h"

namespace airlift {

namespace {

constexpr const char* kGroupsQuery =
    "SELECT pubname FROM pg_catalog.pg_publication WHERE pubname = $1 OR pg_catalog.starts_with(pubname, $1 || '_') "
    "AND pg_catalog.substr(pubname, pg_catalog.length($1) + 2) ~ '^[1-9][0-9]*$' "
    "ORDER BY pubname <> $1, pg_catalog.length(pubname), pubname";

constexpr const char* kTablesQuery =
    "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND NOT c.relispartition "
    "AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'airlift', 'airlift_state') "
    "AND n.nspname NOT LIKE 'pg\\_%' AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = "
    "'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e') ORDER BY c.oid";

std::vector<std::string> AllTables(Connection& source) {
  const Result result = source.Query(kTablesQuery);
  std::vector<std::string> tables;
  for (int row = 0; row < result.rows(); ++row)
    tables.push_back(SqlName(result.Text(row, 0)) + "." + SqlName(result.Text(row, 1)));
  return tables;
}

std::vector<std::string> RequestedTables(const PublicationRequest& request) {
  std::vector<std::string> tables;
  for (const std::string& table : request.tables)
    if (std::find(request.exclude_tables.begin(), request.exclude_tables.end(), table) == request.exclude_tables.end())
      tables.push_back("ONLY " + PrintableNames(table));
  return tables;
}

}  // namespace

std::vector<std::string> FindPublications(Connection& source, const std::string& name) {
  const Result result = source.Query(kGroupsQuery, {name});
  std::vector<std::string> names;
  for (int row = 0; row < result.rows(); ++row) names.push_back(result.Text(row, 0));
  if (!names.empty() && names.front() == name) names.resize(1);
  return names;
}

Step PublicationStep(Connection& source, const PublicationRequest& request, const std::string& name,
                     bool of_everything) {
  std::string list;
  for (const std::string& table : of_everything ? AllTables(source) : RequestedTables(request))
    list += (list.empty() ? "" : ", ") + table;
  if (list.empty()) throw Error("the source has no table that could be published");
  Step step;
  step.key = "publication/" + name;
  step.side = Side::kSource;
  step.what = "publication " + DisplayName(name);
  step.sql = "CREATE PUBLICATION " + SqlName(name) + " FOR TABLE " + list +
             (request.via_partition_root ? " WITH (publish_via_partition_root = true)" : "");
  step.undo_sql = "DROP PUBLICATION " + SqlName(name);
  return step;
}

}  // namespace airlift
