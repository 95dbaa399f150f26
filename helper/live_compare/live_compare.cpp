#include "live_compare/live_compare.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/format.h"
#include "compare/compare_objects.h"
#include "compare/hidden_rows.h"
#include "live_compare/applied_wait.h"
#include "live_compare/key_recheck.h"
#include "live_compare/live_table.h"
#include "live_compare/row_recheck.h"
#include "live_compare/snapshot_pass.h"
#include "live_compare/subscriptions.h"
#include "pg/identifier.h"
#include "snapshot/source_snapshot.h"
#include "source/extension_client.h"

namespace airlift {

namespace {

// Tables of so many bytes, on both sides together, share a pair of snapshots, so that none is old.
constexpr int64_t kBatchBytes = int64_t{2} << 30;

constexpr const char* kBegin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

void CheckOptions(const CompareOptions& options) {
  if (!options.repair.empty())
    throw Error("--repair cannot be used with --live",
                "Until somebody ran it, replication would have changed rows that it is about.",
                "Correct the rows that the evidence file names, or write the repair from a comparison at rest.");
  if (options.with_views)
    throw Error("--views cannot be used with --live", "Row counts of views are not the same while rows are under way.");
  if (options.subset.sample_percent)
    throw Error("--sample cannot be used with --live", {}, "Choose tables with --table, or rows with --where.");
}

class LiveComparison {
 public:
  LiveComparison(const CompareOptions& options, const LiveOptions& live, Progress& progress)
      : options_(options),
        live_(live),
        progress_(progress),
        pace_(options.pace, options.source, progress),
        source_(options.source, Side::kSource),
        target_(options.target, Side::kTarget) {
    result_.command = "compare";
    result_.started_at = UtcNow();
    result_.source = ReadServerFacts(source_);
    result_.target = ReadServerFacts(target_);
    if (source_.Query("SELECT pg_catalog.pg_is_in_recovery()").Boolean(0, 0))
      throw Error("the source is a standby", "Positions of its primary's WAL cannot be asked for there.",
                  "Name the primary as the source.");
    subscriptions_ = FindSubscriptions(source_, target_, live.subscriptions);
    wait_ = std::make_unique<AppliedWait>(options.source, options.target, subscriptions_, live.max_wait,
                                          [&progress](const std::string& line) { progress.Note(line); });
    facts_ = {FindExtension(source_).has_value(), source_.server_major(), target_.server_major()};
    if (!facts_.source_has_extension) result_.notes.push_back(WithoutExtension({.digests = true}));
  }

  RunResult Run() {
    const ComparedSelection selection(source_, target_, options_.selection);
    for (const std::string& note : selection.Notes()) result_.notes.push_back(note);
    tables_ = PairTables(source_, target_, options_, selection);
    LeaveOutWhatIsNotReplicated();
    for (const std::vector<LiveTable*>& batch : Batches()) {
      try {
        Compare(batch);
      } catch (const ReplicationStandsStill& error) {
        if (!is_begun_) throw;
        GiveUp(error);
        break;
      }
    }
    Describe();
    for (auto& table : tables_) result_.tables.push_back(std::move(table->result));
    if (options_.with_schema && selection.IsEverything()) CompareRest();
    result_.finished_at = UtcNow();
    return std::move(result_);
  }

 private:
  void LeaveOutWhatIsNotReplicated() {
    const ReplicatedTables replicated(source_, target_, subscriptions_);
    for (auto& each : tables_) {
      if (!each->IsOpen()) continue;
      each->result.reason = replicated.WhyNot(each->table);
      each->remark = replicated.Remark(each->table);
    }
  }

  // The largest first.
  std::vector<std::vector<LiveTable*>> Batches() const {
    std::vector<LiveTable*> open;
    for (const auto& each : tables_)
      if (each->IsOpen()) open.push_back(each.get());
    std::stable_sort(open.begin(), open.end(), [](auto* a, auto* b) { return a->bytes() > b->bytes(); });
    std::vector<std::vector<LiveTable*>> batches;
    int64_t room = 0;
    for (LiveTable* each : open) {
      if (batches.empty() || room < each->bytes()) {
        batches.emplace_back();
        room = kBatchBytes;
      }
      batches.back().push_back(each);
      room -= each->bytes();
    }
    return batches;
  }

  void Compare(const std::vector<LiveTable*>& batch) {
    {
      // Not to hold a snapshot of the source for as long as the target may be behind now.
      wait_->Until(wait_->Position());
      SourceSnapshot source(options_.source);
      const std::string lsn = wait_->Position();
      if (!is_begun_) {
        result_.snapshot_lsn = lsn;
        result_.snapshot_taken_at = source.taken_at();
      }
      wait_->Until(lsn);
      last_lsn_ = lsn;
      is_begun_ = true;
      Connection target(options_.target, Side::kTarget);
      const std::string target_snapshot = ShareSnapshot(target);
      for (LiveTable* each : batch) each->facts().lsn = lsn;
      SnapshotPass(options_, facts_, {source.id(), target_snapshot}, pace_, progress_)
          .Run(batch, [](LiveTable& table, const RowDifference& difference) {
            if (!table.suspects) table.suspects = std::make_unique<RowSpool>();
            table.suspects->Add(difference.key, "");
          });
      HiddenRows hidden(options_.source, options_.target, source.connection(), target);
      for (LiveTable* each : batch) {
        if (each->result.verdict != Verdict::kVerified || !hidden.Has(each->table)) continue;
        each->result.verdict = Verdict::kNotVerified;
        each->result.reason = kRewrittenMeanwhile;
      }
    }
    for (LiveTable* each : batch)
      if (each->suspects) Recheck(*each);
  }

