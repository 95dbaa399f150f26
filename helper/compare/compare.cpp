#include "compare/compare.h"

#include <fmt/format.h>

#include <chrono>
#include <map>
#include <mutex>
#include <set>

#include "catalog/relation.h"
#include "compare/compare_objects.h"
#include "compare/jobs.h"
#include "digest/stream_digest.h"
#include "snapshot/source_snapshot.h"
#include "source/extension_client.h"

namespace airlift {

namespace {

constexpr int64_t kRangeBytes = int64_t{128} << 20;
constexpr int kTidRangeScanSince = 14;

using Key = std::pair<std::string, std::string>;

std::vector<NamePattern> ParsePatterns(const std::vector<std::string>& patterns) {
  std::vector<NamePattern> parsed;
  for (const std::string& pattern : patterns) parsed.push_back(ParseNamePattern(pattern));
  return parsed;
}

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

// One comparison of tables: which pairs there are, the jobs that digest them, and what came out.
class TableComparison {
 public:
  TableComparison(const CompareOptions& options, Progress& progress, bool has_extension)
      : options_(options), progress_(progress), has_extension_(has_extension) {}

  void Pair(Connection& source, Connection& target) {
    const auto patterns = ParsePatterns(options_.tables);
    sources_ = LoadRelations(source, patterns);
    if (sources_.empty() && !patterns.empty()) throw Error("no table of the source matches the patterns given");
    std::map<Key, Relation> targets;
    for (Relation& relation : LoadRelations(target, patterns))
      targets.emplace(Key{relation.schema, relation.name}, relation);
    results_.resize(sources_.size());
    for (size_t i = 0; i < sources_.size(); ++i) {
      const auto found = targets.find({sources_[i].schema, sources_[i].name});
      Start(i, found == targets.end() ? nullptr : &found->second, target.server_major(), source.server_major());
      if (found != targets.end()) targets.erase(found);
    }
    for (const auto& [key, relation] : targets) {
      if (relation.is_extension_configuration) continue;
      TableResult extra{key.first, key.second, {}, Verdict::kDiffers, "only on the target", {}, {}, ""};
      extras_.push_back(extra);
    }
  }

  std::vector<Job> TakeJobs() { return std::move(jobs_); }

  std::vector<TableResult> Results() {
    for (TableResult& table : results_)
      if (table.verdict == Verdict::kNotVerified) Judge(table);
    results_.insert(results_.end(), extras_.begin(), extras_.end());
    return std::move(results_);
  }

 private:
  void Start(size_t i, const Relation* target, int target_major, int source_major) {
    const Relation& source = sources_[i];
    TableResult& result = results_[i];
    result.schema = source.schema;
    result.name = source.name;
    for (const Column& column : source.columns) result.columns.push_back(column.name);
    if (target == nullptr) {
      result.verdict = Verdict::kDiffers;
      result.reason = "missing on the target";
      return;
    }
    const std::string mismatch = ColumnMismatch(source, *target);
    if (!mismatch.empty()) {
      result.verdict = Verdict::kDiffers;
      result.reason = mismatch;
      return;
    }
    if (!source.foreign_leaves.empty()) result.reason = "partitions that are foreign tables are not compared";
    result.source = result.target = TableDigest();
    AddSourceJobs(i, source_major);
    // The source's columns in the source's order, whatever order or partitions the target has.
    AddStreamJobs(i, Side::kTarget, target->stored, target_major);
  }

  void AddSourceJobs(size_t i, int source_major) {
    if (!has_extension_) {
      results_[i].source_digest_by = "read stream";
      return AddStreamJobs(i, Side::kSource, sources_[i].stored, source_major);
    }
    results_[i].source_digest_by = "extension";
    AddJob(i, Side::kSource, sources_[i].bytes(), [this, i](Connection& connection, StageProgress& stage) {
      const SourceDigest digest = DigestByExtension(connection, sources_[i]);
      stage.meter.Add(static_cast<int64_t>(digest.digest.rows), sources_[i].bytes());
      Merge(i, Side::kSource, digest.digest, digest.is_complete ? "" : digest.reason);
    });
  }

  void AddStreamJobs(size_t i, Side side, const std::vector<StoredTable>& tables, int major) {
    for (const StoredTable& table : tables) {
      const int64_t parts = major < kTidRangeScanSince ? 1 : std::max<int64_t>(1, table.bytes / kRangeBytes);
      for (const BlockRange& range : SplitBlocks(table.heap_blocks, parts)) {
        AddJob(i, side, table.bytes / parts,
               [this, i, side, table, range](Connection& connection, StageProgress& stage) {
                 Merge(i, side, DigestRange(connection, sources_[i], table, range, stage.meter), "");
               });
      }
    }
  }

  template <typename Work>
  void AddJob(size_t i, Side side, int64_t weight, Work work) {
    StageProgress& stage = progress_.Stage(side == Side::kSource ? "digest source" : "digest target");
    ++stage.tasks_total;
    stage.weight_total += weight;
    jobs_.push_back({weight, [this, i, side, weight, work, &stage](ReadOnlyPair& pair) {
                       progress_.TaskStarted(stage);
                       try {
                         work(pair.Get(side), stage);
                       } catch (const SqlError& error) {
                         // What this role may not read, or a type that is not there: that table's trouble, not the
                         // run's.
                         if (!error.IsClass("42") && !error.IsClass("22") && !error.IsClass("0A")) throw;
                         pair.Reset(side);
                         GiveUp(i, error.what());
                       }
                       progress_.TaskDone(stage, weight);
                     }});
  }

  void Merge(size_t i, Side side, const TableDigest& digest, const std::string& reason) {
    const std::lock_guard lock(mutex_);
    auto& slot = side == Side::kSource ? results_[i].source : results_[i].target;
    if (slot) slot->Merge(digest);
    if (!reason.empty()) results_[i].reason = reason;
  }

  void GiveUp(size_t i, const std::string& reason) {
    const std::lock_guard lock(mutex_);
    results_[i].source.reset();
    results_[i].target.reset();
    results_[i].reason = reason;
  }

  const CompareOptions& options_;
  Progress& progress_;
  const bool has_extension_;
  std::vector<Relation> sources_;
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

}  // namespace

RunResult CompareDatabases(const CompareOptions& options, Progress& progress) {
  RunResult result;
  result.command = "compare";
  result.started_at = UtcNow();
  SourceSnapshot source(options.source);
  Connection target(options.target, Side::kTarget);
  const std::string target_snapshot = ShareSnapshot(target);
  result.source = ReadServerFacts(source.connection());
  result.target = ReadServerFacts(target);
  result.snapshot_lsn = source.lsn();
  result.snapshot_taken_at = source.taken_at();

  const bool has_extension = FindExtension(source.connection()).has_value();
  if (!has_extension) result.notes.push_back(kNoExtensionNote);
  TableComparison tables(options, progress, has_extension);
  tables.Pair(source.connection(), target);
  std::vector<Job> jobs = tables.TakeJobs();
  const bool whole_database = options.tables.empty() && options.with_schema;
  LargeObjectComparison large_objects(progress);
  if (whole_database) {
    for (Job& job : large_objects.MakeJobs(source.connection())) jobs.push_back(std::move(job));
  }
  RunJobs(std::move(jobs), options.jobs, options.source, options.target, {source.id(), target_snapshot});
  result.tables = tables.Results();
  if (whole_database) {
    result.large_objects = large_objects.Result();
    CompareSequences(source.connection(), target, result);
    CompareSchema(source.connection(), target, result);
  }
  result.finished_at = UtcNow();
  return result;
}

}  // namespace airlift
