// Lengths of time as people write them.
#pragma once

#include <string>

namespace airlift {

// "90", "90s", "5min", "1h30min", "2 days" to seconds; throws Error otherwise.
double ParseDuration(const std::string& text);

}  // namespace airlift
