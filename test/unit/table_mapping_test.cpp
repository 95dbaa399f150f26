#include "mapping/table_mapping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/error.h"
#include "mapping/expression.h"
#include "mapping/mapping_types.h"
#include "mapping/wildcard.h"

namespace airlift {
namespace {

using testing::AllOf;
using testing::HasSubstr;

TEST(Wildcard, MatchesAsDmsDoes) {
  EXPECT_TRUE(MatchesWildcard("%", ""));
  EXPECT_TRUE(MatchesWildcard("%", "anything"));
  EXPECT_TRUE(MatchesWildcard("a%c", "abbc"));
  EXPECT_TRUE(MatchesWildcard("a%c%", "acxcx"));
  EXPECT_FALSE(MatchesWildcard("a%c", "abbcd"));
  EXPECT_TRUE(MatchesWildcard("t_", "t1"));
  EXPECT_FALSE(MatchesWildcard("t_", "t12"));
  EXPECT_TRUE(MatchesWildcard("t[_]x", "t_x"));
  EXPECT_FALSE(MatchesWildcard("t[_]x", "tax"));
  EXPECT_TRUE(MatchesWildcard("100[%]", "100%"));
  EXPECT_TRUE(MatchesWildcard("t[ab]", "tb"));
  EXPECT_FALSE(MatchesWildcard("t[ab]", "tc"));
  EXPECT_FALSE(MatchesWildcard("Orders", "orders"));
  EXPECT_TRUE(MatchesWildcard("caf_", "caf\xC3\xA9"));
  EXPECT_TRUE(MatchesWildcard("a[", "a["));
  EXPECT_TRUE(MatchesWildcard("a\n%", "a\nb"));
}

TEST(Wildcard, ManyPercentsTakeNoTime) {
  std::string pattern;
  for (int i = 0; i < 30; ++i) pattern += "%a";
  EXPECT_FALSE(MatchesWildcard(pattern + "b", std::string(63, 'a')));
}

TEST(Wildcard, ExactNames) {
  EXPECT_FALSE(HasWildcard("a[_]b"));
  EXPECT_EQ(WithoutBrackets("a[_]b[%]"), "a_b%");
  EXPECT_TRUE(HasWildcard("a_b"));
  EXPECT_TRUE(HasWildcard("a[bc]"));
}

std::string Rule(const std::string& id, const std::string& body) {
  return R"({"rule-type": "selection", "rule-id": ")" + id + R"(", "rule-name": "n)" + id + R"(", )" + body + "}";
}
std::string Include(const std::string& id, const std::string& more = {}) {
  return Rule(id, R"("rule-action": "include", "object-locator": {"schema-name": "s", "table-name": "t"})" + more);
}
std::string Transform(const std::string& id, const std::string& body) {
  return R"({"rule-type": "transformation", "rule-id": ")" + id + R"(", "rule-name": "n", )" + body + "}";
}
std::string Document(const std::string& rules) { return "{\"rules\": [\n" + rules + "\n]}"; }
TableMapping Parse(const std::string& rules) { return ParseTableMapping(Document(rules), "m"); }
std::string ErrorOf(const std::string& text) {
  try {
    ParseTableMapping(text, "m");
  } catch (const Error& error) {
    return std::string(error.what()) + "\n" + error.detail();
  }
  return {};
}

TEST(TableMapping, SelectionsAndFilters) {
  const TableMapping mapping = Parse(Include("1", R"(, "load-order": "2", "filters": [
    {"filter-type": "source", "column-name": "a", "filter-conditions": [
      {"filter-operator": "eq", "value": "1"}, {"filter-operator": "between", "start-value": "5", "end-value": "7"}]},
    {"filter-type": "source", "column-name": "b", "filter-conditions": [{"filter-operator": "notnull"}]}])") +
                                     ",\n" + Rule("2", R"("rule-action": "exclude", "object-locator":
      {"schema-name": "s", "table-name": "log%", "table-type": "all"})"));
  ASSERT_EQ(mapping.selections.size(), 2U);
  const SelectionMapping& first = mapping.selections[0];
  EXPECT_EQ(first.id, "1");
  EXPECT_EQ(first.load_order, 2);
  ASSERT_EQ(first.filters.size(), 2U);
  ASSERT_EQ(first.filters[0].any_of.size(), 2U);
  EXPECT_EQ(first.filters[0].any_of[1].value, "5");
  EXPECT_EQ(first.filters[0].any_of[1].end, "7");
  EXPECT_EQ(mapping.selections[1].action, SelectionMapping::Action::kExclude);
  EXPECT_TRUE(mapping.selections[1].takes_views);
  EXPECT_FALSE(first.takes_views);
}

TEST(TableMapping, NumbersDoAsTexts) {
  const TableMapping mapping = Parse(
      R"({"rule-type": "selection", "rule-id": 7, "rule-name": "n", "rule-action": "include", "load-order": 3,
          "object-locator": {"schema-name": "s", "table-name": "t"}})");
  EXPECT_EQ(mapping.selections[0].id, "7");
  EXPECT_EQ(mapping.selections[0].load_order, 3);
}

TEST(TableMapping, EverythingWrongIsToldAtOnceWithLineAndRule) {
  const std::string error =
      ErrorOf(Document(Include("1", R"(, "filters": [{"filter-type": "source", "column-name": "a",
        "filter-conditions": [{"filter-operator": "like", "value": "x"}]}])") +
                       ",\n" + R"({"rule-type": "table-settings", "rule-id": "2", "rule-name": "n"})" + ",\n" +
                       Transform("3", R"("rule-target": "index-tablespace", "rule-action": "rename", "value": "x",
                 "object-locator": {"schema-name": "s", "table-name": "t"})") +
                       ",\n" + Transform("3", R"("rule-target": "column", "rule-action": "data-masking-hash-mask",
                 "object-locator": {"schema-name": "s", "table-name": "t", "column-name": "c"})")));
  EXPECT_THAT(error, AllOf(HasSubstr("line 2, rule 1: filter-operator \"like\" is not supported"),
                           HasSubstr("line 4, rule 2: rule-type \"table-settings\" is not supported"),
                           HasSubstr("line 5, rule 3: rule-target \"index-tablespace\" is not supported"),
                           HasSubstr("line 7, rule 3: another rule has the same rule-id, in line 5"),
                           HasSubstr("line 7, rule 3: rule-action \"data-masking-hash-mask\" is not supported")));
}

// Each by its name, with line and rule.
TEST(TableMapping, WhatDmsHasBesidesIsRefusedByName) {
  const std::string table = R"("object-locator": {"schema-name": "s", "table-name": "t"})";
  const std::string column = R"("object-locator": {"schema-name": "s", "table-name": "t", "column-name": "c"})";
  const auto of_type = [](const std::string& type) {
    return R"({"rule-type": ")" + type + R"(", "rule-id": "9", "rule-name": "n", "rule-action": "include"})";
  };
  const auto of_target = [&](const std::string& target) {
    return Transform("9", R"("rule-target": ")" + target + R"(", "rule-action": "rename", "value": "x", )" + table);
  };
  const auto of_action = [&](const std::string& action) {
    return Transform("9", R"("rule-target": "column", "rule-action": ")" + action + R"(", "value": "x", )" + column);
  };
  const auto with = [&](const std::string& more) {
    return Transform("9", R"("rule-target": "column", "rule-action": "rename", "value": "x", )" + column + ", " + more);
  };
  const auto located = [](const std::string& more) {
    return Rule("9",
                R"("rule-action": "include", "object-locator": {"schema-name": "s", "table-name": "t", )" + more + "}");
  };
  const auto filtered = [](const std::string& filter) { return Include("9", ", \"filters\": [" + filter + "]"); };
  const std::pair<std::string, std::string> cases[] = {
      {of_type("table-settings"), "rule-type \"table-settings\""},
      {of_type("object-mapping"), "rule-type \"object-mapping\""},
      {of_type("post-processing"), "rule-type \"post-processing\""},
      {of_type("validation"), "rule-type \"validation\""},
      {of_target("table-tablespace"), "rule-target \"table-tablespace\""},
      {of_target("index-tablespace"), "rule-target \"index-tablespace\""},
      {of_target("datatype"), "rule-target \"datatype\""},
      {of_action("define-primary-key"), "rule-action \"define-primary-key\""},
      {of_action("add-before-image-columns"), "rule-action \"add-before-image-columns\""},
      {of_action("data-masking-digits-mask"), "rule-action \"data-masking-digits-mask\""},
      {of_action("data-masking-digits-randomize"), "rule-action \"data-masking-digits-randomize\""},
      {of_action("data-masking-hash-mask"), "rule-action \"data-masking-hash-mask\""},
      {with(R"("primary-key-def": {"name": "k", "columns": ["c"]})"), "\"primary-key-def\""},
      {with(R"("before-image-def": {"column-filter": "pk-only"})"), "\"before-image-def\""},
      {with(R"("parallel-load": {"type": "ranges"})"), "\"parallel-load\""},
      {with(R"("lob-settings": {"mode": "limited"})"), "\"lob-settings\""},
      {Include("9", R"(, "mapping-parameters": {})"), "\"mapping-parameters\""},
      {located(R"("data-type": "date")"), "in its object-locator \"data-type\""},
      {located(R"("table-type": "materialized")"), "table-type \"materialized\""},
      {filtered(R"({"filter-type": "target", "column-name": "c", "filter-conditions": [{"filter-operator": "null"}]})"),
       "filter-type \"target\""},
      {filtered(R"({"filter-type": "source", "column-name": "c", "filter-conditions": [{"filter-operator": "gt",
                 "value": "1"}]})"),
       "filter-operator \"gt\""},
      {Transform("9", R"("rule-target": "column", "rule-action": "add-column", "value": "x", "expression": "'y'",
                 "data-type": {"type": "hllstate"}, )" +
                          table),
       "data-type \"hllstate\""},
  };
  for (const auto& [rule, named] : cases)
    EXPECT_THAT(ErrorOf(Document(Include("1") + ",\n" + rule)),
                HasSubstr("line 3, rule 9: " + named + " is not supported"))
        << rule;
}

