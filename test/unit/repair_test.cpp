#include "row_compare/repair.h"

#include <gtest/gtest.h>

#include <fstream>

#include "compare/subset.h"

namespace airlift {
namespace {

TEST(SqlLiteral, MeansTheSameUnderAnySetting) {
  EXPECT_EQ(SqlLiteral(""), "''");
  EXPECT_EQ(SqlLiteral("it's"), "'it''s'");
  EXPECT_EQ(SqlLiteral("a\\'b"), "E'a\\\\''b'");
  EXPECT_EQ(SqlLiteral("'; DROP TABLE t; --"), "'''; DROP TABLE t; --'");
}

ComparedTable Table() {
  ComparedTable table;
  table.source.schema = table.target.schema = "s";
  table.source.name = table.target.name = "t";
  for (const char* name : {"id", "a", "g"}) table.source.columns.push_back({name, false, true, "", false});
  table.key = {{0, {"id", "integer", "OPERATOR(\"pg_catalog\".=)"}, {"id", "integer", "OPERATOR(\"pg_catalog\".=)"}}};
  return table;
}

TargetTableFacts Facts() {
  TargetTableFacts facts;
  facts.columns["id"] = {.output_function = "int4out", .type = 23};
  facts.columns["a"] = {.output_function = "\"x\".\"out\"", .type = 99999};
  facts.columns["g"] = {.output_function = "int4out", .type = 23, .is_generated = true};
  return facts;
}

std::string Text(SpilledText& text) {
  std::string all;
  text.ForEachPiece([&](std::string_view piece) { all += piece; });
  return all;
}

TableRepair::TextOf Row(std::optional<std::string_view> id, std::optional<std::string_view> a) {
  return [=](size_t position) { return position == 0 ? id : position == 1 ? a : std::optional<std::string_view>("7"); };
}

TEST(TableRepair, WritesStatementsForManyRows) {
  const ComparedTable table = Table();
  TableRepair repair(table, Facts(), true);
  for (int i = 0; i < 101; ++i) repair.Insert(Row("1", "x"));
  repair.DeleteByKey(Row("2", "x"));
  repair.DeleteByKey(Row("3", "x"));
  repair.Update(Row("4", std::nullopt), {1, 2});
  repair.Finish();
  const std::string inserts = Text(repair.inserts());
  EXPECT_EQ(inserts.find("INSERT INTO \"s\".\"t\" (\"id\", \"a\") VALUES\n  ('1', 'x'),\n"), 0U) << inserts;
  EXPECT_EQ(inserts.substr(inserts.size() - 56), ");\nINSERT INTO \"s\".\"t\" (\"id\", \"a\") VALUES\n  ('1', 'x');\n");
  EXPECT_EQ(Text(repair.deletes()), "DELETE FROM ONLY \"s\".\"t\" WHERE \"id\" IN ('2'::integer, '3'::integer);\n");
  EXPECT_EQ(Text(repair.updates()), "UPDATE ONLY \"s\".\"t\" SET \"a\" = NULL WHERE \"id\" = '4'::integer;\n");
}

TEST(TableRepair, RowsWithoutAKeyAreDeletedByAllTheirColumns) {
  ComparedTable table = Table();
  table.key.clear();
  TableRepair repair(table, Facts(), true);
  repair.DeleteCopies(Row("2", "x"), 3);
  EXPECT_EQ(Text(repair.deletes()),
            "DELETE FROM ONLY \"s\".\"t\" WHERE (ctid) IN (SELECT ctid FROM ONLY \"s\".\"t\" WHERE \"id\" = '2' AND "
            "pg_catalog.textin(\"x\".\"out\"(\"a\")) COLLATE \"C\" = 'x' AND \"g\" = '7' LIMIT 3);\n");
}

TEST(TableRepair, WhatUpdateCannotDoIsReplaced) {
  const ComparedTable table = Table();
  TargetTableFacts facts = Facts();
  EXPECT_FALSE(TableRepair(table, facts, true).MustReplace({1}));
  facts.has_other_unique_keys = true;
  EXPECT_TRUE(TableRepair(table, facts, true).MustReplace({1}));
  EXPECT_FALSE(TableRepair(table, facts, false).MustReplace({1})) << "a deletion might cascade";
  facts.columns["a"].is_always_identity = true;
  EXPECT_TRUE(TableRepair(table, facts, false).MustReplace({1}));
}

TEST(SpilledText, IsTheSameOnDisk) {
  SpilledText text;
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    const std::string piece(10000, static_cast<char>('a' + i % 26));
    text.Append(piece);
    expected += piece;
  }
  EXPECT_EQ(text.size(), static_cast<int64_t>(expected.size()));
  EXPECT_TRUE(Text(text) == expected);
}

TEST(Subset, TakesTableAndColumnApartOutsideQuotes) {
  ComparedTable table = Table();
  TableResult result;
  Subset subset({.exclude_columns = {"s.t.a"},
                 .where = {"\"t\"=x = 'a=b'"},
                 .sample_percent = {},
                 .ignore_extra_columns = false});
  subset.ReduceColumns(table, result);
  subset.ReduceRows(table, result);
  EXPECT_EQ(table.source.columns.size(), 2U);
  EXPECT_EQ(result.left_out_columns, std::vector<std::string>{"a"});
  EXPECT_EQ(table.source.condition, "WHERE (x = 'a=b'\n)");
  EXPECT_EQ(subset.Unmatched(), "");
  EXPECT_THROW(Subset({.exclude_columns = {"t"}, .where = {}, .sample_percent = {}, .ignore_extra_columns = false}),
               Error);
  EXPECT_THROW(Subset({.exclude_columns = {}, .where = {"t"}, .sample_percent = {}, .ignore_extra_columns = false}),
               Error);
}

TEST(Subset, AConditionIsJoinedWithThatOfAnExtension) {
  ComparedTable table = Table();
  table.source.condition = "WHERE a OR b -- mine";
  TableResult result;
  Subset subset({.exclude_columns = {}, .where = {"t=c OR d"}, .sample_percent = {}, .ignore_extra_columns = false});
  subset.ReduceRows(table, result);
  EXPECT_EQ(table.source.condition, "WHERE (a OR b -- mine\n) AND (c OR d\n)");
}

}  // namespace
}  // namespace airlift
