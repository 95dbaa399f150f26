// Sets of rows that functions return, all of a set at once.
#pragma once

#include "server.h"

extern "C" {
#include "utils/tuplestore.h"
}

namespace airlift {

struct ResultSet {
  Tuplestorestate* store;
  TupleDesc description;
};

ResultSet StartResultSet(FunctionCallInfo fcinfo);

// Values of one row, in order.
class ResultRow {
 public:
  void AddText(const char* text) { Add(text == nullptr ? 0 : CStringGetTextDatum(text), text == nullptr); }
  void AddBool(bool value) { Add(BoolGetDatum(value), false); }
  void Add(Datum value, bool is_null) {
    Assert(count_ < kMostColumns);
    values_[count_] = value;
    nulls_[count_++] = is_null;
  }
  void Store(const ResultSet& set) {
    Assert(count_ == set.description->natts);
    tuplestore_putvalues(set.store, set.description, values_, nulls_);
    count_ = 0;
  }

 private:
  static constexpr int kMostColumns = 16;

  Datum values_[kMostColumns];
  bool nulls_[kMostColumns];
  int count_ = 0;
};

}  // namespace airlift
