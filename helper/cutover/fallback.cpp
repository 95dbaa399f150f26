#include "cutover/fallback.h"

#include <fmt/format.h>

#include "base/fault_point.h"
#include "cutover/cutover_checks.h"
#include "cutover/source_fence.h"
#include "model/state_schema.h"
#include "pg/identifier.h"
#include "replicate/apply_steps.h"
#include "replicate/guard.h"
#include "state/driver_lock.h"

namespace airlift {

namespace {

using nlohmann::json;

constexpr const char* kGuardReason = "the application goes back to its former server";
constexpr const char* kOpenStep = "open";

class Fallback : public Crossing {
 public:
  Fallback(const CrossingOptions& options, Progress& progress) : Crossing(options, "fallback", progress) {}

  // For the road: whether the step that opens may have opened although it failed.
  bool MayHaveOpened() {
    const StopPause no_stop;
    try {
      return !Fence().IsUp();
    } catch (const Error&) {
      return true;
    }
  }

  CrossingResult Run() {
    TakeDriverLock(Target());
    RequireKnownReplication();
    back_ = state_.Subscriptions(Direction::kReverse);
    Fence().Enter();
    if (options_.abort) return Abort();
    if (MustBeginAnew()) BeginAnew();
    if (!road_.HasBegun(kSteps[0].name)) Check();
    result_.notes.push_back("the target was fenced by triggers and by ending its sessions: no extension can run there");
    try {
      road_.Travel(*this, kSteps, kOpenStep, options_.dry_run);
    } catch (const RoadBlocked& error) {
      result_.blocked = error.Report();
      const StopPause no_stop;
      if (result_.IsTakenBack()) state_.SetPhase(MigrationPhase::kOpen);
      return End();
    }
    return End();
  }

 private:
  static const RoadStep<Fallback> kSteps[11];

  SourceFence Fence() { return SourceFence(Source()); }

  // As for the cutover: what was done under a fence that is down counts no more.
  bool MustBeginAnew() {
    if (options_.dry_run || road_.HasBegun(kOpenStep)) return false;
    return road_.IsHalfTakenBack(kSteps) ||
           (road_.IsDone(kSteps[0].name) && !Guard(Target(), AIRLIFT_STATE_SCHEMA).IsClosed());
  }
  void BeginAnew() {
    progress_.Note("the target is not fenced any more: a former attempt is taken back, and the fallback begins anew");
    const std::string sentence = road_.TakeBack(*this, kSteps);
    if (road_.HasBegun(kSteps[0].name) || road_.IsHalfTakenBack(kSteps))
      throw Error("what a former attempt did could not be taken back", sentence);
    state_.SetPhase(MigrationPhase::kOpen);
    record_.phase = MigrationPhase::kOpen;
    WaitUntilConfirmed(Side::kTarget, back_, Mark(Side::kTarget));
    result_.steps.clear();
  }

  CrossingResult End() {
    if (!options_.dry_run) result_.phase = MigrationPhaseName(state_.Find()->phase);
    if (const auto open = road_.Find(kOpenStep); open && open->detail.contains("downtime_seconds"))
      result_.downtime_seconds = open->detail["downtime_seconds"].get<double>();
    return std::move(result_);
  }

  CrossingResult Abort() {
    if (road_.IsDone(kOpenStep) || (road_.HasBegun(kOpenStep) && !Fence().IsUp()))
      throw Error("the source is open again: a fallback cannot be taken back", {}, "Begin a new migration.");
    const std::string sentence = road_.TakeBack(*this, kSteps);
    if (result_.IsTakenBack()) {
      result_.notes.push_back(sentence);
      state_.SetPhase(MigrationPhase::kOpen);
    } else {
      result_.blocked = Error("not everything could be taken back", sentence).Report();
    }
    return End();
  }

  void Check() {
    std::vector<PreflightProblem> problems;
    if (record_.phase != MigrationPhase::kOpen)
      problems.push_back({fmt::format("the migration is \"{}\", not \"open\"", MigrationPhaseName(record_.phase)),
                          "Only a migration that was cut over can fall back.", "See pg_airlift status."});
    else if (back_.empty())
      problems.push_back(
          {"there is no way back", "The cutover was made with --no-fallback, or it was cleaned up.", {}});
    CheckStreams(Target(), Source(), back_, options_.most_lag, problems);
    const Result prepared =
        Target().Query("SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = pg_catalog.current_database()");
    if (prepared.rows() > 0)
      problems.push_back({fmt::format("the target has {} prepared transactions", prepared.rows()),
                          "For example \"" + prepared.Text(0, 0) + "\".",
                          "COMMIT PREPARED or ROLLBACK PREPARED them."});
    try {
      Replicator();
    } catch (const Error& error) {
      problems.push_back({"the role of the way back cannot connect to the target", std::string(error.what()) + ".",
                          "Give --fallback-role and --fallback-password-file as for the cutover."});
    }
    ThrowProblems(problems);
  }

