// Connection strings as options and configuration files give them.
#pragma once

#include <string>

#include "pg/conninfo.h"

namespace airlift {

// ConnInfo::Parse whose Error begins with the side: "source: ...".
ConnInfo ParseSide(const char* side, const std::string& text);

}  // namespace airlift
