// Whether others can read along on the way to a server.
#pragma once

#include <libpq-fe.h>

#include <string>

namespace airlift {

// A Unix socket ("" or a path), or an address of this host itself.
bool IsLocalAddress(const std::string& address);

// Says so on stderr, once for each side, where the connection leaves this host and is not encrypted; not where
// sslmode=disable says that this is meant.
void WarnWherePlain(PGconn* connection, const char* side);

}  // namespace airlift
