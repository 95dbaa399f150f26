#include "compare/view_counts.h"

#include <fmt/format.h>

#include "base/format.h"
#include "compare/row_locator.h"
#include "pg/identifier.h"

namespace airlift {

namespace {

constexpr const char* kViewsQuery = R"(
SELECT n.nspname, c.relname
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('v', 'm') AND c.relpersistence <> 't' AND c.oid >= 16384
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'airlift_state', 'airlift')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname)";

}  // namespace

std::vector<Job> ViewComparison::MakeJobs(Connection& source, const ComparedSelection& selection) {
  const Result result = source.Query(kViewsQuery);
  for (int row = 0; row < result.rows(); ++row) {
    if (selection.Takes(result.Text(row, 0), result.Text(row, 1)))
      views_.push_back({result.Text(row, 0), result.Text(row, 1), {}, {}});
  }
  std::vector<Job> jobs;
  StageProgress& stage = progress_.Stage("count rows of views");
  for (size_t i = 0; i < views_.size(); ++i) {
    for (const Side side : {Side::kSource, Side::kTarget}) {
      ++stage.tasks_total;
      jobs.push_back({0, [this, side, i, &stage](ReadOnlyPair& pair) {
                        progress_.TaskStarted(stage);
                        Count(pair, side, i);
                        progress_.TaskDone(stage, 0);
                      }});
    }
  }
  return jobs;
}

void ViewComparison::Count(ReadOnlyPair& pair, Side side, size_t i) {
  try {
    const int64_t rows =
        pair.Get(side)
            .Query("SELECT pg_catalog.count(*) FROM " + QualifiedName(views_[i].schema, views_[i].name))
            .Integer(0, 0);
    const std::lock_guard lock(mutex_);
    views_[i].rows[side == Side::kTarget] = rows;
  } catch (const SqlError& error) {
    if (!IsOfOneTable(error) && !error.IsClass("55")) throw;  // 55000: a materialized view that was never filled
    pair.Reset(side);
    const std::lock_guard lock(mutex_);
    views_[i].refusal = error.what();
  }
}

std::vector<ObjectResult> ViewComparison::Results() const {
  std::vector<ObjectResult> results;
  for (const Counts& view : views_) {
    ObjectResult result{DisplayName(view.schema, view.name), Verdict::kNotVerified, view.refusal};
    if (view.rows[0] && view.rows[1]) {
      result.verdict = view.rows[0] == view.rows[1] ? Verdict::kVerified : Verdict::kDiffers;
      result.reason = result.verdict == Verdict::kVerified
                          ? ""
                          : fmt::format("{} rows on the source, {} on the target", FormatCount(*view.rows[0]),
                                        FormatCount(*view.rows[1]));
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace airlift
