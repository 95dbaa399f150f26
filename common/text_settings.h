// The settings under which the text output of a type that is not portable is made (format 1).
//
// Any role may set each of them. regclass and its kin print names as search_path and quote_all_identifiers have it,
// composites hold bytea and money.
#pragma once

namespace airlift {

struct TextSetting {
  const char* name;
  const char* value;
};

inline constexpr TextSetting kTextSettings[] = {
    {"TimeZone", "UTC"},     {"DateStyle", "ISO, YMD"}, {"IntervalStyle", "postgres"}, {"extra_float_digits", "3"},
    {"bytea_output", "hex"}, {"lc_monetary", "C"},      {"search_path", ""},           {"quote_all_identifiers", "off"},
};

}  // namespace airlift
