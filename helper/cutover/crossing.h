// What a cutover and a fallback share: moving the application's writes from one side to the other, exactly.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/since_verified.h"
#include "cutover/road.h"
#include "pg/connection.h"
#include "prepare/step.h"
#include "progress/progress.h"
#include "replicate/admin_route.h"
#include "report/result.h"
#include "report/signature.h"
#include "selection/selection.h"
#include "state/replication_state.h"

namespace airlift {

struct CrossingOptions {
  ConnInfo source;
  ConnInfo target;
  int jobs = 2;
  bool with_fallback = true;  // make the way back before the target is opened
  std::string fallback_role;  // a login on the target that may use replication slots
  std::string fallback_password_file;
  ConnInfo from_source;      // how the source reaches the target, where it is not as from here
  bool verify = true;        // compare the rows under the fence
  bool full_verify = false;  // all of them, also where an audit slot tells which have changed
  bool refresh_materialized_views = true;
  int64_t sequence_margin = 100;                  // increments
  double timeout = 60;                            // seconds, for each wait
  int64_t most_lag = int64_t{64} << 20;           // bytes; with more, the writes would stand still for too long
  std::string evidence;                           // file for the evidence of the comparison; "" for none
  std::shared_ptr<const SigningKey> signing_key;  // signs it where there is one
  bool dry_run = false;
  bool abort = false;  // take back a crossing that was begun
};

struct CrossingResult {
  std::string command;  // "cutover" or "fallback"
  bool dry_run = false;
  ServerFacts source;
  ServerFacts target;
  std::string phase;  // afterwards
  std::vector<RoadStepOutcome> steps;
  std::optional<RunResult> comparison;  // under the fence
  std::optional<double> downtime_seconds;
  std::string blocked;  // why the road was left and everything taken back, with detail and hint; "" where it was not
  std::vector<std::string> refused;  // what could not be done without stopping for it
  std::vector<std::string> notes;

  // Nothing that was to be taken back stayed.
  bool IsTakenBack() const;
  // kExitDone: the application writes to the other side; kExitFindings: the sides differ, or something was refused.
  int ExitStatus() const;
};

// One side of the crossing: where the application writes now, or will write.
class Crossing {
 public:
  Crossing(const CrossingOptions& options, const char* command, Progress& progress);
  virtual ~Crossing() = default;

 protected:
  // A new connection in the place of a broken one: keep no reference. It has entered the source's fence.
  Connection& Source();
  Connection& Target();
  Connection& On(Side side) { return side == Side::kSource ? Source() : Target(); }
  // As the fallback role on the target, which may use replication slots.
  Connection& Replicator();

  // How CREATE, ALTER and DROP SUBSCRIPTION reach that side.
  const AdminRoute& RouteOf(Side side) const { return side == Side::kTarget ? target_route_ : source_route_; }

  // Runs the statement on that side, or shows it in a dry run.
  void Act(Side side, const std::string& sql);
  void Show(Side side, const std::string& sql) const;

  // A message in the WAL of `from`, written after everything that was written before; its position.
  std::string Mark(Side from);
  // Until every slot on `from` is in use and the other side has confirmed all up to `lsn`. Throws Error with the
  // reason.
  void WaitUntilConfirmed(Side from, const std::vector<SubscriptionRecord>& subscriptions, const std::string& lsn);
  void Disable(Side on, const std::vector<SubscriptionRecord>& subscriptions);
  void Enable(Side on, const std::vector<SubscriptionRecord>& subscriptions);
  // Nothing was written to the published tables since the slots were confirmed. Throws Error otherwise.
  void ProveSilence(Connection& publisher, const std::vector<SubscriptionRecord>& subscriptions);
  // Throws Error where the rows are not proved equal: every row, or those that changed since the last full
  // verification.
  void Verify(SinceVerified* since = nullptr);
  // What of the source the migration is about, as recorded when it began.
  Selection Selected();
  // From one side to the other, ahead by the margin; returns how many.
  int64_t CarrySequences(Side from, Side to);
  int64_t RefreshMaterializedViews(Side from, Side to);
  // Subscriptions on `on`, then their slots through `publisher`.
  void DropSubscriptions(Side on, Connection* publisher, const std::vector<SubscriptionRecord>& subscriptions);
  // Does the steps again that were undone, or undoes those that were done, whose key begins so.
  void DoAgain(const std::string& key_prefix) { ChangeSteps(key_prefix, true); }
  void UndoSteps(const std::string& key_prefix) { ChangeSteps(key_prefix, false); }
  // Does steps that are undone later; see replicate/apply_steps.h.
  void DoSteps(PreparePart part);
  // Where and with which role and password the source's subscription finds the target.
  ConnInfo TargetFromSource();

  void RequireKnownReplication();

  const CrossingOptions options_;
  Progress& progress_;
  std::unique_ptr<Connection> source_, target_, replicator_;
  ReplicationState state_;
  ReplicationRecord record_;
  AdminRoute source_route_, target_route_;
  CrossingResult result_;
  int source_timeline_ = 0;
  Road road_;

 private:
  void CompareEverything();
  void RequireVerified();
  void ChangeSteps(const std::string& key_prefix, bool again);
  void LimitLockWaits(Connection& connection) const;
  void WaitUntilUnused(Side publisher, const std::string& slot);
};

nlohmann::json ToJson(const CrossingResult& result);
std::string CrossingText(const CrossingResult& result);

}  // namespace airlift
