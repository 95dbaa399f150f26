// What of the tables is compared, where it is not everything: columns, rows, a sample.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "catalog/pattern.h"
#include "report/result.h"
#include "row_compare/compared_table.h"

namespace airlift {

// With this begins the reason of a table of which a sample was compared.
inline constexpr const char* kSampleReason = "sample: ";

struct SubsetOptions {
  std::vector<std::string> exclude_columns;  // "[schema.]table.column", patterns
  std::vector<std::string> where;            // "[schema.]table=condition", the table a pattern
  std::optional<double> sample_percent;
  bool ignore_extra_columns = false;
};

class Subset {
 public:
  // Throws Error when an option cannot be read.
  explicit Subset(const SubsetOptions& options);

  // Takes the columns that are not compared out of both sides of `table`. Says in `result` which.
  void ReduceColumns(ComparedTable& table, TableResult& result);
  // Puts conditions on the rows of `table`, whose key is known by now. Says in `result` what is left out.
  void ReduceRows(ComparedTable& table, TableResult& result);
  // The first option that matched no table; "" when each did.
  std::string Unmatched() const;

 private:
  struct ColumnPattern {
    std::string option;
    NamePattern table;
    NamePattern column;
    bool matched = false;
  };
  struct Condition {
    std::string option;
    NamePattern table;
    std::string condition;
    bool matched = false;
  };
  void LeaveOutExtraColumns(ComparedTable& table, TableResult& result) const;

  std::vector<ColumnPattern> columns_;
  std::vector<Condition> conditions_;
  std::optional<double> sample_percent_;
  bool ignore_extra_columns_;
};

// A condition that is true of about `percent` of all rows, chosen by a hash of the text of `columns`: the same rows on
// every server.
std::string SampleCondition(const std::vector<std::string>& columns, double percent);

}  // namespace airlift
