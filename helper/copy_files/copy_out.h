// Tables of the source as files: filtered, in parts, compressed, several at a time, all of one snapshot.
#pragma once

#include <string>
#include <vector>

#include "copy_files/copy_manifest.h"
#include "pg/conninfo.h"
#include "progress/progress.h"
#include "selection/selection_rules.h"

namespace airlift {

struct CopyOutOptions {
  ConnInfo source;
  std::string directory;             // does not exist yet, or is empty
  std::vector<std::string> tables;   // patterns; all tables where empty
  std::vector<std::string> where;    // TABLE=CONDITION
  std::vector<std::string> columns;  // TABLE=a,b,c
  SelectionRules mapping;            // of a table mapping, instead of these three
  CopyFormat format;
  int level = 0;           // of the compression; 0: its default
  int64_t part_bytes = 0;  // of the table on the source, for each part; 0: one part
  int parts = 0;           // of each table; 0: as part_bytes says
  int jobs = 2;
  bool digests = true;
};

// The manifest is written last: a directory without one is of a copy that did not end. Throws Error when it cannot.
CopyManifest CopyOut(const CopyOutOptions& options, Progress& progress);

}  // namespace airlift
