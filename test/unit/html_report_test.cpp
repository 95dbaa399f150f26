#include "html/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace airlift {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kHostile = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'&\x01";

size_t Count(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// Every string of the document becomes hostile, but for the one that says what it is.
json Hostile(const json& document) {
  if (document.is_string()) return kHostile;
  if (!document.is_structured()) return document;
  json copy = document.is_array() ? json::array() : json::object();
  if (document.is_array())
    for (const json& item : document) copy.push_back(Hostile(item));
  else
    for (const auto& [key, value] : document.items())
      copy[key] = key == "command" && document.contains("source") ? value : Hostile(value);
  return copy;
}

json Evidence() {
  return {{"command", "migrate"},
          {"verdict", "verified"},
          {"source", {{"database", "shop"}, {"server_version", "15.20 (Debian)"}, {"host", "db"}}},
          {"target", {{"database", "shop"}, {"server_version", "17.5"}, {"host", "rds"}}},
          {"tables",
           {{{"schema", "s"},
             {"table", "t"},
             {"verdict", "verified"},
             {"rows_source", 5},
             {"rows_target", 5},
             {"reason", ""}}}},
          {"sequences", {{{"object", "s.q"}, {"verdict", "verified"}, {"reason", ""}}}},
          {"schema_differences",
           {{{"kind", "index"}, {"object", "o"}, {"property", "p"}, {"source", "a"}, {"target", "b"}}}},
          {"left_out", {{{"kind", "OWNER"}, {"object", "o"}, {"reason", "r"}, {"expected", true}}}},
          {"notes", {"a note"}},
          {"seconds", {{"load", 1.5}, {"schema", 0.5}}}};
}

json Assessment() {
  return {{"command", "assess"},
          {"source", {{"database", "shop"}, {"version", "15"}}},
          {"target", nullptr},
          {"findings",
           {{{"check", "a.warn"}, {"severity", "warning"}, {"object", "o"}, {"detail", "d"}, {"remedy", "r"}},
            {{"check_id", "b.block"},
             {"severity", "blocker"},
             {"object", "o"},
             {"detail", "d"},
             {"remedy", "r"},
             {"fix_sql", "ALTER TABLE x"},
             {"undo_sql", "ALTER TABLE y"}}}}};
}

json Plan() {
  return {{"command", "plan"},
          {"source", {{"database", "shop"}}},
          {"strategies",
           {{{"title", "streamed"}, {"state", "chosen"}, {"reasons", {"why"}}, {"downtime_seconds", 5}},
            {{"title", "dump"}, {"state", "rejected"}, {"rejected_because", {"slow"}}}}},
          {"tables", {{{"schema", "s"}, {"table", "t"}, {"bytes", 100}, {"index_bytes", 50}, {"copy_seconds", 1}}}},
          {"parameters", {{"items", {{{"name", "max_wal_size"}}}}, {"commands", {"aws rds x"}}}},
          {"runbooks",
           {{{"name", "n"}, {"title", "t"}, {"applies", true}, {"steps", {{{"title", "t"}, {"command", "c"}}}}}}},
          {"trial", {{"tables", {{{"schema", "s"}, {"table", "t"}}}}, {"commands", {"pg_dump"}}}},
          {"fallback", {{{"when", "w"}, {"who", "x"}, {"what", "y"}, {"how", "z"}}}},
          {"findings", {{{"check_id", "plan.prepare"}, {"severity", "warning"}}}}};
}

TEST(RenderHtml, EveryValueIsTextWhateverItHolds) {
  for (const json& document : {Evidence(), Assessment(), Plan()}) {
    const std::string page = RenderHtml(Hostile(document));
    EXPECT_EQ(Count(page, "<script"), 1U) << "ours alone";
    EXPECT_EQ(Count(page, "</script>"), 1U);
    EXPECT_THAT(page, Not(HasSubstr("<img")));
    EXPECT_THAT(page, Not(HasSubstr("\x01")));
    EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt;"));
  }
}

TEST(RenderHtml, NeedsNothingFromOutside) {
  for (const json& document : {Evidence(), Assessment(), Plan()}) {
    const std::string page = RenderHtml(document);
    for (const char* outside : {"http://", "https://", "src=", "@import", "url(", "<link", "style="})
      EXPECT_THAT(page, Not(HasSubstr(outside)));
    EXPECT_THAT(page, HasSubstr("default-src &#39;none&#39;"));
  }
}

TEST(RenderHtml, TheVerdictIsTheHeadline) {
  json evidence = Evidence();
  for (const char* verdict : {"verified", "differs", "not verified"}) {
    evidence["verdict"] = verdict;
    EXPECT_THAT(RenderHtml(evidence), HasSubstr(std::string("<h1>") + verdict + "</h1>"));
  }
  EXPECT_THAT(RenderHtml(Assessment()), HasSubstr("<h1>1 blocker</h1>"));
  EXPECT_THAT(RenderHtml(Plan()), HasSubstr("<h1>Streamed</h1>"));
}

TEST(RenderHtml, TablesThatDifferComeFirst) {
  json evidence = Evidence();
  json other = evidence["tables"][0];
  evidence["tables"][0]["table"] = "well_moved";
  other["table"] = "badly_moved";
  other["verdict"] = "differs";
  evidence["tables"].push_back(other);
  const std::string page = RenderHtml(evidence);
  EXPECT_LT(page.find("badly_moved"), page.find("well_moved"));
}

TEST(RenderHtml, ARefusedObjectTakesTheGreenAway) {
  json evidence = Evidence();
  EXPECT_THAT(RenderHtml(evidence), HasSubstr("class=\"headline good\""));
  evidence["left_out"][0]["expected"] = false;
  EXPECT_THAT(RenderHtml(evidence), HasSubstr("class=\"headline warn\""));
}

TEST(RenderHtml, BlockersComeFirstAndAcceptedOnesDoNotCount) {
  json assessment = Assessment();
  std::string page = RenderHtml(assessment);
  EXPECT_LT(page.find("b.block"), page.find("a.warn"));
  EXPECT_THAT(page, HasSubstr("ALTER TABLE x"));
  assessment["findings"][1]["accepted"] = true;
  page = RenderHtml(assessment);
  EXPECT_THAT(page, HasSubstr("<h1>No blockers</h1>"));
  EXPECT_GT(page.find("b.block"), page.find("a.warn"));
}

TEST(RenderHtml, ADocumentThatIsNotOursIsRefused) {
  for (const json& document : {json(), json::array(), json::object(), json{{"command", "rm"}}, json{{"command", 5}}})
    EXPECT_THROW(RenderHtml(document), Error);
}

TEST(RenderHtml, MissingAndMistypedMembersAreLeftOut) {
  for (const char* command : {"plan", "assess", "compare", "migrate", "restore"}) {
    EXPECT_NO_THROW(RenderHtml({{"command", command}}));
    const json odd = {{"command", command},
                      {"tables", "x"},
                      {"findings", {1, nullptr, "x", json::array()}},
                      {"source", 5},
                      {"notes", {1, {}}},
                      {"strategies", {5}},
                      {"estimate", "x"},
                      {"seconds", {{"load", "x"}}},
                      {"storage", {{"provision_bytes", 1e300}}}};
    EXPECT_NO_THROW(RenderHtml(odd));
  }
}

}  // namespace
}  // namespace airlift
