// What of a selection is published on the source.
#pragma once

#include <string>
#include <vector>

#include "mapping/resolved_mapping.h"
#include "pg/connection.h"
#include "preflight/preflight.h"
#include "selection/selection.h"
#include "source/extension_prepare.h"

namespace airlift {

// Names are patterns that match one table each. All tables that can be published where everything is selected; unlogged
// tables are left out.
PublicationRequest RequestPublication(Connection& source, const Selection& selection, const std::string& name,
                                      int groups);

// What of a table mapping replication cannot do, with the tables and what to do instead.
void CheckMappedTables(const std::vector<const MappedTable*>& tables, int source_major, bool extension_prepares,
                       std::vector<PreflightProblem>& problems);
void CheckMapping(Connection& source, const Selection& selection, std::vector<PreflightProblem>& problems);

}  // namespace airlift
