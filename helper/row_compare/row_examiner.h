// Looks at differences one by one, in batches: which columns differ, what to show, what would mend them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pg/connection.h"
#include "report/result.h"
#include "row_compare/compared_table.h"
#include "row_compare/repair.h"
#include "row_compare/row_merge.h"
#include "row_compare/row_reader.h"

namespace airlift {

struct ExamineOptions {
  bool show_values = false;
  uint64_t max_rows = 1000;  // listed; counts are exact all the same
};

class RowExaminer {
 public:
  // Both connections are in the transactions under which the differences were found. `repair` may be null.
  RowExaminer(Connection& source, Connection& target, const ComparedTable& table, const ExamineOptions& options,
              TableRepair* repair);

  void Add(const RowDifference& difference);
  // Looks at all that were added, before the connections' transactions end.
  void Flush();
  // Once, behind the last one.
  TableDifferences Finish();

 private:
  // What would mend a difference.
  enum class Mending { kNone, kInsert, kUpdate, kReplace, kDelete };
  struct Case {
    RowDifference difference;
    std::vector<size_t> changed;      // columns
    std::optional<size_t> listed_at;  // in result_.rows
    Mending mending = Mending::kNone;
  };

  void FindColumns(std::vector<Case>& cases);
  void ChooseMending(Case& each, bool on_source, bool on_target) const;
  void List(Case& each);
  bool NeedsTexts(const Case& each, Side side) const;
  std::vector<size_t> TextColumns(Side side) const;
  void ReadTexts(const std::vector<Case>& cases, Side side);
  void Show(const Case& each, Side side, const TableRepair::TextOf& text_of);
  void Mend(const Case& each, Side side, const TableRepair::TextOf& text_of);
  std::optional<std::string> Shown(const std::optional<std::string_view>& text);

  Connection& source_;
  Connection& target_;
  const ComparedTable& table_;
  const ExamineOptions options_;
  TableRepair* repair_;
  std::vector<RowDifference> pending_;
  TableDifferences result_;
  size_t shown_bytes_ = 0;
};

}  // namespace airlift
