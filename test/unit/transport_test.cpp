// Where a connection stays on this host.
#include "pg/transport.h"

#include <gtest/gtest.h>

namespace airlift {
namespace {

TEST(Transport, TellsThisHostFromOthers) {
  for (const char* local : {"", "/run/postgresql", "@abstract", "127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"})
    EXPECT_TRUE(IsLocalAddress(local)) << local;
  for (const char* remote :
       {"10.0.0.5", "128.0.0.1", "192.168.127.1", "fe80::1", "2001:db8::1", "::ffff:10.0.0.5", "db1"})
    EXPECT_FALSE(IsLocalAddress(remote)) << remote;
}

}  // namespace
}  // namespace airlift
