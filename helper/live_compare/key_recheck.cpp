#include "live_compare/key_recheck.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/format.h"
#include "live_compare/writers.h"

namespace airlift {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* kBegin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
// Keys examined at a time, and digests of columns that may be in memory for them.
constexpr size_t kLargestChunk = 16384, kSmallestChunk = 256, kColumnDigests = size_t{1} << 20;
// A row that changed in so many rounds is locked.
constexpr uint64_t kRoundsBeforePins = 3;
constexpr milliseconds kWriterPatience(1000);
constexpr size_t kPinnedTogether = 64, kPinnedSinglyPerRound = 64;
constexpr milliseconds kLongestPin(1000);
constexpr const char* kBeginPin =
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = '300ms'; "
    "SET LOCAL synchronous_commit = off";

void End(Connection& connection) {
  if (connection.InTransaction()) connection.Rollback();
}

bool IsSameContent(const std::optional<RowVersion>& a, const std::optional<RowVersion>& b) {
  return a.has_value() == b.has_value() && (!a || a->row == b->row);
}

bool IsSameVersion(const std::optional<RowVersion>& a, const std::optional<RowVersion>& b) {
  return a && b && a->IsSameVersion(*b);
}

}  // namespace

KeyRecheck::KeyRecheck(const CompareOptions& options, const LiveOptions& live, AppliedWait& wait, LiveTable& table)
    : live_(live),
      wait_(wait),
      table_(table),
      source_(options.source, Side::kSource),
      target_(options.target, Side::kTarget),
      examiner_(source_, target_, table.table, {options.show_values, options.max_rows}, nullptr) {}

size_t KeyRecheck::ChunkSize() const {
  return std::clamp(kColumnDigests / std::max<size_t>(1, table_.table.source.columns.size()), kSmallestChunk,
                    kLargestChunk);
}

void KeyRecheck::Run() {
  table_.facts().rechecked = table_.suspects->rows();
  const auto keys = table_.suspects->Sorted();
  Suspects chunk;
  SpooledRow row;
  for (bool is_over = false; !is_over;) {
    is_over = !keys->Next(&row);
    if (!is_over) {
      chunk.emplace_back();
      chunk.back().key = row.key;
    }
    if (chunk.size() < ChunkSize() && !is_over) continue;
    try {
      Examine(chunk);
    } catch (const ReplicationStandsStill& error) {
      // What was found stays found.
      uint64_t left = static_cast<uint64_t>(
          std::count_if(chunk.begin(), chunk.end(), [](const Suspect& each) { return !each.is_known; }));
      while (keys->Next(&row)) ++left;
      table_.facts().not_proved += left;
      unproved_why_ = error.what();
      Conclude();
      throw;
    }
    chunk = {};
  }
  Conclude();
}

// Each read of the source serves twice: as the second of one round and as the first of the next.
void KeyRecheck::Examine(Suspects& suspects) {
  const auto deadline = Clock::now() + live_.max_wait;
  for (uint64_t round = 1; !suspects.empty(); ++round) {
    table_.facts().rounds = std::max(table_.facts().rounds, round);
    ReadSource(suspects);
    const std::string lsn = wait_.Position();
    std::erase_if(suspects, [](const Suspect& each) { return each.is_known; });
    if (suspects.empty()) return;
    const auto wait_began = Clock::now();
    wait_.Until(lsn);
    const bool is_near = Clock::now() - wait_began < kLongestPin / 2;
    ReadTarget(suspects);
    std::erase_if(suspects, [](const Suspect& each) { return each.is_known; });
    if (round >= kRoundsBeforePins && is_near && pin_refusal_.empty()) Pin(suspects);
    std::erase_if(suspects, [](const Suspect& each) { return each.is_known; });
    if (suspects.empty()) return;
    if (Clock::now() >= deadline) {
      table_.facts().not_proved += suspects.size();
      unproved_why_ = !pin_refusal_.empty()    ? "they could not be locked: " + pin_refusal_
                      : !writers_left_.empty() ? writers_left_
                      : !is_near ? "they kept changing, and the target was too far behind for locking them"
                                 : "they kept changing";
      return;
    }
    writers_left_ = WaitForWriters(wait_.source(), table_.table.source.oid, kWriterPatience);
  }
}

std::vector<std::optional<RowVersion>> KeyRecheck::Read(Connection& connection, const Suspects& suspects) {
  std::vector<std::string> keys;
  for (const Suspect& suspect : suspects) keys.push_back(suspect.key);
  return RowReader(connection, table_.table).Versions(keys);
}

// The target has been read, everything that it had then is visible here by now: a row that is the same version as
// before that read was this version all the while. The target's transaction is still open, to tell the columns.
void KeyRecheck::ReadSource(Suspects& suspects) {
  source_.Execute(kBegin);
  auto versions = Read(source_, suspects);
  for (size_t i = 0; i < suspects.size(); ++i) {
    Suspect& suspect = suspects[i];
    const bool is_settled = writers_left_.empty() || (versions[i] && !versions[i]->is_touched);
    if (suspect.was_read && is_settled && IsSameVersion(suspect.source, versions[i]))
      Differs(suspect, versions[i], suspect.target);
    suspect.source = std::move(versions[i]);
  }
  examiner_.Flush();
  // Neither is left open for the wait: an application's TRUNCATE would wait for us, and the target's for ever.
  End(source_);
  End(target_);
}

