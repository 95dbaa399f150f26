// From the rows of two sides, in order, to the differences between them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "row_compare/row_spool.h"

namespace airlift {

enum class DifferenceKind { kChanged, kMissingOnTarget, kExtraOnTarget };
// "changed", "missing on target", "extra on target"
const char* DifferenceName(DifferenceKind kind);

// A key whose rows are not the same. `copies` is 1 but for tables without a key, whose rows may be there many times.
struct RowDifference {
  DifferenceKind kind = DifferenceKind::kChanged;
  std::string key;  // as it was spooled
  uint64_t source_copies = 0;
  uint64_t target_copies = 0;
  // Of one of the copies; "" where the side has none.
  std::string source_payload;
  std::string target_payload;

  // Rows that this stands for.
  uint64_t rows() const;
};

// Merges two sides whose payloads tell a row's content, by key: equal rows cancel out, what remains of one key on both
// sides is changed. Keys are unique; where a damaged index let one be there twice, each row counts.
void MergeByKey(SortedRun& source, SortedRun& target, const std::function<void(const RowDifference&)>& found);

// Merges two sides whose keys are the rows' digests; payloads only tell where a row is.
void MergeByRow(SortedRun& source, SortedRun& target, const std::function<void(const RowDifference&)>& found);

}  // namespace airlift
