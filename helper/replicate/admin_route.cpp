#include "replicate/admin_route.h"

namespace airlift {

void AdminRoute::Execute(Connection& connection, const std::string& statement) const {
  if (function_.empty()) {
    connection.Execute(statement);
  } else {
    connection.Query("SELECT " + function_ + "($1)", {statement});
  }
}

}  // namespace airlift
