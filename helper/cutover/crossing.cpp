#include "cutover/crossing.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/format.h"
#include "base/patience.h"
#include "base/terminal.h"
#include "compare/compare.h"
#include "cutover/source_fence.h"
#include "pg/batch.h"
#include "pg/identifier.h"
#include "pg/sql_text.h"
#include "prepare/secret.h"
#include "prepare/step_runner.h"
#include "prepare/step_store.h"
#include "replicate/subscription.h"
#include "selection/selection_store.h"
#include "sequences/sequence_margin.h"
#include "slots/catch_up.h"
#include "slots/slot.h"
#include "state/seen_source.h"
#include "state/swapped_sides.h"

namespace airlift {

namespace {

constexpr const char* kLockNotAvailable = "55P03";

// Locks of tables that others hold, as a sentence, the strong and old ones first: the server does not say for whom it
// waited.
std::string LockHolders(Connection& connection) {
  const Result found = connection.Query(
      "SELECT pg_catalog.format('%s on %s by process %s (%s, user %s)', l.mode, "
      "l.relation::pg_catalog.regclass, l.pid, coalesce(nullif(a.application_name, ''), '?'), a.usename) "
      "FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid "
      "JOIN pg_catalog.pg_class c ON c.oid = l.relation "
      "WHERE l.granted AND l.pid <> pg_catalog.pg_backend_pid() AND c.relkind IN ('r', 'p', 'm') AND c.oid >= 16384 "
      "AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) "
      "ORDER BY l.mode IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock'), a.xact_start LIMIT 5");
  std::string list;
  for (int row = 0; row < found.rows(); ++row) list += (row == 0 ? "Held now: " : ", ") + found.Text(row, 0);
  return list.empty() ? "Nobody holds one any more." : list + ".";
}

constexpr uint64_t kListedRows = 20;
constexpr auto kPoll = std::chrono::milliseconds(50);

// Messages of pgoutput that speak of rows: Insert, Update, Delete, Truncate.
constexpr const char* kChangesQuery =
    "SELECT pg_catalog.count(*) FROM pg_catalog.pg_logical_slot_peek_binary_changes($1, NULL, NULL, "
    "'proto_version', '1', 'publication_names', $2) WHERE pg_catalog.get_byte(data, 0) IN (73, 85, 68, 84)";

// Views are on the way from one materialized view to another, so both are levels.
constexpr const char* kMaterializedViewsQuery = R"(
WITH RECURSIVE edge AS (
  SELECT DISTINCT r.ev_class AS view, d.refobjid AS base
  FROM pg_catalog.pg_rewrite r
  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
    AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid <> r.ev_class
  JOIN pg_catalog.pg_class c ON c.oid = d.refobjid AND c.relkind IN ('v', 'm')
), level AS (
  SELECT c.oid AS view, 0 AS depth FROM pg_catalog.pg_class c WHERE c.relkind IN ('v', 'm')
  UNION SELECT e.view, l.depth + 1 FROM level l JOIN edge e ON e.base = l.view
)
SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'm' AND c.relispopulated AND n.nspname NOT IN ('airlift', 'airlift_state')
ORDER BY (SELECT pg_catalog.max(depth) FROM level WHERE view = c.oid), 1, 2)";

Side OtherSide(Side side) { return side == Side::kSource ? Side::kTarget : Side::kSource; }

}  // namespace

bool CrossingResult::IsTakenBack() const {
  return std::none_of(steps.begin(), steps.end(),
                      [](const RoadStepOutcome& step) { return step.state == "not taken back"; });
}

int CrossingResult::ExitStatus() const {
  if (!IsTakenBack()) return kExitFailed;
  if (comparison && comparison->DataVerdict() == Verdict::kDiffers) return kExitFindings;
  if (!blocked.empty()) return kExitFailed;
  return refused.empty() ? kExitDone : kExitFindings;
}

Crossing::Crossing(const CrossingOptions& options, const char* command, Progress& progress)
    : options_(options),
      progress_(progress),
      source_(std::make_unique<Connection>(options.source, Side::kSource)),
      target_(std::make_unique<Connection>(options.target, Side::kTarget)),
      state_(*target_),
      road_(command, state_, progress, result_.steps) {
  result_.command = command;
  result_.dry_run = options.dry_run;
  result_.source = ReadServerFacts(*source_);
  result_.target = ReadServerFacts(*target_);
  source_timeline_ = TimelineOf(*source_);
  for (Connection* connection : {source_.get(), target_.get()}) LimitLockWaits(*connection);
}

