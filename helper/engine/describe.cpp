// --dry-run: what a move would do, from the same plan and the same statements.
#include <fmt/format.h>

#include "base/format.h"
#include "copy/table_copy.h"
#include "engine/move.h"
#include "mapping/resolved_mapping.h"
#include "pg/identifier.h"
#include "pg/sql_text.h"
#include "preflight/preflight.h"
#include "queue/task_kind.h"
#include "snapshot/source_snapshot.h"
#include "source/extension_client.h"
#include "state/run_state.h"
#include "tasks/plan.h"

namespace airlift {

namespace {

std::string DescribeProblems(const std::vector<PreflightProblem>& problems) {
  const std::string text = ProblemComments(problems);
  return text.empty() ? "-- pre-flight: nothing stands in the way\n" : text;
}

std::string DescribeCopy(const Relation& relation, const Task& task) {
  const CopyPart part{TableFromDetail(task.detail), RangeFromDetail(task.detail), task.detail.at("freeze")};
  std::string text =
      fmt::format("-- copy {} ({})\n", DisplayName(part.table.schema, part.table.name), FormatBytes(task.weight));
  text += fmt::format("/* source */ {};\n", CopyOutStatement(relation, part));
  for (const std::string& statement : TargetStatements(relation, part))
    text += fmt::format("/* target */ {};\n", statement);
  return text;
}

std::string DescribeTask(const std::vector<Relation>& relations, const Task& task, bool has_extension) {
  if (task.relation < 0) return {};
  const Relation& relation = relations[static_cast<size_t>(task.relation)];
  if (task.kind == kCopyTask) return DescribeCopy(relation, task);
  if (task.kind == kSourceDigestTask && has_extension)
    return fmt::format("/* source */ {};\n", DigestStatement(relation));
  if (task.kind == kSourceDigestTask || task.kind == kReadBackTask) {
    std::string text;
    for (const StoredTable& table : relation.stored)
      text += fmt::format("/* {} */ {};\n", task.kind == kReadBackTask ? "target" : "source",
                          ImageCopyStatement(relation, table, BlockRange()));
    return text;
  }
  if (task.kind == kAnalyzeTask)
    return fmt::format("/* target */ ANALYZE {};\n", QualifiedName(relation.schema, relation.name));
  return {};
}

}  // namespace

Description DescribeMove(const MoveOptions& options, MoveCompanion* companion) {
  SourceSnapshot source(options.source);
  Connection target(options.target, Side::kTarget);
  const Selection selection(source.connection(), options.selection);
  const bool has_extension = FindExtension(source.connection()).has_value();
  std::vector<PreflightProblem> problems =
      RunPreflight({source.connection(), target, options, RunState(target).Find().has_value(), &selection});
  if (companion != nullptr) companion->Check(problems);
  std::string text = DescribeProblems(problems);
  if (companion == nullptr) {
    text += "-- nothing is changed on the source; all of it is read under one exported snapshot\n";
    text += "/* source */ BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT pg_catalog.pg_export_snapshot();\n";
  }
  const std::string replication = companion == nullptr ? "" : companion->Describe();
  text += replication.substr(0, replication.find(kAfterLoadMark));
  text += "/* target */ CREATE SCHEMA airlift_state; -- the state of the move\n";
  text += SqlComment("schema, pre-data: pg_dump -Fc --schema-only --snapshot=... --dbname=" +
                     options.source.ToStringWithoutPassword());
  const std::vector<Relation> relations = selection.Apply(source.connection(), LoadRelations(source.connection()));
  if (!selection.IsEverything())
    text += SqlComment(fmt::format("{}: {}", selection.Summary(), Describe(options.selection)));
  if (selection.mapping() != nullptr)
    for (const SchemaChange& change : selection.mapping()->before_load())
      text += fmt::format("/* target, before the load */ {}\n", change.sql);
  for (const LeftOut& left_out : selection.LeftOuts())
    text += SqlComment(fmt::format("left out: {} {}: {}", left_out.kind, left_out.object, left_out.reason));
  std::vector<Task> tasks = PlanTasks(relations, options, {source.connection().server_major(), has_extension});
  if (selection.TakesLargeObjects()) AddLargeObjectTasks(source.connection(), tasks);
  for (const Task& task : tasks) text += DescribeTask(relations, task, has_extension);
  text += "-- sequences: SELECT setval(...) on the target with last_value and is_called of the source\n";
  text += "-- schema, post-data: indexes, constraints, foreign keys, triggers, rules, policies, owners, grants\n";
  if (selection.mapping() != nullptr)
    for (const SchemaChange& change : selection.mapping()->at_end())
      text += fmt::format("/* target, at the end */ {}\n", change.sql);
  if (const size_t mark = replication.find(kAfterLoadMark); mark != std::string::npos)
    text += replication.substr(mark + std::string(kAfterLoadMark).size());
  return {text, !Blockers(problems).empty()};
}

}  // namespace airlift
