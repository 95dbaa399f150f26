// A road: steps done in order, each recorded before it begins and when it is done, so that a helper killed on the way
// finds out where it stood and either goes on or takes everything back.
//
// Steps must bear being done twice: a step that was begun but not recorded as done is done again.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/fault_point.h"
#include "base/stop.h"
#include "progress/progress.h"
#include "state/replication_state.h"

namespace airlift {

// `Trip` has what the steps share.
template <typename Trip>
struct RoadStep {
  const char* name;
  const char* what;               // one line for people
  nlohmann::json (Trip::*act)();  // returns what its undo needs
  void (Trip::*undo)();           // nullptr: there is nothing to take back
};

struct RoadStepOutcome {
  std::string name;
  std::string what;
  std::string state;  // "done", "done before", "would be done", "failed", "taken back", "not taken back"
  double seconds = 0;
  std::string error;
};

// What went wrong, once all that could be taken back was.
class RoadBlocked : public Error {
 public:
  using Error::Error;
};

class Road {
 public:
  Road(std::string name, ReplicationState& state, Progress& progress, std::vector<RoadStepOutcome>& outcomes)
      : name_(std::move(name)), state_(state), progress_(progress), outcomes_(outcomes) {}

  // Does the steps that are not done yet. Where one fails before `no_return` is done, what was done is taken back, last
  // first, and RoadBlocked is thrown; from there on, only going on is left: the error is thrown as it came. The same
  // where `no_return` itself fails and trip.MayHaveOpened(): to take back then could let both sides take writes.
  template <typename Trip, size_t kCount>
  void Travel(Trip& trip, const RoadStep<Trip> (&steps)[kCount], const std::string& no_return, bool dry_run) {
    bool has_passed = false;
    for (const RoadStep<Trip>& step : steps) {
      if (!IsDone(step.name)) {
        try {
          DoOne(trip, step, dry_run);
        } catch (const Error& error) {
          outcomes_.push_back({step.name, step.what, "failed", 0, error.what()});
          if (has_passed || dry_run) throw;
          if (step.name == no_return && trip.MayHaveOpened())
            throw Error(error.what(),
                        error.detail() + (error.detail().empty() ? "" : " ") +
                            "The other side may be open already, so nothing is taken back.",
                        "Run the same command again: it goes on from here.");
          const std::string remains = TakeBack(trip, steps);
          throw RoadBlocked(error.what(), error.detail() + (error.detail().empty() ? "" : " ") + remains, error.hint());
        }
      } else {
        outcomes_.push_back({step.name, step.what, "done before", 0, {}});
      }
      has_passed |= step.name == no_return;
    }
  }

  // Takes back every step that was begun, last first. Returns a sentence that tells whether that succeeded.
  template <typename Trip, size_t kCount>
  std::string TakeBack(Trip& trip, const RoadStep<Trip> (&steps)[kCount]) {
    const StopPause no_stop;
    std::string failures;
    for (size_t i = kCount; i-- > 0;) {
      const RoadStep<Trip>& step = steps[i];
      if (!HasBegun(step.name)) continue;
      try {
        if (step.undo != nullptr) (trip.*step.undo)();
        ReachFaultPoint(FaultPoint::kRoadStepUndone);
        state_.ForgetRoadStep(name_, step.name);
        loaded_ = false;
        outcomes_.push_back({step.name, step.what, "taken back", 0, {}});
      } catch (const Error& error) {
        failures += (failures.empty() ? "" : "; ") + fmt::format("{}: {}", step.name, error.what());
        outcomes_.push_back({step.name, step.what, "not taken back", 0, error.what()});
      }
    }
    return failures.empty() ? "Everything done on this road was taken back."
                            : "Could not take back " + failures + ". Run pg_airlift " + name_ + " --abort.";
  }

  // True where a step is recorded, but not the end of one before it: somebody began to take them back and did not end.
  template <typename Trip, size_t kCount>
  bool IsHalfTakenBack(const RoadStep<Trip> (&steps)[kCount]) {
    bool is_open = false;
    for (const RoadStep<Trip>& step : steps) {
      if (is_open && HasBegun(step.name)) return true;
      is_open |= !IsDone(step.name);
    }
    return false;
  }

  bool HasBegun(const std::string& step) { return Find(step).has_value(); }
  bool IsDone(const std::string& step) {
    const auto found = Find(step);
    return found && found->is_done;
  }
  std::optional<RoadStepRecord> Find(const std::string& step) {
    if (!loaded_) {
      loaded_ = true;
      if (state_.Find()) records_ = state_.RoadSteps(name_);
    }
    for (const RoadStepRecord& record : records_)
      if (record.step == step) return record;
    return std::nullopt;
  }

 private:
  template <typename Trip>
  void DoOne(Trip& trip, const RoadStep<Trip>& step, bool dry_run) {
    CheckStop();
    if (dry_run) {
      fmt::print("-- {}: {}\n", step.name, step.what);
      (trip.*step.act)();
      outcomes_.push_back({step.name, step.what, "would be done", 0, {}});
      return;
    }
    progress_.Note(fmt::format("{}: {}", step.name, step.what));
    const auto began = std::chrono::steady_clock::now();
    state_.BeginRoadStep(name_, step.name);
    loaded_ = false;
    ReachFaultPoint(FaultPoint::kRoadStepBegun);
    const nlohmann::json detail = (trip.*step.act)();
    ReachFaultPoint(FaultPoint::kRoadStepActed);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
    state_.FinishRoadStep(name_, step.name, detail.is_null() ? nlohmann::json::object() : detail, took.count());
    loaded_ = false;
    ReachFaultPoint(FaultPoint::kRoadStepFinished);
    outcomes_.push_back({step.name, step.what, "done", took.count(), {}});
  }

  std::string name_;
  ReplicationState& state_;
  Progress& progress_;
  std::vector<RoadStepOutcome>& outcomes_;
  std::vector<RoadStepRecord> records_;
  bool loaded_ = false;
};

}  // namespace airlift