void Crossing::LimitLockWaits(Connection& connection) const {
  connection.Execute(fmt::format("SET lock_timeout = {}", static_cast<int64_t>(options_.timeout * 1000)));
}

Connection& Crossing::Source() {
  if (source_->IsBroken()) {
    source_ = std::make_unique<Connection>(options_.source, Side::kSource);
    RequireSameServer(*source_, result_.source.identity, source_timeline_);
    LimitLockWaits(*source_);
    SourceFence(*source_).Enter();
  }
  return *source_;
}

// Its advisory lock and the state's reference are bound to the one connection: without it, a rerun goes on.
Connection& Crossing::Target() { return *target_; }

Connection& Crossing::Replicator() {
  if (!replicator_ || replicator_->IsBroken()) {
    const ConnInfo info = options_.target.With("user", options_.fallback_role)
                              .With("password", ReadPasswordFile(options_.fallback_password_file));
    replicator_ = std::make_unique<Connection>(info, Side::kTarget);
  }
  return *replicator_;
}

void Crossing::RequireKnownReplication() {
  const auto record = state_.Find();
  if (!record) RefuseSwappedSides(*source_, *target_);
  if (!record)
    throw Error("the target knows of no replication", {},
                "Start one with pg_airlift migrate --type full-load-and-cdc, or pg_airlift replicate.");
  if (!result_.source.identity.empty() && record->source_identity != result_.source.identity)
    throw Error("the target replicates from another source than the one given",
                "Theirs is " + record->source_identity + ", this one " + result_.source.identity + ".",
                "Give the source that the migration was begun with.");
  record_ = *record;
  if (!options_.dry_run)
    if (const std::string note = FindTimelineChange(*source_, *target_, SinceWhen::kLast); !note.empty()) {
      progress_.Note("warning: " + note);
      result_.notes.push_back(note);
    }
  target_route_ = AdminRoute(record_.admin_function);
}

void Crossing::Show(Side side, const std::string& sql) const {
  PrintText(fmt::format("/* {} */ {};\n", SideName(side), sql));
}

void Crossing::Act(Side side, const std::string& sql) {
  if (options_.dry_run) return Show(side, sql);
  try {
    On(side).Execute(sql);
  } catch (const SqlError& error) {
    if (error.sqlstate() != kLockNotAvailable) throw;
    throw SqlError(side, error.sqlstate(), error.primary(),
                   fmt::format("Waited {} for a lock. {}", FormatSeconds(options_.timeout), LockHolders(On(side))),
                   "End what holds it, or give a longer --timeout; then try again.");
  }
}

std::string Crossing::Mark(Side from) {
  const std::string sql =
      "SELECT pg_catalog.pg_logical_emit_message(true, 'pg_airlift', " + SqlText(result_.command) + ")";
  if (options_.dry_run) {
    Show(from, sql);
    return "0/0";
  }
  Connection& connection = On(from);
  // Flushed with all that committed before, by whomever and however asynchronously.
  connection.Execute("SET synchronous_commit = on");
  connection.Query(sql);
  return connection.Query("SELECT pg_catalog.pg_current_wal_flush_lsn()").Text(0, 0);
}

void Crossing::WaitUntilConfirmed(Side from, const std::vector<SubscriptionRecord>& subscriptions,
                                  const std::string& lsn) {
  if (options_.dry_run) return;
  const CatchUpOutcome outcome = WaitForSlots({On(from), &On(OtherSide(from)), subscriptions, lsn,
                                               std::chrono::milliseconds(static_cast<int64_t>(options_.timeout * 1000)),
                                               [this](const std::string& line) { progress_.Note(line); }});
  if (outcome.is_reached) return;
  throw Error(
      fmt::format("the {} has not confirmed all that was written on the {}", SideName(OtherSide(from)), SideName(from)),
      fmt::format("After {}: {}.", FormatSeconds(outcome.seconds), outcome.reason),
      "See pg_airlift status; then try again, or give a longer --timeout.");
}

