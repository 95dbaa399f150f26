#include "cutover/cutover_checks.h"

#include <fmt/format.h>

#include <chrono>

#include "base/format.h"
#include "base/patience.h"
#include "cutover/way_back.h"
#include "pg/identifier.h"
#include "prepare/secret.h"
#include "slots/slot.h"
#include "state/seen_source.h"
#include "tune/tuning_steps.h"

namespace airlift {

namespace {

using Problems = std::vector<PreflightProblem>;

// A launcher starts workers wal_retrieve_retry_interval (5 s) apart: one that is missing may be about to come.
constexpr auto kWorkerPatience = std::chrono::seconds(20);
constexpr auto kPause = std::chrono::milliseconds(100);

constexpr const char* kSubscriptionQuery = R"(
SELECT s.subenabled,
  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_subscription w WHERE w.subid = s.oid AND w.relid IS NULL
     AND w.pid IS NOT NULL),
  (SELECT pg_catalog.count(*) FROM pg_catalog.pg_subscription_rel r WHERE r.srsubid = s.oid AND r.srsubstate <> 'r')
FROM pg_catalog.pg_subscription s
WHERE s.subname = $1
  AND s.subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))";

// Tables that a publication of the way back would break: writers of the target would be refused.
constexpr const char* kNoIdentityQuery = R"(
WITH RECURSIVE published AS (
  SELECT c.oid, c.relkind FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = $2
  UNION ALL
  SELECT c.oid, c.relkind FROM published p JOIN pg_catalog.pg_inherits i ON i.inhparent = p.oid
  JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
)
SELECT n.nspname, c.relname FROM published p JOIN pg_catalog.pg_class c ON c.oid = p.oid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE p.relkind = 'r' AND NOT (c.relreplident = 'f'
  OR EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indrelid = c.oid AND x.indisvalid AND x.indimmediate
             AND CASE c.relreplident WHEN 'd' THEN x.indisprimary WHEN 'i' THEN x.indisreplident ELSE false END)))";

// Of kSubscriptionQuery, once its worker runs or will not come.
Result ReadSubscription(Connection& subscriber, const std::string& name) {
  Patience patience(kWorkerPatience, "a worker of subscription " + DisplayName(name));
  for (;;) {
    Result state = subscriber.Query(kSubscriptionQuery, {name});
    const bool waits = state.rows() > 0 && state.Boolean(0, 0) && state.Integer(0, 1) == 0;
    if (!waits || patience.IsOver()) return state;
    patience.Pause(kPause);
  }
}

void CheckPhase(const CutoverCheckInputs& in, Problems& problems) {
  if (in.record.phase != MigrationPhase::kReplicating)
    problems.push_back(
        {fmt::format("the migration is \"{}\", not \"replicating\"", MigrationPhaseName(in.record.phase)),
         {},
         "See pg_airlift status."});
  if (in.forward.empty()) problems.push_back({"there is no subscription to cut over", {}, "See pg_airlift status."});
}

// What the former primary had sent to the target, but not to the standby that was promoted, is on the target alone.
void CheckTimeline(const CutoverCheckInputs& in, Problems& problems) {
  if (in.options.verify) return;
  const std::string change = FindTimelineChange(in.source, in.target, SinceWhen::kFirst);
  if (change.empty()) return;
  problems.push_back({"the source is not the server any more that the target was loaded from", change,
                      "Leave out --no-verify: the comparison under the fence tells what the target has more or less."});
}

void CheckForward(const CutoverCheckInputs& in, Problems& problems) {
  CheckStreams(in.source, in.target, in.forward, in.options.most_lag, problems);
}

void CheckPreparedTransactions(const CutoverCheckInputs& in, Problems& problems) {
  const Result prepared = in.source.Query(
      "SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database() ORDER BY prepared");
  if (prepared.rows() > 0)
    problems.push_back({fmt::format("the source has {} prepared transactions", prepared.rows()),
                        "For example \"" + prepared.Text(0, 0) + "\".", "COMMIT PREPARED or ROLLBACK PREPARED them."});
}

void CheckFence(const CutoverCheckInputs& in, Problems& problems) {
  if (in.fence_is_advisory)
    problems.push_back({"the source has no fence of the extension",
                        "Triggers will refuse writes to tables; sequences, large objects and DDL are not fenced.",
                        "CREATE EXTENSION pg_airlift on the source.", false});
}

void CheckFallbackRole(const CutoverCheckInputs& in, Problems& problems) {
  if (!in.options.with_fallback) return;
  const std::string& role = in.options.fallback_role;
  if (role.empty()) {
    problems.push_back(
        {"the way back needs a role on the target",
         {},
         "Give --fallback-role and --fallback-password-file: a login with rds_replication (or REPLICATION) "
         "on the target; or --no-fallback to go without a way back."});
    return;
  }
  try {
    const ConnInfo info =
        in.options.target.With("user", role).With("password", ReadPasswordFile(in.options.fallback_password_file));
    Connection(info.With("replication", "database"), Side::kTarget).Execute("IDENTIFY_SYSTEM");
  } catch (const Error& error) {
    problems.push_back({fmt::format("role {} cannot use replication on the target", DisplayName(role)),
                        std::string(error.what()) + ".",
                        "GRANT rds_replication to it (elsewhere: the REPLICATION attribute), and check the password in "
                        "--fallback-password-file."});
  }
}

