#include "live_compare/row_recheck.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/format.h"
#include "byte_order.h"
#include "digest/image_query.h"
#include "digest/image_stream.h"
#include "live_compare/snapshot_pass.h"
#include "live_compare/writers.h"
#include "pg/identifier.h"
#include "snapshot/source_snapshot.h"
#include "source/extension_client.h"

namespace airlift {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* kBegin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
// Each round scans both sides.
constexpr uint64_t kRounds = 6;
constexpr uint64_t kMostSuspects = 500000;
constexpr milliseconds kWriterPatience(2000);
constexpr int kLockTries = 5;
constexpr milliseconds kLongestLock(2000);
constexpr size_t kOidBytes = 4, kTidBytes = 6, kXidBytes = 4;

void End(Connection& connection) {
  if (connection.InTransaction()) connection.Rollback();
}

std::string DigestBytes(Digest128 digest) {
  std::string bytes(kUuidBytes, '\0');
  StoreUuid(digest, reinterpret_cast<unsigned char*>(bytes.data()));
  return bytes;
}

Digest128 DigestOf(const std::string& bytes) { return LoadUuid(reinterpret_cast<const unsigned char*>(bytes.data())); }

// Of the tables that hold the rows: TRUNCATE and rewriting give them new ones, which older snapshots see, too.
std::string FileNodes(Connection& connection, const Relation& relation) {
  std::string list;
  for (const StoredTable& stored : relation.stored) list += (list.empty() ? "" : ",") + std::to_string(stored.oid);
  return connection
      .Query(
          "SELECT pg_catalog.string_agg(o || ':' || pg_catalog.pg_relation_filenode(o), ',' ORDER BY o) FROM "
          "pg_catalog.unnest($1::pg_catalog.oid[]) o",
          {"{" + list + "}"})
      .Text(0, 0);
}

}  // namespace

RowRecheck::RowRecheck(const CompareOptions& options, const LiveOptions& live, const SideFacts& facts,
                       AppliedWait& wait, LiveTable& table, Pace& pace, Progress& progress)
    : options_(options),
      live_(live),
      facts_(facts),
      wait_(wait),
      table_(table),
      pace_(pace),
      progress_(progress),
      source_(options.source, Side::kSource),
      target_(options.target, Side::kTarget),
      examiner_(source_, target_, table.table, {options.show_values, options.max_rows}, nullptr) {}

void RowRecheck::Run() {
  table_.facts().rechecked = table_.suspects->rows();
  try {
    if (Load()) Examine();
  } catch (const ReplicationStandsStill& error) {
    unproved_why_ = error.what();  // what was found stays found
    table_.facts().not_proved = suspects_.size();
    Conclude();
    throw;
  }
  table_.facts().not_proved = suspects_.size();
  if (!suspects_.empty() && live_.lock_keyless && CompareLocked()) return;
  Conclude();
}

bool RowRecheck::Load() {
  const auto rows = table_.suspects->Sorted();
  SpooledRow row;
  while (rows->Next(&row)) {
    suspects_.try_emplace(row.key);
    if (suspects_.size() <= kMostSuspects) continue;
    unproved_why_ = fmt::format("more than {} rows differed", FormatCount(kMostSuspects));
    return false;
  }
  return true;
}

void RowRecheck::Examine() {
  const auto deadline = Clock::now() + live_.max_wait;
  for (uint64_t round = 1; !suspects_.empty(); ++round) {
    table_.facts().rounds = round;
    ReadSource();
    const std::string lsn = wait_.Position();
    if (suspects_.empty()) return;
    wait_.Until(lsn);
    ReadTarget();
    if (suspects_.empty()) return;
    if (round == kRounds || Clock::now() >= deadline) {
      unproved_why_ = !writers_left_.empty() ? writers_left_ : "rows like them kept coming and going";
      return;
    }
    writers_left_ = WaitForWriters(wait_.source(), table_.table.source.oid, kWriterPatience);
  }
}

