// What a table mapping makes of an archive: resolved where the source is at hand, kept in the manifest, so that a
// restore needs no source for it.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "catalog/relation.h"
#include "model/verdict.h"
#include "pg/connection.h"
#include "schema/archive.h"
#include "schema/plan.h"
#include "selection/selection.h"

namespace airlift {

struct MappedPart {
  std::string mapping;        // JSON of the table mapping
  std::set<int32_t> entries;  // of the archive, by dump_id: those that are restored
  SelectedPart schema;
  std::vector<LeftOut> left_out;
  std::vector<std::string> notes;
  std::map<std::pair<std::string, std::string>, std::pair<std::string, std::string>> renamed_sequences;
  std::vector<Relation> relations;  // whose rows are restored, under the source's names
};

// Of the archive of `source`, whose selection has a mapping. `relations` are those that the selection made.
MappedPart MapArchive(const Archive& archive, const Selection& selection, Connection& source,
                      std::vector<Relation> relations);
// The same without the source: of what the whole archive makes of an empty target, all of which is rolled back. Throws
// Error where the mapping does not fit.
MappedPart MapArchiveByTrial(const Archive& archive, const SelectionRules& rules, Connection& target);

// Leaves the part's entries alone in `archive`.
void KeepPart(const MappedPart& part, Archive& archive);

// Whether the mapping makes other rows of those in the archive.
bool ChangesRows(const MappedPart& part, const Relation& relation);

// With the relations.
nlohmann::json ToJson(const MappedPart& part);
MappedPart MappedPartFromJson(const nlohmann::json& value);

// In the target's state: a restore that was killed goes on by the same.
class MappedPartStore {
 public:
  explicit MappedPartStore(Connection& target) : target_(target) {}
  std::optional<MappedPart> Find();
  void Write(const MappedPart& part);

 private:
  Connection& target_;
};

// Where the rows of a table are put as the archive has them, before the mapping makes others of them: an empty table in
// the source's shape, by the source's OID.
std::string ShapeTable(uint32_t table_oid);
// The statements that make these tables, to be executed before those that change the tables themselves.
std::vector<SchemaChange> MakeShapeTables(const MappedPart& part);

}  // namespace airlift
