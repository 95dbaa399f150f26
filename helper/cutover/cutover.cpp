#include "cutover/cutover.h"

#include <fmt/format.h>

#include "audit/audit_slot.h"
#include "base/fault_point.h"
#include "cutover/cutover_checks.h"
#include "cutover/source_fence.h"
#include "cutover/way_back.h"
#include "model/state_schema.h"
#include "pg/identifier.h"
#include "replicate/apply_steps.h"
#include "replicate/guard.h"
#include "state/driver_lock.h"

namespace airlift {

namespace {

using nlohmann::json;

constexpr const char* kFenceReason = "its database is being moved to another server";
constexpr const char* kFenceStep = "fence";
constexpr const char* kOpenStep = "open";
constexpr uint64_t kListedChangedRows = 20;  // the writes stand still meanwhile

class Cutover : public Crossing {
 public:
  Cutover(const CrossingOptions& options, Progress& progress) : Crossing(options, "cutover", progress) {}

  // For the road: whether the step that opens may have opened although it failed.
  bool MayHaveOpened() {
    const StopPause no_stop;
    try {
      return IsOpen();
    } catch (const Error&) {
      return true;
    }
  }

  CrossingResult Run() {
    TakeDriverLock(Target());
    RequireKnownReplication();
    RefuseAfterFallback();
    forward_ = state_.Subscriptions(Direction::kForward);
    if (options_.abort) return Abort();
    if (MustBeginAnew()) BeginAnew();
    if (!road_.HasBegun(kSteps[0].name)) {
      ThrowProblems(CheckCutover({Source(), Target(), options_, record_, forward_, Fence().IsAdvisory()}));
    } else {
      progress_.Note("going on with a cutover that was begun");
    }
    if (Fence().IsAdvisory())
      result_.notes.push_back(
          "the source has no fence of the extension: writes to tables were refused by triggers, but sequences, large "
          "objects and DDL were not fenced");
    Fence().Enter();
    fence_was_begun_ = road_.HasBegun(kFenceStep);
    try {
      road_.Travel(*this, kSteps, kOpenStep, options_.dry_run);
    } catch (const RoadBlocked& error) {
      result_.blocked = error.Report();
      const StopPause no_stop;
      if (result_.IsTakenBack()) state_.SetPhase(MigrationPhase::kReplicating);
      return End();
    }
    return End();
  }

 private:
  static const RoadStep<Cutover> kSteps[14];

  SourceFence Fence() { return SourceFence(Source()); }

  // Steps that are on record as done would be told as if the application might write to the target, and what a killed
  // cutover had left to do would take the guard off it.
  void RefuseAfterFallback() const {
    if (record_.phase != MigrationPhase::kFallingBack && record_.phase != MigrationPhase::kFallenBack) return;
    throw Error(fmt::format("the migration is \"{}\": it was cut over, and the application goes back to the source",
                            MigrationPhaseName(record_.phase)),
                {},
                "pg_airlift fallback goes on with a fallback that was begun. To move again: pg_airlift cleanup, an "
                "empty target database, and migrate.");
  }

  // The state says "open" in the transaction that opens.
  bool IsOpen() { return road_.IsDone(kOpenStep) || state_.Find()->phase == MigrationPhase::kOpen; }

  // Nothing that was done under a fence counts once the fence is down: the application has written since. That is so
  // where a former attempt was taken back and could not record it, or somebody lifted the fence.
  bool MustBeginAnew() {
    if (options_.dry_run || IsOpen()) return false;
    return road_.IsHalfTakenBack(kSteps) || (road_.IsDone(kFenceStep) && !Fence().IsUp());
  }
  void BeginAnew() {
    progress_.Note("the source is not fenced any more: a former attempt is taken back, and the cutover begins anew");
    const std::string sentence = road_.TakeBack(*this, kSteps);
    if (road_.HasBegun(kSteps[0].name) || road_.IsHalfTakenBack(kSteps))
      throw Error("what a former attempt did could not be taken back", sentence);
    state_.SetPhase(MigrationPhase::kReplicating);
    record_.phase = MigrationPhase::kReplicating;
    WaitUntilConfirmed(Side::kSource, forward_, Mark(Side::kSource));
    result_.steps.clear();
  }

  CrossingResult End() {
    if (!options_.dry_run) result_.phase = MigrationPhaseName(state_.Find()->phase);
    if (const auto open = road_.Find(kOpenStep); open && open->detail.contains("downtime_seconds"))
      result_.downtime_seconds = open->detail["downtime_seconds"].get<double>();
    return std::move(result_);
  }