  void Recheck(LiveTable& each) {
    StageProgress& stage = progress_.Stage("read rows again");
    ++stage.tasks_total;
    progress_.TaskStarted(stage);
    try {
      if (each.table.HasKey()) {
        KeyRecheck(options_, live_, *wait_, each).Run();
      } else {
        RowRecheck(options_, live_, facts_, *wait_, each, pace_, progress_).Run();
      }
    } catch (const SqlError& error) {
      if (!IsOfOneTable(error)) throw;
      each.result.verdict = Verdict::kNotVerified;
      each.result.reason = error.what();
    }
    each.suspects.reset();
    progress_.TaskDone(stage, 0);
    const LiveTableFacts& facts = each.facts();
    progress_.Note(fmt::format("{}: {} rows read again in {} rounds, {} pinned: {}", each.table.source.display_name(),
                               FormatCount(static_cast<int64_t>(facts.rechecked)), facts.rounds, facts.pins,
                               VerdictName(each.result.verdict)));
  }

  // What is done is done; the rest is not verified.
  void GiveUp(const Error& error) {
    for (auto& each : tables_)
      if (each->IsOpen()) each->result.reason = error.what();
    result_.notes.push_back(error.Report());
  }

  void Describe() {
    LiveFacts facts;
    for (const LiveSubscription& each : subscriptions_)
      facts.subscriptions.push_back({each.name, each.slot, {each.publications.begin(), each.publications.end()}});
    facts.last_lsn = last_lsn_;
    facts.waited_seconds = wait_->seconds();
    uint64_t rows = 0, rounds = 0, pins = 0;
    double longest_pin = 0, longest_lock = 0;
    for (auto& each : tables_) {
      const LiveTableFacts& table = each->facts();
      rows += table.rechecked;
      rounds = std::max(rounds, table.rounds);
      pins += table.pins;
      longest_pin = std::max(longest_pin, table.longest_pin_ms);
      longest_lock = std::max(longest_lock, table.table_lock_ms);
      TableResult& result = each->result;
      if (result.verdict == Verdict::kDiffers && !each->remark.empty()) result.reason += "; " + each->remark;
      AddReductions(result);
    }
    std::string names;
    for (const LiveSubscription& each : subscriptions_) names += (names.empty() ? "" : ", ") + DisplayName(each.name);
    std::string text = fmt::format(
        "live, behind subscription {}: {} rows were under way or different and were read again, in at most {} rounds; "
        "waited {} for the target",
        names, FormatCount(static_cast<int64_t>(rows)), rounds, FormatSeconds(facts.waited_seconds));
    if (pins > 0)
      text += fmt::format("; {} rows pinned, at most {:.0f} ms", FormatCount(static_cast<int64_t>(pins)), longest_pin);
    if (longest_lock > 0) text += fmt::format("; tables without a key locked for at most {:.0f} ms", longest_lock);
    result_.notes.push_back(text);
    for (const std::string& note : pace_.Notes()) result_.notes.push_back(note);
    result_.live = std::move(facts);
  }

  void AddReductions(const TableResult& result) {
    const std::string name = DisplayName(result.schema, result.name);
    std::string columns;
    for (const std::string& column : result.left_out_columns)
      columns += (columns.empty() ? "" : ", ") + DisplayName(column);
    if (!columns.empty()) result_.notes.push_back(fmt::format("{}: columns not compared: {}", name, columns));
    if (!result.condition.empty())
      result_.notes.push_back(fmt::format("{}: only rows compared where {}", name, result.condition));
  }

  // What native replication does not carry: large objects are missing data, sequences are set when the target opens.
  void CompareRest() {
    result_.notes.emplace_back(
        "sequences are not compared: logical replication does not carry them, the cutover sets them");
    for (Connection* connection : {&source_, &target_}) connection->Execute(kBegin);
    const int64_t objects =
        source_.Query("SELECT pg_catalog.count(*) FROM pg_catalog.pg_largeobject_metadata").Integer(0, 0);
    if (objects > 0) {
      result_.large_objects.emplace();
      result_.large_objects->source.rows = static_cast<uint64_t>(objects);
      result_.large_objects->verdict = Verdict::kNotVerified;
      result_.large_objects->reason = "logical replication does not carry large objects; --data-only leaves them out";
    }
    CompareSchema(source_, target_, result_);
    for (Connection* connection : {&source_, &target_}) connection->Rollback();
  }

  const CompareOptions& options_;
  const LiveOptions& live_;
  Progress& progress_;
  Pace pace_;
  Connection source_;
  Connection target_;
  std::vector<LiveSubscription> subscriptions_;
  std::unique_ptr<AppliedWait> wait_;
  SideFacts facts_;
  std::vector<std::unique_ptr<LiveTable>> tables_;
  RunResult result_;
  std::string last_lsn_;
  bool is_begun_ = false;
};

}  // namespace

RunResult CompareLive(const CompareOptions& options, const LiveOptions& live, Progress& progress) {
  CheckOptions(options);
  return LiveComparison(options, live, progress).Run();
}

}  // namespace airlift
