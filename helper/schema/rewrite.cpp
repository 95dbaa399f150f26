#include "schema/rewrite.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "pg/identifier.h"
#include "schema/sql_lexer.h"

namespace airlift {

namespace {

using Tokens = std::vector<SqlToken>;

bool Is(const Tokens& tokens, size_t index, std::string_view text) {
  return index < tokens.size() && tokens[index].Is(text);
}

bool Matches(const Tokens& tokens, size_t index, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words)
    if (!Is(tokens, index++, word)) return false;
  return true;
}

// The index of the first token at depth 0 where `words` stand; tokens.size() for none.
size_t Find(const Tokens& tokens, std::initializer_list<std::string_view> words, size_t from = 0) {
  for (size_t i = from; i < tokens.size(); ++i)
    if (tokens[i].depth == 0 && Matches(tokens, i, words)) return i;
  return tokens.size();
}

std::string Without(const std::string& sql, size_t begin, size_t end) {
  return sql.substr(0, begin) + " " + sql.substr(end);
}

std::string Joined(const std::vector<std::string>& statements, size_t from = 0) {
  std::string sql;
  for (size_t i = from; i < statements.size(); ++i) sql += statements[i];
  return sql;
}

bool IsInternalOption(const SqlToken& name) { return Unquoted(name.text).rfind("pg_", 0) == 0; }

// The options of "(a=1, b=2)" that are not internal, as text; `open` is the opening parenthesis.
std::vector<std::string> KeptOptions(const std::string& statement, const Tokens& tokens, size_t open) {
  std::vector<std::string> kept;
  const int depth = tokens[open].depth;
  size_t start = open + 1;
  for (size_t i = open + 1; i < tokens.size(); ++i) {
    const bool closes = tokens[i].depth == depth && tokens[i].Is(")");
    if (!closes && !(tokens[i].depth == depth + 1 && tokens[i].Is(","))) continue;
    if (i > start && !IsInternalOption(tokens[start]))
      kept.push_back(statement.substr(tokens[start].offset, tokens[i - 1].end() - tokens[start].offset));
    start = i + 1;
    if (closes) break;
  }
  return kept;
}

std::string RemoveFromStatement(const std::string& statement) {
  const Tokens tokens = Tokenize(statement);
  const size_t column = Find(tokens, {"ALTER", "COLUMN"}, 1);
  const size_t set = Find(tokens, {"SET", "("}, column);
  if (!Is(tokens, 0, "ALTER") || column == tokens.size() || set == tokens.size()) return statement;
  const size_t open = set + 1;
  size_t close = open + 1;
  while (close < tokens.size() && !(tokens[close].depth == tokens[open].depth && tokens[close].Is(")"))) ++close;
  if (close == tokens.size()) return statement;
  const std::vector<std::string> kept = KeptOptions(statement, tokens, open);
  if (kept.empty()) return {};
  return statement.substr(0, tokens[open].end()) + fmt::format("{}", fmt::join(kept, ", ")) +
         statement.substr(tokens[close].offset);
}

// Where the options of CREATE FUNCTION end: at the body.
size_t EndOfRoutineOptions(const Tokens& tokens) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].depth > 0) continue;
    if (tokens[i].Is("AS") || tokens[i].Is("RETURN") || Matches(tokens, i, {"BEGIN", "ATOMIC"})) return i;
  }
  return tokens.size();
}

// The first option that starts with `word`, behind the argument list.
size_t FindRoutineOption(const Tokens& tokens, std::string_view word, size_t from = 0) {
  const size_t end = EndOfRoutineOptions(tokens);
  for (size_t i = std::max(from, Find(tokens, {"LANGUAGE"})); i < end; ++i)
    if (tokens[i].depth == 0 && tokens[i].Is(word)) return i;
  return tokens.size();
}

// Behind "a.b.c" that starts at `index`.
size_t EndOfName(const Tokens& tokens, size_t index) {
  size_t end = index + 1;
  while (Is(tokens, end, ".")) end += 2;
  return std::min(end, tokens.size());
}

// Behind "value, value ..." that starts at `index`; a value may carry a sign.
size_t EndOfValues(const Tokens& tokens, size_t index) {
  while (true) {
    if (Is(tokens, index, "-") || Is(tokens, index, "+")) ++index;
    ++index;
    if (!Is(tokens, index, ",")) return std::min(index, tokens.size());
    ++index;
  }
}

std::string NameText(const Tokens& tokens, size_t begin, size_t end) {
  std::string name;
  for (size_t i = begin; i < end; ++i) name += tokens[i].kind == TokenKind::kSymbol ? "." : Unquoted(tokens[i].text);
  return name;
}

