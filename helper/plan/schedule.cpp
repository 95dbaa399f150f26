#include "plan/schedule.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <queue>
#include <set>
#include <tuple>

namespace airlift::planning {

namespace {

constexpr size_t kNone = std::numeric_limits<size_t>::max();

class Simulation {
 public:
  Simulation(std::vector<ScheduledTask> tasks, int jobs)
      : tasks_(std::move(tasks)), before_(tasks_.size(), kNone), free_since_(static_cast<size_t>(jobs), {0, kNone}) {
    for (const ScheduledTask& task : tasks_)
      if (task.is_copy) ++copies_left_[task.relation];
    for (size_t i = 0; i < tasks_.size(); ++i) {
      if (tasks_[i].waits_for_copy && copies_left_[tasks_[i].relation] > 0) {
        waiting_[tasks_[i].relation].push_back(i);
      } else {
        ready_.insert(Key(i));
      }
    }
  }

  Schedule Run() {
    while (true) {
      while (!ready_.empty() && StartOne()) {
      }
      if (running_.empty()) break;
      EndOne();
    }
    return Result();
  }

 private:
  // Ordered as the queue hands tasks out.
  using ReadyKey = std::tuple<int, int64_t, size_t>;
  ReadyKey Key(size_t i) const { return {-tasks_[i].priority, -tasks_[i].weight, i}; }

  struct Worker {
    double since = 0;
    size_t last_task = kNone;
    bool is_busy = false;
  };
  struct Running {
    double end;
    size_t worker;
    size_t task;
    bool operator>(const Running& other) const { return std::tie(end, task) > std::tie(other.end, other.task); }
  };

  bool StartOne() {
    size_t worker = kNone;
    for (size_t i = 0; i < free_since_.size(); ++i) {
      if (free_since_[i].is_busy) continue;
      if (worker == kNone || free_since_[i].since < free_since_[worker].since) worker = i;
    }
    if (worker == kNone) return false;
    const size_t task = std::get<2>(*ready_.begin());
    ready_.erase(ready_.begin());
    ScheduledTask& started = tasks_[task];
    started.begin = now_;
    started.end = now_ + started.seconds;
    before_[task] = started_by_.count(task) != 0 && free_since_[worker].since < now_ ? started_by_[task]
                                                                                     : free_since_[worker].last_task;
    free_since_[worker].is_busy = true;
    running_.push({started.end, worker, task});
    return true;
  }

  void EndOne() {
    const Running ended = running_.top();
    running_.pop();
    now_ = ended.end;
    free_since_[ended.worker] = {now_, ended.task, false};
    if (!tasks_[ended.task].is_copy || --copies_left_[tasks_[ended.task].relation] > 0) return;
    for (const size_t i : waiting_[tasks_[ended.task].relation]) {
      started_by_[i] = ended.task;
      ready_.insert(Key(i));
    }
  }

  Schedule Result() {
    Schedule schedule;
    size_t last = kNone;
    for (size_t i = 0; i < tasks_.size(); ++i)
      if (last == kNone || tasks_[i].end > tasks_[last].end) last = i;
    for (size_t at = last; at != kNone; at = before_[at]) schedule.critical_path.push_back(at);
    std::reverse(schedule.critical_path.begin(), schedule.critical_path.end());
    if (last != kNone) schedule.seconds = tasks_[last].end;
    schedule.tasks = std::move(tasks_);
    return schedule;
  }

  std::vector<ScheduledTask> tasks_;
  std::vector<size_t> before_;
  std::vector<Worker> free_since_;
  std::map<int, int> copies_left_;
  std::map<int, std::vector<size_t>> waiting_;
  std::map<size_t, size_t> started_by_;
  std::set<ReadyKey> ready_;
  std::priority_queue<Running, std::vector<Running>, std::greater<>> running_;
  double now_ = 0;
};

}  // namespace

Schedule Simulate(std::vector<ScheduledTask> tasks, int jobs) { return Simulation(std::move(tasks), jobs).Run(); }

}  // namespace airlift::planning
