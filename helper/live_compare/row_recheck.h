// Tables without a key: rows are told apart by their digests, and read again by scanning.
#pragma once

#include <map>
#include <string>

#include "compare/row_locator.h"
#include "live_compare/applied_wait.h"
#include "live_compare/live_options.h"
#include "live_compare/live_table.h"
#include "row_compare/row_examiner.h"

namespace airlift {

class RowRecheck {
 public:
  RowRecheck(const CompareOptions& options, const LiveOptions& live, const SideFacts& facts, AppliedWait& wait,
             LiveTable& table, Pace& pace, Progress& progress);

  // As KeyRecheck::Run. With lock_keyless, a table whose rows will not hold still is locked against writing until the
  // target has it as it is.
  void Run();

 private:
  // The rows of one digest, on one side.
  struct Copies {
    uint64_t count = 0;
    Digest128 versions;  // sum of the digests of where they are and who wrote them
    std::string place;   // of one of them

    bool IsSame(const Copies& other) const { return count == other.count && versions == other.versions; }
  };
  struct Suspect {
    Copies source;
    Copies target;
    bool was_read = false;
  };

  bool Load();
  void Examine();
  void ReadSource();
  void ReadTarget();
  std::map<std::string, Copies> Scan(Connection& connection);
  void Differs(const std::string& digest, const Copies& source, const Copies& target);
  bool CompareLocked();
  bool TryLocked();
  void Conclude();

  const CompareOptions& options_;
  const LiveOptions& live_;
  const SideFacts facts_;
  AppliedWait& wait_;
  LiveTable& table_;
  Pace& pace_;
  Progress& progress_;
  Connection source_;
  Connection target_;
  RowExaminer examiner_;
  std::map<std::string, Suspect> suspects_;
  std::string writers_left_;
  std::string unproved_why_;
};

}  // namespace airlift
