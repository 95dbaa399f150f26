#include "restore/restore.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <tuple>

#include "archive/archive_facts.h"
#include "archive/archive_file.h"
#include "archive/data_load.h"
#include "archive/manifest.h"
#include "archive/recode.h"
#include "base/format.h"
#include "engine/load.h"
#include "engine/outcome.h"
#include "engine/resume.h"
#include "engine/worker.h"
#include "pg/identifier.h"
#include "pg/sql_text.h"
#include "preflight/preflight.h"
#include "queue/task_kind.h"
#include "report/signature.h"
#include "schema/schema_mover.h"
#include "selection/selection_store.h"
#include "state/run_state.h"
#include "tasks/plan.h"
#include "tune/resting_tables.h"

namespace airlift {

namespace {

std::string ManifestPath(const ArchiveOptions& options, const ArchiveFile& file) {
  if (!options.manifest.empty()) return options.manifest;
  return file.IsDirectory() ? options.path + "/" + kManifestName : options.path + ".manifest.json";
}

// The manifest of the archive; nullopt where there is none and none was named.
std::optional<Manifest> FindManifest(const ArchiveOptions& options, ArchiveFile& file) {
  const std::string path = ManifestPath(options, file);
  if (options.manifest.empty() && options.manifest_key.empty() && !FileExists(path)) return std::nullopt;
  const std::string text = ReadWhole(WholeFile(path));
  if (!options.manifest_key.empty()) VerifyingKey::Load(options.manifest_key).Require(path, text);
  Manifest manifest = ManifestFromJson(text, path);
  CheckManifestFits(manifest, file);
  file.Expect(manifest.files);
  return manifest;
}

// A restore without a proof has no use for the manifest, but for the mapping in it.
bool HasMapping(const ArchiveOptions& options, const ArchiveFile& file) {
  const std::string path = ManifestPath(options, file);
  return FileExists(path) && MentionsMapping(ReadWhole(WholeFile(path)));
}

// In the place of a source server's identity.
constexpr const char* kArchiveIdentity = "archive ";

std::string ArchiveIdentity(const ArchiveFile& file) { return kArchiveIdentity + DigestText(file.contents_digest()); }

TableName NameOf(const Relation& relation) { return {relation.schema, relation.name}; }

class ArchiveRestore {
 public:
  ArchiveRestore(const ArchiveOptions& archive, const MoveOptions& options, Progress& progress)
      : options_(options),
        progress_(progress),
        file_(archive.path),
        target_(options.target, Side::kTarget),
        state_(target_) {
    target_.Execute("SET synchronous_commit = off");
    if (options_.verify || !archive.manifest_key.empty() || HasMapping(archive, file_))
      manifest_ = FindManifest(archive, file_);
    if (manifest_)
      for (const ManifestTable& table : manifest_->tables) manifested_[NameOf(table.relation)] = &table;
    verify_ = options_.verify && manifest_.has_value();
    encoding_ = file_.Encoding();
    RecodeContents(target_, encoding_, file_.contents());
    ChooseMapping();
  }

  RunResult Run() {
    Begin();
    Timed("schema", [&] { RestoreSchema(); });
    Timed("load", [&] { Load(); });
    if (verify_ && HasLargeObjects()) Timed("large objects read back", [&] { ReadLargeObjectsBack(); });
    // A killed run had set the sequences before it renamed anything; the rest goes by the new names.
    const bool is_renamed = schema_->RenamesHaveBegun();
    if (is_renamed) Timed("renames", [&] { RestorePostData(); });
    Timed("sequences", [&] { RestoreSequences(is_renamed); });
    Judge();
    result_.left_out = AllLeftOut();
    if (result_.DataVerdict() == Verdict::kDiffers) {
      result_.notes.push_back("stopped before foreign keys, triggers and grants: see the tables that differ");
      return End();
    }
    if (!is_renamed) Timed("post-data", [&] { RestorePostData(); });
    result_.left_out = AllLeftOut();
    state_.Finish(result_.DataVerdict());
    return End();
  }