std::map<std::string, RowRecheck::Copies> RowRecheck::Scan(Connection& connection) {
  const ComparedTable& table = table_.table;
  BucketSet buckets(table_.buckets);
  for (const auto& [digest, suspect] : suspects_) buckets.Add(BucketOf(DigestOf(digest), table_.buckets));
  std::map<std::string, Copies> found;
  const auto add = [&](const std::string& digest, const std::string& version) {
    if (!suspects_.contains(digest)) return;
    Copies& copies = found[digest];
    ++copies.count;
    copies.versions = copies.versions + HashBytes(version.data(), version.size());
    copies.place = version.substr(0, kOidBytes + kTidBytes);
  };
  std::string_view data, image, last;
  Meter meter;
  meter.limit = pace_.LimitOf(connection.side());
  pace_.Await(connection.side());
  MeterBatch batch(meter);
  if (connection.side() == Side::kSource && facts_.source_has_extension) {
    connection.StartCopyOut(
        BucketRowsStatement(connection, table.source, "tableoid, ctid, xmin", table.From(Side::kSource), buckets));
    ImageStream images;
    while (connection.NextCopyData(&data)) {
      batch.Add(1, static_cast<int64_t>(data.size()));
      if (!images.ImageBeforeLast(data, kUuidBytes, &image, &last)) continue;
      // Three columns, with their number before all and their lengths before each.
      std::string version(image.substr(6, kOidBytes));
      version += image.substr(10 + kOidBytes, kTidBytes);
      version += image.substr(14 + kOidBytes + kTidBytes, kXidBytes);
      add(std::string(last), version);
    }
    return found;
  }
  for (const StoredTable& stored : table.Of(connection.side()).stored) {
    std::string oid(kOidBytes, '\0');
    StoreBigEndian32(oid.data(), stored.oid);
    connection.StartCopyOut(
        ImageCopyStatementWith("pg_catalog.byteacat(pg_catalog.tidsend(ctid), "
                               "pg_catalog.xidsend(xmin))",
                               table.source, stored, {}));
    ImageStream images(table.source.ArrayPositions());
    while (connection.NextCopyData(&data)) {
      batch.Add(1, static_cast<int64_t>(data.size()));
      if (!images.ImageBeforeLast(data, kTidBytes + kXidBytes, &image, &last)) continue;
      const Digest128 digest = HashBytes(image.data(), image.size());
      if (buckets.Holds(digest)) add(DigestBytes(digest), oid + std::string(last));
    }
  }
  return found;
}

// As in KeyRecheck; the same rows here before and behind the read of the target, and fewer there: some are missing.
void RowRecheck::ReadSource() {
  source_.Execute(kBegin);
  auto found = Scan(source_);
  for (auto it = suspects_.begin(); it != suspects_.end();) {
    Suspect& suspect = it->second;
    const Copies now = found[it->first];
    const bool differs =
        suspect.was_read && writers_left_.empty() && suspect.source.IsSame(now) && now.count > suspect.target.count;
    if (differs) Differs(it->first, now, suspect.target);
    suspect.source = now;
    it = differs ? suspects_.erase(it) : std::next(it);
  }
  examiner_.Flush();
  End(source_);
  End(target_);
}

// The same rows there before and behind the read of the source, and fewer here: some should have been deleted.
void RowRecheck::ReadTarget() {
  target_.Execute(kBegin);
  auto found = Scan(target_);
  for (auto it = suspects_.begin(); it != suspects_.end();) {
    Suspect& suspect = it->second;
    const Copies now = found[it->first];
    const bool differs =
        suspect.was_read && writers_left_.empty() && suspect.target.IsSame(now) && now.count > suspect.source.count;
    const bool is_same = now.count == suspect.source.count;
    if (differs) Differs(it->first, suspect.source, now);
    suspect.target = now;
    suspect.was_read = true;
    it = differs || is_same ? suspects_.erase(it) : std::next(it);
  }
  examiner_.Flush();
  End(source_);
}

void RowRecheck::Differs(const std::string& digest, const Copies& source, const Copies& target) {
  for (Connection* connection : {&source_, &target_})
    if (!connection->InTransaction()) connection->Execute(kBegin);
  const bool is_missing = source.count > target.count;
  examiner_.Add({is_missing ? DifferenceKind::kMissingOnTarget : DifferenceKind::kExtraOnTarget, digest, source.count,
                 target.count, source.place, target.place});
}

