// What a managed target will not take, as data: what is left out before any trial, and what an entry may lose so that
// the target takes the rest. Everything else is decided by trial (see entry_runner.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "pg/connection.h"
#include "schema/archive.h"
#include "schema/entry.h"

namespace airlift {

// Statements of a table mapping. None may be refused: the rows that follow are those of the mapping.
inline constexpr const char* kMappingKind = "TABLE MAPPING";

enum class RuleAction {
  kRestore,
  kIgnore,    // no object of the schema, or another stage's work
  kLeaveOut,  // by design: listed, with the rule's reason
};

struct KindRule {
  std::string_view kind;
  RuleAction action;
  RestorePhase phase;  // of post-data entries; an entry never comes before what it depends on
  std::string_view reason;
};

// The rule of a kind; kinds without a rule are restored, in kPreData or kPostData as the archive's section says.
const KindRule* FindKindRule(std::string_view kind);

// Whether the target refused the statement: a refusal will be the same next time, whereas a lost connection, a full
// disk, a lock or a cancelled statement says nothing about the object.
bool IsRefusal(const SqlError& error);

// The server's message for the list of what was left out: primary, and detail where there is one.
std::string RefusalReason(const SqlError& error);

// Of a foreign key whose rows do not agree with it.
inline const std::string kNotValidated = "the foreign key is there but not validated: ";

// Whether the error says that the object is there already.
bool IsDuplicate(const SqlError& error);

// Whether the error says that an object has the property already: a primary key, an identity, a parent table.
bool IsRepeatedProperty(const SqlError& error);

struct Remedy {
  std::string sql;     // the statement without what was refused
  std::string change;  // for people: what it lost
};

// A smaller statement for an entry that was refused with `error`, if a rule knows one.
std::optional<Remedy> FindRemedy(const SchemaEntry& entry, const SqlError& error);

// Whether what happens to the entry is of no interest without the object that it hangs on.
bool IsPropertyOnly(const SchemaEntry& entry);

}  // namespace airlift
