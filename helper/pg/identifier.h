// Quoting of identifiers, always: a name is data.
#pragma once

#include <string>
#include <string_view>

namespace airlift {

// "name", with inner quotes doubled.
std::string QuoteIdentifier(std::string_view name);
// "schema"."name"
std::string QualifiedName(std::string_view schema, std::string_view name);
// For people: schema.name, quoted only where a part is not a plain lower-case identifier; newlines and other control
// characters are shown as \n, \xHH, so that a name cannot forge a line of a report.
std::string DisplayName(std::string_view schema, std::string_view name);
std::string DisplayName(std::string_view name);

}  // namespace airlift
