#include "compare/compared_selection.h"

#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "mapping/resolved_mapping.h"
#include "pg/identifier.h"
#include "selection/selection_store.h"

namespace airlift {

ComparedSelection::ComparedSelection(Connection& source, Connection& target, const SelectionRules& asked)
    : recorded_(source, SelectionStore(target).Find()) {
  SelectionRules narrowing = asked;
  if (!recorded_.rules().mapping.empty() && !asked.mapping.empty()) {
    if (!AsksForTheSame(recorded_.rules(), asked))
      throw Error("the migration was begun with another table mapping", {}, "Leave --mapping out: it is on record.");
    narrowing = {};
  }
  asked_ = Selection(source, narrowing, Selection::Heirs::kAlone);
}

const ResolvedMapping* ComparedSelection::Mapping() const {
  return recorded_.mapping() != nullptr ? recorded_.mapping() : asked_.mapping();
}

bool ComparedSelection::WouldTake(const std::string& schema, const std::string& name) const {
  // What the source has and nobody selected may be anything on the target.
  if (recorded_.Knows(schema, name) || asked_.Knows(schema, name)) return false;
  return recorded_.WouldTake(schema, name) && asked_.WouldTake(schema, name);
}

std::vector<Relation> ComparedSelection::Load(Connection& source) const {
  std::vector<Relation> relations = asked_.Apply(source, recorded_.Apply(source, LoadRelations(source)));
  if (relations.empty() && !IsEverything()) throw Error("no table of the source matches the patterns given");
  return relations;
}

bool ComparedSelection::IsMapped(const Relation& source) const {
  return Mapping() != nullptr && Mapping()->OfRelation(source.oid) != nullptr;
}

std::map<std::pair<std::string, std::string>, Relation> ComparedSelection::LoadTargets(
    Connection& target, std::vector<Relation>& sources) const {
  std::map<std::pair<std::string, std::string>, Relation> present, targets;
  for (Relation& relation : LoadRelations(target)) present.emplace(std::pair(relation.schema, relation.name), relation);
  for (const Relation& source : sources) {
    const MappedTable* mapped = Mapping() == nullptr ? nullptr : Mapping()->OfRelation(source.oid);
    const auto name = Mapping() == nullptr ? std::pair(source.schema, source.name)
                                           : Mapping()->TargetName(source.schema, source.name);
    auto found = present.find(name);
    if (found == present.end()) {
      // A partition that is compared by itself may be one on the target, too.
      auto table = FindTable(target, name.first, name.second);
      if (!table) continue;
      found = present.emplace(name, std::move(*table)).first;
    }
    Relation relation = std::move(found->second);
    present.erase(found);
    if (mapped != nullptr) {
      for (const auto& [from, to] : mapped->renamed) {
        for (Column& column : relation.columns) {
          if (column.name != to || !column.stored_name.empty()) continue;
          column.stored_name = to;
          column.name = from;
          break;
        }
      }
    }
    targets.emplace(std::pair(source.schema, source.name), std::move(relation));
  }
  for (auto& [name, relation] : present)
    if (WouldTake(name.first, name.second)) targets.emplace(name, std::move(relation));
  if (!IsEverything())
    std::erase_if(sources, [&](const Relation& relation) {
      return relation.is_extension_configuration && !targets.contains({relation.schema, relation.name});
    });
  return targets;
}

SequencePair ComparedSelection::ReadSequences(Connection& source, Connection& target) const {
  if (IsEverything()) return {airlift::ReadSequences(source), airlift::ReadSequences(target)};
  const SequenceFilter is_taken = [this](const std::string& schema, const std::string& name) {
    return recorded_.TakesRows(schema, name) && asked_.TakesRows(schema, name);
  };
  SequencePair pair{airlift::ReadSequences(source, is_taken), {}};
  if (Mapping() == nullptr) {
    pair.target = airlift::ReadSequences(target, is_taken);
    return pair;
  }
  std::set<std::pair<std::string, std::string>> names;
  for (SequenceValue& value : pair.source) {
    std::tie(value.schema, value.name) = Mapping()->TargetName(value.schema, value.name);
    names.emplace(value.schema, value.name);
  }
  pair.target = airlift::ReadSequences(target, [&](const std::string& schema, const std::string& name) {
    return names.contains({schema, name});
  });
  return pair;
}

std::vector<std::string> ComparedSelection::Notes() const {
  std::vector<std::string> notes;
  for (const Selection* selection : {&recorded_, &asked_}) {
    if (selection->IsEverything()) continue;
    notes.push_back(selection->Summary() + (selection == &recorded_ ? ", as the migration was begun: " : ": ") +
                    Describe(selection->rules()));
  }
  if (Mapping() != nullptr)
    for (const MappedTable* table : Mapping()->Tables())
      notes.push_back(DisplayName(table->schema, table->name) + ": " + table->Describe());
  if (!notes.empty()) notes.emplace_back("definitions are not compared where only a part of the database is");
  return notes;
}

nlohmann::json ComparedSelection::Fingerprint() const {
  return {{"recorded", ToJson(recorded_.rules())}, {"asked", ToJson(asked_.rules())}};
}

}  // namespace airlift