// "DEFERRABLE", "INITIALLY DEFERRED" ... of a constraint.
std::string Deferral(const std::string& statement, const Tokens& tokens, size_t from) {
  const size_t not_deferrable = Find(tokens, {"NOT", "DEFERRABLE"}, from);
  const size_t start =
      std::min({Find(tokens, {"DEFERRABLE"}, from), not_deferrable, Find(tokens, {"INITIALLY"}, from)});
  if (start == tokens.size()) return {};
  const size_t end = Is(tokens, tokens.size() - 1, ";") ? tokens.back().offset : statement.size();
  return " " + statement.substr(tokens[start].offset, end - tokens[start].offset);
}

}  // namespace

std::string Unquoted(std::string_view identifier) {
  std::string name;
  if (identifier.empty() || identifier.front() != '"') {
    for (const char c : identifier) name += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return name;
  }
  identifier.remove_prefix(1);
  if (!identifier.empty()) identifier.remove_suffix(1);
  for (size_t i = 0; i < identifier.size(); ++i) {
    name += identifier[i];
    if (identifier[i] == '"') ++i;
  }
  return name;
}

std::string RemoveInternalOptions(const std::string& sql) {
  if (sql.find("pg_") == std::string::npos || sql.find(" SET (") == std::string::npos) return sql;
  std::string kept;
  for (const std::string& statement : SplitStatements(sql)) kept += RemoveFromStatement(statement);
  return kept;
}

std::string RemoveRoutineClause(const std::string& sql, std::string_view clause) {
  const Tokens tokens = Tokenize(sql);
  const size_t found = FindRoutineOption(tokens, clause);
  if (found == tokens.size()) return sql;
  const size_t end = clause == "SUPPORT" ? EndOfName(tokens, found + 1) : found + 1;
  return Without(sql, tokens[found].offset, tokens[end - 1].end());
}

std::string RemoveSetClause(const std::string& sql, std::string_view parameter) {
  const Tokens tokens = Tokenize(sql);
  for (size_t set = FindRoutineOption(tokens, "SET"); set < tokens.size();
       set = FindRoutineOption(tokens, "SET", set + 1)) {
    const size_t name_end = EndOfName(tokens, set + 1);
    const std::string name = NameText(tokens, set + 1, name_end);
    const bool same = std::equal(name.begin(), name.end(), parameter.begin(), parameter.end(),
                                 [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
    if (same) return Without(sql, tokens[set].offset, tokens[EndOfValues(tokens, name_end + 1) - 1].end());
  }
  return sql;
}

std::optional<std::string> UseIndexForConstraint(const std::string& sql) {
  const std::vector<std::string> statements = SplitStatements(sql);
  if (statements.empty()) return std::nullopt;
  const std::string& first = statements[0];
  const Tokens tokens = Tokenize(first);
  const size_t add = Find(tokens, {"ADD", "CONSTRAINT"});
  if (!Matches(tokens, 0, {"ALTER", "TABLE"}) || add + 4 >= tokens.size()) return std::nullopt;
  const bool primary = Matches(tokens, add + 3, {"PRIMARY", "KEY"});
  if (!primary && !Is(tokens, add + 3, "UNIQUE")) return std::nullopt;
  return fmt::format("{} {} USING INDEX {}{};", first.substr(0, tokens[add + 2].end()),
                     primary ? "PRIMARY KEY" : "UNIQUE", tokens[add + 2].text, Deferral(first, tokens, add + 3)) +
         Joined(statements, 1);
}

std::optional<std::string> IndexOfConstraint(const std::string& sql) {
  const std::vector<std::string> statements = SplitStatements(sql);
  if (statements.empty()) return std::nullopt;
  const std::string& first = statements[0];
  const Tokens tokens = Tokenize(first);
  const size_t add = Find(tokens, {"ADD", "CONSTRAINT"});
  if (!Matches(tokens, 0, {"ALTER", "TABLE"}) || add + 4 >= tokens.size()) return std::nullopt;
  const size_t table = Is(tokens, 2, "ONLY") ? 3 : 2;
  size_t at = add + 3;
  if (Matches(tokens, at, {"PRIMARY", "KEY"})) {
    at += 2;
  } else if (Is(tokens, at, "UNIQUE")) {
    ++at;
  } else {
    return std::nullopt;
  }
  const bool nulls_not_distinct = Matches(tokens, at, {"NULLS", "NOT", "DISTINCT"});
  if (nulls_not_distinct) at += 3;
  if (!Is(tokens, at, "(")) return std::nullopt;
  const auto group = [&](size_t open) {  // "( ... )", and where it ends
    size_t close = open + 1;
    while (close < tokens.size() && !(tokens[close].depth == tokens[open].depth && tokens[close].Is(")"))) ++close;
    return close;
  };
  const size_t columns_end = group(at);
  if (columns_end >= tokens.size()) return std::nullopt;
  for (size_t i = at; i < columns_end; ++i)
    if (Matches(tokens, i, {"WITHOUT", "OVERLAPS"})) return std::nullopt;
  const std::string columns = first.substr(tokens[at].offset, tokens[columns_end].end() - tokens[at].offset);
  std::string include, with;
  for (size_t i = columns_end + 1; i + 1 < tokens.size(); ++i) {
    if (tokens[i].depth != tokens[at].depth || !Is(tokens, i + 1, "(")) continue;
    const size_t close = group(i + 1);
    if (close >= tokens.size()) return std::nullopt;
    const std::string text = " " + first.substr(tokens[i].offset, tokens[close].end() - tokens[i].offset);
    if (tokens[i].Is("INCLUDE")) include = text;
    if (tokens[i].Is("WITH")) with = text;
  }
  return fmt::format("CREATE UNIQUE INDEX {} ON {} USING btree {}{}{}{}", tokens[add + 2].text,
                     first.substr(tokens[table].offset, tokens[add - 1].end() - tokens[table].offset), columns, include,
                     nulls_not_distinct ? " NULLS NOT DISTINCT" : "", with);
}

std::optional<SplitForeignKey> SplitValidation(const std::string& sql) {
  const std::vector<std::string> statements = SplitStatements(sql);
  if (statements.empty()) return std::nullopt;
  const std::string& first = statements[0];
  const Tokens tokens = Tokenize(first);
  const size_t add = Find(tokens, {"ADD", "CONSTRAINT"});
  if (!Matches(tokens, 0, {"ALTER", "TABLE"}) || !Matches(tokens, add + 3, {"FOREIGN", "KEY"})) return std::nullopt;
  if (Find(tokens, {"NOT", "VALID"}, add) < tokens.size() || Find(tokens, {"NOT", "ENFORCED"}, add) < tokens.size())
    return std::nullopt;
  const size_t end = Is(tokens, tokens.size() - 1, ";") ? tokens.back().offset : first.size();
  return SplitForeignKey{
      first.substr(0, end) + " NOT VALID;" + Joined(statements, 1),
      first.substr(0, tokens[add].offset) + "VALIDATE CONSTRAINT " + std::string(tokens[add + 2].text) + ";"};
}

std::string RenameDatabase(const std::string& sql, const std::string& from, const std::string& to) {
  std::string renamed;
  size_t copied = 0;
  const Tokens tokens = Tokenize(sql);
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!tokens[i].Is("DATABASE") || tokens[i].depth > 0 || Unquoted(tokens[i + 1].text) != from) continue;
    renamed += sql.substr(copied, tokens[i + 1].offset - copied) + QuoteIdentifier(to);
    copied = tokens[i + 1].end();
  }
  return renamed + sql.substr(copied);
}

