#include "check/ini_file.h"

#include <fmt/format.h>

#include <sstream>

#include "base/error.h"

namespace airlift {

namespace {

std::string Trim(const std::string& text) {
  const char* blanks = " \t\r";
  const size_t first = text.find_first_not_of(blanks);
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace

std::vector<IniEntry> ParseIni(const std::string& text, const std::string& file_name) {
  std::vector<IniEntry> entries;
  std::istringstream lines(text);
  std::string section;
  std::string raw;
  for (int number = 1; std::getline(lines, raw); ++number) {
    const std::string line = Trim(raw);
    if (line.empty() || line[0] == '#') continue;
    const auto fail = [&](const std::string& what) {
      throw Error(fmt::format("{}:{}: {}", file_name, number, what), {},
                  "A line is [section], key = value, or a comment that begins with #.");
    };
    if (line[0] == '[') {
      if (line.back() != ']' || line.size() < 3) fail("section is not closed by ]");
      section = Trim(line.substr(1, line.size() - 2));
      entries.push_back({section, "", "", number});
      continue;
    }
    const size_t equals = line.find('=');
    if (equals == std::string::npos || equals == 0) fail(fmt::format("\"{}\" is no setting", line));
    const std::string key = Trim(line.substr(0, equals));
    if (section.empty()) fail(fmt::format("\"{}\" stands before the first section", key));
    entries.push_back({section, key, Trim(line.substr(equals + 1)), number});
  }
  return entries;
}

}  // namespace airlift
