#include "prepare/globals_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

#include "base/error.h"
#include "pg/identifier.h"
#include "pg/sql_text.h"
#include "schema/rewrite.h"
#include "schema/sql_lexer.h"

namespace airlift {

namespace {

constexpr size_t kLargestFile = size_t{64} << 20;
constexpr std::string_view kLastLine = "PostgreSQL database cluster dump complete";
constexpr size_t kShownWords = 5;

// 'text' or E'text'; nullopt where a string of another kind stands.
std::optional<std::string> StringValue(std::string_view literal) {
  const bool escaped = literal.front() == 'E' || literal.front() == 'e';
  if (escaped) literal.remove_prefix(1);
  if (literal.size() < 2 || literal.front() != '\'' || literal.back() != '\'') return std::nullopt;
  literal = literal.substr(1, literal.size() - 2);
  std::string value;
  for (size_t i = 0; i < literal.size(); ++i) {
    const char c = literal[i];
    if ((c != '\'' && !(c == '\\' && escaped)) || i + 1 == literal.size()) {
      value += c;
      continue;
    }
    const char next = literal[++i];
    // pg_dumpall doubles backslashes and escapes nothing else.
    if (c == '\\' && next != '\\' && next != '\'') return std::nullopt;
    value += next;
  }
  return value;
}

// A statement as a row of tokens that are taken from the front.
class Cursor {
 public:
  Cursor(const SqlToken* begin, const SqlToken* end) : next_(begin), end_(end) {}

  bool AtEnd() const { return next_ == end_; }

  // All of these words, or none.
  bool Take(std::initializer_list<std::string_view> words) {
    if (static_cast<size_t>(end_ - next_) < words.size()) return false;
    if (!std::equal(words.begin(), words.end(), next_,
                    [](std::string_view word, const SqlToken& token) { return token.Is(word); }))
      return false;
    next_ += words.size();
    return true;
  }

  std::optional<std::string> TakeName() {
    const bool is_name = !AtEnd() && (next_->kind == TokenKind::kWord || next_->text.front() == '"');
    return is_name ? std::optional(Unquoted((next_++)->text)) : std::nullopt;
  }

  std::optional<std::string> TakeString() {
    if (AtEnd() || next_->kind != TokenKind::kString) return std::nullopt;
    auto value = StringValue(next_->text);
    if (value) ++next_;
    return value;
  }

  std::optional<int> TakeInteger() {
    const bool negative = Take({"-"});
    if (AtEnd() || next_->kind != TokenKind::kNumber) return std::nullopt;
    int value = 0;
    const std::string_view text = next_->text;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
    ++next_;
    return negative ? -value : value;
  }

  std::optional<bool> TakeSwitch() {
    if (Take({"TRUE"}) || Take({"OPTION"})) return true;
    return Take({"FALSE"}) ? std::optional(false) : std::nullopt;
  }

  // One value of a setting.
  std::optional<std::string> TakeValue() {
    if (auto text = TakeString()) return text;
    if (AtEnd() || (next_->kind != TokenKind::kWord && next_->kind != TokenKind::kNumber)) return std::nullopt;
    return std::string((next_++)->text);
  }