bool RowRecheck::CompareLocked() {
  for (int i = 0; i < kLockTries; ++i)
    if (TryLocked()) return true;
  unproved_why_ += fmt::format("; it could not be locked long enough for the target to catch up, {} times", kLockTries);
  return false;
}

// The lock ends as soon as both sides have snapshots that show the same; the scans come behind.
bool RowRecheck::TryLocked() {
  Connection lock(options_.source.With("application_name", "pg_airlift lock"), Side::kSource);
  std::string files;
  std::unique_ptr<SourceSnapshot> source;
  Connection target(options_.target, Side::kTarget);
  std::string target_snapshot;
  try {
    lock.Execute("BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '1s'");
    lock.Execute(fmt::format("LOCK TABLE {} IN SHARE MODE", table_.table.From(Side::kSource)));
    const auto began = Clock::now();
    source = std::make_unique<SourceSnapshot>(options_.source);
    files = FileNodes(lock, table_.table.source);
    const bool is_applied = wait_.Within(wait_.Position(), kLongestLock);
    if (is_applied) target_snapshot = ShareSnapshot(target);
    lock.Rollback();
    const double held = std::chrono::duration<double, std::milli>(Clock::now() - began).count();
    table_.facts().table_lock_ms = std::max(table_.facts().table_lock_ms, held);
    if (!is_applied) return false;
  } catch (const SqlError& error) {
    if (error.sqlstate() != "55P03" && !error.IsClass("42") && !error.IsClass("40")) throw;
    unproved_why_ = error.what();
    return false;
  }
  std::vector<std::pair<LiveTable*, RowDifference>> differences;
  TableResult& result = table_.result;
  SnapshotPass(options_, facts_, {source->id(), target_snapshot}, pace_, progress_)
      .Run({&table_},
           [&](LiveTable&, const RowDifference& difference) { differences.emplace_back(&table_, difference); });
  // Emptied, or rewritten, since: the scans may have seen that.
  if (FileNodes(lock, table_.table.source) != files) {
    result.verdict = Verdict::kNotVerified;
    return false;
  }
  table_.facts().not_proved = 0;
  if (result.verdict == Verdict::kVerified || !result.reason.empty()) return true;
  for (Connection* connection : {&source_, &target_}) End(*connection);
  source_.Execute(BeginUnderSnapshot(source_, source->id()));
  target_.Execute(BeginUnderSnapshot(target_, target_snapshot));
  RowExaminer examiner(source_, target_, table_.table, {options_.show_values, options_.max_rows}, nullptr);
  for (const auto& [table, difference] : differences) examiner.Add(difference);
  result.differences = examiner.Finish();
  Judge(result);
  return true;
}

void RowRecheck::Conclude() {
  for (Connection* connection : {&source_, &target_}) End(*connection);
  TableDifferences differences = examiner_.Finish();
  const uint64_t rows = differences.missing_on_target + differences.extra_on_target;
  const auto count = [](uint64_t number) { return FormatCount(static_cast<int64_t>(number)); };
  std::string unproved;
  if (!suspects_.empty())
    unproved = fmt::format("it has no key, and of {} different rows it could not be told whether they differ: {}{}",
                           count(suspects_.size()), unproved_why_,
                           live_.lock_keyless ? "" : "; --lock-keyless locks the table for a moment");
  TableResult& result = table_.result;
  if (rows > 0) {
    result.verdict = Verdict::kDiffers;
    result.reason = fmt::format("{} missing on the target, {} extra", count(differences.missing_on_target),
                                count(differences.extra_on_target));
    if (!unproved.empty()) differences.reason += (differences.reason.empty() ? "" : "; ") + unproved;
    result.differences = std::move(differences);
  } else {
    result.verdict = suspects_.empty() ? Verdict::kVerified : Verdict::kNotVerified;
    result.reason = unproved;
  }
}

}  // namespace airlift
