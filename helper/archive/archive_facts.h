// What a restore needs to know of the source and finds in the archive: which tables have rows, how many bytes, which
// indexes can be built by jobs of their own.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "archive/archive_file.h"
#include "schema/source_facts.h"
#include "sequences/sequences.h"

namespace airlift {

using TableName = std::pair<std::string, std::string>;  // schema, name

// A table whose rows are in the archive.
struct ArchivedTable {
  int32_t dump_id = 0;          // of its TABLE DATA
  uint32_t oid = 0;             // at the source; 0 where the archive has the rows alone
  int64_t stored_bytes = 0;     // in the archive
  int64_t estimated_bytes = 0;  // as a table
};

// Our extension's own tables and sequences stay where they are, as the extension does.
bool IsOurs(const Archive& archive, const ArchiveEntry& entry);

std::map<TableName, ArchivedTable> ArchivedTables(const ArchiveFile& file);

// The source's facts as far as an archive tells them. `superusers` of the source, where a manifest names them.
SourceFacts FactsFromArchive(const ArchiveFile& file, const std::map<TableName, ArchivedTable>& tables,
                             const std::set<std::string>& superusers);

// What the archive's SEQUENCE SET entries say. Throws Error where one cannot be read.
std::vector<SequenceValue> ArchivedSequences(const Archive& archive);

}  // namespace airlift
