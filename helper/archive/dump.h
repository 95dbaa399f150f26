// A directory archive by pg_dump, with the manifest that proves a restore of it.
#pragma once

#include <string>

#include "archive/manifest.h"
#include "pg/conninfo.h"
#include "progress/progress.h"
#include "selection/selection_rules.h"

namespace airlift {

struct DumpOptions {
  ConnInfo source;
  std::string path;        // a directory that does not exist yet, or is empty
  int jobs = 2;            // of pg_dump, and as many that make digests
  SelectionRules mapping;  // of a table mapping: what a restore makes of the archive; empty for none
  std::string compress;    // as pg_dump takes it: "0", "9", "zstd:3"; "" for its default
  std::string pg_bindir;
};

// Runs pg_dump and makes the digests under one exported snapshot. The manifest is written last: a directory without one
// is of a dump that did not end. Throws Error when it cannot.
Manifest DumpDatabase(const DumpOptions& options, Progress& progress);

}  // namespace airlift