  json FenceTarget() {
    if (options_.dry_run) {
      Show(Side::kTarget,
           fmt::format("CREATE TRIGGER {} BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON each table", kGuardTrigger));
      Show(Side::kTarget, "SELECT pg_terminate_backend(pid) -- every other session of the database");
      return {};
    }
    state_.SetPhase(MigrationPhase::kFallingBack);
    Guard guard(Target(), AIRLIFT_STATE_SCHEMA);
    const GuardOutcome outcome = guard.Close(kGuardReason, static_cast<int>(options_.timeout * 1000));
    if (!outcome.refused.empty())
      throw Error(fmt::format("target: could not guard {} tables against writes", outcome.refused.size()),
                  fmt::format("For example {}: {}.", outcome.refused[0].first, outcome.refused[0].second),
                  "End the sessions that hold locks, or let the role own the tables.");
    replicator_.reset();
    EndClientSessions(Target(), options_.timeout);
    return {};
  }
  void OpenTarget() { Guard(Target(), AIRLIFT_STATE_SCHEMA).Remove(); }

  json UnforceRowSecurity() {
    DoSteps(PlanUnforcedRowSecurity(Target(), kFallbackSteps));
    return {};
  }
  void ForceRowSecurity() { UndoSteps(kFallbackSteps); }

  json Drain() {
    const std::string lsn = Mark(Side::kTarget);
    WaitUntilConfirmed(Side::kTarget, back_, lsn);
    return {{"fence_lsn", lsn}};
  }

  json StopBack() {
    Disable(Side::kSource, back_);
    return {};
  }
  void StartBack() { Enable(Side::kSource, back_); }

  json Silence() {
    ProveSilence(options_.dry_run ? Target() : Replicator(), back_);
    return {};
  }

  json Compare() {
    if (options_.verify) {
      Verify();
    } else {
      result_.notes.push_back("rows were not compared under the fence, as asked");
    }
    return {};
  }

  json Sequences() { return {{"sequences", CarrySequences(Side::kTarget, Side::kSource)}}; }

  json MaterializedViews() {
    if (!options_.refresh_materialized_views) return {};
    return {{"refreshed", RefreshMaterializedViews(Side::kTarget, Side::kSource)}};
  }

  json EnableTriggers() {
    UndoSteps(kWayBackSteps);
    return {};
  }
  void DisableTriggers() { DoAgain(kWayBackSteps); }

  json OpenSource() {
    if (options_.dry_run) {
      Show(Side::kSource, Fence().LiftStatement());
      return {};
    }
    // Again: since the first look the comparison has taken its time, or the helper was away.
    if (Fence().IsUp()) ProveSilence(Replicator(), back_);
    ReachFaultPoint(FaultPoint::kOpening);
    const StopPause no_stop;
    SourceFence fence = Fence();
    if (fence.IsUp()) fence.Lift();
    ReachFaultPoint(FaultPoint::kOpened);
    state_.SetPhase(MigrationPhase::kFallenBack);
    const double downtime = std::stod(
        Target()
            .Query("SELECT EXTRACT(epoch FROM pg_catalog.clock_timestamp() - began_at) FROM " AIRLIFT_STATE_SCHEMA
                   ".road_step WHERE road = 'fallback' AND step = 'fence'")
            .Text(0, 0));
    return {{"downtime_seconds", downtime}};
  }

  json Retire() {
    DropSubscriptions(Side::kSource, options_.dry_run ? nullptr : &Replicator(), back_);
    for (const SubscriptionRecord& back : back_)
      Act(Side::kTarget, "DROP PUBLICATION IF EXISTS " + QuoteIdentifier(back.publication));
    return {};
  }

  std::vector<SubscriptionRecord> back_;
};

const RoadStep<Fallback> Fallback::kSteps[] = {
    {"fence", "refuse writes on the target", &Fallback::FenceTarget, &Fallback::OpenTarget},
    {"row-security", "take off forced row-level security, which hides rows from the comparison",
     &Fallback::UnforceRowSecurity, &Fallback::ForceRowSecurity},
    {"drain", "wait until the source has applied all that was written", &Fallback::Drain, nullptr},
    {"stop", "stop the subscription of the way back", &Fallback::StopBack, &Fallback::StartBack},
    {"silence", "decode from there on: nothing more was written", &Fallback::Silence, nullptr},
    {"verify", "compare every row of both sides", &Fallback::Compare, nullptr},
    {"sequences", "set the source's sequences ahead", &Fallback::Sequences, nullptr},
    {"materialized-views", "refresh the source's materialized views", &Fallback::MaterializedViews, nullptr},
    {"triggers", "enable the source's triggers that were put aside", &Fallback::EnableTriggers,
     &Fallback::DisableTriggers},
    {kOpenStep, "let the application write to the source", &Fallback::OpenSource, nullptr},
    {"retire", "drop the way back", &Fallback::Retire, nullptr},
};

}  // namespace

CrossingResult FallBack(const CrossingOptions& options, Progress& progress) {
  return Fallback(options, progress).Run();
}

}  // namespace airlift
