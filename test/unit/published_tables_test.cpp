// What of a table mapping cannot be replicated, by the version of the source.
#include "replicate/published_tables.h"

#include <gtest/gtest.h>

namespace airlift {
namespace {

MappedTable Table() {
  MappedTable table;
  table.schema = table.target_schema = "shop";
  table.name = table.target_name = "orders";
  return table;
}

std::vector<PreflightProblem> ProblemsOf(const MappedTable& table, int source_major, bool extension_prepares = true) {
  std::vector<PreflightProblem> problems;
  CheckMappedTables({&table}, source_major, extension_prepares, problems);
  for (const PreflightProblem& problem : problems) {
    EXPECT_TRUE(problem.is_blocker) << problem.message;
    EXPECT_NE(problem.detail.find("shop.orders"), std::string::npos) << problem.detail;
    EXPECT_NE(problem.hint.find("--type full-load"), std::string::npos) << problem.hint;
  }
  return problems;
}

TEST(MappedReplication, FiltersAndColumnListsTakeASourceOf15) {
  MappedTable filtered = Table(), reduced = Table();
  filtered.filter = "id < 10";
  reduced.removed = {"card"};
  for (const MappedTable& table : {filtered, reduced}) {
    for (const int major : {13, 14}) {
      const auto problems = ProblemsOf(table, major, false);
      ASSERT_EQ(problems.size(), 1U) << "the version alone: the extension would not help";
      EXPECT_EQ(problems[0].message, "the source, PostgreSQL " + std::to_string(major) +
                                         ", has no row filters and column lists of publications");
    }
    for (const int major : {15, 16, 17, 18}) {
      EXPECT_TRUE(ProblemsOf(table, major).empty());
      const auto problems = ProblemsOf(table, major, false);
      ASSERT_EQ(problems.size(), 1U);
      EXPECT_NE(problems[0].message.find("need the pg_airlift extension"), std::string::npos) << problems[0].message;
    }
  }
}

TEST(MappedReplication, NamesAndTypesStayWhateverTheVersion) {
  MappedTable table_renamed = Table(), column_renamed = Table(), moved = Table(), retyped = Table(), widened = Table();
  table_renamed.target_name = "invoices";
  column_renamed.renamed = {{"id", "number"}};
  moved.target_schema = "prod";
  retyped.retyped = {{"id", "bigint"}};
  widened.added = {{"who", "text", "first || last"}};
  for (const int major : {13, 14, 15, 18}) {
    for (const MappedTable& table : {table_renamed, column_renamed, moved}) {
      const auto problems = ProblemsOf(table, major);
      ASSERT_EQ(problems.size(), 1U);
      EXPECT_EQ(problems[0].message, "the table mapping renames what is to be replicated");
    }
    for (const MappedTable& table : {retyped, widened}) {
      const auto problems = ProblemsOf(table, major);
      ASSERT_EQ(problems.size(), 1U);
      EXPECT_EQ(problems[0].message, "the table mapping changes or adds columns of what is to be replicated");
    }
    EXPECT_TRUE(ProblemsOf(Table(), major).empty());
  }
}

TEST(MappedReplication, EverythingIsToldAtOnce) {
  MappedTable table = Table();
  table.target_name = "invoices";
  table.retyped = {{"id", "bigint"}};
  table.filter = "id < 10";
  EXPECT_EQ(ProblemsOf(table, 14).size(), 3U);
}

}  // namespace
}  // namespace airlift
