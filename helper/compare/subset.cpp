#include "compare/subset.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "pg/identifier.h"

namespace airlift {

namespace {

void AddCondition(Relation& relation, const std::string& condition) {
  // A comment at the end of either must not swallow what follows.
  if (relation.condition.empty()) {
    relation.condition = fmt::format("WHERE ({}\n)", condition);
  } else {
    relation.condition = fmt::format("WHERE ({}\n) AND ({}\n)", relation.condition.substr(sizeof("WHERE")), condition);
  }
}

template <typename Predicate>
void EraseColumns(std::vector<Column>& columns, Predicate predicate) {
  columns.erase(std::remove_if(columns.begin(), columns.end(), predicate), columns.end());
}

}  // namespace

Subset::Subset(const SubsetOptions& options)
    : sample_percent_(options.sample_percent), ignore_extra_columns_(options.ignore_extra_columns) {
  for (const std::string& option : options.exclude_columns) {
    const size_t dot = FindUnquoted(option, '.', true);
    if (dot == std::string::npos)
      throw Error(fmt::format("no table in --exclude-column {}", option), {}, "Write TABLE.COLUMN.");
    columns_.push_back(
        {option, ParseNamePattern(option.substr(0, dot)), ParseNamePattern(option.substr(dot + 1)), false});
  }
  for (const std::string& option : options.where) {
    const size_t equals = FindUnquoted(option, '=', false);
    if (equals == std::string::npos || equals + 1 == option.size())
      throw Error(fmt::format("no condition in --where {}", option), {}, "Write TABLE=CONDITION.");
    conditions_.push_back({option, ParseNamePattern(option.substr(0, equals)), option.substr(equals + 1), false});
  }
}

void Subset::ReduceRows(ComparedTable& table, TableResult& result) {
  const auto conditions_before = table.source.condition;
  for (Condition& each : conditions_) {
    if (!Matches({each.table}, table.source.schema, table.source.name)) continue;
    each.matched = true;
    AddCondition(table.source, each.condition);
    result.condition += (result.condition.empty() ? "" : " AND ") + each.condition;
  }
  if (sample_percent_) {
    std::vector<std::string> names;
    for (const KeyColumn& column : table.key) names.push_back(column.source.column);
    if (names.empty())
      for (const Column& column : table.source.columns) names.push_back(column.name);
    AddCondition(table.source, SampleCondition(names, *sample_percent_));
    result.reason = fmt::format("{}about {:g}% of the rows were compared", kSampleReason, *sample_percent_);
  }
  table.is_reduced = table.source.condition != conditions_before;
}

void Subset::ReduceColumns(ComparedTable& table, TableResult& result) {
  std::set<std::string> left_out;
  for (ColumnPattern& each : columns_) {
    if (!Matches({each.table}, table.source.schema, table.source.name)) continue;
    for (const Relation* side : {&table.source, &table.target}) {
      for (const Column& column : side->columns) {
        if (!Matches({each.column}, {}, column.name)) continue;
        each.matched = true;
        left_out.insert(column.name);
      }
    }
  }
  const auto is_left_out = [&](const Column& column) { return left_out.contains(column.name); };
  EraseColumns(table.source.columns, is_left_out);
  EraseColumns(table.target.columns, is_left_out);
  result.left_out_columns.assign(left_out.begin(), left_out.end());
  if (ignore_extra_columns_) LeaveOutExtraColumns(table, result);
}

void Subset::LeaveOutExtraColumns(ComparedTable& table, TableResult& result) const {
  std::set<std::string> known;
  for (const Column& column : table.source.columns) known.insert(column.name);
  EraseColumns(table.target.columns, [&](const Column& column) {
    if (known.contains(column.name)) return false;
    result.left_out_columns.push_back(column.name);
    return true;
  });
}

std::string Subset::Unmatched() const {
  for (const ColumnPattern& each : columns_)
    if (!each.matched) return "--exclude-column " + each.option;
  for (const Condition& each : conditions_)
    if (!each.matched) return "--where " + each.option;
  return {};
}

std::string SampleCondition(const std::vector<std::string>& columns, double percent) {
  std::string list;
  for (const std::string& column : columns) list += (list.empty() ? "" : ", ") + QuoteIdentifier(column);
  const double limit = std::clamp(percent / 100, 0.0, 1.0) * 4294967295.0;
  return fmt::format(
      "pg_catalog.substr(pg_catalog.sha256(pg_catalog.convert_to(ROW({})::pg_catalog.text, 'UTF8')), 1, 4) "
      "OPERATOR(pg_catalog.<) '\\x{:08x}'::pg_catalog.bytea",
      list, static_cast<uint32_t>(std::llround(limit)));
}

}  // namespace airlift
