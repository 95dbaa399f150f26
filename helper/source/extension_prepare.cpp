#include "source/extension_prepare.h"

#include <fmt/format.h>

#include <set>

#include "pg/sql_text.h"
#include "source/extension_client.h"

namespace airlift {

namespace {

// Partitions first: rows are updated there, and a partitioned table's index has to be on all of them.
constexpr const char* kPlanQuery =
    "SELECT p.relation::pg_catalog.text, p.kind, p.choice, p.reason, p.sql, p.undo_sql "
    "FROM airlift.replica_identity_plan($1) p ORDER BY p.kind = 'partitioned table', 1";

std::string PatternArray(const std::vector<std::string>& patterns) {
  std::string array;
  for (const std::string& pattern : patterns) array += (array.empty() ? "" : ", ") + SqlText(pattern);
  return array.empty() ? "NULL" : "ARRAY[" + array + "]";
}

}  // namespace

bool ExtensionPrepares(Connection& source) {
  if (!FindExtension(source)) return false;
  return source
      .Query(
          "SELECT pg_catalog.to_regprocedure('airlift.fix_replica_identity(pg_catalog.text, pg_catalog.bool, "
          "pg_catalog.interval, pg_catalog.int4)') IS NOT NULL AND "
          "pg_catalog.to_regclass('airlift.change') IS NOT NULL")
      .Boolean(0, 0);
}

std::vector<IdentityChoice> IdentityChoices(Connection& source, const std::vector<std::string>& patterns) {
  std::vector<Parameter> asked(patterns.begin(), patterns.end());
  if (asked.empty()) asked.emplace_back(std::nullopt);
  std::vector<IdentityChoice> leaves, roots;
  std::set<std::string> seen;
  for (const Parameter& pattern : asked) {
    const Result result = source.Query(kPlanQuery, {pattern});
    for (int row = 0; row < result.rows(); ++row) {
      if (!seen.insert(result.Text(row, 0)).second) continue;
      IdentityChoice choice{result.Text(row, 0), result.Text(row, 1), result.Text(row, 2),
                            result.Text(row, 3), result.Text(row, 4), result.Text(row, 5)};
      (choice.kind == "partitioned table" ? roots : leaves).push_back(std::move(choice));
    }
  }
  leaves.insert(leaves.end(), roots.begin(), roots.end());
  return leaves;
}

std::string FixIdentityStatement(const std::string& relation, double lock_timeout) {
  return fmt::format(
      "SELECT state, error FROM airlift.fix_replica_identity({}, dry_run => false, lock_timeout => '{:.0f} ms')",
      SqlText(relation), lock_timeout * 1000);
}

std::string UndoIdentityStatement(const std::string& relation) {
  return "SELECT state, error FROM airlift.undo_replica_identity(" + SqlText(relation) + ")";
}

std::string CreatePublicationStatement(const PublicationRequest& request, bool dry_run) {
  std::string arguments = SqlText(request.name) + ", tables => " + PatternArray(request.tables);
  if (!request.exclude_tables.empty()) arguments += ", exclude_tables => " + PatternArray(request.exclude_tables);
  if (!request.row_filters.empty()) arguments += ", row_filters => " + SqlText(request.row_filters);
  if (!request.column_lists.empty()) arguments += ", column_lists => " + SqlText(request.column_lists);
  if (request.groups > 1) arguments += ", groups => " + std::to_string(request.groups);
  if (request.via_partition_root) arguments += ", via_partition_root => true";
  return "SELECT publication, state FROM airlift.create_publication(" + arguments +
         (dry_run ? ", dry_run => true)" : ")");
}

std::string DropPublicationStatement(const std::string& name) {
  return "SELECT publication, state, error FROM airlift.drop_publication(" + SqlText(name) + ")";
}

bool PublicationIsMade(Connection& source, const std::string& name) {
  return source
      .Query(
          "SELECT EXISTS (SELECT FROM airlift.publication_status() s "
          "WHERE s.made_by_airlift AND s.publication = $1)",
          {name})
      .Boolean(0, 0);
}

}  // namespace airlift
