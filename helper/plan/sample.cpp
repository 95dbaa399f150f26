#include "plan/sample.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <memory>
#include <numeric>

#include "base/format.h"
#include "plan/sample_table.h"

namespace airlift::planning {

namespace {

constexpr size_t kMostSampledTables = 8;
constexpr int kMostParallelSamples = 8;
constexpr double kShortestSampleSeconds = 0.2;
constexpr int64_t kSmallestParallelBytes = int64_t{8} << 20;  // less says nothing about parallel work
constexpr const char* kLockTimeout = "SET lock_timeout = '2s'";

// What is assumed of one worker where nothing was measured: a common virtual machine with network storage.
constexpr double kAssumedCopy = 50e6;
constexpr double kAssumedCopyShareOfRead = 0.5;
constexpr double kAssumedDigestByExtension = 300e6;
constexpr double kAssumedReadBack = 150e6;
constexpr double kAssumedIndex = 20e6;
// A temporary table is not logged, a permanent one is.
constexpr double kShareWithWal = 0.8;

std::string Assumption(double rate) { return fmt::format("assumed: {}/s for each worker", FormatBytes(int64_t(rate))); }

struct Sides {
  std::unique_ptr<Connection> source;
  std::unique_ptr<Connection> target;
};

Sides Connect(const ConnInfo& source, const std::optional<ConnInfo>& target) {
  Sides sides;
  sides.source = std::make_unique<Connection>(source.With("application_name", "pg_airlift plan"), Side::kSource);
  sides.source->Execute(kLockTimeout);
  if (target)
    sides.target = std::make_unique<Connection>(target->With("application_name", "pg_airlift plan"), Side::kTarget);
  return sides;
}

// The whole budget shared out by size.
SampleBudget BudgetOf(const SourceFacts& facts, const std::vector<size_t>& chosen, size_t position,
                      const SampleOptions& options) {
  int64_t total = 1;
  for (const size_t each : chosen) total += facts.tables[each].bytes();
  const double share = static_cast<double>(facts.tables[position].bytes()) / static_cast<double>(total);
  return {std::max(kShortestSampleSeconds, share * options.seconds),
          std::max(int64_t{1} << 20, static_cast<int64_t>(share * static_cast<double>(options.max_bytes)))};
}

void SampleEach(Sides& sides, const SourceFacts& facts, const std::vector<size_t>& chosen, const SampleOptions& options,
                Rates& rates) {
  for (const size_t position : chosen) {
    CheckStop();
    const TableFacts& table = facts.tables[position];
    try {
      rates.samples.push_back(SampleTable(*sides.source, sides.target.get(), table, position,
                                          BudgetOf(facts, chosen, position, options), true, facts.has_extension));
    } catch (const SqlError& error) {
      CheckStop();
      if (sides.source->IsBroken() || (sides.target && sides.target->IsBroken())) throw;
      rates.notes.push_back(fmt::format("no sample of {}: {}", table.name(), error.what()));
    }
  }
}

// Stored bytes per second of all workers together, each of which starts with another table.
double MeasureTogether(const ConnInfo& source, const std::optional<ConnInfo>& target, const SourceFacts& facts,
                       const std::vector<size_t>& chosen, const SampleOptions& options, int workers) {
  std::vector<std::future<std::pair<int64_t, double>>> running;
  for (int worker = 0; worker < workers; ++worker) {
    running.push_back(std::async(std::launch::async, [&, worker] {
      Sides sides = Connect(source, target);
      std::pair<int64_t, double> sum{0, 0};
      for (size_t i = 0; i < chosen.size() && sum.second < options.seconds; ++i) {
        const size_t position = chosen[(i + static_cast<size_t>(worker)) % chosen.size()];
        const TableSample sample = SampleTable(*sides.source, sides.target.get(), facts.tables[position], position,
                                               BudgetOf(facts, chosen, position, options), false, false);
        sum.first += sample.stored_bytes;
        sum.second += sample.copy_seconds;
      }
      return sum;
    }));
  }
  double rate = 0;
  for (auto& each : running) {
    const auto [bytes, seconds] = each.get();
    if (seconds > 0) rate += static_cast<double>(bytes) / seconds;
  }
  return rate;
}

struct Sum {
  double bytes = 0;
  double seconds = 0;
  double rate() const { return seconds > 0 && bytes > 0 ? bytes / seconds : 0; }
};

Sum SumOf(const std::vector<TableSample>& samples, int64_t TableSample::*bytes,
          std::optional<double> TableSample::*seconds) {
  Sum sum;
  for (const TableSample& sample : samples) {
    if (!(sample.*seconds)) continue;
    sum.bytes += static_cast<double>(sample.*bytes);
    sum.seconds += *(sample.*seconds);
  }
  return sum;
}

Rate RateOf(const Sum& sum, double assumed, const std::string& how) {
  if (sum.rate() > 0) return {sum.rate(), true, how};
  return {assumed, false, Assumption(assumed)};
}

void FillCopyRates(Rates& rates, bool with_target) {
  const double share = with_target ? kShareWithWal : kAssumedCopyShareOfRead;
  Sum sum;
  for (const TableSample& sample : rates.samples) {
    const auto bytes = static_cast<double>(sample.stored_bytes);
    sum.bytes += bytes * share;
    sum.seconds += sample.copy_seconds;
    if (bytes > 0) rates.copy_of_table[sample.table] = bytes * share / sample.copy_seconds;
  }
  rates.copy =
      RateOf(sum, kAssumedCopy,
             with_target ? "measured: rows into a temporary table of the target, less a fifth for the WAL of a "
                           "permanent one"
                         : "measured on the source; half of that is assumed, because no target was given");
}

void MeasureEfficiency(const ConnInfo& source, const std::optional<ConnInfo>& target, const SourceFacts& facts,
                       const std::vector<size_t>& chosen, const SampleOptions& options, Rates& rates) {
  const int workers = std::min(options.jobs, kMostParallelSamples);
  Sum alone;
  for (const TableSample& sample : rates.samples) {
    alone.bytes += static_cast<double>(sample.stored_bytes);
    alone.seconds += sample.copy_seconds;
  }
  if (workers < 2 || alone.bytes < kSmallestParallelBytes) return;
  try {
    const double together = MeasureTogether(source, target, facts, chosen, options, workers);
    if (together <= 0) return;
    rates.efficiency = std::clamp(together / (workers * alone.rate()), 1.0 / workers, 1.0);
    rates.efficiency_measured = true;
  } catch (const SqlError& error) {
    CheckStop();
    rates.notes.push_back(fmt::format("parallel work was not measured: {}", error.what()));
  }
}

}  // namespace

std::vector<size_t> ChooseSampledTables(const std::vector<TableFacts>& tables) {
  std::vector<size_t> positions(tables.size());
  std::iota(positions.begin(), positions.end(), size_t{0});
  positions.erase(std::remove_if(positions.begin(), positions.end(),
                                 [&](size_t i) {
                                   const Relation& relation = tables[i].relation;
                                   return relation.stored.empty() || relation.columns.empty() || relation.bytes() == 0;
                                 }),
                  positions.end());
  std::stable_sort(positions.begin(), positions.end(),
                   [&](size_t a, size_t b) { return tables[a].bytes() > tables[b].bytes(); });
  if (positions.size() > kMostSampledTables) positions.resize(kMostSampledTables);
  return positions;
}

void FillRates(Rates& rates, bool with_target, bool has_extension) {
  FillCopyRates(rates, with_target);
  if (has_extension) {
    rates.source_digest = RateOf(SumOf(rates.samples, &TableSample::digest_bytes, &TableSample::digest_seconds),
                                 kAssumedDigestByExtension, "measured: by the extension in the source");
  } else {
    rates.source_digest = {rates.copy.bytes_per_second, rates.copy.measured,
                           "without the extension: a stream, taken to be as fast as the copy"};
  }
  rates.read_back = RateOf(SumOf(rates.samples, &TableSample::target_bytes, &TableSample::read_back_seconds),
                           kAssumedReadBack, "measured: from the temporary table of the target");
  rates.index = RateOf(SumOf(rates.samples, &TableSample::index_bytes, &TableSample::index_seconds), kAssumedIndex,
                       "measured: btree indexes on the temporary table of the target");
}

Rates MeasureRates(const ConnInfo& source, const std::optional<ConnInfo>& target, const SourceFacts& facts,
                   const SampleOptions& options) {
  Rates rates;
  const std::vector<size_t> chosen = ChooseSampledTables(facts.tables);
  if (options.seconds > 0 && !chosen.empty()) {
    Sides sides = Connect(source, target);
    SampleEach(sides, facts, chosen, options, rates);
    if (options.compare_parallel) MeasureEfficiency(source, target, facts, chosen, options, rates);
  }
  FillRates(rates, target.has_value(), facts.has_extension);
  return rates;
}

}  // namespace airlift::planning