void Crossing::Disable(Side on, const std::vector<SubscriptionRecord>& subscriptions) {
  for (const SubscriptionRecord& subscription : subscriptions) {
    if (options_.dry_run) {
      Show(on, "ALTER SUBSCRIPTION " + QuoteIdentifier(subscription.name) + " DISABLE");
    } else {
      DisableSubscription(On(on), RouteOf(on), subscription.name);
      WaitUntilUnused(OtherSide(on), subscription.slot);
    }
  }
}

void Crossing::WaitUntilUnused(Side publisher, const std::string& slot) {
  Patience patience(std::chrono::milliseconds(static_cast<int64_t>(options_.timeout * 1000)),
                    fmt::format("the {} to let go of slot {}", SideName(publisher), DisplayName(slot)));
  for (;;) {
    const auto facts = FindSlot(On(publisher), slot);
    if (!facts || !facts->is_active) return;
    if (patience.IsOver())
      throw Error(fmt::format("{}: slot {} is still in use after its subscription was disabled", SideName(publisher),
                              DisplayName(slot)),
                  fmt::format("By process {}.", facts->active_pid));
    patience.Pause(kPoll);
  }
}

void Crossing::Enable(Side on, const std::vector<SubscriptionRecord>& subscriptions) {
  for (const SubscriptionRecord& subscription : subscriptions)
    if (SubscriptionExists(On(on), subscription.name)) EnableSubscription(On(on), RouteOf(on), subscription.name);
}

void Crossing::ProveSilence(Connection& publisher, const std::vector<SubscriptionRecord>& subscriptions) {
  for (const SubscriptionRecord& subscription : subscriptions) {
    if (options_.dry_run) {
      Show(publisher.side(), "SELECT count(*) FROM pg_logical_slot_peek_binary_changes(" + SqlText(subscription.slot) +
                                 ", ...) -- must be no change of a row");
      continue;
    }
    const int64_t changes =
        publisher.Query(kChangesQuery, {subscription.slot, QuoteIdentifier(subscription.publication)}).Integer(0, 0);
    if (changes > 0)
      throw Error(fmt::format("{}: {} changes were written after the fence", SideName(publisher.side()), changes),
                  "They are in slot " + DisplayName(subscription.slot) + ", and not on the other side.",
                  "Find the writer: a superuser without the fence's library, or a table that is not guarded.");
  }
}

void Crossing::Verify(SinceVerified* since) {
  if (options_.dry_run) return fmt::print("-- every row of both sides is compared; they must be equal\n");
  if (since != nullptr) {
    result_.comparison = since->Compare(Source(), [](const std::string&) {});  // it has drained
    since->Close();
    for (const std::string& note : result_.comparison->notes) result_.notes.push_back(note);
  } else {
    CompareEverything();
  }
  result_.comparison->command = result_.command;
  if (!options_.evidence.empty()) WriteEvidence(*result_.comparison, options_.evidence, options_.signing_key.get());
  RequireVerified();
}

void Crossing::CompareEverything() {
  CompareOptions compare;
  compare.source = options_.source;
  compare.target = options_.target;
  compare.jobs = options_.jobs;
  compare.with_schema = false;
  compare.with_large_objects = true;  // no replication carries them
  compare.max_rows = kListedRows;     // the writes stand still meanwhile
  result_.comparison = CompareDatabases(compare, progress_);
}

void Crossing::RequireVerified() {
  const Verdict verdict = result_.comparison->DataVerdict();
  if (verdict == Verdict::kVerified) return;
  std::string tables;
  for (const TableResult& table : result_.comparison->tables)
    if (table.verdict != Verdict::kVerified && tables.size() < 500)
      tables +=
          fmt::format("{}{} ({})", tables.empty() ? "" : ", ", DisplayName(table.schema, table.name), table.reason);
  const auto& objects = result_.comparison->large_objects;
  if (objects && objects->verdict != Verdict::kVerified)
    tables += fmt::format("{}large objects ({}; replication does not carry them)", tables.empty() ? "" : ", ",
                          objects->reason);
  throw Error(fmt::format("the two sides are not proved equal under the fence: {}", VerdictName(verdict)), tables + ".",
              "See the evidence file; pg_airlift compare lists the rows.");
}

Selection Crossing::Selected() { return Selection(Source(), SelectionStore(Target()).Find()); }

