// Sequences set ahead, so that a value handed out by the other side at the last moment is not handed out again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sequences/sequences.h"

namespace airlift {

struct SequenceBounds {
  int64_t increment = 1;
  int64_t min_value = 1;
  int64_t max_value = INT64_MAX;
};

// `value` moved on by `margin` increments; as it is where it was never used, and where that would leave the bounds.
SequenceValue Ahead(const SequenceValue& value, const SequenceBounds& bounds, int64_t margin);

// All of them, by the bounds that `connection` knows; sequences that it does not have stay as they are.
std::vector<SequenceValue> AllAhead(Connection& connection, std::vector<SequenceValue> values, int64_t margin);

}  // namespace airlift