// The target has all that the source's last read saw. A row that the source did not have then, and that is the same
// version here as before it, was never deleted.
void KeyRecheck::ReadTarget(Suspects& suspects) {
  target_.Execute(kBegin);
  auto versions = Read(target_, suspects);
  for (size_t i = 0; i < suspects.size(); ++i) {
    Suspect& suspect = suspects[i];
    if (IsSameContent(suspect.source, versions[i])) {
      suspect.is_known = true;
    } else if (suspect.was_read && !suspect.source && writers_left_.empty() &&
               IsSameVersion(suspect.target, versions[i])) {
      Differs(suspect, suspect.source, versions[i]);
    }
    suspect.target = std::move(versions[i]);
    suspect.was_read = true;
  }
  examiner_.Flush();
  End(source_);
}

void KeyRecheck::Differs(Suspect& suspect, const Version& source, const Version& target) {
  // Where the one under which the row was read is over, a later one does: it is only about what to show.
  for (Connection* connection : {&source_, &target_})
    if (!connection->InTransaction()) connection->Execute(kBegin);
  RowDifference difference;
  difference.kind = !target  ? DifferenceKind::kMissingOnTarget
                    : source ? DifferenceKind::kChanged
                             : DifferenceKind::kExtraOnTarget;
  difference.key = suspect.key;
  difference.source_copies = source ? 1 : 0;
  difference.target_copies = target ? 1 : 0;
  examiner_.Add(difference);
  suspect.is_known = true;
}

// First many at a time, those that nobody works on at this moment; then the others one by one, in the queue for their
// locks. Nothing waits for a lock while it holds another.
void KeyRecheck::Pin(Suspects& suspects) {
  End(target_);
  std::vector<Suspect*> there;
  for (Suspect& suspect : suspects)
    if (suspect.source) there.push_back(&suspect);
  for (size_t first = 0; first < there.size(); first += kPinnedTogether) {
    const size_t last = std::min(there.size(), first + kPinnedTogether);
    if (!PinSome({there.begin() + static_cast<ptrdiff_t>(first), there.begin() + static_cast<ptrdiff_t>(last)}, false))
      return;
  }
  size_t singly = 0;
  for (Suspect* suspect : there) {
    if (suspect->is_known || singly++ >= kPinnedSinglyPerRound) continue;
    if (!PinSome({suspect}, true)) return;
  }
}

// False when rows cannot be locked at all.
bool KeyRecheck::PinSome(std::vector<Suspect*> some, bool waits) {
  std::vector<std::string> keys;
  for (const Suspect* suspect : some) keys.push_back(suspect->key);
  std::vector<Suspect*> locked;
  auto began = Clock::now();
  try {
    source_.Execute(kBeginPin);
    auto versions = RowReader(source_, table_.table).Versions(keys, "FOR SHARE", waits ? "" : "SKIP LOCKED");
    for (size_t i = 0; i < some.size(); ++i) {
      if (!versions[i]) continue;
      some[i]->source = std::move(versions[i]);
      some[i]->was_read = false;  // the target was read before this version was
      locked.push_back(some[i]);
    }
    if (waits) began = Clock::now();  // before, it was in the queue
    if (!locked.empty() && wait_.Within(wait_.Position(), kLongestPin)) JudgePinned(locked);
    End(source_);
  } catch (const SqlError& error) {
    End(source_);
    End(target_);
    if (error.sqlstate() == "55P03" || error.IsClass("40")) return true;  // not granted in time: another round
    if (error.sqlstate() != "42501" && error.sqlstate() != "25006") throw;
    pin_refusal_ = error.what();
    return false;
  }
  if (locked.empty()) return true;
  const double held = std::chrono::duration<double, std::milli>(Clock::now() - began).count();
  table_.facts().longest_pin_ms = std::max(table_.facts().longest_pin_ms, held);
  table_.facts().pins += locked.size();
  return true;
}

// The rows cannot change, and the target has them as they are.
void KeyRecheck::JudgePinned(const std::vector<Suspect*>& locked) {
  std::vector<std::string> keys;
  for (const Suspect* suspect : locked) keys.push_back(suspect->key);
  target_.Execute(kBegin);
  const auto versions = RowReader(target_, table_.table).Versions(keys);
  for (size_t i = 0; i < locked.size(); ++i) {
    if (IsSameContent(locked[i]->source, versions[i])) {
      locked[i]->is_known = true;
    } else {
      Differs(*locked[i], locked[i]->source, versions[i]);
    }
  }
  examiner_.Flush();
  End(target_);
}

void KeyRecheck::Conclude() {
  for (Connection* connection : {&source_, &target_}) End(*connection);
  TableDifferences differences = examiner_.Finish();
  const uint64_t rows = differences.missing_on_target + differences.extra_on_target + differences.changed;
  const uint64_t unknown = table_.facts().not_proved;
  const auto count = [](uint64_t number) { return FormatCount(static_cast<int64_t>(number)); };
  const std::string unproved = unknown == 0 ? std::string()
                                            : fmt::format("of {} rows it could not be told whether they differ: {}",
                                                          count(unknown), unproved_why_);
  if (rows > 0) {
    table_.result.verdict = Verdict::kDiffers;
    table_.result.reason =
        fmt::format("{} missing on the target, {} extra, {} changed", count(differences.missing_on_target),
                    count(differences.extra_on_target), count(differences.changed));
    if (!unproved.empty()) differences.reason += (differences.reason.empty() ? "" : "; ") + unproved;
    table_.result.differences = std::move(differences);
  } else {
    table_.result.verdict = unknown > 0 ? Verdict::kNotVerified : Verdict::kVerified;
    table_.result.reason = unproved;
  }
}

}  // namespace airlift
