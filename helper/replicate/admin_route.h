// How statements that stock PostgreSQL keeps for superusers reach a managed server: CREATE, ALTER and DROP SUBSCRIPTION
// before 16, where such a service lets its own administrator role run them, either directly or through a function that
// takes the statement as text (--admin-function).
#pragma once

#include <string>

#include "pg/connection.h"

namespace airlift {

class AdminRoute {
 public:
  // `function`: schema-qualified, quoted where needed, taking one text argument; "" for the role's own rights. The
  // function runs in a transaction: statements that cannot (CREATE SUBSCRIPTION with a slot, DROP with one) are
  // refused.
  explicit AdminRoute(std::string function = {}) : function_(std::move(function)) {}

  // Throws SqlError where the server refuses. The statement may hold a password: it is never shown.
  void Execute(Connection& connection, const std::string& statement) const;

 private:
  std::string function_;
};

}  // namespace airlift
