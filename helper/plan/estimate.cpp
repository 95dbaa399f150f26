#include "plan/estimate.h"

#include <algorithm>
#include <numeric>

#include "queue/task_kind.h"
#include "tasks/plan.h"

namespace airlift::planning {

namespace {

// Times that are not sampled; calibrated on moves between two local servers.
constexpr double kStartSeconds = 0.07;            // connections, pre-flight
constexpr double kDumpSecondsPerObject = 0.0005;  // pg_dump reading the catalogs
constexpr double kDumpStartSeconds = 0.1;
constexpr double kStatementSeconds = 0.00065;  // a DDL statement on the target, besides its round trips
constexpr double kTaskSeconds = 0.004;
constexpr int kRoundTripsPerTask = 8;
constexpr int kRoundTripsPerObject = 3;
constexpr double kAnalyzeRows = 30000;  // the sample of ANALYZE, of each partition and of the whole
constexpr double kAnalyzeRate = 150e6;  // bytes of these rows per second
constexpr double kAnalyzeSecondsPerValue = 0.75e-6;
constexpr double kForeignKeyRows = 1.5e6;  // rows per second checked by ALTER TABLE ... ADD FOREIGN KEY
constexpr double kLargeObjectBytes = 20e6;
constexpr double kLargeObjectsPerSecond = 5000;
constexpr double kSequencesPerSecond = 1000;
constexpr double kCompareStartSeconds = 0.2;
constexpr double kCompareSecondsPerObject = 0.00065;
constexpr double kShareOfAllWorkers = 0.9;

// What building an index costs against a btree of its size.
constexpr struct {
  const char* method;
  double times;
} kIndexMethods[] = {{"hash", 1.5}, {"gist", 5}, {"spgist", 4}, {"gin", 6}, {"brin", 1}};

double TimesBtree(const std::string& method) {
  for (const auto& known : kIndexMethods)
    if (method == known.method) return known.times;
  return method == "btree" ? 1 : 5;  // an extension's method
}

class Estimator {
 public:
  Estimator(const SourceFacts& facts, const Rates& rates, int jobs) : facts_(facts), rates_(rates), jobs_(jobs) {
    task_overhead_ = (kTaskSeconds + kRoundTripsPerTask * rates.round_trip_seconds) / rates.efficiency;
  }

  Estimate Run() {
    Estimate estimate;
    estimate.tables.resize(facts_.tables.size());
    std::vector<ScheduledTask> tasks = LoadTasks();
    for (const ScheduledTask& task : tasks) AddToTable(task, estimate);
    estimate.load = Simulate(std::move(tasks), jobs_);
    KeepCriticalPath(estimate.load);
    AddPhases(estimate);
    AddDumpAndRestore(estimate);
    return estimate;
  }

 private:
  double Seconds(double bytes, double rate) const { return bytes / (rate * rates_.efficiency); }

  double CopyRate(int relation) const {
    const auto found = rates_.copy_of_table.find(static_cast<size_t>(relation));
    return found == rates_.copy_of_table.end() ? rates_.copy.bytes_per_second : found->second;
  }

  double SecondsOf(const Task& task) const {
    const auto weight = static_cast<double>(task.weight);
    if (task.kind == kLargeObjectTask) return Seconds(weight, kLargeObjectBytes);
    const TableFacts& table = facts_.tables[static_cast<size_t>(task.relation)];
    const auto live = static_cast<double>(table.live_bytes);
    if (task.kind == kCopyTask) return Seconds(weight, CopyRate(task.relation));
    if (task.kind == kSourceDigestTask)
      return Seconds(weight, facts_.has_extension ? rates_.source_digest.bytes_per_second : CopyRate(task.relation));
    if (task.kind == kReadBackTask) return Seconds(live, rates_.read_back.bytes_per_second);
    return AnalyzeSeconds(table);
  }

  double AnalyzeSeconds(const TableFacts& table) const {
    const double rows = std::max(table.rows(), 1.0);
    const double parts = static_cast<double>(table.relation.stored.size());
    double sampled = std::min(rows, parts * kAnalyzeRows);
    if (table.relation.is_partitioned) sampled += std::min(rows, kAnalyzeRows);
    const double bytes = static_cast<double>(table.live_bytes) * std::min(1.0, sampled / rows);
    const double values = sampled * static_cast<double>(table.relation.columns.size());
    return Seconds(bytes, kAnalyzeRate) + values * kAnalyzeSecondsPerValue / rates_.efficiency;
  }

  std::vector<ScheduledTask> LoadTasks() const {
    std::vector<Relation> relations;
    for (const TableFacts& table : facts_.tables) relations.push_back(table.relation);
    MoveOptions options;
    options.jobs = jobs_;
    std::vector<ScheduledTask> tasks;
    for (const Task& task : PlanTasks(relations, options, {facts_.major(), facts_.has_extension})) {
      const std::string name = facts_.tables[static_cast<size_t>(task.relation)].name();
      tasks.push_back({task.kind, task.relation, task.kind + " " + name, FindTaskKind(task.kind).priority, task.weight,
                       SecondsOf(task) + task_overhead_, task.waits_for_copy, task.kind == kCopyTask});
    }
    AddIndexes(tasks);
    AddLargeObjects(tasks);
    return tasks;
  }

