#include "engine/move.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <tuple>

#include "base/fault_point.h"
#include "base/format.h"
#include "compare/compare_objects.h"
#include "engine/existing_target.h"
#include "engine/join.h"
#include "engine/load.h"
#include "engine/outcome.h"
#include "engine/resume.h"
#include "engine/worker.h"
#include "large_objects/metadata.h"
#include "mapping/resolved_mapping.h"
#include "pg/identifier.h"
#include "preflight/preflight.h"
#include "prepare/replication_role.h"
#include "queue/task_kind.h"
#include "schema/schema_mover.h"
#include "selection/selection_store.h"
#include "sequences/sequences.h"
#include "snapshot/source_snapshot.h"
#include "source/extension_client.h"
#include "state/replication_state.h"
#include "state/run_state.h"
#include "state/seen_source.h"
#include "tasks/plan.h"
#include "tune/resting_tables.h"

namespace airlift {

namespace {

using Clock = std::chrono::steady_clock;

// How often the queue is asked whether the source is done, which reads all of it; with very many tasks that is put off
// until it costs no more than a part of the time.
constexpr std::chrono::milliseconds kBetweenLooks{300};
constexpr int kLookShare = 30;

std::vector<std::string> SourceTaskKinds() {
  std::vector<std::string> kinds;
  for (const TaskKind& kind : kTaskKinds)
    if (kind.needs_source) kinds.emplace_back(kind.name);
  return kinds;
}

class Move {
 public:
  Move(const MoveOptions& options, Progress& progress, MoveCompanion* companion)
      : options_(options),
        progress_(progress),
        companion_(companion),
        source_(options.source, Side::kSource),
        target_(options.target, Side::kTarget),
        state_(target_) {
    target_.Execute("SET synchronous_commit = off");
  }

  RunResult Run() {
    result_.command = options_.verify ? "migrate" : "restore";
    result_.started_at = UtcNow();
    result_.was_verified = options_.verify;
    Begin();
    if (IsFinished()) {
      CollectFinished();
      if (options_.keep_finished) CompareSchemas();
      return Replicate();
    }
    Timed("schema", [&] { RestoreSchema(); });
    Timed("load", [&] { Load(); });
    // A killed run had set the sequences before it renamed anything; the rest goes by the new names.
    const bool is_renamed = schema_->RenamesHaveBegun();
    if (is_renamed) Timed("renames", [&] { RestorePostData(); });
    Timed("sequences", [&] { RestoreSequences(is_renamed); });
    Collect();
    result_.left_out = AllLeftOut();
    if (result_.DataVerdict() == Verdict::kDiffers) {
      result_.notes.push_back("stopped before foreign keys, triggers and grants: see the tables that differ");
      return End();
    }
    if (!is_renamed) Timed("post-data", [&] { RestorePostData(); });
    result_.left_out = AllLeftOut();
    Timed("schema comparison", [&] { CompareSchemas(); });
    ReachFaultPoint(FaultPoint::kPostData);
    state_.Finish(result_.DataVerdict());
    ReachFaultPoint(FaultPoint::kFinished);
    return Replicate();
  }

 private:
  // What is loaded and proved is not loaded again, where something is to follow.
  bool IsFinished() const {
    return (companion_ != nullptr || options_.keep_finished) && run_ && run_->stage == Stage::kFinished;
  }

  void CollectFinished() {
    Note(fmt::format("the load begun at {} is finished", run_->started_at));
    result_.kept_since = run_->started_at;
    result_.was_verified = run_->verify;
    result_.snapshot_lsn = run_->snapshot_lsn;
    context_.relations = state_.LoadPlannedRelations();
    Collect();
    schema_ = std::make_unique<SchemaMover>(SchemaOptionsFromMove(), target_);
    result_.left_out = AllLeftOut();
  }

  void Collect() {
    CollectResults(state_, context_.relations, context_.source_has_extension, result_);
    if (!context_.with_large_objects) result_.large_objects.reset();
  }

  RunResult Replicate() {
    if (companion_ != nullptr) Timed("replication", [&] { companion_->AfterLoad(result_); });
    return End();
  }

  template <typename Step>
  void Timed(const char* stage, Step step) {
    CheckStop();
    const auto began = std::chrono::steady_clock::now();
    step();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    result_.seconds.emplace_back(stage, took.count());
  }

