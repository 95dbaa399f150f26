// A subscription to a slot that is there already, on either side: forward on the target, for the way back on the old
// source. Each statement goes through the AdminRoute of its side and runs in a transaction of its own.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.h"
#include "pg/conninfo.h"
#include "replicate/admin_route.h"

namespace airlift {

struct SubscriptionSpec {
  std::string name;
  // How the subscriber reaches the publisher, with the password. It is never shown and never stored by us.
  ConnInfo publisher;
  std::vector<std::string> publications;
  std::string slot;
  int publisher_major = 0;
  // Leaves out what other replication brought to the publisher. To be asked for only where nothing else replicates into
  // it, or where that must not come back. Honoured where both servers are 16 or later.
  bool local_changes_only = false;
  // Prepared transactions arrive when they are prepared, where both servers are 15 or later.
  bool two_phase = false;
};

// "create_slot = false, copy_data = false, enabled = false, ...": what both versions know, and what serves a migration.
std::string SubscriptionOptions(const SubscriptionSpec& spec, int subscriber_major);
// With the password left out, for a dry run.
std::string DescribeSubscription(const SubscriptionSpec& spec, int subscriber_major);

bool SubscriptionExists(Connection& subscriber, const std::string& name);
// Disabled. The slot and the publications must exist.
void CreateSubscription(Connection& subscriber, const AdminRoute& route, const SubscriptionSpec& spec);
void EnableSubscription(Connection& subscriber, const AdminRoute& route, const std::string& name);
// Its worker is gone when this returns (at most ten seconds later).
void DisableSubscription(Connection& subscriber, const AdminRoute& route, const std::string& name);
// Leaves the slot on the other side as it is, which need not be reachable. Does nothing where there is none.
void DropSubscription(Connection& subscriber, const AdminRoute& route, const std::string& name);

}  // namespace airlift
