#include "plan/trial.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "pg/identifier.h"
#include "plan/aws_name.h"

namespace airlift::planning {

namespace {

class Closures {
 public:
  explicit Closures(const std::vector<TableFacts>& tables) : tables_(tables) {
    for (size_t i = 0; i < tables.size(); ++i) by_oid_[tables[i].relation.oid] = i;
  }

  // The table and all that its foreign keys lead to, referenced tables first; empty when one of them is not in the
  // plan.
  std::vector<size_t> Of(size_t first) const {
    std::vector<size_t> order;
    std::set<size_t> seen;
    return Visit(first, seen, order) ? order : std::vector<size_t>();
  }

 private:
  // Chains of references may be long: no recursion.
  bool Visit(size_t first, std::set<size_t>& seen, std::vector<size_t>& order) const {
    std::vector<std::pair<size_t, size_t>> stack{{first, 0}};  // table, next reference to look at
    seen.insert(first);
    while (!stack.empty()) {
      auto& [table, next] = stack.back();
      if (next == tables_[table].references.size()) {
        order.push_back(table);
        stack.pop_back();
        continue;
      }
      const auto found = by_oid_.find(tables_[table].references[next++]);
      if (found == by_oid_.end()) return false;
      if (seen.insert(found->second).second) stack.emplace_back(found->second, 0);
    }
    return true;
  }

