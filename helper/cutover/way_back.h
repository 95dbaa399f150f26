// The way back: a publication and a slot on the target, a subscription on the source.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.h"
#include "replicate/subscription.h"
#include "state/replication_state.h"

namespace airlift {

struct PublishedTable {
  std::string schema;
  std::string name;
};
// What the forward publications publish: with publish_via_partition_root the roots, else the partitions.
std::vector<PublishedTable> PublishedTables(Connection& source, const std::vector<SubscriptionRecord>& forward);

// Publication, slot and subscription have one name, with the OID of the target's database in it: slots belong to the
// whole server.
SubscriptionRecord BackSubscription(Connection& target, const ReplicationRecord& record);

// None where the publication stands already.
std::vector<std::string> BackPublicationStatements(Connection& source, Connection& target,
                                                   const SubscriptionRecord& back,
                                                   const std::vector<SubscriptionRecord>& forward);
// Makes the slot where it does not exist.
std::string BackSlotStatement(const SubscriptionRecord& back);
SubscriptionSpec BackSpec(const SubscriptionRecord& back, const ConnInfo& target_from_source, int target_major);

}  // namespace airlift
