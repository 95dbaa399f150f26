#include "compare/compare.h"

#include <fmt/format.h>

#include <algorithm>

#include <map>
#include <memory>
#include <mutex>
#include <set>

#include "base/format.h"
#include "catalog/relation.h"
#include "compare/compare_objects.h"
#include "compare/compared_selection.h"
#include "compare/hidden_rows.h"
#include "compare/jobs.h"
#include "compare/row_locator.h"
#include "compare/shared_comparison.h"
#include "compare/table_digests.h"
#include "compare/view_counts.h"
#include "pg/identifier.h"
#include "row_compare/compared_table.h"
#include "schema_compare/spelling.h"
#include "snapshot/source_snapshot.h"
#include "source/extension_client.h"
#include "state/swapped_sides.h"

namespace airlift {

namespace {

using Key = std::pair<std::string, std::string>;

// The source's columns that the target does not have, as a sentence; "" when it has all and no other.
std::string ColumnMismatch(const Relation& source, const Relation& target) {
  std::set<std::string> missing, extra;
  for (const Column& column : source.columns) missing.insert(column.name);
  for (const Column& column : target.columns)
    if (missing.erase(column.name) == 0) extra.insert(column.name);
  std::string sentence;
  for (const std::string& name : missing)
    sentence += (sentence.empty() ? "" : ", ") + ("column " + name + " is missing on the target");
  for (const std::string& name : extra)
    sentence += (sentence.empty() ? "" : ", ") + ("column " + name + " is only on the target");
  return sentence;
}

// A column's name may be another one's on the other side: such keys are not looked up by.
std::vector<UniqueKey> WithoutRenamedColumns(std::vector<UniqueKey> keys, const Relation& target) {
  std::set<std::string> ambiguous;
  for (const Column& column : target.columns)
    if (!column.stored_name.empty()) ambiguous.insert({column.name, column.stored_name});
  std::erase_if(keys, [&](const UniqueKey& key) {
    return std::any_of(key.parts.begin(), key.parts.end(),
                       [&](const KeyPart& part) { return ambiguous.contains(part.column); });
  });
  return keys;
}

// One comparison of tables: which pairs there are, the jobs that digest them, and what came out.
class TableComparison {
 public:
  TableComparison(const CompareOptions& options, Progress& progress, const SideFacts& facts, Pace& pace,
                  const ComparedSelection& selection)
      : options_(options),
        progress_(progress),
        facts_(facts),
        pace_(pace),
        selection_(selection),
        subset_(options.subset) {}

  void Pair(Connection& source, Connection& target) {
    std::vector<Relation> sources = selection_.Load(source);
    if (!options_.only.empty())
      std::erase_if(sources, [this](const Relation& each) {
        return !options_.only.contains({each.schema, each.name});
      });
    std::map<Key, Relation> targets = selection_.LoadTargets(target, sources);
    source_keys_ = ReadUniqueKeys(source);
    target_keys_ = ReadUniqueKeys(target);
    states_ = std::vector<State>(sources.size());
    results_.resize(sources.size());
    for (size_t i = 0; i < sources.size(); ++i) {
      const auto found = targets.find({sources[i].schema, sources[i].name});
      states_[i].table.source = std::move(sources[i]);
      Start(i, found == targets.end() ? nullptr : &found->second);
      if (found != targets.end()) targets.erase(found);
    }
    if (const std::string unmatched = subset_.Unmatched(); !unmatched.empty())
      throw Error("no table or column matches " + unmatched);
    for (const auto& [key, relation] : targets) {
      if (relation.is_extension_configuration || (!options_.only.empty() && !options_.only.contains(key))) continue;
      TableResult extra{key.first, key.second, {}, Verdict::kDiffers, "only on the target", {}, {}, ""};
      extras_.push_back(extra);
    }
  }

  std::vector<Job> TakeJobs() { return std::move(jobs_); }

