// The selection of a move in the target's state: whoever goes on with it, compares or cuts over works by the same one.
#pragma once

#include <optional>

#include "pg/connection.h"
#include "selection/selection_rules.h"

namespace airlift {

class SelectionStore {
 public:
  explicit SelectionStore(Connection& target) : target_(target) {}

  // Nothing selected where nothing is recorded.
  SelectionRules Find();
  // In the caller's transaction, if there is one. Creates the state's schema and the table where they are missing.
  void Write(const SelectionRules& rules);

 private:
  Connection& target_;
};

}  // namespace airlift
