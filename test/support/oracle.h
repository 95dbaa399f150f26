// A second opinion on "the target has what the source has", made by psql and pg_dump only: none of our code reads,
// hashes or orders a row here.
#pragma once

#include <string>

#include "support/cluster.h"

namespace airlift::test {

// Compares sorted COPY text of all ordinary and partitioned tables, the sequences' values, and the large objects of two
// databases. Schemas of our own (airlift, airlift_state) and members of extensions are not looked at. Returns "" where
// nothing differs, otherwise a description of the first differences.
std::string FirstDifference(const Cluster& source, const std::string& source_database, const Cluster& target,
                            const std::string& target_database);

// The same for the definitions: pg_dump --schema-only of both sides by the same pg_dump, with owners and privileges.
std::string FirstSchemaDifference(const Cluster& source, const std::string& source_database, const Cluster& target,
                                  const std::string& target_database);

}  // namespace airlift::test