  RunResult End() {
    result_.finished_at = UtcNow();
    return std::move(result_);
  }

  // Facts, lock, pre-flight, and whether there is a run to go on with.
  void Begin() {
    TakeDriverLock(target_, progress_);
    ReachFaultPoint(FaultPoint::kLocked);
    result_.source = ReadServerFacts(source_);
    result_.target = ReadServerFacts(target_);
    run_ = state_.Find();
    RefuseToLeaveChangesBehind();
    RefuseForeignRun();
    if (run_) NoticeSourceServer();
    selection_ = Selection(source_, options_.selection);
    RefuseRenamesIntoExisting();
    auto problems = RunPreflight({source_, target_, options_, run_.has_value(), &selection_});
    if (companion_ != nullptr) companion_->Check(problems);
    for (const auto& problem : problems)
      if (!problem.is_blocker)
        Note("warning: " + problem.message + (problem.detail.empty() ? "" : ". " + problem.detail));
    if (const std::string list = Blockers(problems); !list.empty()) throw Error(list);
    RefuseNothing();
    if (options_.restart) StartOver();
    context_.options = options_;
    context_.options.toast_compression = OfferedCompression(target_, options_.toast_compression, progress_);
    context_.progress = &progress_;
    context_.with_large_objects = selection_.TakesLargeObjects();
    if (!selection_.IsEverything()) {
      result_.notes.push_back(selection_.Summary());
      Note(selection_.Summary());
      if (selection_.mapping() != nullptr)
        for (const MappedTable* table : selection_.mapping()->Tables())
          result_.notes.push_back(DisplayName(table->schema, table->name) + ": " + table->Describe());
    }
    context_.source_has_extension = FindExtension(source_).has_value();
    if (!context_.source_has_extension) NoteLosses();
  }

  void NoteLosses() {
    const bool replicates = companion_ != nullptr;
    const std::string losses =
        WithoutExtension({.digests = options_.verify, .snapshot = replicates, .replication = replicates});
    if (!losses.empty()) result_.notes.push_back(losses);
  }

  // Names that others use are known for an empty target only.
  void RefuseRenamesIntoExisting() {
    if (!options_.into_existing || selection_.mapping() == nullptr || selection_.mapping()->at_end().empty()) return;
    throw Error("a table mapping that renames is for an empty target", {}, "Leave out --into-existing.");
  }

  // "verified" would be said of nothing, and a pattern that excludes too much pass for a success.
  void RefuseNothing() {
    if (!options_.verify || selection_.IsEverything()) return;
    const bool has_large_objects =
        selection_.TakesLargeObjects() &&
        source_.Query("SELECT EXISTS (SELECT FROM pg_catalog.pg_largeobject_metadata)").Boolean(0, 0);
    if (has_large_objects || !ReadSequences(source_, selection_.Sequences()).empty() ||
        !selection_.Apply(source_, LoadRelations(source_)).empty())
      return;
    throw Error("the selection leaves nothing that could be proved",
                "It takes no table with rows, no sequence and no large object.",
                "For definitions alone give --no-verify.");
  }

  void RefuseForeignRun() {
    if (!run_) return;
    if (run_->source_identity != result_.source.identity || run_->source_database != result_.source.database)
      throw Error(fmt::format("the target holds the state of a move from another source, database \"{}\"",
                              run_->source_database),
                  {}, "Give that source, or an empty target database.");
    if (!options_.restart && !AsksForTheSame(SelectionStore(target_).Find(), options_.selection))
      throw Error(
          "this move was begun with another selection",
          fmt::format("Then: {}. Now: {}.", Describe(SelectionStore(target_).Find()), Describe(options_.selection)),
          "Give the same options again, or --restart to begin anew with these.");
    const bool is_well = run_->verify ? run_->verdict == Verdict::kVerified : companion_ != nullptr || !options_.verify;
    const bool goes_on = (companion_ != nullptr || options_.keep_finished) && is_well;
    if (run_->stage == Stage::kFinished && !options_.restart && !goes_on)
      throw Error(
          "this move has finished already",
          fmt::format("It began at {} and ended with the verdict \"{}\".", run_->started_at,
                      run_->verdict ? VerdictName(*run_->verdict) : "none"),
          "Run pg_airlift compare to compare again. --restart drops everything in the target database, what was "
          "written there since included, and loads it anew.");
  }

