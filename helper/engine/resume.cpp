#include "engine/resume.h"

#include <fmt/format.h>

#include "base/format.h"
#include "digest/stream_digest.h"
#include "engine/outcome.h"
#include "pg/identifier.h"
#include "queue/task_kind.h"
#include "snapshot/rewritten_tables.h"
#include "snapshot/source_snapshot.h"
#include "source/extension_client.h"
#include "tasks/plan.h"

namespace airlift {

namespace {

// "SCHEMA x", "TABLE public.t" ...: IF EXISTS, because a CASCADE before may have taken it along.
constexpr const char* kCreatedObjectsQuery = R"(
SELECT 'SCHEMA IF EXISTS ' || pg_catalog.quote_ident(n.nspname) AS object, 1 AS rank
FROM pg_catalog.pg_namespace n
WHERE n.nspname NOT IN ('public', 'information_schema', 'airlift_state', 'airlift') AND n.nspname NOT LIKE 'pg\_%'
  AND n.oid >= 16384
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
                  AND d.objid = n.oid AND d.deptype = 'e')
  AND pg_catalog.pg_has_role(n.nspowner, 'USAGE')
UNION ALL
SELECT CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE'
         WHEN 'f' THEN 'FOREIGN TABLE' WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END
       || pg_catalog.format(' IF EXISTS %I.%I', n.nspname, c.relname), 2
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                  AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype IN ('e', 'i'))
UNION ALL
SELECT 'ROUTINE IF EXISTS ' || p.oid::pg_catalog.regprocedure::pg_catalog.text, 3
FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
WHERE n.nspname = 'public' AND p.prokind <> 'a'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
                  AND d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT CASE t.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END || pg_catalog.format(' IF EXISTS %I.%I', n.nspname, t.typname), 4
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE n.nspname = 'public' AND t.typtype IN ('d', 'e', 'r')
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
                  AND d.objid = t.oid AND d.deptype IN ('e', 'i'))
ORDER BY rank, object)";

// In batches: every object is locked until its transaction ends.
void UnlinkLargeObjects(Connection& target) {
  while (target
             .Query("SELECT pg_catalog.lo_unlink(oid) FROM (SELECT oid FROM pg_catalog.pg_largeobject_metadata "
                    "LIMIT 1000) batch")
             .rows() > 0)
    CheckStop();
}

SourceDigest DigestSource(Connection& source, const Relation& relation, const RunContext& context, Meter& meter) {
  if (context.source_has_extension && !relation.HasExpressions()) return DigestByExtension(source, relation);
  SourceDigest digest;
  for (const StoredTable& table : relation.stored)
    digest.digest.Merge(DigestRange(source, relation, table, BlockRange(), meter));
  return digest;
}

// Tables that inherit from it have copies of their own, which may stay.
void Empty(Connection& target, const Relation& relation) {
  if (relation.is_extension_configuration) return;  // its copy begins with a DELETE of its own
  const std::string name = QualifiedName(relation.schema, relation.name);
  const bool is_partitioned = target
                                  .Query(
                                      "SELECT relkind = 'p' FROM pg_catalog.pg_class WHERE oid = "
                                      "$1::pg_catalog.regclass",
                                      {name})
                                  .Boolean(0, 0);
  target.Execute((is_partitioned ? "TRUNCATE " : "TRUNCATE ONLY ") + name);
}

// What the target holds of `relation`, read back.
TableDigest DigestTarget(Connection& target, const Relation& of_source, Meter& meter) {
  const Relation relation = OnTarget(of_source);
  TableDigest digest;
  for (const StoredTable& table : LoadStoredTables(target, relation.schema, relation.name))
    digest.Merge(DigestRange(target, relation, table, BlockRange(), meter));
  return digest;
}

// The source's digest under the new snapshot when it equals what was copied, else nullopt.
std::optional<SourceDigest> UnchangedDigest(Connection& source, Connection& target, const Relation& relation,
                                            const RunContext& context, const std::optional<TableDigest>& streamed,
                                            Meter& meter) {
  const SourceDigest now = DigestSource(source, relation, context, meter);
  // A copy in text format, or with generated columns, left no digest behind.
  const TableDigest copied = streamed ? *streamed : DigestTarget(target, relation, meter);
  return now.digest == copied ? std::optional(now) : std::nullopt;
}

TaskOutcome OutcomeOf(const SourceDigest& digest) {
  TaskOutcome outcome;
  outcome.rows = static_cast<int64_t>(digest.digest.rows);
  outcome.digest = digest.digest;
  if (!digest.is_complete) outcome.note = digest.reason;
  return outcome;
}

