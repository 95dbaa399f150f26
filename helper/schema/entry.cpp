#include "schema/entry.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"
#include "pg/identifier.h"

namespace airlift {

namespace {

constexpr std::array<const char*, 12> kPhaseNames = {"pre-data", "index",   "post-data", "foreign key",
                                                     "validate", "trigger", "owner",     "default acl",
                                                     "acl",      "refresh", "rename",    "event trigger"};
constexpr std::array<const char*, 6> kStateNames = {"pending", "built", "done", "kept", "skipped", "left out"};

template <typename Enum, size_t size>
Enum FromName(const std::array<const char*, size>& names, const std::string& name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw Error(fmt::format("unexpected value \"{}\" in schema_entry", name));
  return static_cast<Enum>(found - names.begin());
}

// Kinds whose tag starts with the kind of another object: "TABLE t", with t quoted already.
constexpr std::string_view kKindsAboutOthers[] = {"COMMENT", "ACL", "SECURITY LABEL"};
// Kinds whose tag is a signature or several names and not one identifier.
constexpr std::string_view kKindsWithSignature[] = {"FUNCTION",
                                                    "PROCEDURE",
                                                    "AGGREGATE",
                                                    "OPERATOR",
                                                    "CAST",
                                                    "CONSTRAINT",
                                                    "FK CONSTRAINT",
                                                    "TRIGGER",
                                                    "RULE",
                                                    "POLICY",
                                                    "DEFAULT",
                                                    "OWNER",
                                                    "TRANSFORM",
                                                    "USER MAPPING",
                                                    "CHECK CONSTRAINT",
                                                    "PUBLICATION TABLE",
                                                    "PUBLICATION TABLES IN SCHEMA",
                                                    "SUBSCRIPTION TABLE",
                                                    "DEFAULT ACL",
                                                    "FK VALIDATION",
                                                    "DATABASE PROPERTIES"};

template <size_t size>
bool Contains(const std::string_view (&list)[size], std::string_view kind) {
  return std::find(std::begin(list), std::end(list), kind) != std::end(list);
}

// Control characters written out, so that a name cannot forge a line of a report.
std::string Visible(std::string_view text) {
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n') {
      shown += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      shown += fmt::format("\\x{:02x}", byte);
    } else {
      shown += c;
    }
  }
  return shown;
}

}  // namespace

const char* RestorePhaseName(RestorePhase phase) { return kPhaseNames.at(static_cast<size_t>(phase)); }
RestorePhase RestorePhaseFromName(const std::string& name) { return FromName<RestorePhase>(kPhaseNames, name); }
const char* EntryStateName(EntryState state) { return kStateNames.at(static_cast<size_t>(state)); }
EntryState EntryStateFromName(const std::string& name) { return FromName<EntryState>(kStateNames, name); }

std::string EntryLabel(const SchemaEntry& entry) {
  if (Contains(kKindsAboutOthers, entry.kind)) {
    return entry.schema.empty() ? Visible(entry.name)
                                : fmt::format("{} in schema {}", Visible(entry.name), DisplayName(entry.schema));
  }
  const std::string name = Contains(kKindsWithSignature, entry.kind) ? Visible(entry.name) : DisplayName(entry.name);
  return entry.schema.empty() ? name : DisplayName(entry.schema) + "." + name;
}

}  // namespace airlift