  // Under another snapshot than the slots' the load and what they send would overlap, and --restart would drop the
  // tables from under the subscriptions, or, after a cutover, from under the application.
  void RefuseToLeaveChangesBehind() {
    if (companion_ != nullptr) return;
    const auto replication = ReplicationState(target_).Find();
    if (!replication) return;
    throw Error("the target belongs to a migration that replicates changes",
                fmt::format("It was begun with --type {}, and its phase is \"{}\".", replication->type,
                            MigrationPhaseName(replication->phase)),
                "Give the same --type to go on with it, or end it with pg_airlift cleanup; pg_airlift status tells how "
                "it stands.");
  }

  // It is remembered only when the copies have been judged against the source as it is now.
  void NoticeSourceServer() {
    const std::string note = FindTimelineChange(source_, target_, SinceWhen::kLast);
    if (note.empty()) return;
    RefuseChangesOfAnotherTimeline(note);
    is_other_timeline_ = true;
    Note("warning: " + note);
    result_.notes.push_back(note);
  }

  // Copies are judged as long as nothing has come on top of them. What a former primary sent later may be on the target
  // alone, whichever slots there are.
  void RefuseChangesOfAnotherTimeline(const std::string& change) const {
    const bool is_loaded = run_->stage == Stage::kPostData || run_->stage == Stage::kFinished;
    if (companion_ == nullptr || options_.restart || !is_loaded) return;
    throw Error("the source is not the server any more that the target was loaded from", change,
                "Start over with pg_airlift migrate --restart.");
  }

  void StartOver() {
    if (!run_) return;
    if (options_.into_existing || run_->into_existing)
      throw Error("--restart would also drop what was there before --into-existing", {},
                  "Drop what the first run loaded by hand, and schema airlift_state.");
    Note("starting over: dropping what the former run created on the target");
    if (companion_ != nullptr) companion_->StartOver();
    DropCreatedObjects(target_);
    state_.Drop();
    run_.reset();
  }

  void TakeSnapshot() {
    UseSnapshot(companion_ != nullptr ? companion_->TakeSnapshot() : std::make_unique<SourceSnapshot>(options_.source));
  }

  void UseSnapshot(std::unique_ptr<SourceSnapshot> snapshot) {
    snapshot_ = std::move(snapshot);
    context_.snapshot_id = snapshot_->id();
    result_.snapshot_lsn = snapshot_->lsn();
    result_.snapshot_taken_at = snapshot_->taken_at();
    ReachFaultPoint(FaultPoint::kSnapshotTaken);
  }

  bool SourceIsDone() { return state_.CountUnfinished(SourceTaskKinds()) == 0; }

  void RestoreSchema() {
    const bool resumes = run_.has_value();
    bool is_same_snapshot = false;
    if (!resumes) {
      // Before the run itself: a run without its selection would be taken for one of everything.
      SelectionStore(target_).Write(options_.selection);
      TakeSnapshot();
      run_ = RunRecord{result_.source.identity,
                       result_.source.database,
                       Stage::kSchema,
                       1,
                       snapshot_->lasting_id(),
                       snapshot_->lsn(),
                       {},
                       options_.verify,
                       {},
                       false,
                       options_.into_existing};
      state_.Create(*run_);
      RememberSource(source_, target_);
      ReachFaultPoint(FaultPoint::kStateCreated);
    } else {
      Note(fmt::format("going on with the move begun at {} (stage {})", run_->started_at, StageName(run_->stage)));
      // Rows of another timeline may be rows that the source never had, as it is now.
      if (run_->stage == Stage::kSchema ||
          (run_->stage == Stage::kLoad && (!run_->source_is_read || is_other_timeline_))) {
        auto held = companion_ != nullptr ? companion_->FindSnapshot(run_->snapshot, run_->snapshot_lsn) : nullptr;
        is_same_snapshot = held != nullptr;
        if (held) {
          UseSnapshot(std::move(held));
        } else {
          TakeSnapshot();
        }
        if (is_same_snapshot || run_->stage == Stage::kSchema) StartAttempt();
      } else {
        result_.snapshot_lsn = run_->snapshot_lsn;
      }
    }
    schema_ = std::make_unique<SchemaMover>(SchemaOptionsFromMove(), target_);
    schema_->Load(snapshot_ ? snapshot_->connection() : source_, snapshot_ ? snapshot_->id() : "");
    if (run_->stage == Stage::kSchema) {
      schema_->RestorePreData();
      ReachFaultPoint(FaultPoint::kPreData);
      Plan();
    } else {
      context_.relations = state_.LoadPlannedRelations();
      // In this order: whoever finds the snapshot on record takes the copies for copies under it.
      if (snapshot_ && !is_same_snapshot) {
        KeepWhatIsStillTrue(state_, source_, target_, context_, progress_);
        ReachFaultPoint(FaultPoint::kCopiesChecked);
        StartAttempt();
      }
    }
    // What is on the target is of the source as it is now, or was judged against it.
    if (is_other_timeline_ && snapshot_) RememberSource(source_, target_);
  }

