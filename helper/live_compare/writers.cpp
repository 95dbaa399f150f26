#include "live_compare/writers.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <thread>

#include "base/stop.h"

namespace airlift {

namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPause = std::chrono::milliseconds(5);

// Prepared transactions hold their locks without a session.
constexpr const char* kWritersQuery = R"(
SELECT l.virtualtransaction, COALESCE('session ' || l.pid, 'prepared transaction ' || l.virtualtransaction)
FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'relation' AND l.granted
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
  AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
  AND (l.relation = $1::pg_catalog.oid OR
       l.relation IN (SELECT relid FROM pg_catalog.pg_partition_tree($1::pg_catalog.oid::pg_catalog.regclass)))
  AND COALESCE(a.state NOT IN ('idle in transaction', 'idle in transaction (aborted)'), true))";

std::map<std::string, std::string> Writers(Connection& source, uint32_t relation) {
  std::map<std::string, std::string> writers;
  const Result result = source.Query(kWritersQuery, {std::to_string(relation)});
  for (int row = 0; row < result.rows(); ++row) writers.emplace(result.Text(row, 0), result.Text(row, 1));
  return writers;
}

}  // namespace

std::string WaitForWriters(Connection& source, uint32_t relation, std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  auto left = Writers(source, relation);
  while (!left.empty() && Clock::now() < deadline) {
    CheckStop();
    std::this_thread::sleep_for(kPause);
    const auto now = Writers(source, relation);
    std::erase_if(left, [&](const auto& writer) { return !now.contains(writer.first); });
  }
  if (left.empty()) return {};
  const std::string more = left.size() > 1 ? fmt::format(" and {} more", left.size() - 1) : std::string();
  return fmt::format("{}{} did not end", left.begin()->second, more);
}

}  // namespace airlift
