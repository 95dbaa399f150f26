// The settings under which the text output of a type that is not portable is made (format 1).
#pragma once

namespace airlift {

struct TextSetting {
  const char* name;
  const char* value;
};

inline constexpr TextSetting kTextSettings[] = {
    {"TimeZone", "UTC"},     {"DateStyle", "ISO, YMD"}, {"IntervalStyle", "postgres"}, {"extra_float_digits", "3"},
};

}  // namespace airlift
