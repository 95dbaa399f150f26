#include "live_compare/live_table.h"

#include <map>
#include <set>

#include "compare/table_digests.h"
#include "pg/identifier.h"

namespace airlift {

namespace {

// What of the columns is on one side only, as a sentence.
std::string ColumnMismatch(const Relation& source, const Relation& target) {
  const auto names = [](const Relation& relation) {
    std::set<std::string> set;
    for (const Column& column : relation.columns) set.insert(column.name);
    return set;
  };
  const auto on_source = names(source), on_target = names(target);
  std::string sentence;
  const auto add = [&](const std::set<std::string>& mine, const std::set<std::string>& others, const char* what) {
    for (const std::string& name : mine)
      if (!others.contains(name)) sentence += (sentence.empty() ? "column " : ", column ") + DisplayName(name) + what;
  };
  add(on_source, on_target, " is missing on the target");
  add(on_target, on_source, " is only on the target");
  return sentence;
}

std::unique_ptr<LiveTable> Named(const Relation& relation) {
  auto table = std::make_unique<LiveTable>();
  table->result.schema = relation.schema;
  table->result.name = relation.name;
  table->result.live.emplace();
  return table;
}

void Decide(LiveTable& table, Verdict verdict, const std::string& reason) {
  table.result.verdict = verdict;
  table.result.reason = reason;
}

}  // namespace

std::vector<std::unique_ptr<LiveTable>> PairTables(Connection& source, Connection& target,
                                                   const CompareOptions& options, const ComparedSelection& selection) {
  std::vector<Relation> sources = selection.Load(source);
  auto targets = selection.LoadTargets(target, sources);
  auto source_keys = ReadUniqueKeys(source);
  auto target_keys = ReadUniqueKeys(target);
  Subset subset(options.subset);
  std::vector<std::unique_ptr<LiveTable>> tables;
  for (const Relation& relation : sources) {
    auto each = Named(relation);
    ComparedTable& table = each->table;
    table.source = relation;
    const auto found = targets.find({relation.schema, relation.name});
    if (found != targets.end()) table.target = found->second;
    subset.ReduceColumns(table, each->result);
    for (const Column& column : table.source.columns) each->result.columns.push_back(column.name);
    table.key = CommonKey(table.source, source_keys[table.source.oid], target_keys[table.target.oid]);
    subset.ReduceRows(table, each->result);
    if (found == targets.end()) {
      Decide(*each, Verdict::kDiffers, "missing on the target");
    } else if (const std::string mismatch = ColumnMismatch(table.source, table.target); !mismatch.empty()) {
      Decide(*each, Verdict::kDiffers, mismatch);
    } else if (!table.source.foreign_leaves.empty()) {
      Decide(*each, Verdict::kNotVerified, "partitions that are foreign tables are not compared");
    } else if (selection.IsMapped(table.source)) {
      Decide(*each, Verdict::kNotVerified,
             "a table mapping changes it: it is compared where both sides stand still (without --live)");
    } else {
      AlignTarget(table);
    }
    each->buckets = BucketsOf(table);
    if (found != targets.end()) targets.erase(found);
    tables.push_back(std::move(each));
  }
  if (const std::string unmatched = subset.Unmatched(); !unmatched.empty())
    throw Error("no table or column matches " + unmatched);
  for (const auto& [key, relation] : targets) {
    if (relation.is_extension_configuration) continue;
    tables.push_back(Named(relation));
    Decide(*tables.back(), Verdict::kDiffers, "only on the target");
  }
  return tables;
}

}  // namespace airlift
