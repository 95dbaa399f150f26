// Object name patterns as psql and pg_dump take them: [schema.]name, with * and ? and regular expressions, folded to
// lower case unless quoted.
#pragma once

#include <string>
#include <vector>

namespace airlift {

// Regular expressions as PostgreSQL has them, of whole names.
struct NamePattern {
  std::string schema_regex;  // empty: any schema
  std::string name_regex;
};

// Throws Error when the pattern has more than one dot outside quotes, an open quote, or no name.
NamePattern ParseNamePattern(const std::string& pattern);

// Takes "database." off the front of a pattern that has more than `parts` parts otherwise; the name, or "" where there
// is none. It is a name as it stands, without wildcards.
std::string TakeDatabase(std::string& pattern, int parts);

// True when `patterns` is empty or one of them matches. Throws Error where a pattern is no regular expression.
bool Matches(const std::vector<NamePattern>& patterns, const std::string& schema, const std::string& name);

// The position of the first, or the last, `wanted` outside double quotes; npos where there is none.
size_t FindUnquoted(const std::string& text, char wanted, bool last);

}  // namespace airlift
