// The plan for people. Names come through DisplayName, so that none can forge a line.
#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/format.h"
#include "plan/move_plan.h"

namespace airlift::planning {

namespace {

constexpr size_t kTablesShown = 15;
constexpr size_t kCriticalShown = 8;

std::string Bytes(double bytes) { return FormatBytes(static_cast<int64_t>(bytes)); }

std::string Time(const std::optional<double>& seconds) {
  return seconds ? "about " + FormatSeconds(*seconds) : "not known";
}

class Text {
 public:
  void Head(const std::string& title) { text_ += fmt::format("\n{}\n", title); }
  void Line(const std::string& line) { text_ += "  " + line + "\n"; }
  void Lines(const std::vector<std::string>& lines, const char* lead = "") {
    for (const std::string& line : lines) Line(lead + line);
  }
  std::string Take() { return std::move(text_); }

 private:
  std::string text_;
};

void AddStrategies(Text& text, const MovePlan& plan) {
  const StrategyVerdict* chosen = plan.chosen();
  text.Head("Strategy");
  if (chosen == nullptr) {
    text.Line("none: every way is ruled out, see below");
  } else {
    text.Line(chosen->title);
    text.Line("  " + chosen->road);
    text.Line(fmt::format("  writes stand still: {}; all of it: {}", Time(chosen->downtime_seconds),
                          Time(chosen->total_seconds)));
    text.Lines(chosen->Texts(Effect::kSpeaksFor), "  because ");
    text.Lines(chosen->Texts(Effect::kPrepare), "  first: ");
    text.Lines(chosen->Texts(Effect::kLoses), "  know that ");
  }
  text.Head("Other ways");
  for (const StrategyVerdict& verdict : plan.strategies) {
    if (verdict.is_chosen) continue;
    text.Line(fmt::format("{}: {}", verdict.title, verdict.is_rejected ? "ruled out" : "possible"));
    if (verdict.is_rejected) {
      text.Lines(verdict.Texts(Effect::kRejects), "  because ");
      continue;
    }
    text.Line(fmt::format("  writes stand still: {}; all of it: {}", Time(verdict.downtime_seconds),
                          Time(verdict.total_seconds)));
    text.Lines(verdict.Texts(Effect::kSpeaksFor), "  for it: ");
    text.Lines(verdict.Texts(Effect::kPrepare), "  first: ");
    text.Lines(verdict.Texts(Effect::kLoses), "  loses: ");
  }
}

std::string RateLine(const char* what, const Rate& rate) {
  return fmt::format("{:<14} {:>8}/s  {}", what, Bytes(rate.bytes_per_second), rate.how);
}

void AddTime(Text& text, const MovePlan& plan) {
  text.Head(fmt::format("Time of pg_airlift migrate with {} jobs: about {}", plan.options.jobs,
                        FormatSeconds(plan.estimate.total_seconds)));
  for (const EstimatedPhase& phase : plan.estimate.phases)
    text.Line(fmt::format("{:<18} {:>8}  {}", phase.name, FormatSeconds(phase.seconds), phase.how));
  text.Head("One worker does");
  text.Line(RateLine("copy", plan.rates.copy));
  text.Line(RateLine("digest source", plan.rates.source_digest));
  text.Line(RateLine("read back", plan.rates.read_back));
  text.Line(RateLine("index", plan.rates.index));
  text.Line(plan.rates.efficiency_measured ? fmt::format("{} workers at once: each does {:.0f} % of that, measured",
                                                         plan.options.jobs, plan.rates.efficiency * 100)
                                           : "workers are taken not to hinder each other: too little data to measure");
  text.Head("Critical path of the load");
  const auto& path = plan.estimate.load.critical_path;
  std::vector<size_t> longest(path);
  std::stable_sort(longest.begin(), longest.end(), [&](size_t a, size_t b) {
    return plan.estimate.load.tasks[a].seconds > plan.estimate.load.tasks[b].seconds;
  });
  for (size_t i = 0; i < std::min(longest.size(), kCriticalShown); ++i) {
    const ScheduledTask& task = plan.estimate.load.tasks[longest[i]];
    text.Line(fmt::format("{:>8}  {}", FormatSeconds(task.seconds), task.what));
  }
  if (path.size() > kCriticalShown) text.Line(fmt::format("and {} shorter ones", path.size() - kCriticalShown));
}

void AddTables(Text& text, const MovePlan& plan) {
  text.Head("Largest tables");
  std::vector<size_t> order(plan.source.tables.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return plan.source.tables[a].bytes() > plan.source.tables[b].bytes(); });
  text.Line(fmt::format("{:>8} {:>8} {:>8} {:>8} {:>8} {:>8}  {}", "size", "indexes", "copy", "index", "verify",
                        "total", "table"));
  for (size_t i = 0; i < std::min(order.size(), kTablesShown); ++i) {
    const TableFacts& table = plan.source.tables[order[i]];
    const TableTimes& times = plan.estimate.tables[order[i]];
    text.Line(fmt::format("{:>8} {:>8} {:>8} {:>8} {:>8} {:>8}  {}", FormatBytes(table.bytes()),
                          FormatBytes(table.index_bytes), FormatSeconds(times.copy), FormatSeconds(times.index),
                          FormatSeconds(times.source_digest + times.read_back), FormatSeconds(times.total()),
                          table.name()));
  }
  if (order.size() > kTablesShown) text.Line(fmt::format("and {} smaller ones", order.size() - kTablesShown));
}

void AddCapacity(Text& text, const MovePlan& plan) {
  text.Head(fmt::format("Storage to provision: {}", FormatBytes(plan.storage.provision_bytes)));
  text.Line(fmt::format("on the source {}: live rows {}, indexes {}, large objects {}",
                        FormatBytes(plan.storage.stored_bytes + plan.storage.large_object_bytes),
                        FormatBytes(plan.storage.live_bytes), FormatBytes(plan.storage.index_bytes),
                        FormatBytes(plan.storage.large_object_bytes)));
  text.Lines(plan.storage.problems, "problem: ");
  text.Lines(plan.storage.notes);
  text.Head("Instance for the load");
  text.Line(fmt::format("{} vCPU, {} of memory at least, for example {}", plan.instance.vcpus,
                        FormatBytes(plan.instance.memory_bytes), plan.instance.example_class));
  text.Lines(plan.instance.notes);
  text.Head("WAL that the source keeps while it is replicated");
  text.Line(fmt::format("{}/s now, {}/s on average: about {} in {}",
                        Bytes(plan.source.wal.measured_bytes_per_second.value_or(0)),
                        Bytes(plan.source.wal.average_bytes_per_second.value_or(0)),
                        FormatBytes(plan.wal.retained_bytes), FormatSeconds(plan.wal.seconds)));
  text.Line(fmt::format("max_slot_wal_keep_size allows it: {}; idle_replication_slot_timeout: {}; disk: {}",
                        AnswerName(plan.wal.slot_limit_allows), AnswerName(plan.wal.idle_timeout_allows),
                        AnswerName(plan.wal.disk_allows)));
  text.Lines(plan.wal.notes);
}

void AddParameters(Text& text, const MovePlan& plan) {
  text.Head("Parameters of the target for the load");
  text.Line(fmt::format("{:<36} {:>10} {:>10}  {:<16} {}", "parameter", "now", "load", "how", "where"));
  for (const ParameterAdvice& advice : plan.parameters) {
    text.Line(fmt::format("{:<36} {:>10} {:>10}  {:<16} {}", advice.name, advice.current.value_or("?"),
                          advice.ValueWithUnit(), ApplyName(advice.apply),
                          advice.InSession()        ? "session"
                          : advice.in_cluster_group ? "cluster group"
                                                    : "group"));
  }
  text.Head("Before the load (nothing of this is run by pg_airlift)");
  text.Lines(SessionStatements(plan.parameters, false), "sql> ");
  text.Lines(ParameterCommands(plan.parameters, plan.parameter_inputs, false), "$ ");
  text.Head("After the load: what was there before");
  text.Lines(SessionStatements(plan.parameters, true), "sql> ");
  text.Lines(ParameterCommands(plan.parameters, plan.parameter_inputs, true), "$ ");
}

void AddRunbooks(Text& text, const MovePlan& plan) {
  for (const Runbook& runbook : plan.runbooks) {
    text.Head("Runbook: " + runbook.title);
    text.Line((runbook.applies ? "applies: " : "does not apply: ") + runbook.reason);
    if (!runbook.applies) continue;
    for (const RunbookStep& step : runbook.steps) {
      text.Line("# " + step.title);
      text.Line("$ " + step.command);
    }
    text.Lines(runbook.rules, "rule: ");
  }
}

void AddTrialAndFallback(Text& text, const MovePlan& plan) {
  text.Head(fmt::format("Try first: {} ({})", FormatBytes(plan.trial.bytes), plan.trial.reason));
  for (const size_t i : plan.trial.tables) text.Line(plan.source.tables[i].name());
  text.Lines(plan.trial.commands, "$ ");
  text.Head("The way back");
  for (const FallbackStep& step : plan.fallback) {
    text.Line(fmt::format("{}, {}: {}", step.when, step.who, step.what));
    text.Line("  " + step.how);
  }
}

}  // namespace

std::string PlanText(const MovePlan& plan) {
  Text text;
  text.Line(fmt::format("source: PostgreSQL {} ({}), database {}, {}, {} tables", plan.source.server.server_version,
                        ServerKindName(plan.source.kind), plan.source.server.database,
                        FormatBytes(plan.source.database_bytes),
                        FormatCount(static_cast<int64_t>(plan.source.tables.size()))));
  text.Line(fmt::format("target: {}{}{}", ServerKindName(plan.target_kind),
                        plan.target_version.major == 0 ? "" : " " + plan.target_version.Text(),
                        plan.target ? "" : ", not given: its times are assumed"));
  text.Lines(plan.notes, "note: ");
  AddStrategies(text, plan);
  AddTime(text, plan);
  AddTables(text, plan);
  AddCapacity(text, plan);
  AddParameters(text, plan);
  AddRunbooks(text, plan);
  AddTrialAndFallback(text, plan);
  return text.Take();
}

}  // namespace airlift::planning
