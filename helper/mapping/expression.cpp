#include "mapping/expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "pg/identifier.h"

namespace airlift {

namespace {

struct Word {
  std::string_view name;  // in lower case
  std::string_view sql;
  bool is_function;
};
constexpr Word kWords[] = {
    {"case", "CASE", false},
    {"when", "WHEN", false},
    {"then", "THEN", false},
    {"else", "ELSE", false},
    {"end", "END", false},
    {"and", "AND", false},
    {"or", "OR", false},
    {"not", "NOT", false},
    {"is", "IS", false},
    {"null", "NULL", false},
    {"in", "IN", false},
    {"between", "BETWEEN", false},
    {"lower", "pg_catalog.lower", true},
    {"upper", "pg_catalog.upper", true},
    {"length", "pg_catalog.length", true},
    {"substr", "pg_catalog.substr", true},
    {"trim", "pg_catalog.btrim", true},
    {"ltrim", "pg_catalog.ltrim", true},
    {"rtrim", "pg_catalog.rtrim", true},
    {"replace", "pg_catalog.replace", true},
    {"abs", "pg_catalog.abs", true},
    {"coalesce", "COALESCE", true},
    {"ifnull", "COALESCE", true},
    {"nullif", "NULLIF", true},
};

constexpr std::string_view kOperators[] = {"||", "<>", "!=", "<=", ">=", "==", "+", "-", "*",
                                           "/",  "%",  "=",  "<",  ">",  "(",  ")", ","};

bool IsNameStart(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool IsNamePart(char c) { return IsNameStart(c) || std::isdigit(static_cast<unsigned char>(c)) != 0; }

std::string Literal(const std::string& text) {
  std::string literal = "'";
  for (const char c : text) {
    literal += c;
    if (c == '\'') literal += c;
  }
  return literal + "'";
}

struct Token {
  std::string sql;
  bool is_column = false;
};

class Translator {
 public:
  Translator(const std::string& text, const ExpressionContext& context) : text_(text), context_(context) {}

  std::string Translate() {
    while (SkipBlanks(), at_ < text_.size()) Next();
    if (tokens_.empty()) throw Error("the expression is empty");
    if (depth_ != 0) throw Error("a parenthesis is left open");
    std::string sql;
    for (size_t i = 0; i < tokens_.size(); ++i) {
      // "||" of SQLite makes texts of what it joins.
      const bool is_joined =
          (i > 0 && tokens_[i - 1].sql == "||") || (i + 1 < tokens_.size() && tokens_[i + 1].sql == "||");
      sql += (sql.empty() ? "" : " ") + tokens_[i].sql + (tokens_[i].is_column && is_joined ? "::pg_catalog.text" : "");
    }
    return sql;
  }

 private:
  void SkipBlanks() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }

  void Next() {
    const char c = text_[at_];
    if (c == '\'') return String();
    if (c == '$') return Reference();
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) return Number();
    if (IsNameStart(c)) return Name();
    for (const std::string_view each : kOperators) {
      if (text_.compare(at_, each.size(), each) != 0) continue;
      at_ += each.size();
      if (each == "(") ++depth_;
      if (each == ")" && --depth_ < 0) throw Error("a parenthesis is closed that was not open");
      return Add(each == "!=" ? "<>" : each == "==" ? "=" : std::string(each));
    }
    throw Error(fmt::format("\"{}\" is not supported in expressions", text_.substr(at_, 1)));
  }

  void Add(std::string sql, bool is_column = false) { tokens_.push_back({std::move(sql), is_column}); }

  void String() {
    std::string value;
    for (++at_;; ++at_) {
      if (at_ >= text_.size()) throw Error("a text is left open");
      if (text_[at_] == '\'' && (at_ + 1 >= text_.size() || text_[at_ + 1] != '\'')) break;
      if (text_[at_] == '\'') ++at_;
      value += text_[at_];
    }
    ++at_;
    Add(Literal(value));
  }

  void Number() {
    const size_t start = at_;
    while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    if (at_ + 1 < text_.size() && text_[at_] == '.' && std::isdigit(static_cast<unsigned char>(text_[at_ + 1])) != 0)
      for (++at_; at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])) != 0;) ++at_;
    if (at_ < text_.size() && IsNamePart(text_[at_])) throw Error("a number runs into a name");
    Add(text_.substr(start, at_ - start));
  }

  std::string TakeName() {
    const size_t start = at_;
    while (at_ < text_.size() && IsNamePart(text_[at_])) ++at_;
    return text_.substr(start, at_ - start);
  }

  void Reference() {
    ++at_;
    const std::string name = TakeName();
    if (name == "AR_M_SOURCE_SCHEMA") return Add(Literal(context_.schema));
    if (name == "AR_M_SOURCE_TABLE_NAME") return Add(Literal(context_.table));
    if (name.rfind("AR_", 0) == 0) throw Error(fmt::format("${} is not supported in expressions", name));
    if (!context_.has_column(name)) throw Error(fmt::format("there is no column \"{}\"", name));
    Add(QuoteIdentifier(name), true);
  }

  void Name() {
    std::string name = TakeName();
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const auto known =
        std::find_if(std::begin(kWords), std::end(kWords), [&](const Word& w) { return w.name == name; });
    if (known == std::end(kWords)) throw Error(fmt::format("\"{}\" is not supported in expressions", name));
    SkipBlanks();
    if (known->is_function && (at_ >= text_.size() || text_[at_] != '('))
      throw Error(fmt::format("\"{}\" is a function", name));
    Add(std::string(known->sql));
  }

  const std::string& text_;
  const ExpressionContext& context_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

std::string TranslateExpression(const std::string& text, const ExpressionContext& context) {
  return Translator(text, context).Translate();
}

}  // namespace airlift
