// The steps' memory: table airlift_state.prepare_step of the target database, in the schema that a move's state uses
// too; either may come first.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "prepare/step.h"

namespace airlift {

class StepStore {
 public:
  // `source_identity`: system identifier and database of the source; "" where it is not at hand.
  StepStore(Connection& target, std::string source_identity)
      : target_(target), source_identity_(std::move(source_identity)) {}

  ~StepStore();
  StepStore(const StepStore&) = delete;
  StepStore& operator=(const StepStore&) = delete;

  // Keeps other prepares and undos of this target database away as long as this object lives. Waits a little, since the
  // session of a killed one may live a moment longer; throws Error where it lives on.
  void Lock();
  bool Exists();
  // Creates schema and tables where they are missing.
  void Create();
  // All steps, oldest first; empty where there is no table. Throws Error where a step was done on another source.
  std::vector<Step> Load();

  // Gives the step its row and id. Former rows of the same key that failed, or were undone, go.
  void Insert(Step& step);
  // Stores state, error and xid.
  void Update(const Step& step);
  void Remove(const Step& step);

  void Accept(const std::map<std::string, std::string>& reasons);
  std::map<std::string, std::string> Accepted();

  // Drops the tables, and the schema where nothing else is in it, when no step is left that was done.
  void DropWhenUndone();
  // The same when there is no step at all, nor anything accepted.
  void DropWhenEmpty();

 private:
  void Drop();

  Connection& target_;
  std::string source_identity_;
  bool is_locked_ = false;
};

}  // namespace airlift