 private:
  const SqlToken* next_;
  const SqlToken* end_;
};

constexpr struct {
  std::string_view yes;
  std::string_view no;
  bool RoleFacts::*flag;
} kAttributes[] = {
    {"SUPERUSER", "NOSUPERUSER", &RoleFacts::superuser},
    {"INHERIT", "NOINHERIT", &RoleFacts::inherit},
    {"CREATEROLE", "NOCREATEROLE", &RoleFacts::createrole},
    {"CREATEDB", "NOCREATEDB", &RoleFacts::createdb},
    {"LOGIN", "NOLOGIN", &RoleFacts::login},
    {"REPLICATION", "NOREPLICATION", &RoleFacts::replication},
    {"BYPASSRLS", "NOBYPASSRLS", &RoleFacts::bypassrls},
};

// Statements that say nothing about the application's roles on a managed target: a note each, by their first words.
constexpr struct {
  std::string_view words[3];
  const char* detail;
} kLeftOut[] = {
    {{"CREATE", "TABLESPACE"}, "Managed servers have no tablespaces of one's own; tables go to the default one."},
    {{"ALTER", "TABLESPACE"}, "Managed servers have no tablespaces of one's own."},
    {{"COMMENT", "ON", "TABLESPACE"}, "Managed servers have no tablespaces of one's own."},
    {{"SECURITY", "LABEL"}, "Managed servers load no security label provider."},
    {{"ALTER", "DATABASE"}, "Settings of databases come with the databases."},
    {{"DROP", "ROLE"}, "Nothing that is on the target is dropped."},
    {{"DROP", "TABLESPACE"}, "Nothing that is on the target is dropped."},
};

class Parser {
 public:
  Parser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  Globals Run() {
    if (text_.find('\0') != std::string_view::npos) Fail(text_.find('\0'), "it holds a zero byte");
    const std::vector<SqlToken> tokens = Tokenize(text_);
    size_t first = 0;
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (tokens[i].Is("\\")) {
        if (i > first) Fail(tokens[i].offset, "a backslash within a statement");
        i = first = SkipCommand(tokens, i);
        --i;
        continue;
      }
      if (!tokens[i].Is(";")) continue;
      if (i > first) Statement(&tokens[first], &tokens[i]);
      first = i + 1;
    }
    if (first < tokens.size()) Fail(text_.size(), "it ends within a statement: it is cut off");
    if (text_.find(kLastLine) == std::string_view::npos)
      Fail(text_.size(), "it does not end with pg_dumpall's last line: it is cut off",
           fmt::format("Make it anew; one that was edited must keep the line \"-- {}\".", kLastLine));
    Finish();
    return std::move(globals_);
  }

 private:
  [[noreturn]] void Fail(size_t offset, const std::string& what, const std::string& hint = {}) const {
    const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(offset), '\n');
    throw Error(fmt::format("{}:{}: {}", name_, line, what), {},
                hint.empty() ? "Roles are taken from what pg_dumpall --globals-only writes." : hint);
  }

  // A command of psql from its backslash to the end of the line; returns the token behind it. Only the brackets that
  // newer pg_dumpalls put around what they write are expected.
  size_t SkipCommand(const std::vector<SqlToken>& tokens, size_t i) {
    const size_t begin = tokens[i].offset;
    const size_t end = std::min(text_.find('\n', begin), text_.size());
    std::string_view line = text_.substr(begin, end - begin);
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const bool opens = line.rfind("\\restrict ", 0) == 0;
    const bool closes = line.rfind("\\unrestrict ", 0) == 0;
    if (!opens && !closes) {
      const std::string command(line.substr(0, line.find_first_of(" \t")));
      if (command == "\\connect" || command == "\\c")
        Fail(begin, "it goes on with the content of a database",
             "Make it with pg_dumpall --globals-only, and move the databases with pg_airlift.");
      Fail(begin, fmt::format("the psql command {} is none that pg_dumpall writes", OneLine(command.substr(0, 40))));
    }
    const std::string key(line.substr(line.find(' ') + 1));
    const bool plain =
        !key.empty() && std::all_of(key.begin(), key.end(), [](unsigned char c) { return std::isalnum(c) != 0; });
    if (!plain || (opens && !key_.empty()) || (closes && key != key_))
      Fail(begin, fmt::format("{} is not as pg_dumpall writes it", opens ? "\\restrict" : "\\unrestrict"));
    key_ = opens ? key : std::string();
    while (i < tokens.size() && tokens[i].offset < end) ++i;
    return i;
  }

  void Statement(const SqlToken* begin, const SqlToken* end) {
    Cursor cursor(begin, end);
    if (cursor.Take({"SET"})) return SessionSetting(begin, cursor);
    for (const auto& read : {&Parser::Role, &Parser::Setting, &Parser::Grant, &Parser::Comment})
      if ((this->*read)(Cursor(begin, end))) return;
    LeaveOut(begin, end);
  }

  void SessionSetting(const SqlToken* begin, Cursor cursor) {
    const auto name = cursor.TakeName();
    if (!cursor.Take({"="}) && !cursor.Take({"TO"})) return LeaveOut(begin, begin + 1);
    const std::string value = cursor.TakeValue().value_or("");
    const bool ascii = std::all_of(text_.begin(), text_.end(), [](unsigned char c) { return c < 0x80; });
    if (name == "client_encoding" && value != "UTF8" && !ascii)
      Fail(begin->offset, fmt::format("its encoding is {}", OneLine(value)),
           "Make it with pg_dumpall --encoding=UTF8.");
    if (name == "standard_conforming_strings" && value != "on")
      Fail(begin->offset, "standard_conforming_strings is not on", "Make it with a pg_dumpall of version 10 or later.");
  }