  const std::vector<TableFacts>& tables_;
  std::map<uint32_t, size_t> by_oid_;
};

int64_t BytesOf(const std::vector<TableFacts>& tables, const std::vector<size_t>& set) {
  int64_t bytes = 0;
  for (const size_t i : set) bytes += tables[i].bytes() + tables[i].index_bytes;
  return bytes;
}

bool HasRows(const TableFacts& table) { return table.bytes() > 0 && (table.rows() > 0 || table.inserted > 0); }

// Less is better: sets with a foreign key between tables that have rows, then sets with rows, then small ones.
std::tuple<bool, bool, int64_t, size_t> Rank(const std::vector<TableFacts>& tables, const std::vector<size_t>& set) {
  const bool all_have_rows = std::all_of(set.begin(), set.end(), [&](size_t i) { return HasRows(tables[i]); });
  return {!(set.size() > 1 && all_have_rows), !all_have_rows, BytesOf(tables, set), set.size()};
}

std::vector<std::string> Commands(const std::vector<TableFacts>& tables, const std::vector<size_t>& set,
                                  const std::string& source, const std::string& target) {
  std::string wanted;
  for (const size_t i : set)
    wanted += " --table=" + ShellQuote(QualifiedName(tables[i].relation.schema, tables[i].relation.name));
  return {
      "# schemas, types and extensions that these tables use must be on the target: pg_restore names what is missing",
      fmt::format("pg_dump --format=custom --no-owner --no-privileges{} --file=trial.dump {}", wanted,
                  ShellQuote(source)),
      fmt::format("pg_restore --no-owner --no-privileges --dbname={} trial.dump", ShellQuote(target)),
      fmt::format("pg_airlift compare --source {} --target {}{}", ShellQuote(source), ShellQuote(target), wanted),
  };
}

struct FallbackRow {
  unsigned ways;  // bits of Way; 0: every one
  FallbackStep step;
};

constexpr unsigned Bit(Way way) { return 1U << static_cast<unsigned>(way); }
constexpr unsigned kWithReplication =
    Bit(Way::kLoadAndReplication) | Bit(Way::kNativeReplication) | Bit(Way::kReplicationFromStart) | Bit(Way::kDms);
constexpr unsigned kAtRest = Bit(Way::kStreamedLoad) | Bit(Way::kDumpRestore) | Bit(Way::kFilteredCopy);
constexpr unsigned kPhysical = Bit(Way::kSnapshotToAurora) | Bit(Way::kAuroraReadReplica);

const std::vector<FallbackRow>& FallbackRows() {
  static const std::vector<FallbackRow> rows = {
      {0,
       {"before the day", "owner of the service", "name who decides to go back, until when, and on which signs",
        "error rate, response time, a difference that pg_airlift compare finds; write the hour down beforehand"}},
      {0,
       {"before the day", "DBA", "keep the source as it is",
        "no drop, no upgrade, no changed setting until the commit "
        "point; a backup taken just before"}},
      {kAtRest,
       {"during the load", "DBA", "stop and go back at no cost",
        "the source was only read: end pg_airlift, let the application write to the source again; the same "
        "command goes on from there another day"}},
      {kPhysical,
       {"until the promotion", "DBA", "stop and go back at no cost",
        "delete the replica cluster or the restored cluster; the RDS instance was only read"}},
      {kWithReplication,
       {"until the cutover", "DBA", "stop and go back at no cost",
        "drop the subscription on the target (DISABLE; SET (slot_name = NONE); DROP), then slot and "
        "publication on the source: a slot left behind fills its disk"}},
      {kWithReplication,
       {"at the cutover, before the target is opened", "DBA", "lay the way back",
        "publication and slot on the target (rds.logical_replication = 1), on the old source CREATE "
        "SUBSCRIPTION ... WITH (create_slot = false, copy_data = false); keep its sequences in step"}},
      {kAtRest | kPhysical,
       {"at the cutover, before the target is opened", "DBA",
        "lay the way back, if writes made "
        "after the opening must survive it",
        "publication and slot on the target (rds.logical_replication = 1), on the "
        "old source CREATE SUBSCRIPTION ... WITH (create_slot = false, copy_data = false); without it, going back "
        "loses what was written to the target"}},
      {0,
       {"at the cutover", "operations", "repoint the application",
        "DNS with a time to live of 5 s or less, or the "
        "pooler; end old sessions: pools keep old addresses"}},
      {0,
       {"after the opening", "whoever was named", "decide: stay or go back", "until the hour that was written down"}},
      {kWithReplication,
       {"after the opening", "DBA", "go back",
        "fence writes on the target, wait until the reverse subscription has applied all, compare, set "
        "sequences on the source, open it, repoint"}},
      {kAtRest | kPhysical,
       {"after the opening", "DBA", "go back",
        "fence writes on the target; with the way back laid: wait until all is applied, compare, set "
        "sequences; without: list what was written since the opening; open the source, repoint"}},
      {0,
       {"commit point", "owner of the service", "give the way back up",
        "drop subscription, slots and publications on both sides, put back parameters, take a snapshot of the target, "
        "then retire the source"}},
  };
  return rows;
}

}  // namespace

Trial PlanTrial(const std::vector<TableFacts>& tables, const std::string& source, const std::string& target) {
  Trial trial;
  const Closures closures(tables);
  for (size_t i = 0; i < tables.size(); ++i) {
    if (tables[i].relation.is_extension_configuration) continue;
    std::vector<size_t> set = closures.Of(i);
    if (set.empty()) continue;
    if (trial.tables.empty() || Rank(tables, set) < Rank(tables, trial.tables)) trial.tables = std::move(set);
  }
  trial.bytes = BytesOf(tables, trial.tables);
  if (trial.tables.empty()) {
    trial.reason = "there is no table that could be tried by itself";
    return trial;
  }
  trial.reason = trial.tables.size() > 1
                     ? "the smallest set of tables with rows that its own foreign keys keep together"
                     : "no two tables with rows are tied by a foreign key: the smallest table";
  trial.commands = Commands(tables, trial.tables, source, target);
  return trial;
}

std::vector<FallbackStep> PlanFallback(const StrategyVerdict* chosen) {
  std::vector<FallbackStep> steps;
  for (const FallbackRow& row : FallbackRows())
    if (row.ways == 0 || (chosen != nullptr && (row.ways & Bit(chosen->way)) != 0)) steps.push_back(row.step);
  return steps;
}

}  // namespace airlift::planning