  // Judges what was digested; the tables that differ and whose rows can be told. Their pointers are into this object.
  std::vector<DifferingTable> JudgeTables() {
    std::vector<DifferingTable> differing;
    for (size_t i = 0; i < results_.size(); ++i) {
      TableResult& result = results_[i];
      if (result.verdict != Verdict::kNotVerified) continue;
      Judge(result);
      if (result.verdict == Verdict::kDiffers) differing.push_back({&states_[i].table, states_[i].differing, &result});
    }
    return differing;
  }

  // What is equal because nobody saw a row of it is not verified.
  void DoubtHidden(Connection& source, Connection& target) {
    HiddenRows hidden(options_.source, options_.target, source, target);
    for (size_t i = 0; i < results_.size(); ++i) {
      if (results_[i].verdict != Verdict::kVerified || !hidden.Has(states_[i].table)) continue;
      results_[i].verdict = Verdict::kNotVerified;
      results_[i].reason = kRewrittenMeanwhile;
    }
  }

  // What has no rows to tell, and why: for the repair.
  std::vector<std::string> NotMended() const {
    std::vector<std::string> notes;
    const auto add = [&](const TableResult& result) {
      if (result.verdict != Verdict::kVerified && !result.differences)
        notes.push_back(fmt::format("Not mended: {}: {}", DisplayName(result.schema, result.name), result.reason));
    };
    for (const TableResult& result : results_) add(result);
    for (const TableResult& result : extras_) add(result);
    return notes;
  }

  // Those that both sides have.
  std::vector<TablePair> Pairs() {
    std::vector<TablePair> pairs;
    for (size_t i = 0; i < results_.size(); ++i)
      if (results_[i].verdict == Verdict::kNotVerified)
        pairs.push_back({&states_[i].table, states_[i].buckets, &results_[i]});
    return pairs;
  }

  // What was not compared by the user's wish, so that nobody takes a part for the whole.
  std::vector<std::string> Reductions() const {
    std::vector<std::string> notes;
    for (const TableResult& result : results_) {
      const std::string name = DisplayName(result.schema, result.name);
      std::string columns;
      for (const std::string& column : result.left_out_columns)
        columns += (columns.empty() ? "" : ", ") + DisplayName(column);
      if (!columns.empty()) notes.push_back(fmt::format("{}: columns not compared: {}", name, columns));
      if (!result.condition.empty())
        notes.push_back(fmt::format("{}: only rows compared where {}", name, ShowControls(result.condition)));
    }
    return notes;
  }

  std::vector<TableResult> TakeResults() {
    results_.insert(results_.end(), extras_.begin(), extras_.end());
    return std::move(results_);
  }

 private:
  struct State {
    ComparedTable table;
    uint32_t buckets = 1;
    int jobs_left = 0;
    std::unique_ptr<BucketDigests> digests[2];  // from the first job's end to the last one's
    BucketSet differing;
  };

  void Start(size_t i, const Relation* target) {
    ComparedTable& table = states_[i].table;
    TableResult& result = results_[i];
    result.schema = table.source.schema;
    result.name = table.source.name;
    if (target != nullptr) table.target = *target;
    table.is_mapped = selection_.IsMapped(table.source);
    subset_.ReduceColumns(table, result);
    for (const Column& column : table.source.columns) result.columns.push_back(column.name);
    table.key = CommonKey(table.source, source_keys_[table.source.oid],
                          WithoutRenamedColumns(target_keys_[table.target.oid], table.target));
    subset_.ReduceRows(table, result);
    if (table.is_reduced && std::any_of(table.target.columns.begin(), table.target.columns.end(),
                                        [](const Column& column) { return !column.stored_name.empty(); }))
      throw Error(fmt::format("rows of {} cannot be chosen: the table mapping renames columns of it",
                              table.source.display_name()),
                  {}, "Leave out --where and --sample for this table.");
    if (target == nullptr) {
      result.verdict = Verdict::kDiffers;
      result.reason = "missing on the target";
      return;
    }
    const std::string mismatch = ColumnMismatch(table.source, table.target);
    if (!mismatch.empty()) {
      result.verdict = Verdict::kDiffers;
      result.reason = mismatch;
      return;
    }
    AlignTarget(table);
    if (!table.source.foreign_leaves.empty()) result.reason = "partitions that are foreign tables are not compared";
    result.source = result.target = TableDigest();
    result.source_digest_by = table.source.HasExpressions() ? "read stream" : SourceDigestBy(facts_);
    states_[i].buckets = BucketsOf(table);
    for (const DigestPart& part : PartsOf(table, facts_)) AddJob(i, part);
    if (states_[i].jobs_left == 0) states_[i].differing = BucketSet(states_[i].buckets);
  }

