// What of pg_dump's archive a selection takes: the selected relations with all that belongs to them, and the objects
// (types, functions, schemas, extensions ...) that they need.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pg/connection.h"
#include "schema/archive.h"
#include "selection/selection.h"

namespace airlift {

// Tables that nobody asked for and that the role cannot read, qualified: pg_dump would lock them, which it cannot.
std::vector<std::string> UnreadableTables(Connection& source, const Selection& selection);

// By dump_id: entries that hang on something that is not taken, with the reason.
using BlockedEntries = std::map<int32_t, std::string>;

// What entries belong to and need, by dump_id; relations by the OIDs that the selection knows.
struct ArchiveLinks {
  std::map<int32_t, uint32_t> homes;        // the relation that an entry is, or is a part of
  std::multimap<int32_t, uint32_t> needed;  // relations, also such that are not in the archive
};
// As the source's catalogs have it.
ArchiveLinks ReadLinks(const Archive& archive, Connection& source);
// As a whole archive tells it, by names and dependencies.
ArchiveLinks LinksByName(const Archive& archive, const Selection& selection);

// Removes from `archive` what is not asked for. What is asked for and cannot be, since it depends on what is not taken,
// stays and is returned.
BlockedEntries ReduceArchive(Archive& archive, const Selection& selection, const ArchiveLinks& links);

}  // namespace airlift