void CheckTargetDecodes(const CutoverCheckInputs& in, Problems& problems) {
  if (!in.options.with_fallback) return;
  const Result settings = in.target.Query(
      "SELECT pg_catalog.current_setting('wal_level'), pg_catalog.current_setting('max_replication_slots')::int - "
      "(SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_slots)");
  if (settings.Text(0, 0) != "logical")
    problems.push_back({"the target cannot replicate back: wal_level is " + settings.Text(0, 0),
                        {},
                        "Set rds.logical_replication to 1 in its parameter group (elsewhere: wal_level = logical) and "
                        "restart it; or give --no-fallback."});
  if (settings.Integer(0, 1) < 1)
    problems.push_back({"the target has no free replication slot", "max_replication_slots are all taken.",
                        "Raise max_replication_slots, or drop unused slots."});
  if (const std::optional<std::string> libraries = RefusesPgoutput(in.target))
    problems.push_back(
        {"the target does not allow the output plugin pgoutput",
         fmt::format("output_plugin_libraries is \"{}\".", *libraries),
         "Add pgoutput to output_plugin_libraries there (on a managed target: in its parameter group); or "
         "give --no-fallback."});
}

void CheckSourceApplies(const CutoverCheckInputs& in, Problems& problems) {
  if (!in.options.with_fallback) return;
  const Result workers = in.source.Query(
      "SELECT pg_catalog.current_setting('max_logical_replication_workers')::int - (SELECT pg_catalog.count(*) FROM "
      "pg_catalog.pg_stat_subscription WHERE pid IS NOT NULL)");
  if (workers.Integer(0, 0) < 1)
    problems.push_back({"the source has no free logical replication worker",
                        {},
                        "Raise max_logical_replication_workers there, or give --no-fallback."});
}

void CheckIdentities(const CutoverCheckInputs& in, Problems& problems) {
  if (!in.options.with_fallback) return;
  std::string names;
  int64_t count = 0;
  for (const PublishedTable& table : PublishedTables(in.source, in.forward)) {
    const Result bad = in.target.Query(kNoIdentityQuery, {table.schema, table.name});
    for (int row = 0; row < bad.rows(); ++row)
      if (++count <= 5) names += (names.empty() ? "" : ", ") + DisplayName(bad.Text(row, 0), bad.Text(row, 1));
  }
  if (count > 0)
    problems.push_back({fmt::format("{} tables of the target have no replica identity", count),
                        names + (count > 5 ? ", ..." : "") + ".",
                        "Publishing them for the way back would make the application's updates fail: ALTER TABLE ... "
                        "REPLICA IDENTITY on the target; or give --no-fallback."});
}

// The application is about to write to tables that autovacuum leaves alone.
void CheckTuning(const CutoverCheckInputs& in, Problems& problems) {
  const StandingTuning standing = FindStandingTuning(in.target);
  if (standing.Any())
    problems.push_back({"the tuning for the load still stands on the target", standing.Describe() + ".",
                        "Run pg_airlift tune --reset.", false});
}

using CheckFunction = void (*)(const CutoverCheckInputs&, Problems&);
constexpr CheckFunction kChecks[] = {
    CheckPhase,        CheckTimeline,      CheckForward,       CheckPreparedTransactions, CheckFence,
    CheckFallbackRole, CheckTargetDecodes, CheckSourceApplies, CheckIdentities,           CheckTuning,
};

}  // namespace

void CheckStreams(Connection& publisher, Connection& subscriber, const std::vector<SubscriptionRecord>& streams,
                  int64_t most_lag, std::vector<PreflightProblem>& problems) {
  const std::string status = "See pg_airlift status.";
  for (const SubscriptionRecord& stream : streams) {
    const std::string name = DisplayName(stream.name), side = SideName(subscriber.side());
    const Result subscription = ReadSubscription(subscriber, stream.name);
    if (subscription.rows() == 0) {
      problems.push_back({fmt::format("{}: subscription {} does not exist", side, name), {}, status});
      continue;
    }
    if (!subscription.Boolean(0, 0)) {
      problems.push_back({fmt::format("{}: subscription {} is disabled", side, name), {}, status});
    } else if (subscription.Integer(0, 1) == 0) {
      problems.push_back(
          {fmt::format("{}: subscription {} has no worker", side, name),
           fmt::format("None came within {} seconds; the {}'s log has the reason.", kWorkerPatience.count(), side),
           status});
    }
    if (subscription.Integer(0, 2) > 0)
      problems.push_back(
          {fmt::format("{}: {} tables of subscription {} are not ready", side, subscription.Integer(0, 2), name),
           {},
           status});
    const Result slot = publisher.Query(
        "SELECT active, COALESCE(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), confirmed_flush_lsn), 0)"
        "::bigint FROM pg_catalog.pg_replication_slots WHERE slot_name = $1",
        {stream.slot});
    if (slot.rows() == 0) {
      problems.push_back(
          {fmt::format("{}: slot {} does not exist", SideName(publisher.side()), DisplayName(stream.slot)),
           {},
           status});
    } else if (slot.Integer(0, 1) > most_lag) {
      problems.push_back({fmt::format("subscription {} is {} behind", name, FormatBytes(slot.Integer(0, 1))),
                          fmt::format("At most {} are allowed (--max-lag), so that writes do not stand still for long.",
                                      FormatBytes(most_lag)),
                          "Wait until it has caught up."});
    }
  }
}

std::vector<PreflightProblem> CheckCutover(const CutoverCheckInputs& in) {
  Problems problems;
  for (const CheckFunction check : kChecks) check(in, problems);
  return problems;
}

void ThrowProblems(const std::vector<PreflightProblem>& problems) {
  std::string list;
  for (const PreflightProblem& problem : problems)
    if (problem.is_blocker)
      list += (list.empty() ? "" : "\n") + Error(problem.message, problem.detail, problem.hint).Report();
  if (!list.empty()) throw Error(list);
}

}  // namespace airlift