  void StartAttempt() {
    state_.StartAttempt(snapshot_->lasting_id(), snapshot_->lsn());
    ReachFaultPoint(FaultPoint::kAttemptBegun);
  }

  SchemaOptions SchemaOptionsFromMove() {
    SchemaOptions schema;
    schema.source = options_.source;
    schema.target = options_.target;
    schema.pg_bindir = options_.pg_bindir;
    schema.into_existing = options_.into_existing;
    schema.jobs = options_.jobs;
    schema.replication_roles = ReplicationRoles(target_);
    if (!selection_.IsEverything()) schema.selection = &selection_;
    schema.note = [this](const std::string& line) { Note(line); };
    return schema;
  }

  // Tables that are on the target now become tasks; the others were left out with their schema.
  void Plan() {
    std::vector<Relation> relations = selection_.Apply(snapshot_->connection(), LoadRelations(snapshot_->connection()));
    std::set<std::pair<std::string, std::string>> present;
    for (const Relation& relation : LoadRelations(target_)) {
      present.emplace(relation.schema, relation.name);
      for (const StoredTable& table : relation.stored) present.emplace(table.schema, table.name);
    }
    for (Relation& relation : relations) {
      relation.is_missing_on_target = present.count({relation.schema, relation.name}) == 0;
      if (!relation.needs_routing) {
        for (const StoredTable& table : relation.stored)
          relation.is_missing_on_target |= present.count({table.schema, table.name}) == 0;
      }
    }
    // Extensions come with what needs them only, where some tables are asked for.
    if (!selection_.IsEverything())
      std::erase_if(relations, [](const Relation& relation) {
        return relation.is_extension_configuration && relation.is_missing_on_target;
      });
    if (options_.into_existing) {
      RefuseFilledTables(relations);
      RefuseOtherTypes(snapshot_->connection(), target_, relations);
      if (selection_.TakesLargeObjects()) RefuseExistingLargeObjects(target_);
    }
    std::vector<Task> tasks = PlanTasks(relations, options_, {source_.server_major(), context_.source_has_extension});
    AddIndexTasks(relations, schema_->IndexJobs(), tasks);
    if (selection_.TakesLargeObjects()) AddLargeObjectTasks(snapshot_->connection(), tasks);
    state_.Plan(relations, tasks);
    ReachFaultPoint(FaultPoint::kPlanned);
    run_->stage = Stage::kLoad;
    context_.relations = std::move(relations);
  }

  void RefuseFilledTables(const std::vector<Relation>& relations) {
    for (const Relation& relation : relations) {
      if (relation.is_missing_on_target || relation.is_extension_configuration) continue;
      const std::string name = QualifiedName(relation.schema, relation.name);
      if (target_.Query("SELECT EXISTS (SELECT FROM " + name + ")").Boolean(0, 0))
        throw Error("table " + relation.display_name() + " of the target holds rows already", {},
                    "Empty it, or leave it out: pg_airlift never deletes rows it did not load.");
    }
  }

