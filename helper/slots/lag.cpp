#include "slots/lag.h"

namespace airlift {

namespace {

// flush_lag of a logical sender is the time from writing WAL here to its being on the subscriber's disk, and goes away
// when there is nothing to send. A subscriber
// that is silent for longer than wal_receiver_status_interval (10 s) is at least that far behind.
constexpr const char* kLagQuery = R"(
SELECT s.active, s.confirmed_flush_lsn,
       GREATEST(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.confirmed_flush_lsn), 0)::bigint,
       EXTRACT(epoch FROM GREATEST(r.flush_lag, CASE WHEN pg_catalog.clock_timestamp() - r.reply_time > '12 s'
         THEN pg_catalog.clock_timestamp() - r.reply_time END))
FROM pg_catalog.pg_replication_slots s LEFT JOIN pg_catalog.pg_stat_replication r ON r.pid = s.active_pid
WHERE s.slot_name = $1)";

}  // namespace

std::string CurrentLsn(Connection& publisher) {
  return publisher.Query("SELECT pg_catalog.pg_current_wal_lsn()").Text(0, 0);
}

std::vector<SlotLag> ReadLag(Connection& publisher, const std::vector<std::string>& slots) {
  std::vector<SlotLag> lags;
  for (const std::string& slot : slots) {
    SlotLag lag;
    lag.slot = slot;
    const Result result = publisher.Query(kLagQuery, {slot});
    if (result.rows() > 0) {
      lag.exists = true;
      lag.is_active = result.Boolean(0, 0);
      lag.confirmed_flush_lsn = result.Text(0, 1);
      lag.bytes = result.Integer(0, 2);
      if (!result.IsNull(0, 3)) lag.seconds = std::stod(result.Text(0, 3));
      if (lag.bytes == 0) lag.seconds = 0;
    }
    lags.push_back(std::move(lag));
  }
  return lags;
}

}  // namespace airlift
