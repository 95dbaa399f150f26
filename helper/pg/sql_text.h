// Statements as text that is stored, shown and run: valid SQL, and without control characters, so that a name cannot
// forge a line of a report.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace airlift {

// "name"; U&"..." where the name has control characters.
std::string SqlName(std::string_view name);
// 'value'; E'...' where the value has a backslash or control characters.
std::string SqlText(std::string_view value);

// The statement with SqlName() for each quoted name in it. It must hold no literals.
std::string PrintableNames(const std::string& sql);
// Text of a server, or with names of a server, as one line: it cannot forge another.
std::string OneLine(std::string_view text);
// "-- text" and a newline, each further line a comment of its own: whatever a name or a message holds, none of it is
// run when somebody feeds the script to psql.
std::string SqlComment(std::string_view text);

// A configuration value as ALTER ROLE ... SET takes it. Settings that hold quoted lists (search_path ...) come out as
// 'a', 'b'; as one literal they would be a list of one element.
std::string SqlSettingValue(const std::string& setting, const std::string& value);

// The value as the server stores it, from the literals of such a statement: the way back.
std::string StoredSettingValue(const std::string& setting, const std::vector<std::string>& literals);

// The elements of a list of identifiers: `"$user", public`.
std::vector<std::string> SplitQuotedList(std::string_view list);

}  // namespace airlift
