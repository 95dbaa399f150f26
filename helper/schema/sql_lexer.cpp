#include "schema/sql_lexer.h"

#include <algorithm>
#include <cctype>

namespace airlift {

namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// Bytes of multibyte characters count as letters, as they do for the server.
bool IsWordStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool IsWordPart(char c) { return IsWordStart(c) || IsDigit(c) || c == '$'; }

class Lexer {
 public:
  explicit Lexer(std::string_view sql) : sql_(sql) {}

  std::vector<SqlToken> Run() {
    for (SkipBlanks(); position_ < sql_.size(); SkipBlanks()) Next();
    return std::move(tokens_);
  }

 private:
  char At(size_t position) const { return position < sql_.size() ? sql_[position] : '\0'; }

  void SkipBlanks() {
    while (position_ < sql_.size()) {
      if (IsSpace(sql_[position_])) {
        ++position_;
      } else if (At(position_) == '-' && At(position_ + 1) == '-') {
        position_ = std::min(sql_.find('\n', position_), sql_.size());
      } else if (At(position_) == '/' && At(position_ + 1) == '*') {
        SkipBlockComment();
      } else {
        return;
      }
    }
  }

  void SkipBlockComment() {
    int depth = 0;
    while (position_ < sql_.size()) {
      if (At(position_) == '/' && At(position_ + 1) == '*') {
        ++depth;
        position_ += 2;
      } else if (At(position_) == '*' && At(position_ + 1) == '/') {
        position_ += 2;
        if (--depth == 0) return;
      } else {
        ++position_;
      }
    }
  }

  void Next() {
    const size_t start = position_;
    const char c = sql_[position_];
    if (c == '\'') return Add(TokenKind::kString, start, QuotedEnd(start, '\'', false));
    if (c == '"') return Add(TokenKind::kQuotedIdentifier, start, QuotedEnd(start, '"', false));
    if (IsWordStart(c)) return Word(start);
    if (IsDigit(c)) return Number(start);
    if (c == '$') return Dollar(start);
    Symbol(start);
  }

  void Add(TokenKind kind, size_t start, size_t end) {
    tokens_.push_back({kind, sql_.substr(start, end - start), start, depth_});
    position_ = end;
  }

  // The position behind the closing quote of the string that opens at `start`.
  size_t QuotedEnd(size_t start, char quote, bool backslash_escapes) const {
    size_t position = start + 1;
    while (position < sql_.size()) {
      if (backslash_escapes && sql_[position] == '\\') {
        position += 2;
      } else if (sql_[position] != quote) {
        ++position;
      } else if (At(position + 1) == quote) {
        position += 2;
      } else {
        return position + 1;
      }
    }
    return sql_.size();
  }

  void Word(size_t start) {
    size_t end = start + 1;
    while (end < sql_.size() && IsWordPart(sql_[end])) ++end;
    const char first = static_cast<char>(std::tolower(static_cast<unsigned char>(sql_[start])));
    if (At(end) == '\'' && end == start + 1 && (first == 'e' || first == 'b' || first == 'x' || first == 'n'))
      return Add(TokenKind::kString, start, QuotedEnd(end, '\'', first == 'e'));
    if (At(end) == '&' && end == start + 1 && first == 'u' && (At(end + 1) == '\'' || At(end + 1) == '"')) {
      const char quote = At(end + 1);
      return Add(quote == '"' ? TokenKind::kQuotedIdentifier : TokenKind::kString, start,
                 QuotedEnd(end + 1, quote, false));
    }
    Add(TokenKind::kWord, start, end);
  }

  void Number(size_t start) {
    size_t end = start;
    while (end < sql_.size() && (IsWordPart(sql_[end]) || sql_[end] == '.')) ++end;
    Add(TokenKind::kNumber, start, end);
  }

  // $tag$ ... $tag$, or a lone $ (a parameter).
  void Dollar(size_t start) {
    size_t tag_end = start + 1;
    if (!IsDigit(At(tag_end)))
      while (tag_end < sql_.size() && IsWordPart(sql_[tag_end]) && sql_[tag_end] != '$') ++tag_end;
    if (At(tag_end) != '$') return Symbol(start);
    const std::string_view tag = sql_.substr(start, tag_end + 1 - start);
    const size_t close = sql_.find(tag, tag_end + 1);
    Add(TokenKind::kString, start, close == std::string_view::npos ? sql_.size() : close + tag.size());
  }

  void Symbol(size_t start) {
    const char c = sql_[start];
    if (c == ')' && depth_ > 0) --depth_;
    Add(TokenKind::kSymbol, start, start + 1);
    if (c == '(') ++depth_;
  }

  std::string_view sql_;
  size_t position_ = 0;
  int depth_ = 0;
  std::vector<SqlToken> tokens_;
};

// CREATE [OR REPLACE] FUNCTION|PROCEDURE
bool StartsRoutine(const std::vector<SqlToken>& tokens, size_t first) {
  const auto is = [&](size_t index, std::string_view word) { return index < tokens.size() && tokens[index].Is(word); };
  if (!is(first, "CREATE")) return false;
  const size_t kind = is(first + 1, "OR") ? first + 3 : first + 1;
  return is(kind, "FUNCTION") || is(kind, "PROCEDURE");
}

}  // namespace

bool SqlToken::Is(std::string_view expected) const {
  if (kind != TokenKind::kWord && kind != TokenKind::kSymbol) return false;
  return std::equal(text.begin(), text.end(), expected.begin(), expected.end(),
                    [](unsigned char a, unsigned char b) { return std::toupper(a) == std::toupper(b); });
}

std::vector<SqlToken> Tokenize(std::string_view sql) { return Lexer(sql).Run(); }

std::vector<std::string> SplitStatements(std::string_view sql) {
  const std::vector<SqlToken> tokens = Tokenize(sql);
  std::vector<std::string> statements;
  size_t text_begin = 0;
  size_t first_token = 0;
  int atomic_depth = 0;  // BEGIN ATOMIC and each CASE inside it wait for an END
  for (size_t i = 0; i < tokens.size(); ++i) {
    const SqlToken& token = tokens[i];
    if (token.depth > 0) continue;
    if (token.Is("BEGIN") && i + 1 < tokens.size() && tokens[i + 1].Is("ATOMIC") && StartsRoutine(tokens, first_token))
      ++atomic_depth;
    if (atomic_depth > 0 && token.Is("CASE")) ++atomic_depth;
    if (atomic_depth > 0 && token.Is("END")) --atomic_depth;
    if (atomic_depth > 0 || !token.Is(";")) continue;
    if (i > first_token) statements.emplace_back(sql.substr(text_begin, token.end() - text_begin));
    text_begin = token.end();
    first_token = i + 1;
  }
  if (first_token < tokens.size()) statements.emplace_back(sql.substr(text_begin));
  return statements;
}

}  // namespace airlift