  void AddJob(size_t i, const DigestPart& part) {
    StageProgress& stage = progress_.Stage(part.side == Side::kSource ? "digest source" : "digest target");
    ++stage.tasks_total;
    stage.weight_total += part.weight;
    stage.meter.limit = pace_.LimitOf(part.side);
    ++states_[i].jobs_left;
    jobs_.push_back({part.weight, [this, i, part, &stage](ReadOnlyPair& pair) {
                       progress_.TaskStarted(stage);
                       try {
                         const State& state = states_[i];
                         const PartDigests made =
                             DigestOf(pair.Get(part.side), state.table, part, state.buckets, pace_, stage.meter);
                         Merge(i, part.side, made.digests, made.reason);
                       } catch (const SqlError& error) {
                         if (!IsOfOneTable(error)) throw;
                         pair.Reset(part.side);
                         GiveUp(i, error.what());
                       }
                       progress_.TaskDone(stage, part.weight);
                     }});
  }

  void Merge(size_t i, Side side, const BucketDigests& digests, const std::string& reason) {
    const std::lock_guard lock(mutex_);
    State& state = states_[i];
    auto& mine = state.digests[side == Side::kTarget];
    if (mine) {
      mine->Merge(digests);
    } else {
      mine = std::make_unique<BucketDigests>(digests);
    }
    if (!reason.empty()) results_[i].reason = reason;
    if (--state.jobs_left == 0) Conclude(i);
  }

  // Bounds memory: thousands of tables may be compared.
  void Conclude(size_t i) {
    State& state = states_[i];
    for (auto& digests : state.digests)
      if (!digests) digests = std::make_unique<BucketDigests>(state.buckets);
    state.differing = state.digests[0]->Differing(*state.digests[1]);
    if (results_[i].source) results_[i].source = state.digests[0]->Total();
    if (results_[i].target) results_[i].target = state.digests[1]->Total();
    for (auto& digests : state.digests) digests.reset();
  }

  void GiveUp(size_t i, const std::string& reason) {
    const std::lock_guard lock(mutex_);
    results_[i].source.reset();
    results_[i].target.reset();
    results_[i].reason = reason;
    if (--states_[i].jobs_left == 0) Conclude(i);
  }