std::vector<std::string> GrantStatements(const std::string& sql) {
  std::vector<std::string> grants;
  std::string grantor;
  for (const std::string& statement : SplitStatements(sql)) {
    const Tokens tokens = Tokenize(statement);
    if (Matches(tokens, 0, {"SET", "SESSION", "AUTHORIZATION"}) && tokens.size() > 3) {
      grantor = tokens[3].kind == TokenKind::kString ? std::string() : std::string(tokens[3].text);
    } else if (Matches(tokens, 0, {"RESET", "SESSION", "AUTHORIZATION"})) {
      grantor.clear();
    } else {
      grants.push_back(grantor.empty() ? statement : fmt::format("SET ROLE {};{}\nRESET ROLE;", grantor, statement));
    }
  }
  return grants;
}

std::vector<std::string> IndependentStatements(const std::string& sql) {
  std::vector<std::string> groups;
  bool inside_role = false;
  for (const std::string& statement : SplitStatements(sql)) {
    if (inside_role) {
      groups.back() += statement;
    } else {
      groups.push_back(statement);
    }
    const Tokens tokens = Tokenize(statement);
    if (Matches(tokens, 0, {"SET", "ROLE"})) inside_role = true;
    if (Matches(tokens, 0, {"RESET", "ROLE"})) inside_role = false;
  }
  return groups;
}

std::vector<std::string> GrantorRoles(const std::string& sql) {
  std::vector<std::string> roles;
  for (const std::string& statement : SplitStatements(sql)) {
    const Tokens tokens = Tokenize(statement);
    if (Matches(tokens, 0, {"SET", "ROLE"}) && tokens.size() > 2) roles.push_back(Unquoted(tokens[2].text));
  }
  return roles;
}

std::string ServerOfUserMapping(const std::string& sql) {
  const Tokens tokens = Tokenize(sql);
  const size_t server = Find(tokens, {"SERVER"}, 4);
  return server + 1 < tokens.size() ? Unquoted(tokens[server + 1].text) : std::string();
}

}  // namespace airlift
