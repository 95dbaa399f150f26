#include "schema_compare/schema_compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "schema_compare/description.h"
#include "schema_compare/description_stream.h"
#include "schema_compare/spelling.h"

namespace airlift {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(WithoutNeedlessQuotes, TakesTheQuotesOfKeywordsOnly) {
  EXPECT_EQ(WithoutNeedlessQuotes("ON t USING btree (\"json_table\", name)"), "ON t USING btree (json_table, name)");
  for (const char* needed : {"\"Mixed\"", "\"a b\"", "\"1a\"", "\"\"", "\"a\"\"b\"", "\"a.b\""})
    EXPECT_EQ(WithoutNeedlessQuotes(needed), needed);
}

TEST(WithoutNeedlessQuotes, LeavesStringLiteralsAlone) {
  for (const char* literal : {"'\"x\"'::text", "'it''s \"x\"'", "'\"x\"", "''"})
    EXPECT_EQ(WithoutNeedlessQuotes(literal), literal);
  EXPECT_EQ(WithoutNeedlessQuotes("'\"a\"' || \"a\" || '\"a\"'"), "'\"a\"' || a || '\"a\"'");
}

TEST(WithoutNeedlessQuotes, AQuoteWithinAQuotedNameOpensNoLiteral) {
  EXPECT_EQ(WithoutNeedlessQuotes("\"it's\" \"a\" 'b'"), "\"it's\" a 'b'");
}

TEST(ShowControls, NoValueForgesALine) {
  EXPECT_EQ(ShowControls("a\nb\x01\x7f\t'"), "a\\nb\\x01\\x7f\\x09'");
  EXPECT_EQ(ShowControls("größe"), "größe");
}

std::vector<Description> AllDescriptions() {
  std::vector<Description> all;
  for (const auto& descriptions : {ObjectDescriptions(), RelationDescriptions(), PrivilegeDescriptions()})
    all.insert(all.end(), descriptions.begin(), descriptions.end());
  return all;
}

TEST(Description, KeepsTheContract) {
  for (const Description& description : AllDescriptions()) {
    EXPECT_GE(description.since_major, 13) << description.kind;
    const std::string query = DescriptionQuery(description, 15, true);
    EXPECT_THAT(query, HasSubstr("object")) << description.kind;
    EXPECT_THAT(query, HasSubstr("parent")) << description.kind;
    EXPECT_THAT(query, Not(HasSubstr("@("))) << description.kind;
    EXPECT_THAT(query, Not(HasSubstr("quote_ident("))) << description.kind << ": depends on the server's keywords";
  }
}

// What belongs to an object is told apart by the object's own description, which must come first.
TEST(Description, OfPropertiesFollowsThatOfTheObject) {
  const std::set<std::string> without_object = {"owner", "grant", "default privileges", "comment"};
  std::set<std::string> described;
  for (const Description& description : AllDescriptions()) {
    if (description.row == Description::Row::kObject) described.insert(description.kind);
    const bool is_known = described.count(description.kind) + without_object.count(description.kind) > 0;
    EXPECT_TRUE(is_known) << description.kind;
  }
}

TEST(DescriptionQuery, WritesIdentifiersByItsOwnRule) {
  const Description description{"x", 13, Description::Row::kObject, "SELECT @(f(a)) || '.' || @(b) AS object"};
  const std::string query = DescriptionQuery(description, 15, false);
  EXPECT_THAT(query, HasSubstr("SELECT 15 AS lower_major, false AS same_major"));
  EXPECT_THAT(query, HasSubstr("CASE WHEN f(a) ~ '^[a-z_][a-z0-9_]*$' THEN f(a)::text ELSE '\"' || "
                               "replace(f(a)::text, '\"', '\"\"') || '\"' END"));
  EXPECT_THAT(query, HasSubstr("CASE WHEN b ~ "));
}

TEST(DescriptionCopyStatement, SortsByBytesOfUtf8AndSendsText) {
  EXPECT_EQ(DescriptionCopyStatement("SELECT 1", {"a \"b\""}),
            "COPY (SELECT q.object::text, q.parent::text, q.\"a \"\"b\"\"\"::text FROM (SELECT 1) q "
            "ORDER BY convert_to(q.object, 'UTF8')) TO STDOUT (FORMAT binary)");
}

}  // namespace
}  // namespace airlift
