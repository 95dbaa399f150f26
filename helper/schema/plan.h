// From pg_dump's archive to the entries that are executed.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "mapping/resolved_mapping.h"
#include "schema/archive.h"
#include "schema/archive_selection.h"
#include "schema/entry.h"
#include "schema/source_facts.h"

namespace airlift {

struct TargetFacts {
  std::string database;
  std::string migrating_role;
  std::set<std::string> table_access_methods;
  std::string database_owner = {};
};

struct SchemaPlan {
  std::vector<SchemaEntry> entries;  // numbered from 1 in the order of execution
  // Of everything that a restore would execute; the same schema gives the same fingerprint whatever its OIDs.
  std::string fingerprint;
};

// What the user's selection makes of the archive that it has reduced.
struct SelectedPart {
  BlockedEntries blocked;
  std::vector<SchemaChange> before_load;  // each right behind its table
  std::vector<SchemaChange> at_end;
};

// Consumes the archive: its texts move into the entries.
SchemaPlan MakePlan(Archive archive, const SourceFacts& source, const TargetFacts& target,
                    const SelectedPart& part = {});

// "ALTER TABLE x.t OWNER TO o", or "" where the object has no owner of its own.
std::string OwnerStatement(const ArchiveEntry& entry);

}  // namespace airlift
