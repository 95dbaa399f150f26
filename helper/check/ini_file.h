// Configuration files in the form of pg_service.conf: [section], key = value, # comments.
#pragma once

#include <string>
#include <vector>

namespace airlift {

struct IniEntry {
  std::string section;
  std::string key;  // "" for the section's own line
  std::string value;
  int line = 0;
};

// Throws Error with the file's name and the line for what is neither of the three, and for a key before any section.
std::vector<IniEntry> ParseIni(const std::string& text, const std::string& file_name);

}  // namespace airlift
