#include "pg/sql_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "pg/identifier.h"

namespace airlift {

namespace {

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool HasControl(std::string_view text) { return std::any_of(text.begin(), text.end(), IsControl); }

// Marked GUC_LIST_QUOTE in the server; pg_dump keeps the same list (variable_is_guc_list_quote).
constexpr const char* kQuotedListSettings[] = {
    "local_preload_libraries",  "search_path",      "session_preload_libraries",
    "shared_preload_libraries", "temp_tablespaces", "unix_socket_directories",
};

bool IsQuotedList(std::string setting) {
  for (char& c : setting) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::any_of(std::begin(kQuotedListSettings), std::end(kQuotedListSettings),
                     [&](const char* name) { return setting == name; });
}

// As the server quotes the elements of a list, keywords apart.
std::string ListElement(const std::string& element) {
  const bool plain = !element.empty() && std::isdigit(static_cast<unsigned char>(element.front())) == 0 &&
                     std::all_of(element.begin(), element.end(),
                                 [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
  return plain ? element : QuoteIdentifier(element);
}

}  // namespace

std::string SqlName(std::string_view name) {
  if (!HasControl(name)) return QuoteIdentifier(name);
  std::string quoted = "U&\"";
  for (const char c : name) {
    if (IsControl(c)) {
      quoted += fmt::format("\\{:04x}", static_cast<unsigned char>(c));
    } else {
      if (c == '"' || c == '\\') quoted += c;
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string SqlText(std::string_view value) {
  const bool escaped = HasControl(value) || value.find('\\') != std::string_view::npos;
  std::string quoted = escaped ? "E'" : "'";
  for (const char c : value) {
    if (IsControl(c)) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      if (c == '\'' || c == '\\') quoted += c;
      quoted += c;
    }
  }
  return quoted + '\'';
}

std::string PrintableNames(const std::string& sql) {
  std::string printable;
  for (size_t i = 0; i < sql.size(); ++i) {
    if (sql[i] != '"') {
      printable += sql[i];
      continue;
    }
    std::string name;
    for (++i; i < sql.size(); ++i) {
      if (sql[i] == '"' && (i + 1 == sql.size() || sql[++i] != '"')) {
        --i;
        break;
      }
      name += sql[i];
    }
    printable += SqlName(name);
  }
  return printable;
}

std::string SqlComment(std::string_view text) {
  std::string comment = "-- ";
  for (const char c : text) {
    comment += c;
    // psql ends a comment at either.
    if (c == '\n' || c == '\r') comment += "-- ";
  }
  return comment + "\n";
}

std::string OneLine(std::string_view text) {
  std::string line;
  for (const char c : text) {
    if (c == '\n') {
      line += "; ";
    } else if (IsControl(c)) {
      line += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      line += c;
    }
  }
  return line;
}

std::vector<std::string> SplitQuotedList(std::string_view list) {
  std::vector<std::string> elements;
  std::string element;
  bool quoted = false, seen = false;
  for (size_t i = 0; i < list.size(); ++i) {
    const char c = list[i];
    if (c == '"') {
      seen = true;
      if (quoted && i + 1 < list.size() && list[i + 1] == '"') {
        element += '"';
        ++i;
      } else {
        quoted = !quoted;
      }
    } else if (quoted) {
      element += c;
    } else if (c == ',') {
      elements.push_back(element);
      element.clear();
      seen = true;  // an element follows, be it empty
    } else if (std::isspace(static_cast<unsigned char>(c)) == 0) {
      element += c;
      seen = true;
    }
  }
  if (seen) elements.push_back(element);
  return elements;
}

std::string SqlSettingValue(const std::string& setting, const std::string& value) {
  if (!IsQuotedList(setting)) return SqlText(value);
  std::string list;
  for (const std::string& element : SplitQuotedList(value)) list += (list.empty() ? "" : ", ") + SqlText(element);
  return list.empty() ? "''" : list;
}

std::string StoredSettingValue(const std::string& setting, const std::vector<std::string>& literals) {
  const bool is_list = IsQuotedList(setting);
  if (is_list && literals.size() == 1 && literals.front().empty()) return {};
  std::string value;
  for (const std::string& literal : literals)
    value += (value.empty() ? "" : ", ") + (is_list ? ListElement(literal) : literal);
  return value;
}

}  // namespace airlift