TEST(TableMapping, WhatIsNotUnderstoodIsNotPassedOver) {
  EXPECT_THAT(ErrorOf(Document(Include("1", R"(, "parallel-load": {})"))),
              HasSubstr("\"parallel-load\" is not supported"));
  EXPECT_THAT(ErrorOf(R"({"rules": [], "other": 1})"), HasSubstr("\"other\" is not supported"));
  EXPECT_THAT(ErrorOf(R"({"rules": []})"), HasSubstr("no rule selects a table"));
  EXPECT_THAT(ErrorOf("2E22222"), HasSubstr("a number that is too large"));
  EXPECT_THAT(ErrorOf(std::string("0\n\0]}", 5)), HasSubstr("line 2: not valid JSON: a zero byte"));
  EXPECT_THAT(ErrorOf(Document(R"({"rule-type": "selection", "rule-id": "1", "rule-action": "include", "rule-action":
    "exclude", "object-locator": {"schema-name": "s", "table-name": "t"}})")),
              HasSubstr("line 2, rule 1: \"rule-action\" stands twice"));
  EXPECT_THAT(ErrorOf(Document(Rule("1", R"("rule-action": "include", "object-locator": {"schema-name": "s",
    "table-name": "t%"}, "filters": [{"filter-type": "source", "column-name": "a", "filter-conditions":
    [{"filter-operator": "null"}]}])"))),
              HasSubstr("filters are for one table"));
  EXPECT_THAT(ErrorOf(Document(Rule("1", R"("rule-action": "explicit", "object-locator": {"schema-name": "s",
    "table-name": "t%"})"))),
              HasSubstr("without wildcards"));
}

TEST(TableMapping, ErrorsOfJsonNameTheLine) {
  EXPECT_THAT(ErrorOf("{\"rules\": [\n{\"rule-type\": \"selection\",\n oops}]}"), HasSubstr("line 3: not valid JSON"));
  EXPECT_THAT(ErrorOf(Document(Include("1") + ",\n" + Include("2", ", \"filters\": [\n\n{\"a\": ]"))),
              HasSubstr("line 5, rule 2: not valid JSON"));
  EXPECT_THAT(ErrorOf(Document(Include("1") + "\n" + Include("2"))), HasSubstr("\"m\", line 3: not valid JSON"));
  EXPECT_THAT(ErrorOf(Document(Include("1", ", \"a\": {\"rule-id\": 1, \"rule\\u002did\": 2}"))),
              HasSubstr("line 2, rule 1: \"rule-id\" stands twice"));
  EXPECT_THAT(ErrorOf(""), HasSubstr("not valid JSON"));
  EXPECT_THAT(ErrorOf("[1]"), HasSubstr("has no list of \"rules\""));
  EXPECT_THAT(ErrorOf(Document("3")), HasSubstr("is not an object"));
}

TEST(TableMapping, NamesAreChanged) {
  Transformation rule;
  const auto changed = [&](MappingAction action, const std::string& name) {
    rule.action = action;
    return RenamedBy(rule, name);
  };
  rule.value = "x_";
  rule.old_value = "old_";
  EXPECT_EQ(changed(MappingAction::kRename, "t"), "x_");
  EXPECT_EQ(changed(MappingAction::kLowercase, "TaB\xC3\x84"), "tab\xC3\x84");
  EXPECT_EQ(changed(MappingAction::kUppercase, "tab"), "TAB");
  EXPECT_EQ(changed(MappingAction::kAddPrefix, "t"), "x_t");
  EXPECT_EQ(changed(MappingAction::kRemovePrefix, "x_t"), "t");
  EXPECT_EQ(changed(MappingAction::kRemovePrefix, "t"), "t");
  EXPECT_EQ(changed(MappingAction::kReplacePrefix, "old_t"), "x_t");
  rule.value = "_x";
  rule.old_value = "_old";
  EXPECT_EQ(changed(MappingAction::kAddSuffix, "t"), "t_x");
  EXPECT_EQ(changed(MappingAction::kRemoveSuffix, "t_x"), "t");
  EXPECT_EQ(changed(MappingAction::kReplaceSuffix, "t_old"), "t_x");
}

TEST(MappingTypes, AreThoseOfDms) {
  std::string problem;
  EXPECT_EQ(SqlType({"string", "30", "", ""}, &problem), "character varying(30)");
  EXPECT_EQ(SqlType({"numeric", "", "10", "2"}, &problem), "numeric(10,2)");
  EXPECT_EQ(SqlType({"datetime", "", "", "3"}, &problem), "timestamp(3)");
  EXPECT_EQ(SqlType({"datetime", "", "6", ""}, &problem), "timestamp(6)");
  EXPECT_EQ(SqlType({"int8", "", "", ""}, &problem), "bigint");
  EXPECT_EQ(problem, "");
  EXPECT_EQ(SqlType({"int8; DROP TABLE t", "", "", ""}, &problem), "");
  EXPECT_NE(problem, "");
  problem.clear();
  EXPECT_EQ(SqlType({"string", "1); DROP", "", ""}, &problem), "");
  EXPECT_NE(problem, "");
}

std::string Translate(const std::string& text) {
  return TranslateExpression(text, {"s'x", "t", [](const std::string& c) { return c == "a" || c == "B"; }});
}

TEST(Expression, IsMadeOfKnownTokens) {
  EXPECT_EQ(Translate("$a||'_'||$B"), "\"a\"::pg_catalog.text || '_' || \"B\"::pg_catalog.text");
  EXPECT_EQ(Translate("case when $a != 1 then 'it''s' else null end"),
            "CASE WHEN \"a\" <> 1 THEN 'it''s' ELSE NULL END");
  EXPECT_EQ(Translate("$AR_M_SOURCE_SCHEMA"), "'s''x'");
  EXPECT_EQ(Translate("1--2"), "1 - - 2");
  EXPECT_EQ(Translate("substr($B, 1, 3)"), "pg_catalog.substr ( \"B\" , 1 , 3 )");
}

TEST(Expression, AnythingElseIsRefusedByName) {
  for (const char* wrong :
       {"", "$c", "$", "datetime()", "$a; DROP TABLE t", "\"a\"", "$a::text", "lower", "(1", "1)", "'open",
        "/* x */ $$", "$AR_H_CHANGE_SEQ", "1x", "$a LIKE 'x'", "\\", "E'\\''", "select 1", "\xC3\xA9"})
    EXPECT_THROW(Translate(wrong), Error) << wrong;
}

TEST(TableMapping, HostileTexts) {
  EXPECT_THAT(ErrorOf(Document(Transform("7", R"("rule-target": "table", "rule-action": "rename", "value": "a\u0000b",
                 "object-locator": {"schema-name": "s", "table-name": "t"})"))),
              HasSubstr("line 2, rule 7: \"value\" holds a NUL character"));
  EXPECT_THAT(ErrorOf(std::string(1 << 20, '[')), HasSubstr("not valid JSON"));
  EXPECT_THAT(ErrorOf(Document(Include("1", ", \"filters\": " + std::string(200000, '[') + std::string(200000, ']')))),
              HasSubstr("rule 1: a filter is not an object"));
  EXPECT_THAT(ErrorOf(Document(Include("1", ", \"load-order\": 99999999999999999999999"))),
              HasSubstr("\"load-order\" is not a positive number"));
  EXPECT_THAT(ErrorOf(Document(Include("1") + ",{}")), HasSubstr("line 2, rule without rule-id: "));
  EXPECT_THAT(ErrorOf(std::string(3 << 20, ' ')), HasSubstr("larger than 2 MB"));
}

// Whatever the bytes: rules, or an Error.
TEST(TableMapping, AnyBytesAreRulesOrAnError) {
  std::mt19937 random(815);
  const std::string valid = Document(Include("1") + ",\n" + Transform("2", R"("rule-target": "column", "rule-action":
    "add-column", "value": "x", "expression": "$a || 'b'", "data-type": {"type": "string", "length": "5"},
    "object-locator": {"schema-name": "s", "table-name": "t"})"));
  ASSERT_EQ(ErrorOf(valid), "");
  const std::string bytes = "{}[]\",:\\ \n01a%_\xFF";
  for (int i = 0; i < 20000; ++i) {
    std::string text = valid;
    for (int n = 1 + static_cast<int>(random() % 3); n > 0; --n) {
      const size_t at = random() % text.size();
      if (random() % 3 == 0) {
        text.erase(at, random() % 20);
      } else {
        text[at] = bytes[random() % bytes.size()];
      }
      if (text.empty()) break;
    }
    try {
      ParseTableMapping(text, "m");
    } catch (const Error&) {
    }
  }
}

}  // namespace
}  // namespace airlift
