// Files of copy-out into tables that exist, proved by their manifest.
#pragma once

#include <string>
#include <vector>

#include "pg/conninfo.h"
#include "progress/progress.h"
#include "report/result.h"

namespace airlift {

struct CopyInOptions {
  ConnInfo target;
  std::string directory;
  std::vector<std::string> tables;  // patterns; all tables of the manifest where empty
  std::string manifest_key;         // whose signature the manifest must have; "" for none
  bool staging = false;             // first into tables beside, then all at once
  bool append = false;              // the tables may hold rows
  bool verify = true;
  int jobs = 2;
};

// Each file is loaded in one transaction together with its mark "done", so that the same call goes on where one was
// killed. With `staging` the tables themselves change in one transaction, after the rows were proved, or not at all.
// Throws Error, naming file, line and reason, for rows that the server does not take.
RunResult CopyIn(const CopyInOptions& options, Progress& progress);

}  // namespace airlift
