// What of two databases is compared: what the migration moves, as the target has it on record, narrowed by what the
// user asks for.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "catalog/relation.h"
#include "pg/connection.h"
#include "selection/selection.h"

namespace airlift {

struct SequencePair {
  std::vector<SequenceValue> source, target;
};

class ComparedSelection {
 public:
  ComparedSelection(Connection& source, Connection& target, const SelectionRules& asked);

  bool IsEverything() const { return recorded_.IsEverything() && asked_.IsEverything(); }
  bool AskedForEverything() const { return asked_.IsEverything(); }
  bool TakesLargeObjects() const { return recorded_.TakesLargeObjects() && asked_.TakesLargeObjects(); }
  bool Takes(const std::string& schema, const std::string& name) const {
    return recorded_.Takes(schema, name) && asked_.Takes(schema, name);
  }
  // The source's tables to compare. Throws Error where there is none.
  std::vector<Relation> Load(Connection& source) const;
  // The target's counterparts of `sources`, under the source's names and with the source's names of columns; and what
  // the target alone has and should not have. Takes tables of extensions that a move of a part has left behind out of
  // `sources`.
  std::map<std::pair<std::string, std::string>, Relation> LoadTargets(Connection& target,
                                                                      std::vector<Relation>& sources) const;
  // Whether the target's rows are something else than the source's, by a table mapping.
  bool IsMapped(const Relation& source) const;
  // Both under the names that the target has for them.
  SequencePair ReadSequences(Connection& source, Connection& target) const;
  std::vector<std::string> Notes() const;
  // What decides which tables are compared, and how.
  nlohmann::json Fingerprint() const;

 private:
  const ResolvedMapping* Mapping() const;
  bool WouldTake(const std::string& schema, const std::string& name) const;

  Selection recorded_;
  Selection asked_;
};

}  // namespace airlift
