// What replicates after a move has a part in it: its pre-flight, the snapshot at which its slots begin, and what
// follows the load. The move itself knows no more of it than this.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "preflight/preflight.h"
#include "report/result.h"
#include "snapshot/source_snapshot.h"

namespace airlift {

inline constexpr const char* kAfterLoadMark = "-- load --\n";

class MoveCompanion {
 public:
  virtual ~MoveCompanion() = default;

  // Adds what stands in its way.
  virtual void Check(std::vector<PreflightProblem>& problems) = 0;
  // Takes back what it made, before the move drops what a former run loaded.
  virtual void StartOver() = 0;
  // A new snapshot, for a first attempt or after the former one's was lost.
  virtual std::unique_ptr<SourceSnapshot> TakeSnapshot() = 0;
  // The former attempt's snapshot where somebody has held it meanwhile, else null.
  virtual std::unique_ptr<SourceSnapshot> FindSnapshot(const std::string& id, const std::string& lsn) = 0;
  // Everything is loaded, and equal to the source at the snapshot as far as that was to be proved.
  virtual void AfterLoad(RunResult& result) = 0;
  // For --dry-run: what comes before the load, kAfterLoadMark, and what comes after it.
  virtual std::string Describe() = 0;
};

}  // namespace airlift