  // Null before its CREATE ROLE.
  RoleFacts* Find(const std::string& name) {
    auto& roles = globals_.roles.roles;
    const auto found = std::find_if(roles.begin(), roles.end(), [&](const RoleFacts& r) { return r.name == name; });
    return found == roles.end() ? nullptr : &*found;
  }

  // CREATE ROLE name, ALTER ROLE name WITH attributes
  bool Role(Cursor cursor) {
    const bool creates = cursor.Take({"CREATE", "ROLE"});
    if (!creates && !cursor.Take({"ALTER", "ROLE"})) return false;
    const auto name = cursor.TakeName();
    if (!name) return false;
    const bool has_attributes = cursor.Take({"WITH"});
    if (!has_attributes && !(creates && cursor.AtEnd())) return false;
    RoleFacts* known = Find(*name);
    if (!creates && known == nullptr) return false;
    RoleFacts role = known == nullptr ? RoleFacts() : *known;
    role.name = *name;
    while (!cursor.AtEnd())
      if (!Attribute(cursor, role)) return false;
    globals_.roles.passwords_readable |= role.password_hash.has_value();
    if (known == nullptr) {
      globals_.roles.roles.push_back(std::move(role));
    } else {
      *known = std::move(role);
    }
    return true;
  }

  bool Attribute(Cursor& cursor, RoleFacts& role) {
    for (const auto& attribute : kAttributes) {
      const bool yes = cursor.Take({attribute.yes});
      if (!yes && !cursor.Take({attribute.no})) continue;
      role.*attribute.flag = yes;
      return true;
    }
    if (cursor.Take({"CONNECTION", "LIMIT"})) {
      const auto limit = cursor.TakeInteger();
      if (limit) role.connection_limit = *limit;
      return limit.has_value();
    }
    if (cursor.Take({"VALID", "UNTIL"})) {
      role.valid_until = cursor.TakeString();
      return role.valid_until.has_value();
    }
    cursor.Take({"ENCRYPTED"});
    if (!cursor.Take({"PASSWORD"})) return false;
    if (cursor.Take({"NULL"})) return true;
    role.password_hash = cursor.TakeString();
    return role.password_hash.has_value();
  }

  // ALTER ROLE {name | ALL} [IN DATABASE name] SET setting {TO | =} value, ...
  bool Setting(Cursor cursor) {
    if (!cursor.Take({"ALTER", "ROLE"})) return false;
    SettingFacts setting;
    if (!cursor.Take({"ALL"})) {
      setting.role = cursor.TakeName();
      if (!setting.role) return false;
    }
    if (!cursor.Take({"SET"})) return false;  // IN DATABASE: comes with the database
    std::optional<std::string> part = cursor.TakeName();
    for (; part; part = cursor.TakeName()) {
      setting.name += *part;
      if (!cursor.Take({"."})) break;
      setting.name += '.';
    }
    if (!part || (!cursor.Take({"TO"}) && !cursor.Take({"="}))) return false;
    std::vector<std::string> values;
    do {
      const auto value = cursor.TakeValue();
      if (!value) return false;
      values.push_back(*value);
    } while (cursor.Take({","}));
    if (!cursor.AtEnd()) return false;
    setting.value = StoredSettingValue(setting.name, values);
    globals_.roles.settings.push_back(std::move(setting));
    return true;
  }

  // GRANT role TO member [WITH options] [GRANTED BY role]
  bool Grant(Cursor cursor) {
    if (!cursor.Take({"GRANT"})) return false;
    MembershipFacts membership;
    const auto role = cursor.TakeName();
    if (!role || !cursor.Take({"TO"})) return false;
    const auto member = cursor.TakeName();
    if (!member) return false;
    membership.role = *role;
    membership.member = *member;
    if (cursor.Take({"WITH"}) && !GrantOptions(cursor, membership.options)) return false;
    if (cursor.Take({"GRANTED", "BY"}) && !cursor.TakeName()) return false;
    if (!cursor.AtEnd()) return false;
    Add(membership);
    return true;
  }

