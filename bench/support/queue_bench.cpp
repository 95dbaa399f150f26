// What the queue itself costs: the code of the workers, with tasks that do nothing. See bench/queue.
//
//   queue_bench CONNINFO TASKS WORKERS [held]     "held": under a snapshot that keeps the server from clearing away
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "queue/task_kind.h"
#include "queue/task_queue.h"
#include "state/run_state.h"

namespace airlift {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRelations = 1000;
constexpr int kInsertedAtOnce = 20000;

double Since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

void MakeQueue(Connection& target, int tasks) {
  target.Execute("DROP SCHEMA IF EXISTS airlift_state CASCADE; CREATE SCHEMA airlift_state");
  target.Execute(
      "CREATE TABLE airlift_state.relation (relation int PRIMARY KEY); "
      "INSERT INTO airlift_state.relation SELECT pg_catalog.generate_series(0, " +
      std::to_string(kRelations - 1) + ")");
  target.Execute(TaskTableDdl(kLoadQueue));
  for (int from = 0; from < tasks; from += kInsertedAtOnce) {
    std::vector<Task> batch;
    for (int i = from; i < std::min(tasks, from + kInsertedAtOnce); ++i)
      batch.push_back({0, kCopyTask, i % kRelations, i % 977, nlohmann::json::object()});
    Transaction transaction(target);
    InsertTasks(target, kLoadQueue, batch, "ready");
    transaction.Commit();
  }
  target.Execute("ANALYZE airlift_state.task");
}

int Main(const ConnInfo& info, int tasks, int workers, bool is_held) {
  Connection target(info, Side::kTarget);
  const auto filling = Clock::now();
  MakeQueue(target, tasks);
  const double filled = Since(filling);
  Connection holder(info, Side::kTarget);
  if (is_held)
    holder.Execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_catalog.count(*) FROM airlift_state.task");
  std::atomic<int> done{0};
  std::vector<std::atomic<int64_t>> at(11);  // microseconds, when so many tenths were done
  std::vector<std::jthread> threads;
  const auto began = Clock::now();
  for (int number = 0; number < workers; ++number) {
    threads.emplace_back([&] {
      Connection connection(info, Side::kTarget);
      connection.Execute("SET synchronous_commit = off");  // as in a load
      ClaimCursor cursor;
      for (;;) {
        Transaction transaction(connection);
        const auto task = ClaimTask(connection, kLoadQueue, cursor);
        if (!task) return;
        FinishTask(connection, kLoadQueue, *task, {}, true);
        transaction.Commit();
        const int count = ++done;
        if (count % std::max(1, tasks / 10) == 0)
          at[static_cast<size_t>(count / std::max(1, tasks / 10))] = static_cast<int64_t>(Since(began) * 1e6);
      }
    });
  }
  threads.clear();
  const double seconds = Since(began);
  if (done != tasks) {
    fmt::print(stderr, "{} of {} tasks were done\n", done.load(), tasks);
    return 1;
  }
  const double tenth = tasks / 10.0 * 1000.0;  // microseconds to milliseconds per task
  fmt::print("| {} | {} | {} | {:.1f} | {:.1f} | {:.3f} | {:.3f} | {:.3f} | {:.3f} |\n", tasks, workers,
             is_held ? "yes" : "no", filled, seconds, seconds * 1000 / tasks, seconds * 1000 / tasks * workers,
             static_cast<double>(at[1]) / tenth * workers, static_cast<double>(at[10] - at[9]) / tenth * workers);
  return 0;
}

}  // namespace
}  // namespace airlift

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fputs("usage: queue_bench CONNINFO TASKS WORKERS [held]\n", stderr);
    return 2;
  }
  try {
    return airlift::Main(airlift::ConnInfo::Parse(argv[1]), std::atoi(argv[2]), std::atoi(argv[3]),
                         argc > 4 && std::string(argv[4]) == "held");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