  void AddIndexes(std::vector<ScheduledTask>& tasks) const {
    for (size_t i = 0; i < facts_.tables.size(); ++i) {
      const TableFacts& table = facts_.tables[i];
      for (const IndexFacts& index : table.indexes) {
        const double bytes = static_cast<double>(index.bytes) * TimesBtree(index.method);
        tasks.push_back({kIndexTask, static_cast<int>(i), "index " + index.name + " on " + table.name(),
                         FindTaskKind(kIndexTask).priority, table.bytes(),
                         Seconds(bytes, rates_.index.bytes_per_second) + task_overhead_, true, false});
      }
    }
  }

  void AddLargeObjects(std::vector<ScheduledTask>& tasks) const {
    if (facts_.large_objects == 0) return;
    const double seconds = Seconds(static_cast<double>(facts_.large_object_bytes), kLargeObjectBytes) +
                           static_cast<double>(facts_.large_objects) / kLargeObjectsPerSecond + task_overhead_;
    for (const char* kind : {kLargeObjectTask, kLargeObjectReadBackTask}) {
      for (int part = 0; part < jobs_; ++part)
        tasks.push_back(
            {kind, -1, kind, FindTaskKind(kind).priority, facts_.large_object_bytes, seconds / jobs_, false, false});
    }
  }

  // The others, of which there may be half a million, are not told of.
  static void KeepCriticalPath(Schedule& load) {
    std::vector<ScheduledTask> kept;
    kept.reserve(load.critical_path.size());
    for (size_t& position : load.critical_path) {
      kept.push_back(std::move(load.tasks[position]));
      position = kept.size() - 1;
    }
    load.tasks = std::move(kept);
  }

  static void AddToTable(const ScheduledTask& task, Estimate& estimate) {
    if (task.relation < 0) return;
    TableTimes& times = estimate.tables[static_cast<size_t>(task.relation)];
    double& field = task.kind == kCopyTask           ? times.copy
                    : task.kind == kSourceDigestTask ? times.source_digest
                    : task.kind == kReadBackTask     ? times.read_back
                    : task.kind == kIndexTask        ? times.index
                                                     : times.analyze;
    field += task.seconds;
  }

  double ForeignKeySeconds() const {
    double seconds = 0;
    for (const TableFacts& table : facts_.tables)
      seconds += table.foreign_keys * (table.rows() / kForeignKeyRows / rates_.efficiency + task_overhead_);
    return seconds / std::max(1.0, jobs_ * kShareOfAllWorkers);
  }

  void AddPhases(Estimate& estimate) const {
    const auto objects = static_cast<double>(facts_.objects);
    const double statement = kStatementSeconds + kRoundTripsPerObject * rates_.round_trip_seconds;
    estimate.phases = {
        {"schema", kStartSeconds + kDumpStartSeconds + objects * (kDumpSecondsPerObject + statement),
         "pg_dump and one statement per object"},
        {"load", estimate.load.seconds, "the task queue, simulated"},
        {"sequences", static_cast<double>(facts_.sequences) / kSequencesPerSecond, "assumed"},
        {"post-data", ForeignKeySeconds() + objects * statement * 0.5, "foreign keys, triggers, grants; assumed"},
        {"schema comparison", kCompareStartSeconds + objects * kCompareSecondsPerObject, "assumed"},
    };
    estimate.total_seconds =
        std::accumulate(estimate.phases.begin(), estimate.phases.end(), 0.0,
                        [](double sum, const EstimatedPhase& phase) { return sum + phase.seconds; });
  }

  // The dump is as long as its largest table at least: pg_dump cannot split one.
  void AddDumpAndRestore(Estimate& estimate) const {
    double copies = 0;
    double indexes = 0;
    double longest_table = 0;
    for (const TableTimes& table : estimate.tables) {
      copies += table.copy;
      indexes += table.index;
      longest_table = std::max(longest_table, table.copy);
    }
    const double schema = estimate.phases[0].seconds;
    estimate.dump_seconds = schema + std::max(copies / jobs_, longest_table);
    estimate.restore_seconds = schema + std::max((copies + indexes) / jobs_, longest_table) + ForeignKeySeconds();
  }

  const SourceFacts& facts_;
  const Rates& rates_;
  const int jobs_;
  double task_overhead_ = 0;
};

}  // namespace

Estimate MakeEstimate(const SourceFacts& facts, const Rates& rates, int jobs) {
  return Estimator(facts, rates, jobs).Run();
}

}  // namespace airlift::planning
