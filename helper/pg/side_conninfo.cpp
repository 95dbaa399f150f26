#include "pg/side_conninfo.h"

#include <fmt/format.h>

#include "base/error.h"

namespace airlift {

ConnInfo ParseSide(const char* side, const std::string& text) {
  try {
    return ConnInfo::Parse(text);
  } catch (const Error& error) {
    throw Error(fmt::format("{}: {}", side, error.what()), error.detail(), error.hint());
  }
}

}  // namespace airlift
