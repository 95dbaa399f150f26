// Numbers for people.
#pragma once

#include <cstdint>
#include <string>

namespace airlift {

std::string FormatBytes(int64_t bytes);     // "1.3 GB", decimal units
std::string FormatCount(int64_t count);     // "1,234,567"
std::string FormatSeconds(double seconds);  // "0.4 s", "12 s", "3:05", "1:02:03"

// "1GB", "512 MB", "64kB", "1048576": as PostgreSQL reads sizes (binary units); throws Error otherwise.
int64_t ParseSize(const std::string& text);

}  // namespace airlift
