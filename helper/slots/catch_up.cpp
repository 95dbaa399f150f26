#include "slots/catch_up.h"

#include <fmt/format.h>

#include <thread>

#include "base/format.h"
#include "pg/identifier.h"
#include "slots/lag.h"
#include "slots/slot.h"

namespace airlift {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPause = std::chrono::milliseconds(20);
constexpr auto kDiagnosis = std::chrono::seconds(2);
constexpr auto kReport = std::chrono::seconds(10);
// A worker that fails starts again after wal_retrieve_retry_interval; one that stays away this long does not come.
constexpr auto kAbsencePatience = std::chrono::seconds(90);
// At one error for each wal_retrieve_retry_interval, about a minute: a cut network must have time to come back.
constexpr int64_t kErrorPatience = 12;

bool HasConfirmed(Connection& publisher, const SubscriptionRecord& subscription, const std::string& lsn) {
  const Result result = publisher.Query(
      "SELECT active AND confirmed_flush_lsn >= $2::pg_catalog.pg_lsn FROM pg_catalog.pg_replication_slots "
      "WHERE slot_name = $1",
      {subscription.slot, lsn});
  return result.rows() > 0 && result.Boolean(0, 0);
}

int64_t ApplyErrors(Connection& subscriber, const std::string& name) {
  if (subscriber.server_major() < 15) return 0;
  const Result result = subscriber.Query(
      "SELECT apply_error_count FROM pg_catalog.pg_stat_subscription_stats WHERE subname = $1", {name});
  return result.rows() == 0 ? 0 : result.Integer(0, 0);
}

std::string ErrorsOf(Connection& subscriber, const std::string& name) {
  const int64_t errors = ApplyErrors(subscriber, name);
  return errors == 0 ? std::string() : fmt::format(", after {} errors of apply", errors);
}

// A worker that starts, fails and starts again looks healthy now and then, and gets nowhere.
class RepeatedErrors {
 public:
  // True when the subscription has failed so often since its slot last moved that it will go on failing.
  bool Add(Connection& publisher, Connection& subscriber, const SubscriptionRecord& subscription) {
    const auto slot = FindSlot(publisher, subscription.slot);
    const int64_t errors = ApplyErrors(subscriber, subscription.name);
    const std::string position = subscription.name + " " + (slot ? slot->confirmed_flush_lsn : "");
    if (position != position_ || errors < first_) {
      position_ = position;
      first_ = errors;
    }
    return errors - first_ >= kErrorPatience;
  }

 private:
  std::string position_;
  int64_t first_ = 0;
};

}  // namespace

std::string WhyBehind(Connection& publisher, Connection* subscriber, const SubscriptionRecord& subscription,
                      bool* is_final) {
  *is_final = true;
  const std::string shown = DisplayName(subscription.name);
  const auto slot = FindSlot(publisher, subscription.slot);
  if (!slot) return fmt::format("slot {} does not exist any more", subscription.slot);
  if (slot->wal_status == "lost")
    return fmt::format("slot {} has lost WAL that was not sent yet{}", subscription.slot,
                       slot->invalidation_reason.empty() ? "" : " (" + slot->invalidation_reason + ")");
  if (subscriber != nullptr) {
    const Result state = subscriber->Query(
        "SELECT s.subenabled, EXISTS (SELECT FROM pg_catalog.pg_stat_subscription t WHERE t.subid = s.oid AND t.pid IS "
        "NOT NULL) FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid "
        "WHERE d.datname = pg_catalog.current_database() AND s.subname = $1",
        {subscription.name});
    if (state.rows() == 0) return fmt::format("subscription {} does not exist any more", shown);
    const std::string errors = ErrorsOf(*subscriber, subscription.name);
    if (!state.Boolean(0, 0))
      return fmt::format("subscription {} is disabled{}: the {}'s log has the reason", shown, errors,
                         SideName(subscriber->side()));
    *is_final = false;
    if (!state.Boolean(0, 1))
      return fmt::format("subscription {} has no worker at the moment{}: the {}'s log has the reason", shown, errors,
                         SideName(subscriber->side()));
  }
  *is_final = false;
  if (!slot->is_active) return fmt::format("nobody reads from slot {} at the moment", subscription.slot);
  return {};
}

CatchUpOutcome WaitForSlots(const CatchUpInputs& in) {
  const auto began = Clock::now();
  auto next_diagnosis = began + kDiagnosis, next_report = began + kReport, last_healthy = began;
  CatchUpOutcome outcome;
  RepeatedErrors repeated;
  for (;;) {
    CheckStop();
    // All of them each time: one that had confirmed may have become inactive since.
    std::vector<SubscriptionRecord> missing = in.subscriptions;
    std::erase_if(missing, [&](const SubscriptionRecord& s) { return HasConfirmed(in.publisher, s, in.lsn); });
    const auto now = Clock::now();
    outcome.seconds = std::chrono::duration<double>(now - began).count();
    if (missing.empty()) {
      outcome.is_reached = true;
      outcome.reason.clear();
      return outcome;
    }
    const bool is_over = in.limit && now - began >= *in.limit;
    if (is_over || now >= next_diagnosis) {
      next_diagnosis = now + kDiagnosis;
      bool is_final = false;
      outcome.reason = WhyBehind(in.publisher, in.subscriber, missing.front(), &is_final);
      if (outcome.reason.empty()) last_healthy = now;
      if (is_final || (!in.limit && now - last_healthy > kAbsencePatience)) return outcome;
      if (!in.limit && in.subscriber != nullptr && repeated.Add(in.publisher, *in.subscriber, missing.front())) {
        outcome.reason = fmt::format("subscription {} fails again and again{}: the {}'s log has the reason",
                                     DisplayName(missing.front().name), ErrorsOf(*in.subscriber, missing.front().name),
                                     SideName(in.subscriber->side()));
        return outcome;
      }
      if (is_over) {
        if (outcome.reason.empty())
          outcome.reason = fmt::format("slot {} is {} behind", missing.front().slot,
                                       FormatBytes(ReadLag(in.publisher, {missing.front().slot}).front().bytes));
        return outcome;
      }
    }
    if (in.note && now >= next_report) {
      next_report = now + kReport;
      const SlotLag lag = ReadLag(in.publisher, {missing.front().slot}).front();
      in.note(fmt::format("catching up: slot {} is {} behind{}", lag.slot, FormatBytes(lag.bytes),
                          outcome.reason.empty() ? "" : "; " + outcome.reason));
    }
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace airlift
