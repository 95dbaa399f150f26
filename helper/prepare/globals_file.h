// Roles from a file that pg_dumpall --globals-only made, instead of from the source itself.
//
// No statement of the file is ever run: those that pg_dumpall writes about roles are read as facts, from which the same
// plan is made as from the source's catalogs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "prepare/role_model.h"
#include "prepare/step.h"

namespace airlift {

struct Globals {
  SourceRoles roles;
  std::vector<PrepareFinding> left_out;  // statements that have no place on a managed target, or that are not known
};

// `name` stands for the file in messages. Throws Error, with the line, for what pg_dumpall --globals-only does not
// write: commands of psql, other encodings, a file that is cut off.
Globals ParseGlobals(std::string_view text, const std::string& name);
Globals ReadGlobals(const std::string& path);

}  // namespace airlift
