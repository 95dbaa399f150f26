#include "engine/join.h"

#include "engine/load.h"
#include "engine/worker.h"
#include "queue/task_kind.h"
#include "report/result.h"
#include "source/extension_client.h"

namespace airlift {

namespace {

std::vector<std::string> SourceTaskKinds() {
  std::vector<std::string> kinds;
  for (const TaskKind& kind : kTaskKinds)
    if (kind.needs_source) kinds.push_back(kind.name);
  return kinds;
}

}  // namespace

OpenLoad::OpenLoad(Connection& target) : target_(target) {
  target_.Query("SELECT pg_catalog.pg_advisory_lock(20260, 3)");
}

OpenLoad::~OpenLoad() {
  try {
    target_.Query("SELECT pg_catalog.pg_advisory_unlock(20260, 3)");
  } catch (const Error&) {
    // A broken session has let go of it.
  }
}

bool LoadIsOpen(Connection& target) {
  return target
      .Query(
          "SELECT EXISTS (SELECT FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database "
          "WHERE d.datname = pg_catalog.current_database() AND l.locktype = 'advisory' AND l.classid = 20260 "
          "AND l.objid = 3 AND l.granted)")
      .Boolean(0, 0);
}

std::optional<int64_t> JoinLoad(const MoveOptions& options, Progress& progress) {
  Connection target(options.target, Side::kTarget);
  if (!LoadIsOpen(target)) return std::nullopt;
  RunState state(target);
  const std::optional<RunRecord> run = state.Find();
  if (!run || run->stage != Stage::kLoad) return std::nullopt;
  RunContext context;
  context.options = options;
  context.options.verify = run->verify;
  context.options.toast_compression = OfferedCompression(target, options.toast_compression, progress);
  {
    Connection source(options.source, Side::kSource);
    if (ReadServerFacts(source).identity != run->source_identity)
      throw Error("the load in progress on the target is of another source than the one given");
    context.source_has_extension = FindExtension(source).has_value();
  }
  if (state.CountUnfinished(SourceTaskKinds()) > 0) context.snapshot_id = run->snapshot;
  context.relations = state.LoadPlannedRelations();
  context.session_settings = SessionSettings(target, context.options, progress);
  context.progress = &progress;
  context.is_guest = true;
  std::atomic<int64_t> tasks_done{0};
  context.tasks_done = &tasks_done;
  ShowTotals(target, progress);
  RunQueue(context, [] {});
  return tasks_done;
}

}  // namespace airlift
