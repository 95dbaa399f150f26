#include "row_compare/row_merge.h"

#include <algorithm>

namespace airlift {

namespace {

// A run with its next row at hand.
class Reader {
 public:
  explicit Reader(SortedRun& run) : run_(run) { Advance(); }
  bool AtEnd() const { return at_end_; }
  const SpooledRow& row() const { return row_; }
  void Advance() { at_end_ = !run_.Next(&row_); }

 private:
  SortedRun& run_;
  SpooledRow row_;
  bool at_end_ = false;
};

// The smaller of the two next keys; both readers are not at their end.
std::string NextKey(const Reader& source, const Reader& target) {
  if (source.AtEnd()) return target.row().key;
  if (target.AtEnd()) return source.row().key;
  return std::min(source.row().key, target.row().key);
}

std::vector<std::string> TakePayloads(Reader& reader, const std::string& key) {
  std::vector<std::string> payloads;
  for (; !reader.AtEnd() && reader.row().key == key; reader.Advance()) payloads.push_back(reader.row().payload);
  return payloads;
}

struct Copies {
  uint64_t count = 0;
  std::string payload;
};

Copies TakeCopies(Reader& reader, const std::string& key) {
  Copies copies;
  for (; !reader.AtEnd() && reader.row().key == key; reader.Advance()) {
    if (copies.count++ == 0) copies.payload = reader.row().payload;
  }
  return copies;
}

std::vector<std::string> Without(const std::vector<std::string>& some, const std::vector<std::string>& others) {
  std::vector<std::string> rest;
  std::set_difference(some.begin(), some.end(), others.begin(), others.end(), std::back_inserter(rest));
  return rest;
}

}  // namespace

const char* DifferenceName(DifferenceKind kind) {
  switch (kind) {
    case DifferenceKind::kChanged:
      return "changed";
    case DifferenceKind::kMissingOnTarget:
      return "missing on target";
    case DifferenceKind::kExtraOnTarget:
      break;
  }
  return "extra on target";
}

uint64_t RowDifference::rows() const {
  switch (kind) {
    case DifferenceKind::kMissingOnTarget:
      return source_copies - target_copies;
    case DifferenceKind::kExtraOnTarget:
      return target_copies - source_copies;
    case DifferenceKind::kChanged:
      break;
  }
  return 1;
}

void MergeByKey(SortedRun& source_run, SortedRun& target_run, const std::function<void(const RowDifference&)>& found) {
  Reader source(source_run), target(target_run);
  while (!source.AtEnd() || !target.AtEnd()) {
    const std::string key = NextKey(source, target);
    const auto source_rows = TakePayloads(source, key);
    const auto target_rows = TakePayloads(target, key);
    if (source_rows == target_rows) continue;
    const auto only_source = Without(source_rows, target_rows);
    const auto only_target = Without(target_rows, source_rows);
    for (size_t i = 0; i < std::max(only_source.size(), only_target.size()); ++i) {
      const bool is_source = i < only_source.size();
      const bool is_target = i < only_target.size();
      found({is_source && is_target ? DifferenceKind::kChanged
             : is_source            ? DifferenceKind::kMissingOnTarget
                                    : DifferenceKind::kExtraOnTarget,
             key, is_source ? uint64_t{1} : 0, is_target ? uint64_t{1} : 0, is_source ? only_source[i] : "",
             is_target ? only_target[i] : ""});
    }
  }
}

void MergeByRow(SortedRun& source_run, SortedRun& target_run, const std::function<void(const RowDifference&)>& found) {
  Reader source(source_run), target(target_run);
  while (!source.AtEnd() || !target.AtEnd()) {
    const std::string key = NextKey(source, target);
    const Copies on_source = TakeCopies(source, key);
    const Copies on_target = TakeCopies(target, key);
    if (on_source.count == on_target.count) continue;
    found({on_source.count > on_target.count ? DifferenceKind::kMissingOnTarget : DifferenceKind::kExtraOnTarget, key,
           on_source.count, on_target.count, on_source.payload, on_target.payload});
  }
}

}  // namespace airlift
