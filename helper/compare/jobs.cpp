#include "compare/jobs.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "snapshot/source_snapshot.h"

namespace airlift {

namespace {

constexpr int kJobsPerTransaction = 32;
constexpr int kJobsPerSession = 8192;

// A snapshot that is gone is everybody's trouble, though the server finds fault with its name only.
void Begin(Connection& connection, const std::string& snapshot) {
  try {
    connection.Execute(BeginUnderSnapshot(connection, snapshot));
  } catch (const SqlError& error) {
    throw Error(std::string("the comparison's snapshot is gone: ") + error.what(), error.detail(),
                "The process or the server that held it has ended.");
  }
}

}  // namespace

Connection& ReadOnlyPair::Get(Side side) {
  auto& slot = connections_[side == Side::kTarget];
  if (!slot) slot = std::make_unique<Connection>(side == Side::kSource ? source_info_ : target_info_, side);
  if (!slot->InTransaction()) {
    Begin(*slot, side == Side::kSource ? snapshots_.source : snapshots_.target);
  }
  return *slot;
}

void ReadOnlyPair::Refresh() {
  if (++jobs_in_transaction_ < kJobsPerTransaction) return;
  jobs_in_session_ += jobs_in_transaction_;
  jobs_in_transaction_ = 0;
  const bool is_new_session = jobs_in_session_ >= kJobsPerSession;
  if (is_new_session) jobs_in_session_ = 0;
  for (auto& connection : connections_) {
    if (is_new_session) connection.reset();
    if (connection && connection->InTransaction()) connection->Execute("COMMIT");
  }
}

void ReadOnlyPair::Reset(Side side) {
  auto& slot = connections_[side == Side::kTarget];
  if (slot && slot->IsBroken()) {
    slot.reset();
  } else if (slot) {
    slot->Rollback();
  }
}

void RunJobs(std::vector<Job> jobs, int threads, const ConnInfo& source, const ConnInfo& target,
             const ReadOnlyPair::Snapshots& snapshots) {
  std::stable_sort(jobs.begin(), jobs.end(), [](const Job& a, const Job& b) { return a.weight > b.weight; });
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto work = [&] {
    try {
      ReadOnlyPair pair(source, target, snapshots);
      while (!failed) {
        const size_t taken = next++;
        if (taken >= jobs.size()) return;
        jobs[taken].run(pair);
        pair.Refresh();
      }
    } catch (...) {
      const std::lock_guard lock(failure_mutex);
      if (!failed.exchange(true)) failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> workers;
    const auto count = std::min<size_t>(static_cast<size_t>(std::max(1, threads)), jobs.size());
    for (size_t i = 0; i < count; ++i) workers.emplace_back(work);
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace airlift
