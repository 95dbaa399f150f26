// Waiting until subscriptions have what their publisher had at some moment, and knowing why they have not.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "state/replication_state.h"

namespace airlift {

struct CatchUpInputs {
  Connection& publisher;
  Connection* subscriber = nullptr;  // null where it cannot be reached: then the reasons are poorer
  std::vector<SubscriptionRecord> subscriptions;
  std::string lsn;  // of the publisher
  // nullopt: as long as it takes. What cannot end by itself (a disabled subscription, a lost slot) ends the wait
  // anyway.
  std::optional<std::chrono::milliseconds> limit;
  std::function<void(const std::string&)> note;  // a line now and then; may be empty
};

struct CatchUpOutcome {
  bool is_reached = false;
  std::string reason;  // in words, where it is not: "subscription "x" is disabled; ..."
  double seconds = 0;
};

// Until every slot is active and has confirmed `lsn`. Asks often: the wait ends within some milliseconds of the event.
CatchUpOutcome WaitForSlots(const CatchUpInputs& inputs);

// What stands in the way of one subscription, in words; "" where nothing does and it only needs time. `is_final` is set
// where no waiting will help.
std::string WhyBehind(Connection& publisher, Connection* subscriber, const SubscriptionRecord& subscription,
                      bool* is_final);

}  // namespace airlift
