#include "live_compare/applied_wait.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/format.h"
#include "base/stop.h"
#include "pg/identifier.h"
#include "slots/catch_up.h"
#include "slots/lag.h"

namespace airlift {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kFirstPause(2), kLongestPause(20);
constexpr milliseconds kFlushPatience(50);
constexpr milliseconds kDiagnosis(2000), kReport(10000);
// A worker that lost its connection starts again after wal_retrieve_retry_interval, 5 seconds by default.
constexpr milliseconds kAbsencePatience(15000);
// One more than what a restart of the source costs.
constexpr int64_t kErrorPatience = 3;

// A subscriber tells what it has applied before it tells what is on its disk; that may follow half a second later.
constexpr const char* kAppliedQuery = R"(
SELECT pg_catalog.count(*) = $3::int AND pg_catalog.bool_and(
         s.active AND (s.confirmed_flush_lsn >= $1::pg_catalog.pg_lsn OR
                       COALESCE(r.replay_lsn >= $1::pg_catalog.pg_lsn, false))),
       pg_catalog.pg_current_wal_flush_lsn() >= $1::pg_catalog.pg_lsn
FROM pg_catalog.pg_replication_slots s LEFT JOIN pg_catalog.pg_stat_replication r ON r.pid = s.active_pid
WHERE s.slot_name = ANY ($2::pg_catalog.name[]))";

std::string SlotArray(const std::vector<LiveSubscription>& subscriptions) {
  std::string text;
  for (const LiveSubscription& subscription : subscriptions)
    text += (text.empty() ? "" : ",") + subscription.slot;  // lower-case letters, digits and underscores
  return "{" + text + "}";
}

}  // namespace

AppliedWait::AppliedWait(const ConnInfo& source, const ConnInfo& target,
                         const std::vector<LiveSubscription>& subscriptions, Milliseconds limit,
                         std::function<void(const std::string&)> note)
    : source_(source.With("application_name", "pg_airlift wait"), Side::kSource),
      target_(target.With("application_name", "pg_airlift wait"), Side::kTarget),
      slots_(SlotArray(subscriptions)),
      limit_(limit),
      note_(std::move(note)) {
  // What it writes is to be on disk, and not to wait for a standby.
  source_.Execute("SET synchronous_commit = local");
  for (const LiveSubscription& subscription : subscriptions) {
    SubscriptionRecord record;
    record.name = subscription.name;
    record.slot = subscription.slot;
    subscriptions_.push_back(record);
    bool is_final = false;
    const std::string reason = WhyBehind(source_, &target_, record, &is_final);
    if (is_final) GiveUp(reason, "");
  }
}

std::string AppliedWait::Position() {
  return source_.Query("SELECT pg_catalog.pg_current_wal_insert_lsn()").Text(0, 0);
}

bool AppliedWait::IsApplied(const std::string& lsn) {
  const Result result = source_.Query(kAppliedQuery, {lsn, slots_, std::to_string(subscriptions_.size())});
  is_flushed_ = result.Boolean(0, 1);
  return result.Boolean(0, 0);
}

bool AppliedWait::Within(const std::string& lsn, Milliseconds limit) {
  const auto began = Clock::now();
  auto pause = kFirstPause;
  bool has_flushed = false;
  bool is_applied = false;
  for (;;) {
    CheckStop();
    is_applied = IsApplied(lsn);
    const auto passed = Clock::now() - began;
    if (is_applied || passed >= limit) break;
    // What nobody has committed yet is not flushed by itself, and what is not flushed is not sent.
    if (!is_flushed_ && !has_flushed && passed > kFlushPatience) {
      source_.Query("SELECT pg_catalog.pg_logical_emit_message(true, 'pg_airlift', 'compare')");
      has_flushed = true;
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
  seconds_ += std::chrono::duration<double>(Clock::now() - began).count();
  return is_applied;
}

void AppliedWait::Until(const std::string& lsn) {
  began_ = last_healthy_ = Clock::now();
  first_errors_ = -1;
  auto next_report = began_ + kReport;
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(began_ + limit_ - Clock::now());
    if (Within(lsn, std::clamp(left, milliseconds(0), kDiagnosis))) return;
    const auto behind = FirstBehind(lsn);
    if (!behind) continue;
    Diagnose(*behind, lsn);
    if (Clock::now() < next_report) continue;
    next_report = Clock::now() + kReport;
    note_(fmt::format("waiting for the target: slot {} is {} behind", behind->slot,
                      FormatBytes(ReadLag(source_, {behind->slot}).front().bytes)));
  }
}

std::optional<SubscriptionRecord> AppliedWait::FirstBehind(const std::string& lsn) {
  for (const SubscriptionRecord& subscription : subscriptions_) {
    const Result result = source_.Query(kAppliedQuery, {lsn, "{" + subscription.slot + "}", "1"});
    if (!result.Boolean(0, 0)) return subscription;
  }
  return std::nullopt;
}

int64_t AppliedWait::ApplyErrors() {
  if (target_.server_major() < 15) return 0;
  int64_t errors = 0;
  for (const SubscriptionRecord& subscription : subscriptions_) {
    const Result result = target_.Query(
        "SELECT apply_error_count FROM pg_catalog.pg_stat_subscription_stats WHERE subname = $1", {subscription.name});
    if (result.rows() > 0) errors += result.Integer(0, 0);
  }
  return errors;
}

void AppliedWait::Diagnose(const SubscriptionRecord& behind, const std::string& lsn) {
  bool is_final = false;
  const std::string reason = WhyBehind(source_, &target_, behind, &is_final);
  const auto now = Clock::now();
  if (is_final || (!reason.empty() && now - last_healthy_ > kAbsencePatience)) GiveUp(reason, lsn);
  if (reason.empty()) last_healthy_ = now;
  const int64_t errors = ApplyErrors();
  if (first_errors_ < 0) first_errors_ = errors;
  if (errors - first_errors_ >= kErrorPatience)
    GiveUp(
        fmt::format("subscription {} fails again and again: the target's log has the reason", DisplayName(behind.name)),
        lsn);
  if (now - began_ < limit_) return;
  if (!reason.empty()) GiveUp(reason, lsn);
  const SlotLag lag = ReadLag(source_, {behind.slot}).front();
  GiveUp(fmt::format("slot {} is {} behind, at {}", lag.slot, FormatBytes(lag.bytes), lag.confirmed_flush_lsn), lsn);
}

void AppliedWait::GiveUp(const std::string& reason, const std::string& lsn) {
  const double waited = std::chrono::duration<double>(Clock::now() - began_).count();
  throw ReplicationStandsStill(
      "replication to the target stands still: " + reason,
      lsn.empty() ? "" : fmt::format("Position {} was waited for {}.", lsn, FormatSeconds(waited)),
      "\"pg_airlift status\" tells more. Mend the replication, or, where it is only slow, raise --max-wait; then run "
      "the same command again.");
}

}  // namespace airlift
