#include "digest/image_query.h"

#include <fmt/format.h>

#include <algorithm>

#include "pg/identifier.h"

namespace airlift {

namespace {

std::string ImageList(const Relation& relation) {
  std::string list;
  for (const Column& column : relation.columns) {
    if (!list.empty()) list += ", ";
    list += ImageExpression(column);
  }
  return list;
}

// The plain form of COPY is faster, but knows neither expressions nor generated columns.
bool PlainCopyWillDo(const Relation& relation, const BlockRange& range) {
  return range.IsWhole() && relation.SourceCondition().empty() && relation.AllPortable() && !relation.HasGenerated() &&
         !relation.HasExpressions() && !relation.columns.empty();
}

}  // namespace

std::string ColumnExpression(const Column& column, const std::string& qualifier) {
  if (!column.expression.empty()) return column.expression;
  return qualifier + QuoteIdentifier(column.stored_name.empty() ? column.name : column.stored_name);
}

std::string ImageExpression(const Column& column, const std::string& qualifier) {
  const std::string name = ColumnExpression(column, qualifier);
  if (column.is_portable) return name;
  // Not a cast to text: casts may be user-defined, and some built-in ones differ from the type's output.
  return fmt::format("pg_catalog.textin({}({}))", column.output_function, name);
}

std::vector<BlockRange> SplitBlocks(int64_t blocks, int64_t parts) {
  parts = std::clamp<int64_t>(parts, 1, std::max<int64_t>(blocks, 1));
  std::vector<BlockRange> ranges;
  for (int64_t part = 0; part < parts; ++part) {
    BlockRange range{blocks / parts * part + std::min(part, blocks % parts), std::nullopt};
    if (!ranges.empty()) ranges.back().to = range.from;
    ranges.push_back(range);
  }
  return ranges;
}

std::string RangePredicate(const BlockRange& range, const std::string& condition) {
  std::string predicate;
  if (range.from > 0) predicate = fmt::format("ctid >= '({},0)'::pg_catalog.tid", range.from);
  if (range.to)
    predicate += fmt::format("{}ctid < '({},0)'::pg_catalog.tid", predicate.empty() ? "" : " AND ", *range.to);
  if (condition.empty()) return predicate.empty() ? "" : " WHERE " + predicate;
  return predicate.empty() ? " " + condition : fmt::format(" {} AND {}", condition, predicate);
}

std::string ImageCopyStatement(const Relation& relation, const StoredTable& table, const BlockRange& range) {
  const std::string name = QualifiedName(table.schema, table.name);
  if (PlainCopyWillDo(relation, range))
    return fmt::format("COPY {} ({}) TO STDOUT (FORMAT binary)", name, ImageList(relation));
  return fmt::format("COPY (SELECT {} FROM ONLY {}{}) TO STDOUT (FORMAT binary)", ImageList(relation), name,
                     RangePredicate(range, relation.SourceCondition()));
}

std::string ImageCopyStatementWith(const std::string& last, const Relation& relation, const StoredTable& table,
                                   const BlockRange& range) {
  return fmt::format("COPY (SELECT {}{}{} FROM ONLY {}{}) TO STDOUT (FORMAT binary)", ImageList(relation),
                     relation.columns.empty() ? "" : ", ", last, QualifiedName(table.schema, table.name),
                     RangePredicate(range, relation.SourceCondition()));
}

}  // namespace airlift
