#include "schema/rules.h"

#include <fmt/format.h>

#include <algorithm>

#include "schema/rewrite.h"

namespace airlift {

namespace {

constexpr std::string_view kRecreate = "replication is set up anew; recreate it after the cutover where it is needed";

// `phase` counts for kRestore only.
constexpr KindRule kKindRules[] = {
    {"ENCODING", RuleAction::kIgnore, RestorePhase::kPreData, ""},
    {"STDSTRINGS", RuleAction::kIgnore, RestorePhase::kPreData, ""},
    {"SEARCHPATH", RuleAction::kIgnore, RestorePhase::kPreData, ""},
    {"DATABASE", RuleAction::kIgnore, RestorePhase::kPreData, ""},
    // The copy's work, should a pg_dump put them into an archive without data.
    {"TABLE DATA", RuleAction::kIgnore, RestorePhase::kPreData, ""},
    {"SEQUENCE SET", RuleAction::kIgnore, RestorePhase::kPreData, ""},
    {"MATERIALIZED VIEW DATA", RuleAction::kIgnore, RestorePhase::kPreData, ""},
    {"BLOB", RuleAction::kIgnore, RestorePhase::kPreData, ""},
    {"BLOBS", RuleAction::kIgnore, RestorePhase::kPreData, ""},
    {"BLOB METADATA", RuleAction::kIgnore, RestorePhase::kPreData, ""},
    {"STATISTICS DATA", RuleAction::kIgnore, RestorePhase::kPreData, ""},

    {"PUBLICATION", RuleAction::kLeaveOut, RestorePhase::kPostData, kRecreate},
    {"PUBLICATION TABLE", RuleAction::kLeaveOut, RestorePhase::kPostData, kRecreate},
    {"PUBLICATION TABLES IN SCHEMA", RuleAction::kLeaveOut, RestorePhase::kPostData, kRecreate},
    {"SUBSCRIPTION", RuleAction::kLeaveOut, RestorePhase::kPostData, kRecreate},
    {"SUBSCRIPTION TABLE", RuleAction::kLeaveOut, RestorePhase::kPostData, kRecreate},
    {"SECURITY LABEL", RuleAction::kLeaveOut, RestorePhase::kPostData,
     "managed servers load no security label provider"},

    {"FK CONSTRAINT", RuleAction::kRestore, RestorePhase::kForeignKey, ""},
    {"TRIGGER", RuleAction::kRestore, RestorePhase::kTrigger, ""},
    {"POLICY", RuleAction::kRestore, RestorePhase::kTrigger, ""},
    {"ROW SECURITY", RuleAction::kRestore, RestorePhase::kTrigger, ""},
    {"DEFAULT ACL", RuleAction::kRestore, RestorePhase::kDefaultAcl, ""},
    {"ACL", RuleAction::kRestore, RestorePhase::kAcl, ""},
    {"DATABASE PROPERTIES", RuleAction::kRestore, RestorePhase::kAcl, ""},
    {"EVENT TRIGGER", RuleAction::kRestore, RestorePhase::kEventTrigger, ""},
};

// SQLSTATEs, or classes of them, that say nothing about the object: connection, transaction state, resources,
// operator's intervention, system, internal.
constexpr std::string_view kNoRefusal[] = {"08", "25", "40", "53", "57", "58", "XX", "55P03", "55006"};
// Although its class is above: a library that is not installed.
constexpr std::string_view kUndefinedFile = "58P01";

constexpr std::string_view kDuplicates[] = {
    "42P06",  // schema
    "42P07",  // table, index, sequence, view
    "42710",  // any other object
    "42723",  // function
    "42701",  // column
};

constexpr std::string_view kRepeatedProperties[] = {
    "42P16",  // multiple primary keys for table
    "42809",  // is already a partition
    "55000",  // is already an identity column
};

struct RemedyRule {
  std::string_view sqlstate;
  std::string_view message;  // a part of the server's message
  std::optional<Remedy> (*apply)(const SchemaEntry& entry, const SqlError& error);
};

std::optional<Remedy> DropClause(const SchemaEntry& entry, const SqlError& error, std::string_view clause) {
  const std::string sql = RemoveRoutineClause(entry.sql, clause);
  if (sql == entry.sql) return std::nullopt;
  return Remedy{sql, fmt::format("created without {}: {}", clause, error.primary())};
}

std::optional<Remedy> DropSetClause(const SchemaEntry& entry, const SqlError& error) {
  const size_t open = error.primary().find('"');
  const size_t close = error.primary().find('"', open + 1);
  if (open == std::string::npos || close == std::string::npos) return std::nullopt;
  const std::string parameter = error.primary().substr(open + 1, close - open - 1);
  const std::string sql = RemoveSetClause(entry.sql, parameter);
  if (sql == entry.sql) return std::nullopt;
  return Remedy{sql, fmt::format("created without its SET {}: {}", parameter, error.primary())};
}

std::optional<Remedy> DropLeakproof(const SchemaEntry& entry, const SqlError& error) {
  return DropClause(entry, error, "LEAKPROOF");
}
std::optional<Remedy> DropSupport(const SchemaEntry& entry, const SqlError& error) {
  return DropClause(entry, error, "SUPPORT");
}

// Rows that the source lets pass (a trigger switched off, a damaged index): a foreign key for new rows at least.
std::optional<Remedy> LeaveUnvalidated(const SchemaEntry& entry, const SqlError& error) {
  const auto split = SplitValidation(entry.sql);
  if (!split) return std::nullopt;
  return Remedy{split->add_sql, kNotValidated + RefusalReason(error)};
}

constexpr RemedyRule kRemedies[] = {
    {"23503", "", LeaveUnvalidated},
    {"42501", "leakproof function", DropLeakproof},
    {"42501", "support function", DropSupport},
    {"42501", "permission denied to set parameter", DropSetClause},
    {"42704", "unrecognized configuration parameter", DropSetClause},
    {"22023", "invalid value for parameter", DropSetClause},
    {"55P02", "cannot be changed", DropSetClause},
};

bool IsRoutine(const SchemaEntry& entry) { return entry.kind == "FUNCTION" || entry.kind == "PROCEDURE"; }

}  // namespace

const KindRule* FindKindRule(std::string_view kind) {
  const auto found = std::find_if(std::begin(kKindRules), std::end(kKindRules),
                                  [&](const KindRule& rule) { return rule.kind == kind; });
  return found == std::end(kKindRules) ? nullptr : &*found;
}

bool IsRefusal(const SqlError& error) {
  if (error.sqlstate() == kUndefinedFile) return true;
  return std::none_of(std::begin(kNoRefusal), std::end(kNoRefusal),
                      [&](std::string_view prefix) { return error.sqlstate().rfind(prefix, 0) == 0; });
}

bool IsDuplicate(const SqlError& error) {
  return std::find(std::begin(kDuplicates), std::end(kDuplicates), error.sqlstate()) != std::end(kDuplicates);
}

std::string RefusalReason(const SqlError& error) {
  // The context repeats the statement's inner workings: not for a list.
  const std::string detail = error.detail().substr(0, error.detail().find("Context: "));
  return detail.empty() ? error.primary() : error.primary() + " (" + detail + ")";
}

bool IsRepeatedProperty(const SqlError& error) {
  return std::find(std::begin(kRepeatedProperties), std::end(kRepeatedProperties), error.sqlstate()) !=
         std::end(kRepeatedProperties);
}

std::optional<Remedy> FindRemedy(const SchemaEntry& entry, const SqlError& error) {
  if (!IsRoutine(entry) && entry.kind != "FK CONSTRAINT") return std::nullopt;
  for (const RemedyRule& rule : kRemedies) {
    if (error.sqlstate() != rule.sqlstate || error.primary().find(rule.message) == std::string::npos) continue;
    if (auto remedy = rule.apply(entry, error)) return remedy;
  }
  return std::nullopt;
}

bool IsPropertyOnly(const SchemaEntry& entry) {
  return entry.kind == "OWNER" || entry.kind == "FK VALIDATION" || entry.kind == kMappingKind;
}

}  // namespace airlift
