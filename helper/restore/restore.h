// A restore from an archive of pg_dump: schema by dependency as a move has it, rows by parallel COPY, in resumable
// steps; proved by the manifest where the archive has one.
#pragma once

#include <string>

#include "preflight/move_options.h"
#include "preflight/preflight.h"
#include "progress/progress.h"
#include "report/result.h"

namespace airlift {

struct ArchiveOptions {
  std::string path;
  std::string manifest;      // "" for the one in the directory, or PATH.manifest.json beside a file
  std::string manifest_key;  // whose signature the manifest must have; "" for none
};

// `options.source` is not used. Throws Error when it cannot end; what was done is kept in the target's schema
// airlift_state, and the same call goes on from there. Without a manifest, or without options.verify, nothing is
// compared and the verdict is "not verified".
RunResult RestoreArchive(const ArchiveOptions& archive, const MoveOptions& options, Progress& progress);

// What RestoreArchive would do, one step per line. Changes nothing.
Description DescribeArchiveRestore(const ArchiveOptions& archive, const MoveOptions& options);

}  // namespace airlift
