#include "selection/filter_file.h"

#include <fmt/format.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>

#include "base/error.h"

namespace airlift {

namespace {

enum class Allowed { kBoth, kIncludeOnly, kExcludeOnly, kNever };

struct FilterKind {
  std::string_view word;
  Allowed allowed;
  SelectedKind kind;
  const char* refusal;  // of what pg_dump takes and we do not
};
constexpr FilterKind kKinds[] = {
    {"table", Allowed::kBoth, SelectedKind::kTable, nullptr},
    {"table_and_children", Allowed::kBoth, SelectedKind::kTableAndChildren, nullptr},
    {"table_data", Allowed::kExcludeOnly, SelectedKind::kTableData, nullptr},
    {"table_data_and_children", Allowed::kExcludeOnly, SelectedKind::kTableDataAndChildren, nullptr},
    {"schema", Allowed::kBoth, SelectedKind::kSchema, nullptr},
    {"extension", Allowed::kBoth, SelectedKind::kExtension, nullptr},
    {"foreign_data", Allowed::kNever, SelectedKind::kTable,
     "rows of foreign tables are not moved: they belong to another server"},
    {"database", Allowed::kNever, SelectedKind::kTable, "a move is of one database"},
    {"function", Allowed::kNever, SelectedKind::kTable, "pg_dump takes this kind for pg_restore only"},
    {"index", Allowed::kNever, SelectedKind::kTable, "pg_dump takes this kind for pg_restore only"},
    {"trigger", Allowed::kNever, SelectedKind::kTable, "pg_dump takes this kind for pg_restore only"},
};

// Blanks behind these are nobody's.
bool TakesNoSpace(char c) { return c == '.' || c == '(' || c == ')'; }
// These end a word.
bool StandsAlone(char c) { return TakesNoSpace(c) || c == ',' || c == '"' || c == '#'; }

bool IsSpace(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

std::string Lower(std::string_view text) {
  std::string lower;
  for (const char c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& name, SelectionRules& rules)
      : text_(text), name_(name), rules_(rules) {}

  void Parse() {
    while (at_ < text_.size()) {
      SkipBlanks();
      first_line_ = line_;
      if (!AtLineEnd() && Peek() != '#') ParseRule();
      SkipLine();
    }
  }

 private:
  [[noreturn]] void Fail(const std::string& problem) const {
    throw Error(fmt::format("filter file \"{}\", line {}: {}", name_, line_, problem));
  }

  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool AtLineEnd() const { return at_ >= text_.size() || text_[at_] == '\n'; }
  void SkipBlanks() {
    while (!AtLineEnd() && IsSpace(Peek())) ++at_;
  }
  void SkipLine() {
    while (!AtLineEnd()) ++at_;
    if (at_ < text_.size()) ++at_;
    ++line_;
  }

  std::string Word() {
    SkipBlanks();
    const size_t start = at_;
    while (!AtLineEnd() && !IsSpace(Peek())) ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  void ParseRule() {
    const std::string command = Lower(Word());
    if (command != "include" && command != "exclude")
      Fail("invalid filter command (expected \"include\" or \"exclude\")");
    const bool is_include = command == "include";
    const std::string word = Word();
    if (word.empty()) Fail("missing filter object type");
    const FilterKind& kind = FindKind(word);
    if (kind.allowed == Allowed::kNever) Fail(fmt::format("\"{}\": {}", word, kind.refusal));
    if (is_include && kind.allowed == Allowed::kExcludeOnly) Fail(fmt::format("\"{}\" can be excluded only", word));
    const std::string pattern = Pattern();
    if (pattern.empty()) Fail("missing object name pattern");
    rules_.Add(is_include, kind.kind, pattern, fmt::format("{}\"{}\", line {}", kFilterFile, name_, first_line_));
  }

  const FilterKind& FindKind(const std::string& word) const {
    const std::string lower = Lower(word);
    for (const FilterKind& kind : kKinds)
      if (lower == kind.word) return kind;
    Fail(fmt::format("unsupported filter object type: \"{}\"", word));
  }

  // Up to the line's end or a comment. Blanks and commas become what pg_dump makes of them, to the letter, so that a
  // file means the same to both: "shop . t" is shop.t, but a blank before a quoted name belongs to the name.
  std::string Pattern() {
    std::string pattern;
    bool takes_blank = false, blank = false;
    for (SkipBlanks(); !AtLineEnd() && Peek() != '#';) {
      while (!AtLineEnd() && !IsSpace(Peek()) && !StandsAlone(Peek())) {
        if (takes_blank && blank) pattern += ' ';
        takes_blank = false;
        pattern += Peek();
        ++at_;
      }
      const char c = Peek();
      takes_blank = c != ',' && !TakesNoSpace(c);
      if (c == '"') {
        if (blank) pattern += ' ';
        QuotedName(pattern);
      } else if (StandsAlone(c) && c != '#') {
        pattern += c == ',' ? ", " : std::string(1, c);
        ++at_;
      }
      blank = IsSpace(Peek());
      SkipBlanks();
    }
    return pattern;
  }

  void QuotedName(std::string& pattern) {
    pattern += '"';
    for (++at_;; ++at_) {
      if (at_ >= text_.size()) Fail("unexpected end of file in a quoted name");
      const char c = text_[at_];
      if (c == '\r') continue;  // as pg_dump
      if (c == '\n') ++line_;
      if (c == '\\') {
        const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
        if (next != 'n' && next != '\\') Fail("a backslash in a quoted name is written \\\\");
        pattern += next == 'n' ? '\n' : '\\';
        ++at_;
        continue;
      }
      pattern += c;
      if (c != '"') continue;
      if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') break;
      pattern += '"';
      ++at_;
    }
    ++at_;
  }

  const std::string_view text_;
  const std::string& name_;
  SelectionRules& rules_;
  size_t at_ = 0;
  int line_ = 1;
  int first_line_ = 1;
};

}  // namespace

void ParseFilterFile(std::string_view text, const std::string& name, SelectionRules& rules) {
  if (text.find('\0') != std::string_view::npos) throw Error("filter file \"" + name + "\" holds a NUL character");
  Parser(text, name, rules).Parse();
}

void ReadFilterFile(const std::string& path, SelectionRules& rules) {
  std::ifstream file;
  if (path != "-") file.open(path, std::ios::binary);
  std::istream& in = path == "-" ? std::cin : file;
  if (!in || std::filesystem::is_directory(path)) throw Error("could not open filter file \"" + path + "\"");
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) throw Error("could not read filter file \"" + path + "\"");
  ParseFilterFile(text, path == "-" ? "standard input" : path, rules);
}

}  // namespace airlift
