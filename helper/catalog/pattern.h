// Object name patterns as psql and pg_dump take them: [schema.]name, with * and ?, folded to lower case unless quoted.
#pragma once

#include <string>
#include <vector>

namespace airlift {

struct NamePattern {
  std::string schema_regex;  // empty: any schema
  std::string name_regex;
};

// Throws Error when the pattern has more than one dot outside quotes, or an open quote.
NamePattern ParseNamePattern(const std::string& pattern);

// True when `patterns` is empty or one of them matches.
bool Matches(const std::vector<NamePattern>& patterns, const std::string& schema, const std::string& name);

// The position of the first, or the last, `wanted` outside double quotes; npos where there is none.
size_t FindUnquoted(const std::string& text, char wanted, bool last);

}  // namespace airlift
