// prepare and undo for several databases of one cluster: each has its steps recorded in the target's database of the
// same name, roles are made with the first.
#pragma once

#include <string>
#include <vector>

#include "prepare/prepare.h"

namespace airlift {

// Databases of the server that take connections, without templates, by name.
std::vector<std::string> DatabasesOf(const ConnInfo& server, Side side);

// Throws Error with all that is missing in any of them, before anything is changed: a database that one side lacks, and
// what Prepare would refuse.
std::vector<PrepareResult> PrepareDatabases(const PrepareOptions& options, const std::vector<std::string>& databases);
// The last one first.
std::vector<PrepareResult> UndoDatabases(const UndoOptions& options, const std::vector<std::string>& databases);

}  // namespace airlift
