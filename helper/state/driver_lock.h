// Held by the process that drives what happens to a target database, so that two never do.
#pragma once

#include "pg/connection.h"

namespace airlift {

// What is driven, by its advisory lock: a database, or the databases of a whole cluster. The latter's lock is taken in
// the database that the cluster's roles are made from, which may be driven itself meanwhile.
enum DriverLock { kDatabaseDriver = 1, kClusterDriver = 5 };

// Until the connection ends. Throws Error where somebody else holds it and does not give it up within some seconds: a
// session whose program was killed lives a moment longer.
void TakeDriverLock(Connection& target, DriverLock lock = kDatabaseDriver);

// Whether somebody holds it now.
bool IsDriven(Connection& target, DriverLock lock = kDatabaseDriver);

}  // namespace airlift
