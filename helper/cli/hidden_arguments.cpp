#include "cli/hidden_arguments.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/error.h"
#include "pg/conninfo.h"

namespace airlift {

namespace {

constexpr const char* kSecrets[] = {"password", "sslpassword"};

// "--source=CONNINFO": from behind the first '='; "-sCONNINFO": from behind the letter.
size_t ValueStart(const std::string& argument) {
  if (argument.rfind("--", 0) == 0) return argument.find('=') == std::string::npos ? 0 : argument.find('=') + 1;
  return argument.size() > 2 && argument[0] == '-' ? 2 : 0;
}

}  // namespace

std::string WithoutPassword(const std::string& text) {
  try {
    const ConnInfo info = ConnInfo::Parse(text);
    for (const char* key : kSecrets)
      if (!info.Get(key).empty()) return info.ToStringWithoutPassword();
  } catch (const Error&) {
    // No connection string, or one that is refused later.
  }
  return text;
}

void HidePasswords(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t start = ValueStart(argument);
    const std::string hidden = WithoutPassword(argument.substr(start));
    if (hidden == argument.substr(start)) continue;
    // In place: the arguments lie in memory that cannot grow.
    const size_t room = argument.size() - start;
    std::memset(argv[i] + start, 0, room);
    std::memcpy(argv[i] + start, hidden.data(), std::min(room, hidden.size()));
  }
}

}  // namespace airlift
