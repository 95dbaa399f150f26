#include "html/parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace airlift::html {

namespace {

constexpr double kBarWidth = 180;
constexpr int kColours = 4;

const char* MoodClass(Mood mood) {
  switch (mood) {
    case Mood::kGood:
      return "good";
    case Mood::kBad:
      return "bad";
    case Mood::kUnsure:
      return "warn";
    case Mood::kPlain:
      break;
  }
  return "plain";
}

constexpr struct {
  std::string_view word;
  const char* style;
} kBadges[] = {{"verified", "good"}, {"chosen", "good"},   {"differs", "bad"},       {"blocker", "bad"},
               {"error", "bad"},     {"warning", "warn"},  {"not verified", "warn"}, {"possible", "info"},
               {"info", "info"},     {"rejected", "mute"}, {"accepted", "mute"}};

// What weighs most comes first.
constexpr std::array<std::string_view, 5> kSeverities = {"error", "blocker", "warning", "info", "accepted"};

void AddCopyable(Builder& page, const std::string& code, const char* label) {
  if (code.empty()) return;
  page.Open("div", {{"class", "code"}});
  if (*label != '\0') page.Element("span", label, {{"class", "label"}});
  page.Open("pre").Element("code", code).Close("pre").Close("div");
}

void AddCell(Builder& page, const Cell& cell) {
  if (cell.number) {
    page.Open("td", {{"class", "num"}, {"data-v", fmt::format("{}", *cell.number)}});
  } else if (!cell.sql.empty()) {
    page.Open("td", {{"class", "wide"}});
  } else {
    page.Open("td");
  }
  if (!cell.badge.empty()) {
    page.Element("span", cell.text, {{"class", "badge " + cell.badge}});
  } else if (!cell.text.empty()) {
    page.Element(cell.is_code ? "code" : "span", cell.text, {{"class", "t"}});
  }
  if (cell.bar) AddBar(page, *cell.bar);
  AddCopyable(page, cell.sql, cell.undo_sql.empty() ? "" : "fix");
  AddCopyable(page, cell.undo_sql, "undo");
  page.Close("td");
}

std::string SeverityOf(const json& finding) {
  const json& accepted = Member(finding, "accepted");
  return accepted.is_boolean() && accepted.get<bool>() ? "accepted" : TextOf(finding, "severity");
}

size_t WeightOf(const json& finding) { return SeverityWeight(SeverityOf(finding)); }

std::string Joined(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts)
    if (!text.empty()) joined += (joined.empty() ? "" : "\n") + text;
  return joined;
}

}  // namespace

size_t SeverityWeight(const std::string& severity) {
  return static_cast<size_t>(std::find(kSeverities.begin(), kSeverities.end(), severity) - kSeverities.begin());
}

namespace {

std::vector<Cell> FindingRow(const json& finding) {
  const std::string id = TextOf(finding, "check").empty() ? TextOf(finding, "check_id") : TextOf(finding, "check");
  Cell what = TextCell(Joined({TextOf(finding, "title"), TextOf(finding, "detail")}));
  Cell remedy = TextCell(Joined({TextOf(finding, "remedy"), TextOf(finding, "accepted_reason")}));
  remedy.sql = TextOf(finding, "fix_sql");
  remedy.undo_sql = TextOf(finding, "undo_sql");
  return {BadgeCell(SeverityOf(finding)), CodeCell(id), CodeCell(TextOf(finding, "object")), what, remedy};
}

}  // namespace

void AddHeadline(Builder& page, const Headline& headline) {
  page.Open("header", {{"class", std::string("headline ") + MoodClass(headline.mood)}});
  page.Element("p", headline.eyebrow, {{"class", "eyebrow"}});
  page.Element("h1", headline.words);
  if (!headline.sentence.empty()) page.Element("p", headline.sentence, {{"class", "sentence"}});
  page.Open("dl", {{"class", "facts"}});
  for (const Fact& fact : headline.facts) {
    if (fact.value.find_first_not_of(' ') == std::string::npos) continue;
    page.Open("div").Element("dt", fact.label).Element("dd", fact.value).Close("div");
  }
  page.Close("dl").Close("header");
}

Cell TextCell(std::string text) {
  Cell cell;
  cell.text = std::move(text);
  return cell;
}

