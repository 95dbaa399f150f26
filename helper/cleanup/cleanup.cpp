#include "cleanup/cleanup.h"

#include <fmt/format.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>

#include "audit/audit_state.h"
#include "base/fault_point.h"
#include "cleanup/leftovers.h"
#include "cutover/source_fence.h"
#include "model/state_schema.h"
#include "pg/batch.h"
#include "pg/identifier.h"
#include "prepare/secret.h"
#include "prepare/step_runner.h"
#include "prepare/step_store.h"
#include "replicate/apply_steps.h"
#include "replicate/guard.h"
#include "replicate/subscription.h"
#include "report/result.h"
#include "slots/slot.h"
#include "source/extension_fence.h"
#include "state/driver_lock.h"
#include "state/replication_state.h"
#include "state/swapped_sides.h"
#include "tune/tuning_steps.h"

namespace airlift {

namespace {

// Steps that outlive the migration: roles, memberships and settings, which the application needs on the target.
bool IsKept(const Step& step) {
  if (step.side != Side::kTarget || IsTuning(step)) return false;
  return step.key.rfind(kForwardSteps, 0) != 0 && step.key.rfind(kFallbackSteps, 0) != 0;
}

class Cleanup {
 public:
  explicit Cleanup(const CleanupOptions& options) : options_(options) {
    if (!options.source_is_gone) source_ = std::make_unique<Connection>(options.source, Side::kSource);
    if (!options.target_is_gone) target_ = std::make_unique<Connection>(options.target, Side::kTarget);
    result_.dry_run = options.dry_run;
    if (source_ != nullptr && !options.dry_run && SourceFence(*source_).IsUp()) SourceFence(*source_).Enter();
  }

  CleanupResult Run() {
    if (target_ == nullptr) {
      CleanSourceByName();
    } else {
      CleanByRecord();
    }
    if (options_.dms && source_ != nullptr) RemoveFound(FindDmsLeftovers(*source_));
    Fence();
    if (!options_.dry_run) LookAgain();
    return std::move(result_);
  }

 private:
  void CleanByRecord() {
    if (!options_.dry_run) TakeDriverLock(*target_);
    ReplicationState state(*target_);
    const auto record = state.Find();
    if (!record && source_ != nullptr) RefuseSwappedSides(*source_, *target_);
    if (record) {
      RequireNoLiveMigration(*record);
      publication_ = record->publication;
      const AdminRoute route(record->admin_function);
      for (const SubscriptionRecord& forward : state.Subscriptions(Direction::kForward)) {
        Remove(Side::kTarget, "subscription " + DisplayName(forward.name),
               [&] { DropSubscription(*target_, route, forward.name); });
        DropSlotOf(forward, source_.get());
      }
      if (const auto audit = AuditState(*target_).Find();
          audit && source_ != nullptr && FindSlot(*source_, audit->slot))
        Remove(Side::kSource, "audit slot " + DisplayName(audit->slot), [&] { DropSlot(*source_, audit->slot); });
      for (const SubscriptionRecord& back : state.Subscriptions(Direction::kReverse)) {
        if (source_ != nullptr)
          Remove(Side::kSource, "subscription " + DisplayName(back.name),
                 [&] { DropSubscription(*source_, AdminRoute(), back.name); });
        DropSlotOf(back, Replicator(back));
        Remove(Side::kTarget, "publication " + DisplayName(back.publication),
               [&] { target_->Execute("DROP PUBLICATION IF EXISTS " + QuoteIdentifier(back.publication)); });
      }
    }
    if (source_ != nullptr) ReleaseHeldSnapshots();
    UndoSteps();
    Guard guard(*target_, AIRLIFT_STATE_SCHEMA);
    if (guard.Exists()) Remove(Side::kTarget, "guard of the tables", [&] { guard.Remove(); });
    DropState();
  }

  // The names are recorded on the target. Without it, they are told from the publication's.
  void CleanSourceByName() {
    ReleaseHeldSnapshots();
    RemoveFound(FindSourceObjects(*source_, options_.publication));
    publication_ = options_.publication;
  }

  void RequireNoLiveMigration(const ReplicationRecord& record) {
    if (IsOver(record.phase) || options_.abandon) return;
    if (options_.dry_run) {
      result_.items.push_back({"target",
                               fmt::format("the migration, which is \"{}\"", MigrationPhaseName(record.phase)),
                               "refused", "it has not been cut over; --abandon gives it up"});
      return;
    }
    throw Error(fmt::format("the migration is \"{}\": it has not been cut over", MigrationPhaseName(record.phase)),
                "To clean up now is to give it up; the target's data will stand still where it is.",
                "Give --abandon if that is what you want.");
  }

  Connection* Replicator(const SubscriptionRecord& back) {
    if (options_.dry_run || !FindSlot(*target_, back.slot)) return target_.get();
    if (!replicator_ && !options_.fallback_role.empty())
      replicator_ =
          std::make_unique<Connection>(options_.target.With("user", options_.fallback_role)
                                           .With("password", ReadPasswordFile(options_.fallback_password_file)),
                                       Side::kTarget);
    return replicator_ ? replicator_.get() : target_.get();
  }

  void DropSlotOf(const SubscriptionRecord& subscription, Connection* publisher) {
    if (publisher == nullptr || !FindSlot(*publisher, subscription.slot)) return;
    if (subscription.slot != subscription.name) {
      result_.items.push_back({SideName(publisher->side()), "slot " + DisplayName(subscription.slot), "kept",
                               "it was there before the migration; it keeps WAL until it is dropped"});
      return;
    }
    Remove(publisher->side(), "slot " + DisplayName(subscription.slot),
           [&] { DropSlot(*publisher, subscription.slot); });
  }