  const CompareOptions& options_;
  Progress& progress_;
  const SideFacts facts_;
  Pace& pace_;
  const ComparedSelection& selection_;
  Subset subset_;
  std::map<uint32_t, std::vector<UniqueKey>> source_keys_, target_keys_;
  std::vector<State> states_;
  std::vector<TableResult> results_;
  std::vector<TableResult> extras_;
  std::vector<Job> jobs_;
  std::mutex mutex_;
};

// A transaction whose snapshot the workers of one side share.
std::string ShareSnapshot(Connection& connection) {
  connection.Execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  return connection.Query("SELECT pg_catalog.pg_export_snapshot()").Text(0, 0);
}

void Append(std::vector<Job>& jobs, std::vector<Job> more) {
  for (Job& job : more) jobs.push_back(std::move(job));
}

// Through the queue on the target. What stands under an earlier snapshot says so in its own entry.
void CompareShared(SharedComparison& shared, const ComparisonRecord& record, const std::vector<TablePair>& tables,
                   Pace& pace, RunResult& result) {
  const int64_t kept = shared.Run(record, tables, pace);
  for (const TablePair& pair : tables) {
    TableResult& table = *pair.result;
    if (table.snapshot_taken_at != record.snapshot_taken_at) continue;
    table.snapshot_lsn.clear();
    table.snapshot_taken_at.clear();
  }
  if (kept > 0)
    result.notes.push_back(
        fmt::format("resumed: {} tables were compared before, under earlier snapshots; their entries tell which",
                    FormatCount(kept)));
}

}  // namespace

RunResult CompareDatabases(const CompareOptions& options, Progress& progress) {
  RunResult result;
  result.command = "compare";
  result.started_at = UtcNow();
  std::optional<SharedComparison> shared;
  if (options.resume) shared.emplace(options, progress);
  SourceSnapshot source(options.source);
  Connection target(options.target, Side::kTarget);
  const std::string target_snapshot = ShareSnapshot(target);
  result.source = ReadServerFacts(source.connection());
  result.target = ReadServerFacts(target);
  result.snapshot_lsn = source.lsn();
  result.snapshot_taken_at = source.taken_at();

  const SideFacts facts{FindExtension(source.connection()).has_value(), source.connection().server_major(),
                        target.server_major()};
  if (!facts.source_has_extension) result.notes.push_back(WithoutExtension({.digests = true}));
  // No error: after a cutover the way back may be compared.
  if (AreSwapped(source.connection(), target))
    result.notes.push_back(
        "the source holds the state of a migration that came from this target: are --source and --target swapped?");
  const ReadOnlyPair::Snapshots snapshots{source.id(), target_snapshot};
  Pace pace(options.pace, options.source, progress);
  const ComparedSelection selection(source.connection(), target, options.selection);
  for (const std::string& note : selection.Notes()) result.notes.push_back(note);
  TableComparison tables(options, progress, facts, pace, selection);
  tables.Pair(source.connection(), target);
  std::vector<Job> jobs;
  if (shared) {
    CompareShared(*shared,
                  {result.source.identity, ComparisonFingerprint(options, selection), snapshots, source.lsn(),
                   source.taken_at(), options.max_rows, facts},
                  tables.Pairs(), pace, result);
  } else {
    jobs = tables.TakeJobs();
  }
  const bool whole_database = selection.IsEverything() && options.with_schema;
  const bool with_large_objects = whole_database || (options.with_large_objects && selection.TakesLargeObjects());
  LargeObjectComparison large_objects(progress, pace);
  if (with_large_objects) Append(jobs, large_objects.MakeJobs(source.connection()));
  ViewComparison views(progress);
  if (options.with_views) Append(jobs, views.MakeJobs(source.connection(), selection));
  RunJobs(std::move(jobs), options.jobs, options.source, options.target, snapshots);
  result.views = views.Results();

  std::optional<RepairScript> repair;
  if (!options.repair.empty()) repair.emplace(target);
  std::vector<DifferingTable> differing;
  if (!shared) differing = tables.JudgeTables();
  tables.DoubtHidden(source.connection(), target);
  if (options.max_rows > 0 || repair)
    RowLocator(options, snapshots, progress, facts, pace, repair ? &*repair : nullptr).Locate(std::move(differing));
  if (repair)
    for (const std::string& note : tables.NotMended()) repair->AddNote(note);
  for (const std::string& note : tables.Reductions()) result.notes.push_back(note);
  for (const std::string& note : pace.Notes()) result.notes.push_back(note);
  result.tables = tables.TakeResults();
  if (with_large_objects) result.large_objects = large_objects.Result();
  if (options.with_schema && selection.AskedForEverything())
    CompareSequences(source.connection(), target, selection, result);
  if (whole_database) {
    CompareSchema(source.connection(), target, result);
  }
  result.finished_at = UtcNow();
  if (repair) {
    repair->Write(options.repair, result);
    result.notes.push_back("SQL that mends the rows of the target, to be reviewed: " + options.repair);
  }
  return result;
}

}  // namespace airlift
