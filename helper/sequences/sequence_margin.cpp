#include "sequences/sequence_margin.h"

namespace airlift {

SequenceValue Ahead(const SequenceValue& value, const SequenceBounds& bounds, int64_t margin) {
  if (!value.is_called) return value;
  int64_t distance = 0, moved = 0;
  if (__builtin_mul_overflow(bounds.increment, margin, &distance) ||
      __builtin_add_overflow(value.last_value, distance, &moved) || moved < bounds.min_value ||
      moved > bounds.max_value)
    return value;
  SequenceValue ahead = value;
  ahead.last_value = moved;
  return ahead;
}

std::vector<SequenceValue> AllAhead(Connection& connection, std::vector<SequenceValue> values, int64_t margin) {
  const Result result = connection.Query(
      "SELECT n.nspname, c.relname, s.seqincrement, s.seqmin, s.seqmax FROM pg_catalog.pg_sequence s "
      "JOIN pg_catalog.pg_class c ON c.oid = s.seqrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace");
  std::map<std::pair<std::string, std::string>, SequenceBounds> bounds;
  for (int row = 0; row < result.rows(); ++row)
    bounds[{result.Text(row, 0), result.Text(row, 1)}] = {result.Integer(row, 2), result.Integer(row, 3),
                                                          result.Integer(row, 4)};
  for (SequenceValue& value : values) {
    const auto found = bounds.find({value.schema, value.name});
    if (found != bounds.end()) value = Ahead(value, found->second, margin);
  }
  return values;
}

}  // namespace airlift