  CrossingResult Abort() {
    if (IsOpen())
      throw Error("the target is open: a cutover cannot be taken back any more", {},
                  "pg_airlift fallback brings the application back to the source.");
    Fence().Enter();
    const std::string sentence = road_.TakeBack(*this, kSteps);
    if (result_.IsTakenBack()) {
      result_.notes.push_back(sentence);
      state_.SetPhase(MigrationPhase::kReplicating);
    } else {
      result_.blocked = Error("not everything could be taken back", sentence).Report();
    }
    return End();
  }

  SubscriptionRecord Back() { return BackSubscription(Target(), record_); }

  json PublishBack() {
    if (!options_.with_fallback) return {};
    for (const std::string& sql : BackPublicationStatements(Source(), Target(), Back(), forward_))
      Act(Side::kTarget, sql);
    return {};
  }
  void UnpublishBack() { Act(Side::kTarget, "DROP PUBLICATION IF EXISTS " + QuoteIdentifier(Back().publication)); }

  json RaiseFence() {
    if (options_.dry_run) {
      Show(Side::kSource, Fence().RaiseStatement(kFenceReason, options_.timeout));
      return {};
    }
    state_.SetPhase(MigrationPhase::kCuttingOver);
    SourceFence fence = Fence();
    // One that a killed process began to raise may not be complete, or be about to go.
    if (fence_was_begun_ && fence.IsUp()) fence.Lift();
    if (!fence.IsUp()) fence.Raise(kFenceReason, options_.timeout);
    return {{"advisory", fence.IsAdvisory()}};
  }
  void LiftFence() {
    SourceFence fence = Fence();
    if (fence.IsUp()) fence.Lift();
  }

  json Drain() {
    const std::string lsn = Mark(Side::kSource);
    WaitUntilConfirmed(Side::kSource, forward_, lsn);
    return {{"fence_lsn", lsn}};
  }

  json StopForward() {
    Disable(Side::kTarget, forward_);
    return {};
  }
  void StartForward() { Enable(Side::kTarget, forward_); }

  json Silence() {
    ProveSilence(Source(), forward_);
    return {};
  }

  // While the application still writes: under the fence only what came since is left to be decoded.
  json Collect() {
    if (options_.dry_run || !options_.verify || options_.full_verify) return {};
    if (SinceVerified* since = Since(); since != nullptr) {
      try {
        since->Collect(Source());
      } catch (const Stopped&) {
        throw;
      } catch (const Error& error) {
        GiveUpAudit(error.what());
      }
    }
    return {};
  }

  // Null where there is no audit slot, or none that could tell.
  SinceVerified* Since() {
    if (since_ || !why_no_audit_.empty()) return since_.get();
    const auto audit = AuditState(Target()).Find();
    why_no_audit_ = WhyNoAudit(Source(), Target(), audit);
    if (!why_no_audit_.empty()) {
      if (audit) GiveUpAudit(why_no_audit_);
      return nullptr;
    }
    SinceVerifiedOptions options;
    options.source = options_.source;
    options.target = options_.target;
    options.jobs = options_.jobs;
    options.max_rows = kListedChangedRows;
    options.with_sequences = false;  // the next step sets them
    try {
      since_ = std::make_unique<SinceVerified>(options, *audit, PublicationsOf(forward_), progress_);
    } catch (const Stopped&) {
      throw;
    } catch (const Error& error) {
      GiveUpAudit(error.what());
    }
    return since_.get();
  }

  void GiveUpAudit(const std::string& why) {
    since_.reset();
    why_no_audit_ = why;
    result_.notes.push_back("every row is compared: " + why);
    progress_.Note(result_.notes.back());
  }

  json Compare() {
    if (options_.verify && !options_.dry_run && !options_.full_verify && Since() != nullptr) {
      Verify(Since());
    } else if (options_.verify) {
      Verify();
    } else {
      result_.notes.push_back("rows were not compared under the fence, as asked");
    }
    return {};
  }

  json Sequences() { return {{"sequences", CarrySequences(Side::kSource, Side::kTarget)}}; }

  json MaterializedViews() {
    if (!options_.refresh_materialized_views) return {};
    return {{"refreshed", RefreshMaterializedViews(Side::kSource, Side::kTarget)}};
  }

  json EnableTriggers() {
    UndoSteps(std::string(kForwardSteps) + kPutAsideSteps);
    return {};
  }
  void DisableTriggers() { DoAgain(std::string(kForwardSteps) + kPutAsideSteps); }

