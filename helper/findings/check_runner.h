// The catalogue's queries run over the wire, on either side.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "findings/finding.h"
#include "pg/connection.h"

namespace airlift {

// Pairs of name and value: parameter $3 of a query.
using FactList = std::vector<std::pair<std::string, std::string>>;

// What the service offers: extension and version.
FactList OfferedExtensions(const Assessment& assessment);

// The findings of a row's query. A query that fails is one finding with severity "error"; a connection that is lost
// throws.
std::vector<AssessFinding> RunSourceCheck(Connection& source, const Check& check, const Assessment& assessment);
std::vector<AssessFinding> RunTargetCheck(Connection& target, const Check& check, const Assessment& assessment);
std::vector<AssessFinding> RunPairedCheck(Connection& source, Connection& target, const Check& check,
                                          const Assessment& assessment);

// Of kTargetNames.
const char* TargetKindName(TargetSet target);

}  // namespace airlift
