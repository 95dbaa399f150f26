#include "replicate/subscription.h"

#include <fmt/format.h>

#include <chrono>

#include "base/fault_point.h"
#include "base/patience.h"
#include "pg/identifier.h"

namespace airlift {

namespace {

constexpr auto kWorkerPatience = std::chrono::seconds(10);
constexpr auto kPause = std::chrono::milliseconds(50);

const char* Streaming(int subscriber_major, int publisher_major) {
  if (subscriber_major >= 16 && publisher_major >= 16) return "parallel";
  return subscriber_major >= 14 && publisher_major >= 14 ? "on" : nullptr;
}

std::string Statement(const SubscriptionSpec& spec, int subscriber_major, const std::string& connection) {
  std::string publications;
  for (const std::string& publication : spec.publications)
    publications += (publications.empty() ? "" : ", ") + QuoteIdentifier(publication);
  return fmt::format("CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION {} WITH ({})", QuoteIdentifier(spec.name),
                     connection, publications, SubscriptionOptions(spec, subscriber_major));
}

bool WorkerRuns(Connection& subscriber, const std::string& name) {
  return subscriber
             .Query("SELECT FROM pg_catalog.pg_stat_subscription WHERE subname = $1 AND pid IS NOT NULL LIMIT 1",
                    {name})
             .rows() > 0;
}

}  // namespace

// Not disable_on_error: it takes a lost connection for an error too, so that a restart of the publisher or a cut
// network would end the replication. Without it the worker starts again every few seconds, until what hinders it is
// gone.
std::string SubscriptionOptions(const SubscriptionSpec& spec, int subscriber_major) {
  // A slot's name is made of lower-case letters, digits and underscores: it needs no escaping.
  std::string options =
      fmt::format("create_slot = false, slot_name = '{}', copy_data = false, enabled = false", spec.slot);
  if (const char* streaming = Streaming(subscriber_major, spec.publisher_major))
    options += std::string(", streaming = ") + streaming;
  if (spec.two_phase && subscriber_major >= 15 && spec.publisher_major >= 15) options += ", two_phase = true";
  if (spec.local_changes_only && subscriber_major >= 16 && spec.publisher_major >= 16) options += ", origin = none";
  return options;
}

std::string DescribeSubscription(const SubscriptionSpec& spec, int subscriber_major) {
  std::string shown = "'";
  for (const char c : spec.publisher.ToStringWithoutPassword()) shown += c == '\'' ? "''" : std::string(1, c);
  return Statement(spec, subscriber_major, shown + " password=********'");
}

bool SubscriptionExists(Connection& subscriber, const std::string& name) {
  return subscriber
             .Query(
                 "SELECT FROM pg_catalog.pg_subscription s JOIN pg_catalog.pg_database d ON d.oid = s.subdbid "
                 "WHERE d.datname = pg_catalog.current_database() AND s.subname = $1",
                 {name})
             .rows() > 0;
}

void CreateSubscription(Connection& subscriber, const AdminRoute& route, const SubscriptionSpec& spec) {
  route.Execute(subscriber,
                Statement(spec, subscriber.server_major(), subscriber.QuoteLiteral(spec.publisher.ToString())));
}

void EnableSubscription(Connection& subscriber, const AdminRoute& route, const std::string& name) {
  route.Execute(subscriber, "ALTER SUBSCRIPTION " + QuoteIdentifier(name) + " ENABLE");
}

void DisableSubscription(Connection& subscriber, const AdminRoute& route, const std::string& name) {
  route.Execute(subscriber, "ALTER SUBSCRIPTION " + QuoteIdentifier(name) + " DISABLE");
  Patience patience(kWorkerPatience, "the worker of subscription " + DisplayName(name) + " to end");
  while (WorkerRuns(subscriber, name) && !patience.IsOver()) patience.Pause(kPause);
}

void DropSubscription(Connection& subscriber, const AdminRoute& route, const std::string& name) {
  if (!SubscriptionExists(subscriber, name)) return;
  DisableSubscription(subscriber, route, name);
  ReachFaultPoint(FaultPoint::kSubscriptionDisabled);
  // Without a slot of its own it can be dropped in a transaction, and without the other side.
  route.Execute(subscriber, "ALTER SUBSCRIPTION " + QuoteIdentifier(name) + " SET (slot_name = NONE)");
  ReachFaultPoint(FaultPoint::kSubscriptionDetached);
  route.Execute(subscriber, "DROP SUBSCRIPTION " + QuoteIdentifier(name));
  ReachFaultPoint(FaultPoint::kSubscriptionDropped);
}

}  // namespace airlift
