#include "audit/since_verified.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>

#include "base/format.h"
#include "base/stop.h"
#include "byte_order.h"
#include "compare/compare.h"
#include "compare/compare_objects.h"
#include "compare/jobs.h"
#include "pg/identifier.h"
#include "row_compare/row_examiner.h"
#include "row_compare/row_merge.h"
#include "slots/slot.h"
#include "snapshot/source_snapshot.h"
#include "state/seen_source.h"

namespace airlift {

namespace {

constexpr const char* kWrittenMeanwhile = "it was written to while it was compared";

std::set<std::string> ColumnNames(const Relation& relation) {
  std::set<std::string> names;
  for (const Column& column : relation.columns) names.insert(column.name);
  return names;
}

std::vector<std::string> KeyNames(const ComparedTable& table) {
  std::vector<std::string> names;
  for (const KeyColumn& key : table.key) names.push_back(key.source.column);
  return names;
}

// The tables of both sides by name: pairs, and those that only the target has.
struct Pairs {
  std::vector<ComparedTable> tables;  // target.oid is 0 where it is missing there
  std::vector<TableResult> extras;
};

Pairs ReadPairs(Connection& source, Connection& target) {
  Pairs pairs;
  std::map<std::pair<std::string, std::string>, Relation> targets;
  for (Relation& relation : LoadRelations(target))
    targets.emplace(std::pair(relation.schema, relation.name), std::move(relation));
  auto source_keys = ReadUniqueKeys(source);
  auto target_keys = ReadUniqueKeys(target);
  for (Relation& relation : LoadRelations(source)) {
    ComparedTable table;
    table.source = std::move(relation);
    const auto found = targets.find({table.source.schema, table.source.name});
    if (found != targets.end()) {
      table.target = std::move(found->second);
      targets.erase(found);
      if (ColumnNames(table.source) == ColumnNames(table.target)) AlignTarget(table);
      table.key = CommonKey(table.source, source_keys[table.source.oid], target_keys[table.target.oid]);
    }
    pairs.tables.push_back(std::move(table));
  }
  for (const auto& [name, relation] : targets)
    if (!relation.is_extension_configuration)
      pairs.extras.push_back({name.first, name.second, {}, Verdict::kDiffers, "only on the target", {}, {}, ""});
  return pairs;
}

// Why a pair cannot be compared by keys.
std::string WhyNoKeys(const ComparedTable& table) {
  if (table.target.oid == 0) return "missing on the target";
  if (ColumnNames(table.source) != ColumnNames(table.target)) return "its columns are not the same on both sides";
  if (!table.source.condition.empty()) return "it is a table of an extension";
  if (!table.HasKey()) return "no key tells its rows apart";
  return "";
}

std::string ShareSnapshot(Connection& connection) {
  connection.Execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  return connection.Query("SELECT pg_catalog.pg_export_snapshot()").Text(0, 0);
}

}  // namespace

std::string WhyNoAudit(Connection& source, Connection& target, const std::optional<AuditRecord>& record) {
  if (!record) return "there is no audit slot";
  if (!record->is_verified || record->lsn.empty())
    return "the verification that the audit slot begins with never ended";
  const auto slot = FindSlot(source, record->slot);
  if (!slot) return "the audit slot " + DisplayName(record->slot) + " is gone";
  if (slot->wal_status == "lost")
    return "the audit slot " + DisplayName(record->slot) + " has lost WAL" +
           (slot->invalidation_reason.empty() ? "" : " (" + slot->invalidation_reason + ")");
  if (slot->plugin != "pgoutput" || slot->confirmed_flush_lsn.empty() ||
      ParseLsn(slot->confirmed_flush_lsn) > ParseLsn(record->lsn))
    return fmt::format("the audit slot {} stands at {}, beyond {}", DisplayName(record->slot),
                       slot->confirmed_flush_lsn, record->lsn);
  // What only a former primary sent is in no WAL of this one.
  if (!FindTimelineChange(source, target, SinceWhen::kLast).empty())
    return "the source is on another timeline than at the last full verification";
  return "";
}

// The keys of one table's rows that differ, and what was compared.
struct SinceVerified::Work {
  std::mutex mutex;
  std::unique_ptr<SortedRun> keys;
  SpooledRow next;
  bool has_next = false;
  RowSpool differing;
  std::vector<uint64_t> compared;
};

SinceVerified::SinceVerified(const SinceVerifiedOptions& options, AuditRecord record,
                             std::vector<std::string> publications, Progress& progress)
    : options_(options), record_(std::move(record)), publications_(std::move(publications)), progress_(progress) {
  Connection source(options.source, Side::kSource);
  Connection target(options.target, Side::kTarget);
  Pair(source, target);
}

void SinceVerified::Pair(Connection& source, Connection& target) {
  tables_ = ReadPairs(source, target).tables;
  collector_ = std::make_unique<KeyCollector>(tables_);
  stream_ = std::make_unique<ChangeStream>(options_.source, record_.slot, publications_);
}

void SinceVerified::CollectUntil(const std::string& lsn) {
  stream_->ReadUntil(lsn, [this](std::string_view message) { collector_->Take(message); });
}

void SinceVerified::Collect(Connection& source) { CollectUntil(MarkWal(source)); }

// What is compared by keys: pairs that are as they were when the reading began, and as at the last verification.
void SinceVerified::CheckPairs(Connection& source, Connection& target) {
  Pairs now = ReadPairs(source, target);
  std::map<std::pair<std::string, std::string>, size_t> collected;
  for (size_t i = 0; i < tables_.size(); ++i) collected[{tables_[i].source.schema, tables_[i].source.name}] = i;
  signatures_ = ReadTableSignatures(source, publications_);
  whole_.assign(tables_.size(), "");
  extras_ = std::move(now.extras);
  size_t found_again = 0;
  for (const ComparedTable& table : now.tables) {
    const std::pair name(table.source.schema, table.source.name);
    const auto found = collected.find(name);
    if (found == collected.end()) break;
    ++found_again;
    std::string& why = whole_[found->second];
    const ComparedTable& then = tables_[found->second];
    why = WhyNoKeys(table);
    if (why.empty()) why = collector_->obstacle(found->second);
    if (why.empty()) why = WhyNotFollowed(record_.signatures, signatures_, name.first, name.second);
    if (why.empty() && (table.source.oid != then.source.oid || KeyNames(table) != KeyNames(then)))
      why = "it was changed while the changes were read";
  }
  if (found_again != tables_.size() || found_again != now.tables.size())
    throw Error("tables of the source were made or dropped while the changes were read", {}, "Try again.");
  results_.assign(tables_.size(), {});
  for (size_t i = 0; i < tables_.size(); ++i) {
    results_[i].schema = tables_[i].source.schema;
    results_[i].name = tables_[i].source.name;
    for (const Column& column : tables_[i].source.columns) results_[i].columns.push_back(column.name);
  }
}

void SinceVerified::CompareTouched(const std::string& source_snapshot, const std::string& target_snapshot) {
  Work work;
  work.compared.resize(tables_.size());
  work.keys = collector_->spool().Sorted();
  work.has_next = work.keys->Next(&work.next);
  StageProgress& stage = progress_.Stage("compare changed rows");
  const ReadOnlyPair::Snapshots snapshots{source_snapshot, target_snapshot};

  // The next keys of one table, each once.
  const auto take_batch = [&](size_t* table, std::vector<std::vector<std::string>>* keys) {
    const std::lock_guard lock(work.mutex);
    keys->clear();
    std::string last;
    while (work.has_next && keys->size() < RowReader::kBatch) {
      if (work.next.key != last) {
        TouchedKey key = ReadTouchedKey(work.next.key);
        if (keys->empty()) *table = key.table;
        if (key.table != *table) break;
        last = work.next.key;
        if (whole_[key.table].empty()) keys->push_back(std::move(key.columns));
      }
      work.has_next = work.keys->Next(&work.next);
      while (work.has_next && work.next.key == last) work.has_next = work.keys->Next(&work.next);
    }
    work.compared[*table] += keys->size();
    return !keys->empty() || work.has_next;
  };
  const auto compare = [&](ReadOnlyPair& pair) {
    size_t table = 0;
    std::vector<std::vector<std::string>> keys;
    while (take_batch(&table, &keys)) {
      CheckStop();
      if (keys.empty()) continue;
      const std::vector<std::string> images = KeyImages(pair.Get(Side::kSource), tables_[table], keys);
      const auto compared = CompareKeys(pair.Get(Side::kSource), pair.Get(Side::kTarget), tables_[table], images);
      for (size_t i = 0; i < images.size(); ++i) {
        if (compared[i].IsSame()) continue;
        std::string entry(4, '\0');
        StoreBigEndian32(entry.data(), static_cast<uint32_t>(table));
        work.differing.Add(entry + images[i],
                           std::string{compared[i].source ? '1' : '0', compared[i].target ? '1' : '0'});
      }
      stage.meter.Add(static_cast<int64_t>(keys.size()), 0);
    }
  };
  RunJobs(std::vector<Job>(static_cast<size_t>(std::max(1, options_.jobs)), Job{1, compare}), options_.jobs,
          options_.source, options_.target, snapshots);

  for (size_t i = 0; i < tables_.size(); ++i) {
    if (!whole_[i].empty()) continue;
    results_[i].verdict = Verdict::kVerified;
    results_[i].changed_keys = work.compared[i];
  }
  ReadOnlyPair pair(options_.source, options_.target, snapshots);
  std::unique_ptr<RowExaminer> examiner;
  size_t table = 0;
  const auto finish = [&] {
    if (!examiner) return;
    TableResult& result = results_[table];
    result.differences = examiner->Finish();
    examiner.reset();
    result.verdict = Verdict::kDiffers;
    result.reason = fmt::format("rows differ that were changed since {}", record_.lsn);
  };
  const auto differing = work.differing.Sorted();
  for (SpooledRow row; differing->Next(&row);) {
    const size_t of = LoadBigEndian32(row.key.data());
    if (!examiner || of != table) {
      finish();
      table = of;
      examiner = std::make_unique<RowExaminer>(pair.Get(Side::kSource), pair.Get(Side::kTarget), tables_[table],
                                               ExamineOptions{options_.show_values, options_.max_rows}, nullptr);
    }
    const bool on_source = row.payload[0] == '1', on_target = row.payload[1] == '1';
    examiner->Add({on_source && on_target ? DifferenceKind::kChanged
                   : on_source            ? DifferenceKind::kMissingOnTarget
                                          : DifferenceKind::kExtraOnTarget,
                   row.key.substr(4), on_source ? uint64_t{1} : 0, on_target ? uint64_t{1} : 0, "", ""});
  }
  finish();
}

// Tables of which the decoded changes do not tell all.
void SinceVerified::CompareWhole(RunResult& result) {
  CompareOptions compare;
  std::map<std::pair<std::string, std::string>, size_t> indexes;
  for (size_t i = 0; i < tables_.size(); ++i) {
    if (whole_[i].empty()) continue;
    compare.only.emplace(results_[i].schema, results_[i].name);
    indexes[{results_[i].schema, results_[i].name}] = i;
    result.notes.push_back(
        fmt::format("{}: compared in full: {}", DisplayName(results_[i].schema, results_[i].name), whole_[i]));
  }
  if (compare.only.empty()) return;
  compare.source = options_.source;
  compare.target = options_.target;
  compare.jobs = options_.jobs;
  compare.max_rows = options_.max_rows;
  compare.show_values = options_.show_values;
  compare.with_schema = false;
  for (TableResult& table : CompareDatabases(compare, progress_).tables)
    if (const auto found = indexes.find({table.schema, table.name}); found != indexes.end())
      results_[found->second] = std::move(table);
}

// A table that was written to, or changed by DDL, between the first look and the last is not verified, whatever was
// seen.
void SinceVerified::Judge(const std::vector<uint64_t>& changes_before, Connection& source, RunResult& result) {
  const TableSignatures after = ReadTableSignatures(source, publications_);
  bool stood_still = true;
  for (size_t i = 0; i < tables_.size(); ++i) {
    TableResult& table = results_[i];
    const auto now = after.tables.find({table.schema, table.name});
    const auto then = signatures_.tables.find({table.schema, table.name});
    const bool is_same = after.types == signatures_.types && now != after.tables.end() &&
                         then != signatures_.tables.end() && now->second.text == then->second.text;
    if (is_same && collector_->changes(i) == changes_before[i]) continue;
    stood_still = false;
    table.verdict = Verdict::kNotVerified;
    table.reason = kWrittenMeanwhile;
    table.differences.reset();
  }
  result.tables = results_;
  result.tables.insert(result.tables.end(), extras_.begin(), extras_.end());
  std::sort(result.tables.begin(), result.tables.end(), [](const TableResult& a, const TableResult& b) {
    return std::pair(a.schema, a.name) < std::pair(b.schema, b.name);
  });
  verified_lsn_.clear();
  bool all = stood_still;
  for (const TableResult& table : result.tables) all = all && table.verdict == Verdict::kVerified;
  if (all) verified_lsn_ = result.snapshot_lsn;
}

RunResult SinceVerified::Compare(Connection& source, const std::function<void(const std::string& lsn)>& settle) {
  RunResult result;
  result.command = "compare";
  result.started_at = UtcNow();
  const std::string lsn = MarkWal(source);
  CollectUntil(lsn);
  settle(lsn);
  collector_->StopKeeping();
  std::vector<uint64_t> changes;
  for (size_t i = 0; i < tables_.size(); ++i) changes.push_back(collector_->changes(i));
  {
    SourceSnapshot snapshot(options_.source);
    Connection target(options_.target, Side::kTarget);
    const std::string target_snapshot = ShareSnapshot(target);
    result.source = ReadServerFacts(snapshot.connection());
    result.target = ReadServerFacts(target);
    result.snapshot_lsn = lsn;
    result.snapshot_taken_at = snapshot.taken_at();
    CheckPairs(snapshot.connection(), target);
    CompareTouched(snapshot.id(), target_snapshot);
    if (options_.with_sequences) {
      const ComparedSelection selection(snapshot.connection(), target, {});
      CompareSequences(snapshot.connection(), target, selection, result);
    }
    if (options_.with_large_objects) {
      Pace pace(PaceOptions(), options_.source, progress_);
      LargeObjectComparison objects(progress_, pace);
      RunJobs(objects.MakeJobs(snapshot.connection()), options_.jobs, options_.source, options_.target,
              {snapshot.id(), target_snapshot});
      result.large_objects = objects.Result();
    }
  }
  CompareWhole(result);
  CollectUntil(MarkWal(source));
  Judge(changes, source, result);
  uint64_t keys = 0;
  for (const TableResult& table : results_) keys += table.changed_keys.value_or(0);
  result.since_lsn = record_.lsn;
  result.notes.insert(
      result.notes.begin(),
      fmt::format("verified in full at {} ({}, {}); compared now: {} rows changed from there to {}, {} of {} tables in "
                  "full",
                  record_.lsn, record_.verified_by, record_.verified_at, FormatCount(static_cast<int64_t>(keys)), lsn,
                  std::count_if(whole_.begin(), whole_.end(), [](const std::string& why) { return !why.empty(); }),
                  tables_.size()));
  result.finished_at = UtcNow();
  return result;
}

}  // namespace airlift
