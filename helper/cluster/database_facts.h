// The databases of a server, as its catalog tells them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace airlift {

struct DatabaseFacts {
  std::string name;
  std::string owner;
  std::string encoding;
  std::string collate;  // of the C library
  std::string ctype;
  char provider = 'c';    // 'c' libc, 'i' ICU, 'b' builtin
  std::string locale;     // of ICU or builtin
  std::string icu_rules;  // "" for none
  bool is_template = false;
  bool takes_connections = true;
  bool is_half_dropped = false;  // a DROP DATABASE that was interrupted
  bool may_connect = true;       // the session's role
  int64_t bytes = 0;             // 0 where the role may not know
};

// By name.
std::vector<DatabaseFacts> ReadDatabases(Connection& connection);

}  // namespace airlift