  void ReleaseHeldSnapshots() {
    if (!HasHeldSnapshots(*source_)) return;
    Remove(Side::kSource, "held snapshots", [&] { ReleaseSnapshots(*source_); });
  }

  void UndoSteps() {
    StepStore store(*target_, source_ ? ReadServerFacts(*source_).identity : "");
    std::vector<Step> steps = store.Load();
    StepRunner runner(source_.get(), *target_, store, options_.dry_run);
    if (source_ != nullptr) runner.Settle(steps);
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
      if (step->state != StepState::kDone) continue;
      if (IsKept(*step)) {
        ++kept_steps_;
      } else if (step->side == Side::kSource && source_ == nullptr) {
        result_.items.push_back({"source", step->what, "kept", "the source is gone"});
      } else {
        Remove(step->side, step->what, [&] {
          runner.Undo(*step);
          if (!step->error.empty() && step->state == StepState::kDone) throw Error(step->error);
        });
      }
    }
    if (kept_steps_ > 0)
      result_.items.push_back({"target", fmt::format("{} roles, memberships and settings", kept_steps_), "kept",
                               "the application needs them"});
  }

  void DropState() {
    const Result exists = target_->Query("SELECT pg_catalog.to_regnamespace('" AIRLIFT_STATE_SCHEMA "') IS NOT NULL");
    if (!exists.Boolean(0, 0)) return;
    // With the steps that failed it would lose the way to them.
    for (const CleanupItem& item : result_.items) {
      if (item.state != "failed") continue;
      result_.items.push_back({"target", "schema " AIRLIFT_STATE_SCHEMA, "kept", "something could not be removed"});
      return;
    }
    Remove(Side::kTarget, "schema " AIRLIFT_STATE_SCHEMA,
           [&] { target_->Execute("DROP SCHEMA " AIRLIFT_STATE_SCHEMA " CASCADE"); });
  }

  // A source that was cut over stays closed: an application with the old address would write where nobody looks.
  void Fence() {
    if (source_ == nullptr) return;
    SourceFence fence(*source_);
    if (!fence.IsUp()) return;
    if (options_.unfence) {
      Remove(Side::kSource, "fence", [&] { fence.Lift(); });
    } else {
      result_.items.push_back({"source", "fence", "kept", "--unfence lifts it: " + fence.LiftStatement()});
    }
  }

  void RemoveFound(const std::vector<Leftover>& found) {
    for (const Leftover& leftover : found)
      Remove(leftover.side, leftover.what, [&] { On(leftover.side).Execute(leftover.drop_sql); });
  }

  void LookAgain() {
    std::vector<Leftover> found;
    if (source_ != nullptr) found = FindSourceObjects(*source_, publication_);
    if (target_ != nullptr)
      for (Leftover& leftover : FindTargetObjects(*target_, publication_)) found.push_back(std::move(leftover));
    for (const Leftover& leftover : found)
      result_.left.push_back({SideName(leftover.side), leftover.what, "left", leftover.drop_sql});
  }

  Connection& On(Side side) { return side == Side::kSource ? *source_ : *target_; }

  void Remove(Side side, const std::string& what, const std::function<void()>& remove) {
    CheckStop();
    CleanupItem item{SideName(side), what, options_.dry_run ? "would be removed" : "removed", {}};
    try {
      if (!options_.dry_run) {
        remove();
        ReachFaultPoint(FaultPoint::kCleanedItem);
      }
    } catch (const Stopped&) {
      throw;
    } catch (const Error& error) {
      item.state = "failed";
      item.note = error.what() + (error.detail().empty() ? std::string() : ": " + error.detail());
    }
    result_.items.push_back(std::move(item));
  }

  const CleanupOptions& options_;
  std::unique_ptr<Connection> source_, target_, replicator_;
  std::string publication_ = options_.publication;
  int kept_steps_ = 0;
  CleanupResult result_;
};

}  // namespace

int CleanupResult::ExitStatus() const {
  for (const CleanupItem& item : items) {
    if (item.state == "refused") return kExitFailed;
    if (item.state == "failed") return kExitFindings;
  }
  return left.empty() ? kExitDone : kExitFindings;
}

CleanupResult CleanUp(const CleanupOptions& options) {
  if (options.source_is_gone && options.target_is_gone)
    throw Error("with both sides gone there is nothing to clean up");
  return Cleanup(options).Run();
}

nlohmann::json ToJson(const CleanupResult& result) {
  const auto list = [](const std::vector<CleanupItem>& items) {
    nlohmann::json json = nlohmann::json::array();
    for (const CleanupItem& item : items)
      json.push_back({{"side", item.side}, {"what", item.what}, {"state", item.state}, {"note", item.note}});
    return json;
  };
  return {
      {"command", "cleanup"}, {"dry_run", result.dry_run}, {"items", list(result.items)}, {"left", list(result.left)}};
}

std::string CleanupText(const CleanupResult& result) {
  std::string text;
  for (const CleanupItem& item : result.items)
    text += fmt::format("{:<16} {}: {}{}\n", item.state, item.side, item.what,
                        item.note.empty() ? "" : " (" + item.note + ")");
  for (const CleanupItem& item : result.left)
    text += fmt::format("left             {}: {}; {};\n", item.side, item.what, item.note);
  if (result.dry_run) return text.empty() ? "nothing of the migration is left\n" : text;
  return text + (result.ExitStatus() == kExitDone ? "nothing of the migration is left\n"
                                                  : "something is left: see above, and run this again\n");
}

}  // namespace airlift