int64_t Crossing::CarrySequences(Side from, Side to) {
  const Selection selected = Selected();
  const std::vector<SequenceValue> values =
      AllAhead(On(to), ReadSequences(On(from), selected.Sequences()), options_.sequence_margin);
  if (options_.dry_run) {
    for (const SequenceValue& value : values)
      Show(to, fmt::format("SELECT setval({}, {}, {})", SqlText(QualifiedName(value.schema, value.name)),
                           value.last_value, value.is_called));
    return 0;
  }
  for (const LeftOut& left_out : SetSequences(On(to), values))
    throw Error("could not set sequence " + left_out.object + " of the " + SideName(to), left_out.reason + ".",
                "Create it, or let the role own it.");
  return static_cast<int64_t>(values.size());
}

int64_t Crossing::RefreshMaterializedViews(Side from, Side to) {
  const Result populated = On(from).Query(kMaterializedViewsQuery);
  const bool is_part = !Selected().IsEverything();
  int64_t refreshed = 0;
  for (int row = 0; row < populated.rows(); ++row) {
    // Where a part of the database is moved, some views stay behind with what they depend on.
    if (is_part && On(to)
                       .Query("SELECT pg_catalog.to_regclass($1) IS NULL",
                              {QualifiedName(populated.Text(row, 0), populated.Text(row, 1))})
                       .Boolean(0, 0))
      continue;
    const std::string sql =
        "REFRESH MATERIALIZED VIEW " + QualifiedName(populated.Text(row, 0), populated.Text(row, 1));
    if (options_.dry_run) {
      Show(to, sql);
    } else if (const auto reason = TryStatement(On(to), sql)) {
      result_.refused.push_back(sql + ": " + *reason);
    } else {
      ++refreshed;
    }
  }
  return refreshed;
}

void Crossing::DropSubscriptions(Side on, Connection* publisher, const std::vector<SubscriptionRecord>& subscriptions) {
  for (const SubscriptionRecord& subscription : subscriptions) {
    if (options_.dry_run) {
      Show(on, "DROP SUBSCRIPTION " + QuoteIdentifier(subscription.name));
      Show(OtherSide(on), "SELECT pg_drop_replication_slot(" + SqlText(subscription.slot) + ")");
      continue;
    }
    DropSubscription(On(on), RouteOf(on), subscription.name);
    if (subscription.slot != subscription.name) {
      result_.notes.push_back("slot " + DisplayName(subscription.slot) +
                              " was there before the migration and stays: drop it when nobody needs it, it keeps WAL");
    } else if (publisher != nullptr) {
      DropSlot(*publisher, subscription.slot);
    }
    state_.RemoveSubscription(subscription.name);
  }
}

void Crossing::ChangeSteps(const std::string& key_prefix, bool again) {
  StepStore store(Target(), result_.source.identity);
  StepRunner runner(&Source(), Target(), store, false);
  std::vector<Step> steps = store.Load();
  runner.Settle(steps);
  for (Step& step : steps) {
    if (step.key.rfind(key_prefix, 0) != 0 || step.state != (again ? StepState::kUndone : StepState::kDone)) continue;
    if (options_.dry_run) {
      Show(step.side, again ? step.sql : step.undo_sql);
      continue;
    }
    again ? runner.Do(step) : runner.Undo(step);
    if (!step.error.empty()) throw Error(step.what + ": " + step.error);
  }
}

void Crossing::DoSteps(PreparePart part) {
  StepStore store(Target(), result_.source.identity);
  if (!options_.dry_run) store.Create();
  StepRunner runner(&Source(), Target(), store, false);
  for (Step& step : part.steps) {
    if (options_.dry_run) {
      Show(step.side, step.sql);
      continue;
    }
    runner.Do(step);
    if (!step.error.empty()) throw Error(step.what + ": " + step.error, step.remedy);
  }
}

ConnInfo Crossing::TargetFromSource() {
  ConnInfo info;
  for (const char* key : {"sslmode", "sslrootcert"})
    if (!options_.target.Get(key).empty()) info = info.With(key, options_.target.Get(key));
  info = info.With("host", PQhost(Target().get())).With("port", PQport(Target().get()));
  for (const auto& [key, value] : options_.from_source.settings()) info = info.With(key, value);
  return info.With("dbname", result_.target.database)
      .With("user", options_.fallback_role)
      .With("password", ReadPasswordFile(options_.fallback_password_file));
}

}  // namespace airlift