  // INHERIT is written by pg_dumpall of 16 and later, always; SET only where it is not given.
  static bool GrantOptions(Cursor& cursor, MembershipOptions& options) {
    do {
      const bool is_admin = cursor.Take({"ADMIN"});
      const bool is_inherit = !is_admin && cursor.Take({"INHERIT"});
      if (!is_admin && !is_inherit && !cursor.Take({"SET"})) return false;
      const auto value = cursor.TakeSwitch();
      if (!value) return false;
      if (is_admin) {
        options.admin = *value;
      } else {
        (is_inherit ? options.inherit : options.set) = *value;
      }
    } while (cursor.Take({","}));
    if (options.inherit) options.set = options.set.value_or(true);
    return true;
  }

  // Several grantors may have granted the same: together they give what any of them gives.
  void Add(const MembershipFacts& membership) {
    for (MembershipFacts& known : globals_.roles.memberships) {
      if (known.role != membership.role || known.member != membership.member) continue;
      known.options.admin |= membership.options.admin;
      if (membership.options.inherit)
        known.options.inherit = known.options.inherit.value_or(false) || *membership.options.inherit;
      if (membership.options.set) known.options.set = known.options.set.value_or(false) || *membership.options.set;
      return;
    }
    globals_.roles.memberships.push_back(membership);
  }

  // COMMENT ON ROLE name IS 'text'
  bool Comment(Cursor cursor) {
    if (!cursor.Take({"COMMENT", "ON", "ROLE"})) return false;
    const auto name = cursor.TakeName();
    if (!name || !cursor.Take({"IS"})) return false;
    const auto comment = cursor.TakeString();
    RoleFacts* role = Find(*name);
    if (!comment || !cursor.AtEnd() || role == nullptr) return false;
    role->comment = comment;
    return true;
  }

  // Never with its strings: one may be a password.
  void LeaveOut(const SqlToken* begin, const SqlToken* end) {
    std::string words;
    for (const SqlToken* token = begin; token != end && static_cast<size_t>(token - begin) < kShownWords; ++token)
      if (token->kind != TokenKind::kString) words += (words.empty() ? "" : " ") + std::string(token->text);
    const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(begin->offset), '\n');
    PrepareFinding finding{"role.globals",
                           fmt::format("{}:{}: {}", name_, line, OneLine(words)),
                           "Not a statement about roles that pg_dumpall --globals-only writes.",
                           "Run by hand what of it is needed.",
                           false,
                           false};
    const auto note = [&](const char* detail) {
      finding.detail = detail;
      finding.remedy.clear();
      finding.is_note = true;
    };
    for (const auto& rule : kLeftOut) {
      Cursor cursor(begin, end);
      if (std::all_of(std::begin(rule.words), std::end(rule.words),
                      [&](std::string_view word) { return word.empty() || cursor.Take({word}); }))
        note(rule.detail);
    }
    const auto is = [&](std::string_view word) {
      return std::any_of(begin, end, [&](const SqlToken& token) { return token.Is(word); });
    };
    if (begin->Is("GRANT") && is("TABLESPACE")) {
      note("Managed servers have no tablespaces of one's own.");
    } else if (begin->Is("GRANT") && is("PARAMETER")) {
      finding.detail = "Privileges on settings are for superusers to give.";
      finding.remedy = "Set it in the parameter group, or have the service's administrator role grant it.";
    }
    globals_.left_out.push_back(std::move(finding));
  }

  void Finish() {
    SourceRoles& roles = globals_.roles;
    for (RoleFacts& role : roles.roles) {
      role.is_bootstrap = role.name == "postgres" && role.superuser;
      role.is_predefined = role.name.rfind("pg_", 0) == 0;
      roles.is_managed = roles.is_managed || role.name == "rdsadmin";
      for (MembershipFacts& membership : roles.memberships)
        if (membership.member == role.name) membership.member_inherits = role.inherit;
    }
    roles.why_no_passwords = "The file was made without passwords: this role has no password on the target.";
  }

  std::string_view text_;
  const std::string& name_;
  std::string key_;  // of \restrict
  Globals globals_;
};

}  // namespace

Globals ParseGlobals(std::string_view text, const std::string& name) { return Parser(text, name).Run(); }

Globals ReadGlobals(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text;
  if (file) text.assign(std::istreambuf_iterator<char>(file), {});
  if (!file || file.bad()) throw Error(fmt::format("could not read \"{}\": {}", path, std::strerror(errno)));
  if (text.size() > kLargestFile)
    throw Error(fmt::format("\"{}\" is too large to hold roles alone", path), {},
                "Make it with pg_dumpall --globals-only.");
  return ParseGlobals(text, path);
}

}  // namespace airlift