  json MakeWayBack() {
    if (!options_.with_fallback) return {};
    DoSteps(PlanForApply(Source(), kWayBackSteps));
    const SubscriptionRecord back = Back();
    if (!options_.dry_run) state_.PutSubscription(back);
    ReachFaultPoint(FaultPoint::kBackRecorded);
    options_.dry_run ? Show(Side::kTarget, BackSlotStatement(back)) : (void)Replicator().Query(BackSlotStatement(back));
    ReachFaultPoint(FaultPoint::kBackSlot);
    const SubscriptionSpec spec = BackSpec(back, TargetFromSource(), Target().server_major());
    if (options_.dry_run) {
      Show(Side::kSource, DescribeSubscription(spec, Source().server_major()));
      return {};
    }
    if (!SubscriptionExists(Source(), back.name)) CreateSubscription(Source(), RouteOf(Side::kSource), spec);
    ReachFaultPoint(FaultPoint::kBackSubscribed);
    EnableSubscription(Source(), RouteOf(Side::kSource), back.name);
    WaitUntilConfirmed(Side::kTarget, {back}, Mark(Side::kTarget));
    return {};
  }
  void RemoveWayBack() {
    if (options_.with_fallback || !state_.Subscriptions(Direction::kReverse).empty())
      DropSubscriptions(Side::kSource, &Replicator(), state_.Subscriptions(Direction::kReverse));
    UndoSteps(kWayBackSteps);
  }

  // The one moment: the guard lets writes pass and the state says so, in one transaction.
  json Open() {
    ProveSilence(Source(), forward_);
    if (options_.dry_run) {
      Show(Side::kTarget,
           "CREATE OR REPLACE FUNCTION " AIRLIFT_STATE_SCHEMA ".airlift_guard() ... -- lets writes pass");
      return {};
    }
    ReachFaultPoint(FaultPoint::kOpening);
    const StopPause no_stop;
    Transaction transaction(Target());
    Guard(Target(), AIRLIFT_STATE_SCHEMA).Open();
    state_.SetPhase(MigrationPhase::kOpen);
    const double downtime = std::stod(
        Target()
            .Query("SELECT EXTRACT(epoch FROM pg_catalog.clock_timestamp() - began_at) FROM " AIRLIFT_STATE_SCHEMA
                   ".road_step WHERE road = 'cutover' AND step = 'fence'")
            .Text(0, 0));
    const json detail = {{"downtime_seconds", downtime}};
    // The step is done with the transaction: done again, it would find what the way back has brought meanwhile.
    state_.FinishRoadStep("cutover", kOpenStep, detail, 0);
    transaction.Commit();
    ReachFaultPoint(FaultPoint::kOpened);
    return detail;
  }

  json Retire() {
    DropSubscriptions(Side::kTarget, &Source(), forward_);
    since_.reset();
    if (const auto audit = AuditState(Target()).Find()) {
      if (options_.dry_run) {
        Show(Side::kSource, "SELECT pg_drop_replication_slot('" + audit->slot + "')");
      } else {
        DropAuditSlot(&Source(), Target());
      }
    }
    return {};
  }

  json Tidy() {
    if (options_.dry_run) {
      Show(Side::kTarget, fmt::format("DROP TRIGGER {} ON each table", kGuardTrigger));
    } else {
      Guard(Target(), AIRLIFT_STATE_SCHEMA).Remove();
    }
    return {};
  }

  bool fence_was_begun_ = false;  // by a former process
  std::vector<SubscriptionRecord> forward_;
  std::unique_ptr<SinceVerified> since_;
  std::string why_no_audit_;
};

const RoadStep<Cutover> Cutover::kSteps[] = {
    {"publish-back", "publication on the target, for the way back", &Cutover::PublishBack, &Cutover::UnpublishBack},
    {"collect", "read which rows changed since the last full verification", &Cutover::Collect, nullptr},
    {kFenceStep, "refuse writes on the source", &Cutover::RaiseFence, &Cutover::LiftFence},
    {"drain", "wait until the target has applied all that was written", &Cutover::Drain, nullptr},
    {"stop", "stop the forward subscriptions", &Cutover::StopForward, &Cutover::StartForward},
    {"silence", "decode from there on: nothing more was written", &Cutover::Silence, nullptr},
    {"verify", "compare the rows of both sides", &Cutover::Compare, nullptr},
    {"sequences", "set the target's sequences ahead", &Cutover::Sequences, nullptr},
    {"materialized-views", "refresh the target's materialized views", &Cutover::MaterializedViews, nullptr},
    {"triggers", "enable the triggers that were put aside", &Cutover::EnableTriggers, &Cutover::DisableTriggers},
    {"way-back", "replicate from the target to the source", &Cutover::MakeWayBack, &Cutover::RemoveWayBack},
    {kOpenStep, "let the application write to the target", &Cutover::Open, nullptr},
    {"retire", "drop the forward subscriptions and their slots", &Cutover::Retire, nullptr},
    {"tidy", "remove the guard from the target's tables", &Cutover::Tidy, nullptr},
};

}  // namespace

CrossingResult CutOver(const CrossingOptions& options, Progress& progress) { return Cutover(options, progress).Run(); }

}  // namespace airlift