  void Load() {
    context_.session_settings = SessionSettings(target_, context_.options, progress_);
    RestingTables resting(options_.target, context_.relations);
    const OpenLoad open(target_);
    bool was_asked = false;
    do {
      ShowTotals(target_, progress_);
      // Indexes are built without the source.
      RunQueue(context_, [this, &was_asked, next = Clock::now() + kBetweenLooks]() mutable {
        const auto began = Clock::now();
        if (!snapshot_ || was_asked || began < next) return;
        const bool is_done = SourceIsDone();
        const auto ended = Clock::now();
        next = ended + std::max<Clock::duration>(kBetweenLooks, kLookShare * (ended - began));
        if (!is_done) return;
        was_asked = true;
        ReachFaultPoint(FaultPoint::kSourceRead);
        if (!HasRewrittenTables()) LetGoOfSource();
      });
      if (!snapshot_) break;
      ReachFaultPoint(FaultPoint::kSourceRead);
    } while (StartRewrittenOver(state_, source_, target_, context_, progress_) > 0);
    if (snapshot_) LetGoOfSource();
    ReachFaultPoint(FaultPoint::kLoaded);
    EndTuning(target_, resting, context_, result_);
    state_.SetStage(Stage::kPostData);
  }

  // Where the source does not answer, it is asked again when the queue is done, and must.
  bool HasRewrittenTables() {
    try {
      return !RewrittenRelations(source_, context_).empty();
    } catch (const Stopped&) {
      throw;
    } catch (const Error&) {
      return true;
    }
  }

  void LetGoOfSource() {
    state_.SetSourceRead();
    snapshot_->Release();
    snapshot_.reset();
    ReachFaultPoint(FaultPoint::kSnapshotReleased);
    Note("the source's snapshot is released");
  }

  void RestoreSequences(bool is_renamed) {
    std::vector<SequenceValue> values = ReadSequences(source_, selection_.Sequences());
    SequenceFilter is_wanted = selection_.Sequences();
    std::set<std::pair<std::string, std::string>> names;
    if (is_renamed && selection_.mapping() != nullptr) {
      for (SequenceValue& value : values) {
        std::tie(value.schema, value.name) = selection_.mapping()->TargetName(value.schema, value.name);
        names.emplace(value.schema, value.name);
      }
      is_wanted = [&](const std::string& schema, const std::string& name) { return names.contains({schema, name}); };
    }
    sequence_left_out_ = SetSequences(target_, values);
    ReachFaultPoint(FaultPoint::kSequencesSet);
    if (!options_.verify) return;
    for (const SequenceComparison& sequence : CompareSequences(values, ReadSequences(target_, is_wanted)))
      result_.sequences.push_back({DisplayName(sequence.schema, sequence.name), sequence.verdict, sequence.reason});
  }

  void RestorePostData() {
    schema_->RestorePostData();
    if (selection_.TakesLargeObjects()) large_object_left_out_ = ApplyLargeObjectOwnersAndGrants(source_, target_);
  }

  void CompareSchemas() {
    if (!options_.verify) return;
    if (selection_.IsEverything()) return CompareSchema(source_, target_, result_);
    result_.notes.push_back("definitions are not compared where only a part of the database is moved");
  }

  std::vector<LeftOut> AllLeftOut() {
    std::vector<LeftOut> all = schema_->LeftOuts();
    std::vector<LeftOut> not_selected = selection_.LeftOuts();
    for (const auto* more : {&sequence_left_out_, &large_object_left_out_, &not_selected})
      all.insert(all.end(), more->begin(), more->end());
    return all;
  }

  void Note(const std::string& line) { progress_.Note(line); }

  const MoveOptions options_;
  Progress& progress_;
  MoveCompanion* const companion_;
  Connection source_;
  Connection target_;
  RunState state_;
  Selection selection_;
  std::optional<RunRecord> run_;
  bool is_other_timeline_ = false;  // than when the source was last remembered
  std::unique_ptr<SourceSnapshot> snapshot_;
  std::unique_ptr<SchemaMover> schema_;
  RunContext context_;
  RunResult result_;
  std::vector<LeftOut> sequence_left_out_;
  std::vector<LeftOut> large_object_left_out_;
};

}  // namespace

RunResult RunMove(const MoveOptions& options, Progress& progress, MoveCompanion* companion) {
  return Move(options, progress, companion).Run();
}

}  // namespace airlift