Cell CodeCell(std::string text) {
  Cell cell = TextCell(std::move(text));
  cell.is_code = !cell.text.empty();
  return cell;
}

Cell NumberCell(const std::optional<double>& number, std::string text) {
  Cell cell = TextCell(std::move(text));
  cell.number = number;
  return cell;
}

Cell BadgeCell(const std::string& word) {
  Cell cell = TextCell(word);
  cell.badge = "info";
  for (const auto& known : kBadges)
    if (word == known.word) cell.badge = known.style;
  return cell;
}

void AddTable(Builder& page, const Table& table) {
  if (table.rows.empty()) return;
  page.Open("div", {{"class", "scroll"}});
  page.Open("table", {{"class", "data"}, {"id", table.id}}).Open("thead").Open("tr");
  for (const std::string& head : table.heads) page.Element("th", head, {{"scope", "col"}});
  page.Close("tr").Close("thead").Open("tbody");
  for (const auto& row : table.rows) {
    page.Open("tr");
    for (const Cell& cell : row) AddCell(page, cell);
    page.Close("tr");
  }
  page.Close("tbody").Close("table").Close("div");
}

void AddBar(Builder& page, const Bar& bar) {
  const double full = bar.full > 0 ? bar.full : 1;
  std::string label;
  for (const Bar::Part& part : bar.parts) label += (label.empty() ? "" : ", ") + part.label;
  page.Open("svg", {{"class", "bar"},
                    {"viewBox", fmt::format("0 0 {} 10", kBarWidth)},
                    {"preserveAspectRatio", "none"},
                    {"role", "img"},
                    {"aria-label", label}});
  page.Element("title", label);
  page.Raw("<rect class=\"track\" x=\"0\" y=\"0\" width=\"180\" height=\"10\"></rect>");
  double at = 0;
  int colour = 0;
  for (const Bar::Part& part : bar.parts) {
    const double width = std::clamp(part.value / full * kBarWidth, 0.0, kBarWidth - at);
    page.Element("rect", "",
                 {{"class", fmt::format("c{}", colour++ % kColours)},
                  {"x", fmt::format("{:.2f}", at)},
                  {"y", "0"},
                  {"width", fmt::format("{:.2f}", width)},
                  {"height", "10"}});
    at += width;
  }
  page.Close("svg");
}

void AddLegend(Builder& page, const std::vector<std::string>& names) {
  page.Open("p", {{"class", "legend"}});
  int colour = 0;
  for (const std::string& name : names) {
    page.Open("span");
    page.Element("i", "", {{"class", fmt::format("c{}", colour++ % kColours)}});
    page.Text(name).Close("span");
  }
  page.Close("p");
}

void OpenSection(Builder& page, const std::string& id, const std::string& title) {
  page.Open("section", {{"id", id}}).Element("h2", title);
}

void CloseSection(Builder& page) { page.Close("section"); }

void AddParagraph(Builder& page, const std::string& text) {
  if (!text.empty()) page.Element("p", text);
}

void AddList(Builder& page, const std::vector<std::string>& items) {
  if (items.empty()) return;
  page.Open("ul");
  for (const std::string& item : items) page.Element("li", item);
  page.Close("ul");
}

void AddCode(Builder& page, const std::vector<std::string>& lines, const std::string& title) {
  if (lines.empty()) return;
  if (!title.empty()) page.Element("h3", title);
  AddCopyable(page, Joined(lines), "");
}

void AddFindings(Builder& page, const json& findings) {
  std::vector<const json*> order;
  for (const json& finding : findings) order.push_back(&finding);
  std::stable_sort(order.begin(), order.end(),
                   [](const json* a, const json* b) { return WeightOf(*a) < WeightOf(*b); });
  Table table{"findings", {"severity", "check", "object", "what", "remedy"}, {}};
  for (const json* finding : order) table.rows.push_back(FindingRow(*finding));
  AddTable(page, table);
}

std::string SideText(const json& side) {
  if (!side.is_object()) return {};
  std::string version = TextOf(side, "server_version");
  if (version.empty()) version = TextOf(side, "version");
  std::string text = "PostgreSQL " + version.substr(0, version.find(' ')) + ", database " + TextOf(side, "database");
  if (const std::string host = TextOf(side, "host"); !host.empty()) text += " on " + host;
  return text;
}

}  // namespace airlift::html
