// Short measured copies: how fast rows leave the source, arrive on the target, are digested and indexed. Bounded in
// time and bytes; the source is read in read-only transactions, the target sees a temporary table that is rolled back.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pg/conninfo.h"
#include "plan/facts.h"

namespace airlift::planning {

struct SampleOptions {
  double seconds = 5;  // for one pass over the sampled tables
  int jobs = 2;
  int64_t max_bytes = int64_t{512} << 20;  // of one pass
  bool compare_parallel = true;            // a second pass with all jobs at once
};

// What was seen of one table.
struct TableSample {
  size_t table = 0;  // position in SourceFacts::tables
  int64_t rows = 0;
  int64_t stream_bytes = 0;  // as COPY sends them
  int64_t stored_bytes = 0;  // what these rows take on the source, heap and TOAST
  double copy_seconds = 0;
  bool is_whole = false;                 // all its rows were read
  std::optional<double> digest_seconds;  // of the whole table, by the extension
  int64_t digest_bytes = 0;
  std::optional<double> read_back_seconds;
  int64_t target_bytes = 0;  // of the temporary table
  std::optional<double> index_seconds;
  int64_t index_bytes = 0;
};

// Bytes per second of one worker; `measured` false: an assumption, and `how` says which.
struct Rate {
  double bytes_per_second = 0;
  bool measured = false;
  std::string how;
};

struct Rates {
  Rate copy;           // stored bytes, source to target
  Rate source_digest;  // stored bytes
  Rate read_back;      // bytes on the target
  Rate index;          // bytes of a btree
  // Of what one worker does alone, the share that each of `jobs` workers does: 1 where they do not get in each
  // other's way.
  double efficiency = 1;
  bool efficiency_measured = false;
  double round_trip_seconds = 0.001;
  std::map<size_t, double> copy_of_table;  // stored bytes per second of sampled tables
  std::vector<TableSample> samples;
  std::vector<std::string> notes;
};

// Measures between the two databases; without `target`, only the source.
Rates MeasureRates(const ConnInfo& source, const std::optional<ConnInfo>& target, const SourceFacts& facts,
                   const SampleOptions& options);

// From samples to rates, with assumptions for what was not measured.
void FillRates(Rates& rates, bool with_target, bool has_extension);

// Positions of the tables worth a sample: the largest ones, in falling order.
std::vector<size_t> ChooseSampledTables(const std::vector<TableFacts>& tables);

}  // namespace airlift::planning
