// Held by the process that drives what happens to a target database, so that two never do.
#pragma once

#include "pg/connection.h"

namespace airlift {

// Until the connection ends. Throws Error where somebody else holds it and does not give it up within some seconds: a
// session whose program was killed lives a moment longer.
void TakeDriverLock(Connection& target);

}  // namespace airlift
