#include "pg/transport.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include <cstring>
#include <memory>
#include <mutex>
#include <set>

#include "base/terminal.h"

namespace airlift {

namespace {

constexpr unsigned kLoopbackNet = 127;

// As libpq took it, from wherever.
std::string SettingOf(PGconn* connection, const char* keyword) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfo(connection), &PQconninfoFree);
  for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr; ++option)
    if (std::strcmp(option->keyword, keyword) == 0 && option->val != nullptr) return option->val;
  return {};
}

}  // namespace

bool IsLocalAddress(const std::string& address) {
  if (address.empty() || address[0] == '/' || address[0] == '@') return true;
  in_addr v4 = {};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == kLoopbackNet;
  in6_addr v6 = {};
  if (inet_pton(AF_INET6, address.c_str(), &v6) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == kLoopbackNet);
}

void WarnWherePlain(PGconn* connection, const char* side) {
  const char* address = PQhostaddr(connection);  // "" for a Unix socket
  if (PQsslInUse(connection) != 0 || PQgssEncInUse(connection) != 0 || address == nullptr || IsLocalAddress(address))
    return;
  if (SettingOf(connection, "sslmode") == "disable") return;
  static std::mutex mutex;
  static std::set<std::string> warned;
  {
    const std::lock_guard lock(mutex);
    if (!warned.insert(side).second) return;
  }
  fmt::print(
      stderr, "{}\n",
      Inert(fmt::format("pg_airlift: warning: the connection to the {} at {} is not encrypted\n"
                        "HINT:  Give sslmode=verify-full and sslrootcert, or sslmode=disable where that is meant.",
                        side, address)));
}

}  // namespace airlift
