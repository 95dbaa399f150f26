// The bodies of the reports, one for each kind of document.
#pragma once

#include "html/parts.h"

namespace airlift::html {

void AddEvidence(Builder& page, const json& document);    // compare, migrate, restore
void AddAssessment(Builder& page, const json& document);  // assess
void AddPlan(Builder& page, const json& document);        // plan

}  // namespace airlift::html
