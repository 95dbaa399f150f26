// The areas of the catalogue, one file each.
#pragma once

#include "check.h"

namespace airlift {

struct CheckArea {
  const Check* checks;
  size_t count;
};

template <size_t size>
constexpr CheckArea AreaOf(const Check (&checks)[size]) noexcept {
  return {checks, size};
}

extern const CheckArea kVersionArea;       // versions and end of life
extern const CheckArea kSizeArea;          // sizes, limits, rates
extern const CheckArea kRoleArea;          // roles and their settings
extern const CheckArea kPrivilegeArea;     // owners, grants, large objects
extern const CheckArea kExtensionArea;     // extensions and languages
extern const CheckArea kObjectArea;        // objects that need a superuser
extern const CheckArea kServerArea;        // what reaches outside the database: publications, tablespaces, files
extern const CheckArea kCollationArea;     // encodings, collations, locales
extern const CheckArea kIdentityArea;      // replica identity
extern const CheckArea kTableArea;         // tables, constraints, indexes, triggers
extern const CheckArea kColumnArea;        // types of columns, sequences
extern const CheckArea kReplicationArea;   // settings of logical replication
extern const CheckArea kActivityArea;      // what runs now
extern const CheckArea kTargetServerArea;  // what the target allows
extern const CheckArea kPairedArea;        // what needs both sides

}  // namespace airlift
