// airlift.assess of the extension on the source: the whole catalogue in one round trip.
#pragma once

#include <string>
#include <vector>

#include "findings/finding.h"
#include "pg/connection.h"

namespace airlift {

// True when the source's extension has the same checks as this program; otherwise `note` says why not ("" where there
// is no extension at all).
bool ExtensionHasCatalogue(Connection& source, std::string* note);

// The findings of these source checks.
std::vector<AssessFinding> AssessByExtension(Connection& source, const Assessment& assessment,
                                             const std::vector<const Check*>& checks);

}  // namespace airlift
