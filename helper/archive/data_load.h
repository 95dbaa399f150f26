// Data of an archive into the target, within the caller's transaction.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "archive/archive_file.h"
#include "catalog/relation.h"
#include "pg/connection.h"
#include "progress/meter.h"
#include "state/run_state.h"

namespace airlift {

// What a worker needs of the archive; constant while workers run.
struct ArchiveSource {
  const ArchiveFile* file = nullptr;
  std::string encoding;
  std::unordered_map<int32_t, const ArchiveEntry*> by_dump_id;

  // Throws Error where there is none.
  const ArchiveEntry& Entry(int32_t dump_id) const;
};

// Good for as long as the file's contents stay as they are.
ArchiveSource SourceOf(const ArchiveFile& file, std::string encoding);

// Where the rows of a TABLE DATA entry go. `relation` is the target's.
struct ArchiveCopy {
  std::vector<std::string> preparations;
  std::string statement;  // COPY ... FROM STDIN
  std::string take_over;  // INSERT ... SELECT of what the mapping makes of the rows; "" where they arrive as they are
};
// `freeze`: TRUNCATE before and COPY ... FREEZE, for a table that nobody else fills. `shape`: a table that takes the
// rows as they are, out of which the mapped ones come; "" for none. Throws Error where the archive holds the rows in
// another form than COPY's.
ArchiveCopy PlanArchiveCopy(const ArchiveEntry& entry, const Relation& relation, const std::string& encoding,
                            bool freeze, const std::string& shape = {});

// Loads the rows of a TABLE DATA entry. Throws Error where they are damaged, cut off, or more than the target took.
TaskOutcome LoadTable(const ArchiveSource& source, Connection& target, const Relation& relation,
                      const nlohmann::json& detail, Meter& meter);

// Tasks that load all large objects: of an archive with a file for each in batches, in custom format entry by entry.
std::vector<Task> PlanLargeObjectLoad(const ArchiveFile& file);
// Creates the objects of such a task; they belong to the user of `target`. The outcome's digest is of what the archive
// holds.
TaskOutcome LoadLargeObjects(const ArchiveSource& source, Connection& target, const nlohmann::json& detail,
                             Meter& meter);

// Owners, grants and comments of the large objects; returned is what the target refused. Call it outside of a
// transaction.
std::vector<LeftOut> ApplyArchivedProperties(const Archive& archive, Connection& target,
                                             const std::set<std::string>& superusers);

}  // namespace airlift
