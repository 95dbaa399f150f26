// Positions of the source, and waiting until the target has applied them.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "live_compare/subscriptions.h"
#include "pg/connection.h"
#include "state/replication_state.h"

namespace airlift {

// The target does not come nearer: what() says why, and the hint what to do.
class ReplicationStandsStill : public Error {
 public:
  using Error::Error;
};

class AppliedWait {
 public:
  using Milliseconds = std::chrono::milliseconds;

  // With connections of its own. Throws ReplicationStandsStill where no waiting would help even now.
  AppliedWait(const ConnInfo& source, const ConnInfo& target, const std::vector<LiveSubscription>& subscriptions,
              Milliseconds limit, std::function<void(const std::string&)> note);

  // Everything that anybody could see on the source before this call is in its WAL before the position that it returns.
  // To be taken behind the reads, not before them: a TRUNCATE shows in older snapshots, too.
  std::string Position();

  // Until every subscription has applied what is before `lsn`, and it is visible on the target. Throws
  // ReplicationStandsStill when one cannot, or has not within the limit.
  void Until(const std::string& lsn);
  // The same for at most `limit`, without a look at the reasons; false when the time was over.
  bool Within(const std::string& lsn, Milliseconds limit);

  double seconds() const { return seconds_; }
  Connection& source() { return source_; }

 private:
  bool IsApplied(const std::string& lsn);
  std::optional<SubscriptionRecord> FirstBehind(const std::string& lsn);
  void Diagnose(const SubscriptionRecord& behind, const std::string& lsn);
  int64_t ApplyErrors();
  [[noreturn]] void GiveUp(const std::string& reason, const std::string& lsn);

  Connection source_;
  Connection target_;
  std::vector<SubscriptionRecord> subscriptions_;
  std::string slots_;  // as an array's text
  const Milliseconds limit_;
  std::function<void(const std::string&)> note_;
  double seconds_ = 0;
  bool is_flushed_ = false;  // the WAL that is waited for

  // Of the wait that is going on.
  std::chrono::steady_clock::time_point began_, last_healthy_;
  int64_t first_errors_ = 0;
};

}  // namespace airlift
