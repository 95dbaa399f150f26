// The COPY statements whose CopyData messages are row images of format 1 (docs/row-digest-format.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "catalog/relation.h"

namespace airlift {

// Heap blocks [from, to) of a table; no `to` means "to the end", however far that is by now.
struct BlockRange {
  int64_t from = 0;
  std::optional<int64_t> to;

  bool IsWhole() const { return from == 0 && !to; }
};

// `blocks` cut into `parts` ranges of about equal length; the last one is open-ended, so that no row can fall off.
std::vector<BlockRange> SplitBlocks(int64_t blocks, int64_t parts);

// " WHERE ctid >= ... AND ctid < ..." joined with `condition` ("WHERE ..." or ""); empty when neither applies.
std::string RangePredicate(const BlockRange& range, const std::string& condition);

// What this side selects for a column, as it is: its name behind `qualifier` ("t." or nothing), or its expression.
std::string ColumnExpression(const Column& column, const std::string& qualifier = {});
// What images one column: its name behind `qualifier` ("t." or nothing), or a call of its output function.
std::string ImageExpression(const Column& column, const std::string& qualifier = {});

// COPY (SELECT <images of relation.columns> FROM ONLY table ...) TO STDOUT (FORMAT binary)
std::string ImageCopyStatement(const Relation& relation, const StoredTable& table, const BlockRange& range);
// The same with `last`, an expression, behind the columns of the image.
std::string ImageCopyStatementWith(const std::string& last, const Relation& relation, const StoredTable& table,
                                   const BlockRange& range);

}  // namespace airlift
