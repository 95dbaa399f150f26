// What an archive does not say because it was the default where it was made.
#pragma once

#include "schema/archive.h"

namespace airlift {

// Until PostgreSQL 14 everybody may create objects in schema public, and pg_dump of that time writes down only what
// differs from it; from 15 on nobody but the database's owner may, on every target (release notes of 15). Puts the
// grant in front of all others of such an archive. A pg_dump of 15 or later writes it out itself.
void AddUnwrittenGrants(Archive* archive);

}  // namespace airlift
