// Foreign keys come to be without a look at the rows (NOT VALID) and are validated afterwards, several at a time.
#pragma once

#include "pg/connection.h"
#include "pg/conninfo.h"

namespace airlift {

// Runs the pending entries of phase kValidate over `jobs` connections to the target; a foreign key whose rows do not
// agree stays NOT VALID and is left out with the server's reason.
void ValidateForeignKeys(Connection& target, const ConnInfo& target_info, int jobs);

}  // namespace airlift
