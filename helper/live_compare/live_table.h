// A table on its way through a comparison under replication.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compare/compare.h"
#include "compare/compared_selection.h"
#include "compare/row_locator.h"
#include "report/result.h"
#include "row_compare/compared_table.h"
#include "row_compare/row_spool.h"

namespace airlift {

struct LiveTable {
  ComparedTable table;
  TableResult result;
  uint32_t buckets = 1;
  std::string remark;  // what may explain a difference
  // Keys of the rows, or digests where there is no key, that differed between two snapshots; null while none did.
  std::unique_ptr<RowSpool> suspects;

  LiveTableFacts& facts() { return *result.live; }
  int64_t bytes() const { return table.source.bytes() + table.target.bytes(); }
  // Nothing is known yet that decides.
  bool IsOpen() const { return result.verdict == Verdict::kNotVerified && result.reason.empty(); }
};

// The tables of both sides that the options ask for, each side's rows still to be compared where IsOpen().
std::vector<std::unique_ptr<LiveTable>> PairTables(Connection& source, Connection& target,
                                                   const CompareOptions& options, const ComparedSelection& selection);

}  // namespace airlift
