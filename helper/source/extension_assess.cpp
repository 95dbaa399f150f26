#include "source/extension_assess.h"

#include <algorithm>

#include "findings/check_runner.h"
#include "source/extension_client.h"

namespace airlift {

namespace {

std::string SortedIds() {
  std::vector<std::string> ids;
  for (size_t i = 0; i < CheckCount(); ++i) ids.emplace_back(CheckAt(i).id);
  std::sort(ids.begin(), ids.end());
  std::string list;
  for (const std::string& id : ids) list += (list.empty() ? "" : ",") + id;
  return list;
}

}  // namespace

bool ExtensionHasCatalogue(Connection& source, std::string* note) {
  if (!FindExtension(source)) return false;
  const Result found = source.Query(
      "SELECT pg_catalog.to_regprocedure('airlift.assess(text, integer, boolean, text[])') IS NOT NULL "
      "AND pg_catalog.to_regprocedure('airlift.checks()') IS NOT NULL");
  if (found.Boolean(0, 0)) {
    const Result ids = source.Query(
        "SELECT pg_catalog.string_agg(id, ',' ORDER BY id COLLATE pg_catalog.\"C\") FROM airlift.checks()");
    if (ids.Text(0, 0) == SortedIds()) return true;
  }
  *note = "the source's extension has another catalogue of checks: this program's own is run over the network";
  return false;
}

std::vector<AssessFinding> AssessByExtension(Connection& source, const Assessment& assessment,
                                             const std::vector<const Check*>& checks) {
  std::string ids;  // an array literal: ids need no quotes
  for (const Check* check : checks) ids += (ids.empty() ? "" : ",") + std::string(check->id);
  const Result result = source.Query(
      "SELECT check_id, severity, object, detail, remedy, fix_sql, undo_sql "
      "FROM airlift.assess($1, $2, $3, $4::pg_catalog.text[])",
      {TargetKindName(assessment.target), std::to_string(assessment.target_version), assessment.deep ? "true" : "false",
       "{" + ids + "}"});
  std::vector<AssessFinding> findings;
  for (int row = 0; row < result.rows(); ++row)
    findings.push_back({result.Text(row, 0),
                        result.Text(row, 1),
                        result.Text(row, 2),
                        result.Text(row, 3),
                        result.Text(row, 4),
                        result.OptionalText(row, 5),
                        result.OptionalText(row, 6),
                        false,
                        {}});
  return findings;
}

}  // namespace airlift