// Large objects have no digest that is cheap to make on the source: they are copied anew under the new snapshot.
void StartLargeObjectsOver(RunState& state, Connection& source, Connection& target, Progress& progress) {
  const bool had_some = !state.FinishedTasks(kLargeObjectTask).empty();
  std::vector<Task> tasks;
  AddLargeObjectTasks(source, tasks);
  UnlinkLargeObjects(target);
  Transaction transaction(target);
  state.RemoveKind(kLargeObjectTask);
  state.RemoveKind(kLargeObjectReadBackTask);
  state.AddTasks(tasks);
  transaction.Commit();
  if (had_some) progress.Note("large objects: start over");
}

// As RewrittenRelations(), in a transaction under the snapshot.
std::set<int> RewrittenUnderSnapshot(Connection& source, const RunContext& context) {
  const std::set<uint32_t> rewritten = RewrittenTables(source);
  std::set<int> relations;
  for (size_t i = 0; i < context.relations.size(); ++i)
    for (const StoredTable& table : context.relations[i].stored)
      if (rewritten.contains(table.oid)) relations.insert(static_cast<int>(i));
  return relations;
}

// Decides about copies under the source's snapshot, in which a transaction is open.
struct CopyJudge {
  RunState& state;
  Connection& source;
  Connection& target;
  const RunContext& context;
  Progress& progress;
  const char* why;  // a finished copy is not true any more
  StageProgress& stage = progress.Stage("check former copies");
  std::vector<std::optional<TableDigest>> streamed = CopyStreamDigests(state, context.relations.size());

  // False where the copy starts over.
  bool Keeps(const CopyState& copy) {
    CheckStop();
    const Relation& relation = context.relations[static_cast<size_t>(copy.relation)];
    std::optional<SourceDigest> unchanged;
    if (copy.parts_open == 0 && copy.parts_done > 0) {
      unchanged =
          UnchangedDigest(source, target, relation, context, streamed[static_cast<size_t>(copy.relation)], stage.meter);
    }
    Transaction transaction(target);
    if (unchanged) {
      state.FinishWithoutWork(kSourceDigestTask, copy.relation, OutcomeOf(*unchanged));
    } else {
      if (copy.parts_done > 0) {
        Empty(target, relation);
        progress.Note(relation.display_name() + ": starts over, " +
                      (copy.parts_open > 0 ? "for it was copied in part only" : why));
      }
      state.ResetRelation(copy.relation);
    }
    transaction.Commit();
    return unchanged.has_value();
  }
};

}  // namespace

void KeepWhatIsStillTrue(RunState& state, Connection& source, Connection& target, RunContext& context,
                         Progress& progress) {
  CopyJudge judge{state, source, target, context, progress, "for it changed on the source since"};
  int64_t kept = 0;
  Transaction snapshot(source, BeginUnderSnapshot(source, context.snapshot_id));
  for (const CopyState& copy : state.CopyStates()) kept += judge.Keeps(copy) ? 1 : 0;
  if (context.with_large_objects) StartLargeObjectsOver(state, source, target, progress);
  snapshot.Commit();
  progress.Note(
      fmt::format("{} tables copied before are unchanged on the source and stay as they are", FormatCount(kept)));
}

std::set<int> RewrittenRelations(Connection& source, const RunContext& context) {
  Transaction snapshot(source, BeginUnderSnapshot(source, context.snapshot_id));
  std::set<int> rewritten = RewrittenUnderSnapshot(source, context);
  snapshot.Commit();
  return rewritten;
}

int StartRewrittenOver(RunState& state, Connection& source, Connection& target, const RunContext& context,
                       Progress& progress) {
  RequireRowsStillShown(source, context.snapshot_id, context.relations);
  CopyJudge judge{state,   source,   target,
                  context, progress, "for it was truncated or rewritten on the source while it was read"};
  int again = 0;
  Transaction snapshot(source, BeginUnderSnapshot(source, context.snapshot_id));
  const std::set<int> rewritten = RewrittenUnderSnapshot(source, context);
  for (const CopyState& copy : state.CopyStates())
    if (rewritten.contains(copy.relation) && !judge.Keeps(copy)) ++again;
  snapshot.Commit();
  return again;
}

void DropCreatedObjects(Connection& target) {
  // Large objects and schemas first, then what remains in public; objects of extensions stay with these.
  UnlinkLargeObjects(target);
  const Result result = target.Query(kCreatedObjectsQuery);
  for (int row = 0; row < result.rows(); ++row) {
    CheckStop();
    target.Execute("DROP " + result.Text(row, 0) + " CASCADE");
  }
}

}  // namespace airlift
