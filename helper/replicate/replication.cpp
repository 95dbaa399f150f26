#include "replicate/replication.h"

#include <fmt/format.h>

#include <algorithm>

#include "audit/audit_slot.h"
#include "base/fault_point.h"
#include "base/format.h"
#include "catalog/relation.h"
#include "pg/identifier.h"
#include "pg/sql_text.h"
#include "prepare/prepare.h"
#include "prepare/reachability.h"
#include "prepare/secret.h"
#include "prepare/step_runner.h"
#include "prepare/step_store.h"
#include "replicate/apply_steps.h"
#include "replicate/guard.h"
#include "replicate/publication.h"
#include "replicate/published_tables.h"
#include "replicate/replication_checks.h"
#include "replicate/start_point.h"
#include "replicate/subscription.h"
#include "selection/selection_store.h"
#include "slots/catch_up.h"
#include "slots/lag.h"
#include "slots/slot.h"
#include "source/extension_client.h"
#include "source/extension_prepare.h"
#include "state/driver_lock.h"
#include "state/run_state.h"
#include "state/seen_source.h"
#include "state/swapped_sides.h"

namespace airlift {

namespace {

constexpr const char* kGuardReason = "it is being replicated from the source";
constexpr const char* kWatchDdlStep = "replicate/watch-ddl";

}  // namespace

Replication::Replication(const ConnInfo& source, const ConnInfo& target, ReplicationOptions options, Progress& progress)
    : source_info_(source),
      target_info_(target),
      options_(std::move(options)),
      progress_(progress),
      source_(source, Side::kSource),
      target_(target, Side::kTarget),
      state_(target_),
      record_(state_.Find()) {
  if (options_.selection.IsEmpty()) options_.selection = SelectionStore(target_).Find();
  selection_ = Selection(source_, options_.selection);
  // What is recorded wins: slots and publications of these names exist.
  if (!record_) return;
  const ReplicationOptions defaults;
  WarnOfIgnored("--publication", options_.publication, defaults.publication, record_->publication);
  WarnOfIgnored("--replication-role", options_.role, defaults.role, record_->role);
  const size_t groups = state_.Subscriptions(Direction::kForward).size();
  if (groups > 0)
    WarnOfIgnored("--groups", std::to_string(options_.groups), std::to_string(defaults.groups), std::to_string(groups));
  options_.publication = record_->publication;
  options_.role = record_->role;
  if (options_.admin_function.empty()) options_.admin_function = record_->admin_function;
  if (options_.from_target.settings().empty()) options_.from_target = ConnInfo::Parse(record_->source_conninfo);
}

void Replication::WarnOfIgnored(const char* option, const std::string& given, const std::string& by_default,
                                const std::string& recorded) {
  if (given != by_default && given != recorded)
    progress_.Note(fmt::format("warning: {} \"{}\" does not count: this migration was begun with \"{}\"", option, given,
                               recorded));
}

void Replication::Check(std::vector<PreflightProblem>& problems) {
  RefuseLaterPhase();
  std::vector<std::string> slots;
  if (record_) {
    for (const SubscriptionRecord& subscription : state_.Subscriptions(Direction::kForward)) {
      if (FindSlot(source_, subscription.slot)) slots.push_back(subscription.slot);
    }
    options_.groups = std::max<int>(options_.groups, static_cast<int>(slots.size()));
  }
  CheckReplication({source_, target_, source_info_, options_, slots, selection_}, problems);
  if (record_) return;
  for (size_t group = 1; group <= static_cast<size_t>(options_.groups); ++group) {
    if (FindSlot(source_, SlotName(group)))
      problems.push_back(
          {fmt::format("the source has a slot {} already, which this target knows nothing of", SlotName(group)),
           {},
           fmt::format("Drop it where nobody needs it, SELECT pg_drop_replication_slot('{}'), or give "
                       "another name with --publication.",
                       SlotName(group))});
  }
}

void Replication::RefuseLaterPhase() {
  if (!record_ || record_->phase == MigrationPhase::kPreparing || record_->phase == MigrationPhase::kReplicating)
    return;
  throw Error(fmt::format("this migration has come further: its phase is \"{}\"", MigrationPhaseName(record_->phase)),
              {}, "See pg_airlift status.");
}

void Replication::StartOver() {
  if (!record_) return;
  DropStreams();
  Guard(target_, "airlift_state").Remove();
  state_.Drop();
  record_.reset();
}

// --- what the source needs
// --------------------------------------------------------------------------------------------

void Replication::PrepareSource() {
  PrepareOptions prepare;
  prepare.source = source_info_;
  prepare.target = target_info_;
  prepare.replication_role = options_.role;
  prepare.password_file = options_.password_file;
  prepare.from_target = options_.from_target;
  const bool publish = Publications().empty();
  PublicationRequest request;
  if (publish) request = RequestPublication(source_, selection_, options_.publication, options_.groups);
  if (publish && ExtensionPrepares(source_)) {
    prepare.publication = options_.publication;
    prepare.publication_groups = options_.groups;
    prepare.tables = request.tables;
    prepare.exclude_tables = request.exclude_tables;
    prepare.row_filters = request.row_filters;
    prepare.column_lists = request.column_lists;
    // Where the target may place a row in another partition, it has to be routed there.
    prepare.via_partition_root = request.via_partition_root;
    if (prepare.via_partition_root)
      progress_.Note("partitions are published through their root: TRUNCATE of a single partition does not arrive");
  }
  const PrepareResult result = Prepare(prepare);
  for (const Step& step : result.steps)
    if (step.state == StepState::kDone) progress_.Note(std::string(SideName(step.side)) + ": " + step.what);
  std::vector<PreflightProblem> problems;
  for (const PrepareFinding& finding : result.findings)
    if (!finding.is_note) problems.push_back({finding.object + ": " + finding.detail, {}, finding.remedy});
  if (const std::string list = Blockers(problems); !list.empty())
    throw Error(list, {},
                "What was made on the source for this is recorded: the same command goes on, pg_airlift cleanup takes "
                "it back.");
  if (publish && prepare.publication.empty()) PublishWithoutExtension(request);
  WatchDdl();
}

// What DDL does to replication has to be told; event triggers take a superuser, and without them it is not noticed.
void Replication::WatchDdl() {
  if (!ExtensionWatchesDdl(source_)) return;
  StepStore store(target_, ReadServerFacts(source_).identity);
  store.Lock();
  store.Create();
  for (const Step& step : store.Load())
    if (step.key == kWatchDdlStep && step.state == StepState::kDone) return;
  StepRunner runner(&source_, target_, store, false);
  Step step;
  step.key = kWatchDdlStep;
  step.side = Side::kSource;
  step.what = "record of DDL";
  step.sql = kWatchDdlStatement;
  step.undo_sql = kUnwatchDdlStatement;
  runner.Do(step);
  if (step.state == StepState::kFailed) progress_.Note("warning: DDL of the source is not noticed: " + step.error);
}

void Replication::PublishWithoutExtension(const PublicationRequest& request) {
  StepStore store(target_, ReadServerFacts(source_).identity);
  store.Lock();
  store.Create();
  StepRunner runner(&source_, target_, store, false);
  Step step = PublicationStep(source_, request, options_.publication, selection_.IsEverything());
  runner.Do(step);
  if (step.state == StepState::kFailed) throw Error("source: could not create the publication: " + step.error);
}

std::vector<std::string> Replication::Publications() { return FindPublications(source_, options_.publication); }

void Replication::CreateRecord() {
  if (record_) return;
  ReplicationRecord record;
  record.type = options_.type;
  record.source_identity = ReadServerFacts(source_).identity;
  record.publication = options_.publication;
  record.role = options_.role;
  record.source_conninfo = SourceForTarget().ToStringWithoutPassword();
  record.admin_function = options_.admin_function;
  SelectionStore(target_).Write(options_.selection);
  state_.Create(record);
  RememberSource(source_, target_);
  ReachFaultPoint(FaultPoint::kRecordCreated);
  record_ = state_.Find();
}

// --- slots
// ------------------------------------------------------------------------------------------------------------

// Slots belong to the cluster, so the database is part of the name; the subscription has the same one.
std::string Replication::SlotName(size_t group) {
  const std::string oid =
      source_.Query("SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()").Text(0, 0);
  return fmt::format("{}_{}_{}", SlotPart(options_.publication), oid, group);
}

void Replication::DropStreams() {
  DropAuditSlot(&source_, target_);
  const AdminRoute route(options_.admin_function);
  for (const SubscriptionRecord& stream : state_.Subscriptions(Direction::kForward)) {
    DropSubscription(target_, route, stream.name);
    for (const HeldSnapshot& held : HeldSnapshots(source_))
      if (held.slot == stream.slot) ReleaseSnapshot(source_, held.id);
    // A slot that was there before stays its maker's.
    if (stream.slot == stream.name) DropSlot(source_, stream.slot);
    state_.RemoveSubscription(stream.name);
  }
}

// Before the slots exist: whoever finds them knows whose they are.
void Replication::RecordStreams(const std::vector<std::string>& publications) {
  for (size_t group = 1; group <= publications.size(); ++group) {
    const std::string name = SlotName(group);
    state_.PutSubscription(
        {name, name, publications[group - 1], Direction::kForward, static_cast<int>(group), std::string()});
  }
}

// The first slot, and its snapshot where one is asked for: held by the extension where it can, so that another process
// finds it again should this one die.
NewSlot Replication::CreateFirstSlot(const std::string& name, std::unique_ptr<SourceSnapshot>* snapshot) {
  const auto note = [&](const std::string& line) { progress_.Note(line); };
  if (snapshot == nullptr || !ExtensionHoldsSnapshots(source_)) {
    NewSlot slot = CreateSlot(source_info_, source_, name, note);
    if (snapshot != nullptr) *snapshot = std::make_unique<SourceSnapshot>(source_info_, slot.snapshot, slot.lsn);
    return slot;
  }
  Connection caller(source_info_, Side::kSource);
  SlotWait wait(source_, name, note);
  const HeldSnapshot held = HoldSnapshot(caller, name, [&] { wait.Report(); });
  *snapshot = UseHeld(held);
  return {held.lsn, held.snapshot, nullptr};
}

std::unique_ptr<SourceSnapshot> Replication::UseHeld(const HeldSnapshot& held) {
  return std::make_unique<SourceSnapshot>(source_info_, held.snapshot, held.lsn,
                                          [this, id = held.id] { ReleaseSnapshot(source_, id); });
}

// All at one position: the others are copies of the first, from which nothing has been read.
std::string Replication::CreateSlots(std::unique_ptr<SourceSnapshot>* snapshot) {
  std::vector<SubscriptionRecord> streams = state_.Subscriptions(Direction::kForward);
  const NewSlot first = CreateFirstSlot(streams.front().slot, snapshot);
  ReachFaultPoint(FaultPoint::kFirstSlot);
  for (SubscriptionRecord& stream : streams) {
    const std::string lsn =
        stream.slot == streams.front().slot ? first.lsn : CopySlot(source_, streams.front().slot, stream.slot);
    if (lsn != first.lsn)
      throw Error(fmt::format("source: slot {} begins at {}, not at {}", stream.slot, lsn, first.lsn), {},
                  "Run the same command again.");
    stream.start_lsn = lsn;
    state_.PutSubscription(stream);
    ReachFaultPoint(FaultPoint::kSlotRecorded);
  }
  if (options_.audit_slot) AddAuditSlot(streams.front());
  progress_.Note(
      fmt::format("source: {} begin{} at {}",
                  streams.size() == 1 ? "slot " + streams.front().slot : fmt::format("{} slots", streams.size()),
                  streams.size() == 1 ? "s" : "", first.lsn));
  return first.lsn;
}

// Of a stream from which nothing has been read yet.
void Replication::AddAuditSlot(const SubscriptionRecord& first) {
  CopyAuditSlot(source_, target_, options_.publication, first.slot, first.start_lsn,
                PublicationsOf(state_.Subscriptions(Direction::kForward)));
}

std::unique_ptr<SourceSnapshot> Replication::TakeSnapshot() {
  PrepareSource();
  CreateRecord();
  if (!state_.Subscriptions(Direction::kForward).empty()) {
    progress_.Note(
        "the former run's snapshot went with it: a new slot, and a new snapshot to check the copies against");
    DropStreams();
  }
  RecordStreams(Publications());
  ReachFaultPoint(FaultPoint::kStreamsRecorded);
  std::unique_ptr<SourceSnapshot> snapshot;
  CreateSlots(&snapshot);
  return snapshot;
}

std::unique_ptr<SourceSnapshot> Replication::FindSnapshot(const std::string& id, const std::string& lsn) {
  const std::vector<SubscriptionRecord> streams =
      record_ ? state_.Subscriptions(Direction::kForward) : std::vector<SubscriptionRecord>();
  for (const SubscriptionRecord& stream : streams) {
    const auto slot = FindSlot(source_, stream.slot);
    if (!slot || slot->wal_status == "lost" || stream.start_lsn != lsn) return nullptr;
  }
  for (const HeldSnapshot& held : HeldSnapshots(source_)) {
    if (streams.empty() || held.snapshot != id || held.lsn != lsn) continue;
    progress_.Note("the source has held the former run's snapshot: the copy goes on under it");
    // What DDL did since the snapshot could not be told any more.
    const auto audit = AuditState(target_).Find();
    if (options_.audit_slot && (!audit || audit->lsn != lsn))
      progress_.Note("no audit slot: it begins with the snapshot; pg_airlift compare --audit-slot makes one later");
    return UseHeld(held);
  }
  return nullptr;
}

// --- the target
// -------------------------------------------------------------------------------------------------------

ConnInfo Replication::SourceForTarget() {
  const auto info =
      SourceFromTarget(source_, options_.from_target, options_.role, ReadPasswordFile(options_.password_file));
  if (!info) throw Error("the source's address for the target is not known", {}, "Give it with --from-target.");
  return *info;
}

void Replication::PrepareTarget() {
  StepStore store(target_, ReadServerFacts(source_).identity);
  store.Lock();
  store.Create();
  StepRunner runner(&source_, target_, store, false);
  std::vector<PreflightProblem> problems;
  for (Step& step : PlanForApply(target_, kForwardSteps).steps) {
    runner.Do(step);
    if (step.state == StepState::kDone) progress_.Note("target: " + step.what);
    if (step.state == StepState::kFailed)
      problems.push_back({fmt::format("target: could not do: {}", step.what), step.error + ".", step.remedy});
  }
  if (const std::string list = Blockers(problems); !list.empty()) throw Error(list);
}

void Replication::CloseGuard() {
  const GuardOutcome guard = Guard(target_, "airlift_state").Close(kGuardReason);
  if (guard.refused.empty()) return;
  std::string list;
  for (const auto& [table, reason] : guard.refused) list += (list.empty() ? "" : "\n") + table + ": " + reason;
  throw Error(fmt::format("target: could not guard {} tables against writes", guard.refused.size()), list,
              "End the sessions that use them, and run the same command again.");
}

bool Replication::SourceSubscribes() {
  return source_.Query("SELECT EXISTS (SELECT FROM pg_catalog.pg_replication_origin)").Boolean(0, 0);
}

void Replication::Subscribe(const SubscriptionRecord& record) {
  const auto slot = FindSlot(source_, record.slot);
  if (!slot || slot->wal_status == "lost")
    throw Error(fmt::format("source: slot {} {}", record.slot, slot ? "has lost WAL that was not sent yet" : "is gone"),
                "Changes made since the load cannot be had any more.", "Start over with pg_airlift migrate --restart.");
  if (SubscriptionExists(target_, record.name)) return;
  SubscriptionSpec spec;
  spec.name = record.name;
  spec.publisher = SourceForTarget();
  spec.publications = {record.publication};
  spec.slot = record.slot;
  spec.publisher_major = source_.server_major();
  // What other replication brings to the source belongs to the source's data, and has to come along.
  spec.local_changes_only = !SourceSubscribes();
  spec.two_phase = options_.two_phase;
  CreateSubscription(target_, AdminRoute(options_.admin_function), spec);
}

void Replication::StartSubscriptions(std::vector<std::string>& notes) {
  const AdminRoute route(options_.admin_function);
  const std::vector<SubscriptionRecord> streams = state_.Subscriptions(Direction::kForward);
  if (streams.empty()) throw Error("no subscription is recorded", {}, "Start over with --restart.");
  PrepareTarget();
  CloseGuard();
  ReachFaultPoint(FaultPoint::kGuardClosed);
  for (const SubscriptionRecord& stream : streams) {
    Subscribe(stream);
    ReachFaultPoint(FaultPoint::kSubscribed);
  }
  for (const SubscriptionRecord& stream : streams) EnableSubscription(target_, route, stream.name);
  ReachFaultPoint(FaultPoint::kSubscriptionsEnabled);
  progress_.Note("subscriptions run; waiting until they have caught up");
  CatchUpInputs inputs{source_,      &target_,
                       streams,      CurrentLsn(source_),
                       std::nullopt, [&](const std::string& line) { progress_.Note(line); }};
  const CatchUpOutcome outcome = WaitForSlots(inputs);
  if (!outcome.is_reached)
    throw Error("replication does not catch up", outcome.reason + ".",
                "See pg_airlift status and docs/replication.md; then run the same command again.");
  ReachFaultPoint(FaultPoint::kCaughtUp);
  state_.SetPhase(MigrationPhase::kReplicating);
  int64_t behind = 0;
  for (const SubscriptionRecord& stream : streams)
    behind = std::max(behind, ReadLag(source_, {stream.slot}).front().bytes);
  notes.push_back(fmt::format("replicating: {} subscription{} caught up with {} in {}; {} behind now", streams.size(),
                              streams.size() == 1 ? "" : "s", inputs.lsn, FormatSeconds(outcome.seconds),
                              FormatBytes(behind)));
}

void Replication::AfterLoad(RunResult& result) {
  if (result.was_verified && result.DataVerdict() != Verdict::kVerified) {
    result.notes.push_back(
        "replication was not started, since not everything is verified; the slots go on holding WAL on the source: "
        "mend it and give --restart, or run pg_airlift cleanup");
    return;
  }
  AuditState audit(target_);
  if (const auto record = audit.Find(); record && !record->is_verified && !record->lsn.empty()) {
    if (result.was_verified) {
      audit.SetVerified("load");
    } else {
      DropAuditSlot(&source_, target_);
      result.notes.push_back("no audit slot was kept: the load was not verified");
    }
  }
  StartSubscriptions(result.notes);
}

// --- from a start point
// -----------------------------------------------------------------------------------------------

void Replication::UseStartPoint() {
  const std::vector<std::string> publications = Publications();
  if (options_.start_point == "now") {
    RecordStreams(publications);
    CreateSlots(nullptr);
    return;
  }
  if (publications.size() != 1)
    throw Error("a given start point is for one subscription",
                fmt::format("There are {} publications.", publications.size()), "Leave out --groups.");
  const StartPoint start =
      FindStartPoint(source_, options_.start_point, [this](const std::string& line) { progress_.Note(line); });
  state_.PutSubscription({SlotName(1), start.slot, publications.front(), Direction::kForward, 1, start.lsn});
}

void Replication::RefuseOtherSelection() {
  const SelectionRules recorded = SelectionStore(target_).Find();
  if ((!record_ && !RunState(target_).Find()) || AsksForTheSame(recorded, options_.selection)) return;
  throw Error("this migration was begun with another selection",
              fmt::format("Then: {}. Now: {}.", airlift::Describe(recorded), airlift::Describe(options_.selection)),
              "Leave the selection's options out, or give the same again.");
}

void Replication::RefuseUnfinishedLoad() {
  const auto run = RunState(target_).Find();
  if (run && run->stage == Stage::kFinished && (!run->verify || run->verdict == Verdict::kVerified)) return;
  throw Error("the load of this migration has not ended with the verdict \"verified\"", {},
              "Run pg_airlift migrate again.");
}

void Replication::WarnOfAnotherTimeline() {
  const std::string change = FindTimelineChange(source_, target_, SinceWhen::kLast);
  if (!change.empty()) progress_.Note("warning: " + change);
}

std::vector<PreflightProblem> Replication::CheckChangesOnly() {
  if (!record_) RefuseSwappedSides(source_, target_);
  RefuseOtherSelection();
  std::vector<PreflightProblem> problems;
  CheckTakesWrites(target_, problems);
  Check(problems);
  if (!record_ || record_->type == kChangesOnly)
    CheckTablesAreLoaded({source_, target_, source_info_, options_, {}, selection_}, problems);
  return problems;
}

Description Replication::DescribeChangesOnly() {
  const std::vector<PreflightProblem> problems = CheckChangesOnly();
  std::string text = Describe();
  if (const size_t mark = text.find(kAfterLoadMark); mark != std::string::npos)
    text.erase(mark, std::string(kAfterLoadMark).size());
  return {ProblemComments(problems) + text, !Blockers(problems).empty()};
}

std::vector<std::string> Replication::RunChangesOnly() {
  TakeDriverLock(target_);
  const std::vector<PreflightProblem> problems = CheckChangesOnly();
  for (const PreflightProblem& problem : problems)
    if (!problem.is_blocker) progress_.Note("warning: " + problem.message + ". " + problem.detail);
  if (const std::string list = Blockers(problems); !list.empty()) throw Error(list);
  if (record_ && record_->type == kFullLoadAndChanges) RefuseUnfinishedLoad();
  if (record_) WarnOfAnotherTimeline();
  PrepareSource();
  CreateRecord();
  const std::vector<SubscriptionRecord> streams = state_.Subscriptions(Direction::kForward);
  const bool is_begun = !streams.empty() && std::none_of(streams.begin(), streams.end(),
                                                         [](const auto& stream) { return stream.start_lsn.empty(); });
  if (!is_begun) {
    DropStreams();
    UseStartPoint();
  }
  std::vector<std::string> notes;
  if (!FindExtension(source_)) notes.push_back(WithoutExtension({.replication = true}));
  StartSubscriptions(notes);
  return notes;
}

std::string Replication::Describe() {
  std::string text = fmt::format("-- role {} on the source, as pg_airlift prepare --replication-role does\n",
                                 DisplayName(options_.role));
  const PublicationRequest request = RequestPublication(source_, selection_, options_.publication, options_.groups);
  if (Publications().empty())
    text += fmt::format("/* source */ {};\n",
                        ExtensionPrepares(source_)
                            ? CreatePublicationStatement(request, false)
                            : "CREATE PUBLICATION " + SqlName(options_.publication) + " FOR TABLE ...");
  text += fmt::format("/* source */ CREATE_REPLICATION_SLOT {} LOGICAL pgoutput EXPORT_SNAPSHOT;\n", SlotName(1));
  for (int group = 2; group <= options_.groups; ++group)
    text += fmt::format("/* source */ SELECT pg_catalog.pg_copy_logical_replication_slot('{}', '{}');\n", SlotName(1),
                        SlotName(static_cast<size_t>(group)));
  if (options_.audit_slot)
    text += fmt::format("/* source */ SELECT pg_catalog.pg_copy_logical_replication_slot('{}', '{}');\n", SlotName(1),
                        AuditSlotName(source_, options_.publication));
  text += "-- everything is read under that slot's snapshot\n";
  text += kAfterLoadMark;
  text +=
      "-- triggers ENABLE ALWAYS or REPLICA disabled on the target until the cutover, FORCE ROW LEVEL SECURITY off\n";
  text += fmt::format("-- trigger {} on every table of the target: it refuses writes\n", kGuardTrigger);
  for (int group = 1; group <= options_.groups; ++group) {
    SubscriptionSpec spec;
    spec.name = spec.slot = SlotName(static_cast<size_t>(group));
    spec.publications = {options_.groups == 1 ? options_.publication
                                              : fmt::format("{}_{}", options_.publication, group)};
    spec.publisher_major = source_.server_major();
    spec.local_changes_only = !SourceSubscribes();
    spec.two_phase = options_.two_phase;
    const auto info = SourceFromTarget(source_, options_.from_target, options_.role, {});
    if (info) spec.publisher = *info;
    text += fmt::format("/* target */ {};\n", DescribeSubscription(spec, target_.server_major()));
    text += fmt::format("/* target */ ALTER SUBSCRIPTION {} ENABLE;\n", QuoteIdentifier(spec.name));
  }
  return text;
}

}  // namespace airlift
