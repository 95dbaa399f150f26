// The report of a plan: docs/plan.md tells the document's keys.
#include <fmt/format.h>

#include <algorithm>

#include "base/format.h"
#include "html/reports.h"

namespace airlift::html {

namespace {

// Before a value that may be absent.
std::string About(const std::string& value) { return value.empty() ? "not known" : "about " + value; }

const json& ChosenOf(const json& document) {
  static const json none;
  for (const json& strategy : ArrayOf(document, "strategies"))
    if (TextOf(strategy, "state") == "chosen") return strategy;
  return none;
}

void AddTop(Builder& page, const json& document) {
  const json& chosen = ChosenOf(document);
  Headline headline;
  headline.eyebrow = "pg_airlift plan";
  headline.mood = chosen.is_null() ? Mood::kBad : Mood::kGood;
  headline.words = chosen.is_null() ? "No way fits" : TextOf(chosen, "title");
  if (!headline.words.empty() && headline.words[0] >= 'a' && headline.words[0] <= 'z')
    headline.words[0] = static_cast<char>(headline.words[0] - 'a' + 'A');
  headline.sentence = chosen.is_null() ? "Every way is ruled out; the reasons stand below." : TextOf(chosen, "road");
  const auto allowed = NumberOf(document, "max_downtime_seconds");
  headline.facts = {
      {"Writes stand still", About(SecondsText(NumberOf(chosen, "downtime_seconds")))},
      {"Allowed", allowed ? SecondsText(allowed) : "no limit given"},
      {"All of it", About(SecondsText(NumberOf(chosen, "total_seconds")))},
      {"Database", BytesText(NumberOf(document, "database_bytes"))},
      {"Storage to provision", BytesText(NumberOf(Member(document, "storage"), "provision_bytes"))},
      {"Source", SideText(Member(document, "source"))},
      {"Target", Member(document, "target").is_object()
                     ? SideText(Member(document, "target"))
                     : TextOf(document, "target_kind") + " " + TextOf(document, "target_version")},
      {"To be done first", std::to_string(ArrayOf(chosen, "prepare").size())},
  };
  AddHeadline(page, headline);
}

void AddReasons(Builder& page, const json& strategy) {
  static constexpr struct {
    const char* key;
    const char* title;
  } kGroups[] = {{"reasons", "Why"}, {"prepare", "To be done first"}, {"loses", "What it costs"}};
  for (const auto& group : kGroups) {
    const auto texts = TextsOf(strategy, group.key);
    if (texts.empty()) continue;
    page.Element("h3", group.title);
    AddList(page, texts);
  }
}

std::string Lines(const json& strategy, const char* key, const char* lead) {
  std::string lines;
  for (const std::string& text : TextsOf(strategy, key))
    lines += (lines.empty() ? "" : "\n") + std::string(lead) + text;
  return lines;
}

std::string WhyText(const json& strategy) {
  if (TextOf(strategy, "state") == "rejected") return Lines(strategy, "rejected_because", "");
  std::string text = Lines(strategy, "reasons", "");
  for (const auto& [key, lead] : {std::pair("prepare", "first: "), std::pair("loses", "costs: ")}) {
    const std::string more = Lines(strategy, key, lead);
    if (!more.empty()) text += (text.empty() ? "" : "\n") + more;
  }
  return text;
}

void AddStrategies(Builder& page, const json& document) {
  OpenSection(page, "strategy-section", "Strategy");
  AddReasons(page, ChosenOf(document));
  page.Element("h3", "All ways");
  Table listing{"strategies", {"", "way", "writes stand still", "all of it", "why"}, {}};
  for (const json& strategy : ArrayOf(document, "strategies")) {
    const auto downtime = NumberOf(strategy, "downtime_seconds");
    const auto total = NumberOf(strategy, "total_seconds");
    listing.rows.push_back({BadgeCell(TextOf(strategy, "state")), TextCell(TextOf(strategy, "title")),
                            NumberCell(downtime, SecondsText(downtime)), NumberCell(total, SecondsText(total)),
                            TextCell(WhyText(strategy))});
  }
  AddTable(page, listing);
  CloseSection(page);
}

void AddFindingsSection(Builder& page, const json& document) {
  const json& findings = ArrayOf(document, "findings");
  if (findings.empty()) return;
  OpenSection(page, "findings-section", "Findings");
  AddFindings(page, findings);
  CloseSection(page);
}

void AddRates(Builder& page, const json& rates) {
  page.Element("h3", "What one worker does");
  Table listing{"rates", {"work", "bytes per second", "", "how"}, {}};
  for (const char* key : {"copy", "source_digest", "read_back", "index"}) {
    const json& rate = Member(rates, key);
    const auto bytes = NumberOf(rate, "bytes_per_second");
    std::string name = key;
    std::replace(name.begin(), name.end(), '_', ' ');
    const json& measured = Member(rate, "measured");
    const bool is_measured = measured.is_boolean() && measured.get<bool>();
    Cell kind = TextCell(is_measured ? "measured" : "assumed");
    kind.badge = is_measured ? "good" : "warn";
    listing.rows.push_back({TextCell(name), NumberCell(bytes, BytesText(bytes)), kind, TextCell(TextOf(rate, "how"))});
  }
  AddTable(page, listing);
  AddParagraph(page, fmt::format("Several workers at once: each does {:.0f} % of that{}.",
                                 NumberOr(rates, "efficiency", 1) * 100,
                                 Member(rates, "efficiency_measured") == json(true) ? ", measured" : ", assumed"));
}

// The longest of the tasks, in the order in which they run.
void AddCriticalPath(Builder& page, const json& path_tasks) {
  constexpr size_t kShown = 15;
  std::vector<const json*> tasks;
  for (const json& task : path_tasks) tasks.push_back(&task);
  const auto by = [](const char* key, int sign) {
    return
        [key, sign](const json* a, const json* b) { return sign * NumberOr(*a, key, 0) < sign * NumberOr(*b, key, 0); };
  };
  std::stable_sort(tasks.begin(), tasks.end(), by("seconds", -1));
  if (tasks.size() > kShown) tasks.resize(kShown);
  std::stable_sort(tasks.begin(), tasks.end(), by("begin", 1));
  page.Element("h3", "Critical path");
  AddParagraph(page, fmt::format("Each task waited for one before it: shortening one of these shortens the load. The "
                                 "longest {} of {}.",
                                 tasks.size(), path_tasks.size()));
  Table path{"critical-path", {"begins at", "time", "task"}, {}};
  for (const json* task : tasks) {
    const auto begin = NumberOf(*task, "begin");
    const auto seconds = NumberOf(*task, "seconds");
    path.rows.push_back({NumberCell(begin, SecondsText(begin)), NumberCell(seconds, SecondsText(seconds)),
                         TextCell(TextOf(*task, "task"))});
  }
  AddTable(page, path);
}

void AddTime(Builder& page, const json& document) {
  const json& estimate = Member(document, "estimate");
  const double total = NumberOr(estimate, "total_seconds", 0);
  OpenSection(page, "time-section", "Time of the load: about " + SecondsText(total));
  Table phases{"phases", {"phase", "time", "how"}, {}};
  for (const json& phase : ArrayOf(estimate, "phases")) {
    const double seconds = NumberOr(phase, "seconds", 0);
    Cell time = NumberCell(seconds, SecondsText(seconds));
    time.bar = Bar{{{seconds, SecondsText(seconds)}}, total};
    phases.rows.push_back({TextCell(TextOf(phase, "name")), time, TextCell(TextOf(phase, "how"))});
  }
  AddTable(page, phases);
  AddRates(page, Member(document, "rates"));
  AddCriticalPath(page, ArrayOf(estimate, "critical_path"));
  CloseSection(page);
}

Cell SizeCell(const json& table, double largest) {
  const double bytes = NumberOr(table, "bytes", 0);
  const double toast = std::min(NumberOr(table, "toast_bytes", 0), bytes);
  const double indexes = NumberOr(table, "index_bytes", 0);
  Cell cell = NumberCell(bytes + indexes, BytesText(bytes + indexes));
  cell.bar = Bar{{{bytes - toast, "rows " + BytesText(bytes - toast)},
                  {toast, "TOAST " + BytesText(toast)},
                  {indexes, "indexes " + BytesText(indexes)}},
                 largest};
  return cell;
}

Cell TimeCell(const json& table, double longest) {
  Bar bar{{}, longest};
  double total = 0;
  for (const auto& [key, name] :
       {std::pair("copy_seconds", "copy "), std::pair("index_seconds", "indexes "),
        std::pair("digest_seconds", "digest "), std::pair("read_back_seconds", "read back ")}) {
    const double seconds = NumberOr(table, key, 0);
    bar.parts.push_back({seconds, name + SecondsText(seconds)});
    total += seconds;
  }
  Cell cell = NumberCell(total, SecondsText(total));
  cell.bar = bar;
  return cell;
}

void AddTables(Builder& page, const json& document) {
  const json& tables = ArrayOf(document, "tables");
  if (tables.empty()) return;
  OpenSection(page, "tables-section", fmt::format("{} tables", FormatCount(static_cast<int64_t>(tables.size()))));
  double largest = 1;
  double longest = 0.001;
  std::vector<const json*> order;
  for (const json& table : tables) {
    order.push_back(&table);
    largest = std::max(largest, NumberOr(table, "bytes", 0) + NumberOr(table, "index_bytes", 0));
    longest = std::max(longest, NumberOr(table, "total_seconds", 0));
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const json* a, const json* b) { return NumberOr(*a, "bytes", 0) > NumberOr(*b, "bytes", 0); });
  page.Element("h3", "Size");
  AddLegend(page, {"rows", "TOAST", "indexes"});
  page.Element("h3", "Time of one worker");
  AddLegend(page, {"copy", "indexes", "digest", "read back"});
  Table listing{"tables", {"table", "size", "time", "rows", "identity"}, {}};
  for (const json* table : order) {
    const auto rows = NumberOf(*table, "rows_estimated");
    listing.rows.push_back({CodeCell(TableName(*table)), SizeCell(*table, largest), TimeCell(*table, longest),
                            NumberCell(rows, rows ? FormatCount(static_cast<int64_t>(*rows)) : ""),
                            TextCell(TextOf(*table, "identity"))});
  }
  AddTable(page, listing);
  CloseSection(page);
}

void AddCapacity(Builder& page, const json& document) {
  const json& storage = Member(document, "storage");
  const json& instance = Member(document, "instance");
  const json& wal = Member(document, "wal");
  OpenSection(page, "capacity-section", "Storage, instance, WAL");
  page.Element("h3", "Storage to provision: " + BytesText(NumberOf(storage, "provision_bytes")));
  AddParagraph(
      page,
      fmt::format("Live rows {}, indexes {}, large objects {}; on the source {} now.",
                  BytesText(NumberOf(storage, "live_bytes")), BytesText(NumberOf(storage, "index_bytes")),
                  BytesText(NumberOf(storage, "large_object_bytes")), BytesText(NumberOf(storage, "stored_bytes"))));
  AddList(page, TextsOf(storage, "problems"));
  AddList(page, TextsOf(storage, "notes"));
  page.Element("h3",
               fmt::format("Instance for the load: {} vCPU, {} of memory, for example {}", TextOf(instance, "vcpus"),
                           BytesText(NumberOf(instance, "memory_bytes")), TextOf(instance, "example_class")));
  AddList(page, TextsOf(instance, "notes"));
  page.Element("h3", fmt::format("WAL kept by the source while it is replicated: about {} in {}",
                                 BytesText(NumberOf(wal, "retained_bytes")), SecondsText(NumberOf(wal, "seconds"))));
  AddParagraph(page, fmt::format("max_slot_wal_keep_size allows it: {}. idle_replication_slot_timeout: {}. Disk: {}.",
                                 TextOf(wal, "max_slot_wal_keep_size_allows"),
                                 TextOf(wal, "idle_replication_slot_timeout_allows"), TextOf(wal, "disk_allows")));
  AddList(page, TextsOf(wal, "notes"));
  CloseSection(page);
}

void AddParameters(Builder& page, const json& document) {
  const json& parameters = Member(document, "parameters");
  if (ArrayOf(parameters, "items").empty()) return;
  OpenSection(page, "parameters-section", "Parameters of the target for the load");
  Table listing{"parameters", {"parameter", "now", "load", "unit", "how", "where", "for"}, {}};
  for (const json& item : ArrayOf(parameters, "items")) {
    listing.rows.push_back({CodeCell(TextOf(item, "name")), CodeCell(TextOf(item, "current")),
                            CodeCell(TextOf(item, "value")), TextCell(TextOf(item, "unit")),
                            TextCell(TextOf(item, "apply")), TextCell(TextOf(item, "where")),
                            TextCell(TextOf(item, "purpose"))});
  }
  AddTable(page, listing);
  AddCode(page, TextsOf(parameters, "session_sql"), "Before the load, in its session");
  AddCode(page, TextsOf(parameters, "commands"), "Before the load, commands (never run by pg_airlift)");
  AddCode(page, TextsOf(parameters, "session_undo_sql"), "After the load, in its session");
  AddCode(page, TextsOf(parameters, "undo_commands"), "After the load: the values that were there before");
  CloseSection(page);
}

void AddRunbooks(Builder& page, const json& document) {
  for (const json& runbook : ArrayOf(document, "runbooks")) {
    OpenSection(page, "runbook-" + TextOf(runbook, "name"), "Runbook: " + TextOf(runbook, "title"));
    const bool applies = Member(runbook, "applies") == json(true);
    AddParagraph(page, (applies ? "Applies: " : "Does not apply: ") + TextOf(runbook, "reason"));
    if (applies) {
      for (const json& step : ArrayOf(runbook, "steps"))
        AddCode(page, {TextOf(step, "command")}, TextOf(step, "title"));
      page.Element("h3", "Rules");
      AddList(page, TextsOf(runbook, "rules"));
    }
    CloseSection(page);
  }
}

void AddTrialAndFallback(Builder& page, const json& document) {
  const json& trial = Member(document, "trial");
  OpenSection(page, "trial-section", "Try first: " + BytesText(NumberOf(trial, "bytes")));
  AddParagraph(page, TextOf(trial, "reason"));
  std::vector<std::string> names;
  for (const json& table : ArrayOf(trial, "tables")) names.push_back(TableName(table));
  AddList(page, names);
  AddCode(page, TextsOf(trial, "commands"));
  CloseSection(page);
  OpenSection(page, "fallback-section", "The way back");
  Table listing{"fallback", {"when", "who", "what", "how"}, {}};
  for (const json& step : ArrayOf(document, "fallback"))
    listing.rows.push_back({TextCell(TextOf(step, "when")), TextCell(TextOf(step, "who")),
                            TextCell(TextOf(step, "what")), TextCell(TextOf(step, "how"))});
  AddTable(page, listing);
  CloseSection(page);
}

}  // namespace

void AddPlan(Builder& page, const json& document) {
  AddTop(page, document);
  AddFindingsSection(page, document);
  if (const auto notes = TextsOf(document, "notes"); !notes.empty()) {
    OpenSection(page, "notes-section", "Notes");
    AddList(page, notes);
    CloseSection(page);
  }
  AddStrategies(page, document);
  AddTime(page, document);
  AddTables(page, document);
  AddCapacity(page, document);
  AddParameters(page, document);
  AddRunbooks(page, document);
  AddTrialAndFallback(page, document);
}

}  // namespace airlift::html
