#include "schema/sql_lexer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace airlift {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Texts(std::string_view sql) {
  std::vector<std::string> texts;
  for (const SqlToken& token : Tokenize(sql)) texts.emplace_back(token.text);
  return texts;
}

TEST(Tokenize, KeepsQuotedTextWhole) {
  EXPECT_THAT(Texts(R"(a "b"";c" 'd'';e' E'f\';g' $x$h;$y$ ;$x$ $$;$$ B'01' U&"i;")"),
              ElementsAre("a", R"("b"";c")", "'d'';e'", R"(E'f\';g')", "$x$h;$y$ ;$x$", "$$;$$", "B'01'", R"(U&"i;")"));
}

TEST(Tokenize, BackslashIsNoEscapeInAPlainString) {
  EXPECT_THAT(Texts(R"('\' ; 'x')"), ElementsAre(R"('\')", ";", "'x'"));
}

TEST(Tokenize, DropsCommentsNestedOnesToo) {
  EXPECT_THAT(Texts("a -- ; 'b\n /* c /* ; */ ' */ d --"), ElementsAre("a", "d"));
}

TEST(Tokenize, ReadsNamesInOtherScripts) { EXPECT_THAT(Texts("größe.名前"), ElementsAre("größe", ".", "名前")); }

TEST(Tokenize, CountsParentheses) {
  const auto tokens = Tokenize("f(a, (b)) c");
  EXPECT_EQ(tokens[0].depth, 0);
  EXPECT_EQ(tokens[2].depth, 1);
  EXPECT_EQ(tokens[5].depth, 2);
  EXPECT_EQ(tokens.back().depth, 0);
}

TEST(Tokenize, EndsWithTheInputWhereAStringDoesNot) {
  EXPECT_THAT(Texts("a 'b"), ElementsAre("a", "'b"));
  EXPECT_THAT(Texts("a $q$b"), ElementsAre("a", "$q$b"));
  EXPECT_THAT(Texts("a /* b"), ElementsAre("a"));
}

TEST(SplitStatements, SplitsAtSemicolonsOfStatementsOnly) {
  EXPECT_THAT(SplitStatements("SELECT ';'; CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3"),
              ElementsAre("SELECT ';';", " CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);", " SELECT 3"));
}

TEST(SplitStatements, KeepsAnAtomicBodyTogether) {
  const std::string function =
      "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;";
  EXPECT_THAT(SplitStatements(function + "SELECT 3;"), ElementsAre(function, "SELECT 3;"));
}

TEST(SplitStatements, DropsWhatHasNoStatement) {
  EXPECT_THAT(SplitStatements(" ; -- *not* creating schema, since initdb creates it\n"), IsEmpty());
}

}  // namespace
}  // namespace airlift
