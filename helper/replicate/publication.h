// Publications of the source: which there are, and the one that is made where no extension makes them.
#pragma once

#include <string>
#include <vector>

#include "pg/connection.h"
#include "prepare/step.h"
#include "source/extension_prepare.h"

namespace airlift {

// The publication itself, or its groups name_1, name_2 ... in their order; empty where there is none.
std::vector<std::string> FindPublications(Connection& source, const std::string& name);

// One publication of all tables that are no partitions, or of those of the request. Throws Error where there is none.
Step PublicationStep(Connection& source, const PublicationRequest& request, const std::string& name,
                     bool of_everything);

}  // namespace airlift