  Description Describe() {
    std::string text = SqlComment(fmt::format("archive: {}, {}, of database \"{}\" (PostgreSQL {}), by pg_dump {}",
                                              file_.path(), file_.KindName(), file_.archive().database,
                                              file_.archive().server_version, file_.archive().dump_version));
    text += manifest_ ? SqlComment(fmt::format("manifest: {} tables, taken at {}", manifest_->tables.size(),
                                               manifest_->snapshot_taken_at))
                      : "-- no manifest: the rows will be loaded, not proved\n";
    run_ = state_.Find();
    const auto problems = RunTargetPreflight({target_, options_, run_.has_value()});
    text += ProblemComments(problems);
    Map();
    ReadContents();
    if (mapped_)
      for (const std::string& note : mapped_->notes) text += SqlComment(note);
    text += "/* target */ CREATE SCHEMA airlift_state; -- the state of the restore\n-- schema, pre-data\n";
    for (const SchemaChange& change : part_.before_load)
      text += fmt::format("/* target, before the load */ {}\n", change.sql);
    const ArchiveSource source = SourceOf(file_, encoding_);
    std::map<TableName, const Relation*> mapped;
    if (mapped_)
      for (const Relation& relation : mapped_->relations)
        for (const StoredTable& stored : relation.stored) mapped[{stored.schema, stored.name}] = &relation;
    for (const auto& [name, table] : tables_) {
      const ArchiveCopy copy =
          PlanArchiveCopy(source.Entry(table.dump_id), mapped.contains(name) ? *mapped.at(name) : Relation(), encoding_,
                          IsWorthFreezing(table), ShapeOf(table));
      text += fmt::format("-- load {} ({} in the archive)\n/* target */ {};\n", DisplayName(name.first, name.second),
                          FormatBytes(table.stored_bytes), copy.statement);
      if (!copy.take_over.empty()) text += fmt::format("/* target */ {};\n", copy.take_over);
    }
    text += fmt::format("-- {} sequences: SELECT setval(...)\n", sequences_.size());
    text += "-- schema, post-data: indexes, constraints, foreign keys, triggers, rules, policies, owners, grants\n";
    for (const SchemaChange& change : part_.at_end) text += fmt::format("/* target, at the end */ {}\n", change.sql);
    return {text, !Blockers(problems).empty()};
  }

 private:
  bool WasDumpedMapped() const { return manifest_ && manifest_->mapped; }

  void ChooseMapping() {
    rules_ = options_.selection;
    if (WasDumpedMapped()) {
      rules_.mapping = manifest_->mapped->mapping;
      rules_.mapping_origin = "of the archive";
      if (!options_.selection.IsEmpty() && !AsksForTheSame(options_.selection, rules_))
        throw Error("the archive was dumped with another table mapping",
                    "Rows that the mapping of the dump left out are not in it.",
                    "Leave --mapping out, or dump again with this one.");
    }
    if (!rules_.IsEmpty() && options_.into_existing)
      throw Error("an archive with a table mapping is for an empty target", {}, "Leave out --into-existing.");
  }

  // What the mapping makes of the archive is resolved once: the target is not empty any more when a killed restore goes
  // on.
  void Map() {
    if (rules_.IsEmpty()) return;
    if (WasDumpedMapped()) {
      mapped_ = manifest_->mapped;
    } else if (run_) {
      mapped_ = MappedPartStore(target_).Find();
    }
    if (!mapped_) mapped_ = MapArchiveByTrial(file_.archive(), rules_, target_);
    KeepPart(*mapped_, file_.contents());
    part_ = mapped_->schema;
    const std::vector<SchemaChange> shapes = MakeShapeTables(*mapped_);
    part_.before_load.insert(part_.before_load.begin(), shapes.begin(), shapes.end());
    for (const SchemaChange& shape : shapes) {
      shaped_.insert(shape.table_oid);
      part_.at_end.push_back({0, shape.schema, shape.name, "DROP TABLE " + ShapeTable(shape.table_oid) + ";"});
    }
    result_.notes.insert(result_.notes.end(), mapped_->notes.begin(), mapped_->notes.end());
  }

