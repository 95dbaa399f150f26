// What of pg_dump's archive a selection takes: the selected relations with all that belongs to them, and the objects
// (types, functions, schemas, extensions ...) that they need.
#pragma once

#include <map>
#include <string>

#include "pg/connection.h"
#include "schema/archive.h"
#include "selection/selection.h"

namespace airlift {

// By dump_id: entries that hang on something that is not taken, with the reason.
using BlockedEntries = std::map<int32_t, std::string>;

// Removes from `archive` what is not asked for. What is asked for and cannot be, since it depends on what is not taken,
// stays and is returned.
BlockedEntries ReduceArchive(Archive& archive, const Selection& selection, Connection& source);

}  // namespace airlift
