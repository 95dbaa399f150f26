// The fence around the source during a cutover: the extension's where the source has it, else the guard's triggers.
#pragma once

#include <string>

#include "pg/connection.h"

namespace airlift {

class SourceFence {
 public:
  explicit SourceFence(Connection& source);

  // True where only tables are covered: not sequences called by hand, large objects or DDL.
  bool IsAdvisory() const { return !by_extension_; }
  bool IsUp();

  // What Raise() and Lift() do, for people.
  std::string RaiseStatement(const std::string& reason, double timeout_seconds) const;
  std::string LiftStatement() const;

  // Afterwards no other session writes to the database, and none that is open has written before and not ended. Throws
  // Error, and leaves no fence, where sessions do not end within the time.
  void Raise(const std::string& reason, double timeout_seconds);
  void Lift();
  // Lets this session write under the fence.
  void Enter();

 private:
  void RaiseGuard(const std::string& reason, double timeout_seconds);

  Connection& source_;
  bool by_extension_;
};

// Ends the other client sessions that this database has now, and waits until they are gone. Walsenders and background
// workers stay. Throws Error where some would not end within the time.
void EndClientSessions(Connection& connection, double timeout_seconds);

}  // namespace airlift