  // What is loaded; throws Error where the archive holds the rows in another form than COPY's.
  void ReadContents() {
    tables_ = ArchivedTables(file_);
    sequences_ = ArchivedSequences(file_.archive());
    const ArchiveSource source = SourceOf(file_, encoding_);
    for (const auto& [name, table] : tables_) PlanArchiveCopy(source.Entry(table.dump_id), {}, encoding_, false);
  }

  bool IsWorthFreezing(const ArchivedTable& table) const {
    return !options_.into_existing && table.estimated_bytes > kWorthTruncating;
  }

  // Whether the manifest speaks of the rows as they arrive.
  bool IsProvable(const Relation& relation) const {
    if (!manifest_) return false;
    if (!mapped_ || WasDumpedMapped()) return true;
    return !ChangesRows(*mapped_, relation) && FindManifested(relation) != nullptr;
  }

  const ManifestTable* FindManifested(const Relation& relation) const {
    const auto found = manifested_.find(NameOf(relation));
    return found == manifested_.end() ? nullptr : found->second;
  }

  // The table that takes the archive's rows as they are; "" where they go straight to theirs.
  std::string ShapeOf(const ArchivedTable& table) const {
    return shaped_.contains(table.oid) ? ShapeTable(table.oid) : "";
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

  void Begin() {
    result_.command = "restore";
    result_.started_at = UtcNow();
    result_.was_verified = verify_;
    TakeDriverLock(target_, progress_);
    if (manifest_) {
      result_.source = manifest_->source;
      result_.snapshot_lsn = manifest_->snapshot_lsn;
      result_.snapshot_taken_at = manifest_->snapshot_taken_at;
    } else {
      result_.source.database = file_.archive().database;
      result_.source.server_version = file_.archive().server_version;
    }
    result_.target = ReadServerFacts(target_);
    result_.notes.push_back(fmt::format("from archive {} ({}, by pg_dump {})", file_.path(), file_.KindName(),
                                        file_.archive().dump_version));
    if (options_.verify && !manifest_) result_.notes.push_back("not verified: the archive has no manifest");
    run_ = state_.Find();
    RefuseOtherRun();
    const auto problems = RunTargetPreflight({target_, options_, run_.has_value()});
    if (const std::string list = Blockers(problems); !list.empty()) throw Error(list);
    if (options_.restart) StartOver();
    Map();
    ReadContents();
    context_.options = options_;
    context_.options.verify = verify_;
    context_.options.toast_compression = OfferedCompression(target_, options_.toast_compression, progress_);
    context_.progress = &progress_;
    source_ = SourceOf(file_, encoding_);
    context_.archive = &source_;
  }

  void RefuseOtherRun() {
    if (!run_) return;
    const bool is_archives = run_->source_identity.rfind(kArchiveIdentity, 0) == 0;
    if (run_->source_identity != ArchiveIdentity(file_) && !(is_archives && options_.restart))
      throw Error(fmt::format("the target holds the state of another restore or move, of database \"{}\"",
                              run_->source_database),
                  {}, "Give that archive or source, or an empty target database.");
    if (!options_.restart && !AsksForTheSame(SelectionStore(target_).Find(), rules_))
      throw Error("this restore was begun with another table mapping", {},
                  "Go on with the manifest that it was begun with, or start over with --restart.");
    if (run_->stage == Stage::kFinished && !options_.restart)
      throw Error(
          "this restore has finished already", fmt::format("It began at {}.", run_->started_at),
          "--restart drops everything in the target database, what was written there since included, and loads it "
          "anew.");
    if (run_->verify != verify_ && !options_.restart)
      throw Error(verify_ ? "this restore was begun without a proof" : "this restore was begun with a proof", {},
                  "Go on as it was begun (--no-verify or not, the same manifest), or start over with --restart.");
  }

  void StartOver() {
    if (!run_) return;
    if (options_.into_existing || run_->into_existing)
      throw Error("--restart would also drop what was there before --into-existing", {},
                  "Drop what the first run loaded by hand, and schema airlift_state.");
    progress_.Note("starting over: dropping what the former run created on the target");
    DropCreatedObjects(target_);
    state_.Drop();
    run_.reset();
  }

  void RestoreSchema() {
    if (!run_) {
      if (mapped_) {
        SelectionStore(target_).Write(rules_);
        MappedPartStore(target_).Write(*mapped_);
      }
      run_ = RunRecord{ArchiveIdentity(file_),
                       file_.archive().database,
                       Stage::kSchema,
                       1,
                       {},
                       result_.snapshot_lsn,
                       {},
                       verify_,
                       {},
                       false,
                       options_.into_existing};
      state_.Create(*run_);
    } else {
      progress_.Note(
          fmt::format("going on with the restore begun at {} (stage {})", run_->started_at, StageName(run_->stage)));
      state_.StartAttempt({}, result_.snapshot_lsn);
    }
    SchemaOptions schema;
    schema.target = options_.target;
    schema.into_existing = options_.into_existing;
    schema.jobs = options_.jobs;
    schema.note = [this](const std::string& line) { progress_.Note(line); };
    schema_ = std::make_unique<SchemaMover>(schema, target_);
    const SourceFacts facts = FactsFromArchive(file_, tables_, Superusers());
    superusers_ = facts.superusers;
    schema_->Load(file_.archive(), facts, part_);
    if (run_->stage == Stage::kSchema) {
      schema_->RestorePreData();
      Plan();
    } else {
      context_.relations = state_.LoadPlannedRelations();
    }
  }

  std::set<std::string> Superusers() const { return manifest_ ? manifest_->superusers : std::set<std::string>(); }

  // Tables that are on the target now become tasks; the others were left out with their schema.
  void Plan() {
    std::vector<Relation> relations = PlannedRelations();
    std::map<TableName, int> relation_of;
    for (size_t i = 0; i < relations.size(); ++i)
      for (const StoredTable& table : relations[i].stored)
        relation_of[{table.schema, table.name}] = static_cast<int>(i);
    if (options_.into_existing) RefuseFilledTables(relations);
    std::vector<Task> tasks;
    std::vector<bool> is_loaded(relations.size(), false);
    for (const auto& [name, table] : tables_) {
      const auto found = relation_of.find(name);
      if (found == relation_of.end()) continue;
      const Relation& relation = relations[static_cast<size_t>(found->second)];
      if (relation.is_missing_on_target) continue;
      is_loaded[static_cast<size_t>(found->second)] = true;
      Task task{0, kCopyTask, found->second, table.stored_bytes, {{"entry", table.dump_id}}};
      task.detail["freeze"] = IsWorthFreezing(table) && !relation.needs_routing && !relation.is_extension_configuration;
      if (shaped_.contains(table.oid)) task.detail["shape"] = ShapeOf(table);
      tasks.push_back(std::move(task));
    }
    for (size_t i = 0; i < relations.size(); ++i) {
      if (relations[i].is_missing_on_target) continue;
      const int index = static_cast<int>(i);
      if (verify_ && IsProvable(relations[i]))
        tasks.push_back({0, kReadBackTask, index, relations[i].bytes(), nlohmann::json::object(), is_loaded[i]});
      if (!relations[i].is_extension_configuration)
        tasks.push_back({0, kAnalyzeTask, index, relations[i].bytes(), nlohmann::json::object(), is_loaded[i]});
    }
    AddIndexTasks(relations, schema_->IndexJobs(), tasks);
    for (Task& task : tasks)  // an index must not wait for a copy that will not be
      if (task.kind == kIndexTask && task.relation >= 0 && !is_loaded[static_cast<size_t>(task.relation)])
        task.waits_for_copy = false;
    for (Task& task : PlanLargeObjectLoad(file_)) tasks.push_back(std::move(task));
    state_.Plan(relations, tasks);
    run_->stage = Stage::kLoad;
    context_.relations = std::move(relations);
  }

  // The target's tables that the archive fills, with the columns and OIDs of the source where these are known: those of
  // the manifest are what is proved.
  std::vector<Relation> PlannedRelations() {
    std::map<TableName, Relation> on_target;
    std::set<TableName> present;
    for (Relation& relation : LoadRelations(target_)) {
      present.insert(NameOf(relation));
      for (const StoredTable& table : relation.stored) present.emplace(table.schema, table.name);
      on_target.emplace(NameOf(relation), std::move(relation));
    }
    std::vector<Relation> planned;
    if (mapped_) {
      for (const Relation& relation : mapped_->relations)
        planned.push_back(WithTarget(verify_ && IsProvable(relation) ? FindManifested(relation)->relation : relation,
                                     on_target, present));
      // Extensions come with what needs them only, where a mapping selects.
      std::erase_if(planned, [](const Relation& relation) {
        return relation.is_extension_configuration && relation.is_missing_on_target;
      });
    } else if (manifest_ && verify_) {
      for (const ManifestTable& table : manifest_->tables)
        planned.push_back(WithTarget(table.relation, on_target, present));
    } else {
      for (auto& [name, relation] : on_target) {
        std::erase_if(relation.stored, [&](const StoredTable& table) {
          return !tables_.contains({table.schema, table.name});
        });
        if (!relation.stored.empty()) planned.push_back(std::move(relation));
      }
    }
    for (Relation& relation : planned) {
      for (StoredTable& table : relation.stored) {
        const auto found = tables_.find({table.schema, table.name});
        table.bytes = found == tables_.end() ? 0 : found->second.estimated_bytes;
        table.oid = found == tables_.end() ? 0 : found->second.oid;
        if (NameOf(relation) == TableName(table.schema, table.name)) relation.oid = table.oid;
      }
    }
    return planned;
  }

  static Relation WithTarget(Relation relation, const std::map<TableName, Relation>& on_target,
                             const std::set<TableName>& present) {
    const auto found = on_target.find(NameOf(relation));
    relation.is_missing_on_target = found == on_target.end();
    if (!relation.is_missing_on_target) relation.needs_routing |= found->second.needs_routing;
    if (!relation.needs_routing)
      for (const StoredTable& table : relation.stored)
        relation.is_missing_on_target |= !present.contains({table.schema, table.name});
    return relation;
  }

  void RefuseFilledTables(const std::vector<Relation>& relations) {
    for (const Relation& relation : relations) {
      if (relation.is_missing_on_target || relation.is_extension_configuration) continue;
      const std::string name = QualifiedName(relation.schema, relation.name);
      if (target_.Query("SELECT EXISTS (SELECT FROM " + name + ")").Boolean(0, 0))
        throw Error("table " + relation.display_name() + " of the target holds rows already", {},
                    "Empty it first: pg_airlift never deletes rows it did not load.");
    }
  }

  void Load() {
    context_.session_settings = SessionSettings(target_, context_.options, progress_);
    RestingTables resting(options_.target, context_.relations);
    ShowTotals(target_, progress_);
    RunQueue(context_, [] {});
    EndTuning(target_, resting, context_, result_);
    state_.SetStage(Stage::kPostData);
  }

  bool HasLargeObjects() const {
    return std::any_of(file_.archive().entries.begin(), file_.archive().entries.end(),
                       [](const ArchiveEntry& entry) { return entry.kind == "BLOBS"; });
  }

  // Once all are there: an archive does not have them in the order of their OIDs.
  void ReadLargeObjectsBack() {
    std::vector<Task> tasks;
    for (const LargeObjectBatch& batch : PlanLargeObjects(target_))
      tasks.push_back({0,
                       kLargeObjectReadBackTask,
                       -1,
                       batch.bytes,
                       {{"first_oid", batch.first_oid}, {"last_oid", batch.last_oid}}});
    Transaction transaction(target_);
    state_.RemoveKind(kLargeObjectReadBackTask);
    state_.AddTasks(tasks);
    transaction.Commit();
    ShowTotals(target_, progress_);
    RunQueue(context_, [] {});
  }

  void FollowRenames(std::vector<SequenceValue>& sequences) const {
    for (SequenceValue& sequence : sequences) {
      const auto renamed = mapped_->renamed_sequences.find({sequence.schema, sequence.name});
      if (renamed != mapped_->renamed_sequences.end()) std::tie(sequence.schema, sequence.name) = renamed->second;
    }
  }

  void RestoreSequences(bool is_renamed) {
    if (is_renamed) FollowRenames(sequences_);
    sequence_left_out_ = SetSequences(target_, sequences_);
    if (!verify_) return;
    std::set<TableName> archived;
    for (const SequenceValue& sequence : sequences_) archived.emplace(sequence.schema, sequence.name);
    const auto is_other = [&](const SequenceValue& sequence) {
      return !archived.contains({sequence.schema, sequence.name});
    };
    std::vector<SequenceValue> wanted = manifest_->sequences;
    if (is_renamed) FollowRenames(wanted);
    std::vector<SequenceValue> present = ReadSequences(target_);
    if (mapped_) std::erase_if(wanted, is_other);
    if (mapped_ || options_.into_existing) std::erase_if(present, is_other);
    for (const SequenceComparison& sequence : CompareSequences(wanted, present))
      result_.sequences.push_back({DisplayName(sequence.schema, sequence.name), sequence.verdict, sequence.reason});
  }

  // What was read back against the manifest.
  void Judge() {
    CollectResults(state_, context_.relations, false, result_);
    if (!verify_) return;
    for (size_t i = 0; i < result_.tables.size(); ++i) {
      TableResult& table = result_.tables[i];
      if (context_.relations[i].is_missing_on_target) continue;
      if (!IsProvable(context_.relations[i])) {
        table.source.reset();
        table.reason = "the mapping makes other rows of it than the manifest speaks of";
        airlift::Judge(table);
        continue;
      }
      const ManifestTable& wanted = *FindManifested(context_.relations[i]);
      table.source = wanted.digest;
      table.source_digest_by = "manifest";
      table.reason = wanted.reason;
      if (!wanted.relation.foreign_leaves.empty())
        table.reason = "partitions that are foreign tables were neither dumped nor compared";
      airlift::Judge(table);
    }
    if (!HasLargeObjects()) {
      result_.large_objects = LargeObjectsResult();
      result_.large_objects->source = manifest_->large_objects;
    } else {
      result_.large_objects->verdict = Verdict::kVerified;
      result_.large_objects->reason.clear();
      result_.large_objects->source = manifest_->large_objects;
    }
    airlift::Judge(*result_.large_objects);
    if (mapped_) result_.large_objects.reset();
  }

  void RestorePostData() {
    schema_->RestorePostData();
    large_object_left_out_ = ApplyArchivedProperties(file_.archive(), target_, superusers_);
  }

  std::vector<LeftOut> AllLeftOut() {
    std::vector<LeftOut> all = schema_->LeftOuts();
    for (const auto* more : {&sequence_left_out_, &large_object_left_out_})
      all.insert(all.end(), more->begin(), more->end());
    if (mapped_) all.insert(all.end(), mapped_->left_out.begin(), mapped_->left_out.end());
    return all;
  }

  const MoveOptions options_;
  Progress& progress_;
  ArchiveFile file_;
  Connection target_;
  RunState state_;
  std::optional<Manifest> manifest_;
  std::map<TableName, const ManifestTable*> manifested_;
  bool verify_ = false;
  std::string encoding_;
  std::map<TableName, ArchivedTable> tables_;
  std::vector<SequenceValue> sequences_;
  SelectionRules rules_;              // of the table mapping; empty: the archive is restored as it is
  std::optional<MappedPart> mapped_;  // what that makes of it
  SelectedPart part_;                 // of the schema, with the tables that take the rows as they are
  std::set<uint32_t> shaped_;         // tables that have one, by OID at the source
  std::set<std::string> superusers_;
  std::optional<RunRecord> run_;
  std::unique_ptr<SchemaMover> schema_;
  ArchiveSource source_;
  RunContext context_;
  RunResult result_;
  std::vector<LeftOut> sequence_left_out_;
  std::vector<LeftOut> large_object_left_out_;
};

}  // namespace

RunResult RestoreArchive(const ArchiveOptions& archive, const MoveOptions& options, Progress& progress) {
  return ArchiveRestore(archive, options, progress).Run();
}

Description DescribeArchiveRestore(const ArchiveOptions& archive, const MoveOptions& options) {
  Progress silent(ProgressStyle::kQuiet);
  return ArchiveRestore(archive, options, silent).Describe();
}

}  // namespace airlift
