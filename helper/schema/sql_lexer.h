// A small lexer of PostgreSQL's SQL: enough to take apart what pg_dump wrote, whatever hides in literals and names.
//
// It knows '' "" E'' $tag$ strings, -- and nested /* */ comments, and BEGIN ATOMIC bodies; it assumes
// standard_conforming_strings = on, which pg_dump sets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace airlift {

enum class TokenKind { kWord, kQuotedIdentifier, kString, kNumber, kSymbol };

struct SqlToken {
  TokenKind kind;
  std::string_view text;  // as written, quotes included
  size_t offset;          // of text in the input
  int depth;              // open parentheses before it; an opening one carries the depth outside, as does a closing one

  size_t end() const { return offset + text.size(); }
  // An unquoted word, compared without case; or a symbol.
  bool Is(std::string_view expected) const;
};

// The tokens of `sql`, comments and blanks dropped. The views point into `sql`. An unterminated string or comment ends
// with the input.
std::vector<SqlToken> Tokenize(std::string_view sql);

// The statements of `sql` with the semicolon that ends each; comments before a statement stay with it. Pieces without
// a token are dropped.
std::vector<std::string> SplitStatements(std::string_view sql);

}  // namespace airlift
