// The extensions that Amazon RDS and Aurora offer, by major version of PostgreSQL.
//
// From the services' release notes of April 2026 (matrix/*.tsv, verbatim). Availability is reliable, version numbers
// are best effort; the truth is what the target's pg_available_extension_versions says.
#pragma once

#include <cstddef>

#include "checks/check.h"

namespace airlift {

struct OfferedExtension {
  const char* name;     // as in pg_extension
  const char* version;  // "" for a library that is no extension
};

// The newest major version that the list of a kind of target (kRds, kAurora) knows; 0 where there is no list.
int NewestListedVersion(TargetSet target) noexcept;

// The number of extensions offered for a major version, at most that of NewestListedVersion.
size_t OfferedExtensionCount(TargetSet target, int version) noexcept;
OfferedExtension OfferedExtensionAt(TargetSet target, int version, size_t index) noexcept;

// nullptr where it is not offered.
const char* OfferedVersion(TargetSet target, int version, const char* name) noexcept;

}  // namespace airlift
