// The hostile source: a database "nasty" full of what a managed target refuses, with the roles that go with it.
#pragma once

#include <string>
#include <vector>

#include "support/cluster.h"

namespace airlift::test {

// The scripts as this version of the server can run them: cases/hostile_*.sql of SharedFile() where that is present,
// else those in test/data, which make the same objects.
void LoadHostileRoles(Cluster& source);
// After the roles. Makes tablespace "fast" in the server's directory.
void LoadHostileSchema(Cluster& source);

// "severity check object" of each finding about it in test/data/hostile_findings.txt, for a source of that version and
// a target of RDS of at least 17.
std::vector<std::string> HostileFindings(int source_major);

}  // namespace airlift::test
