// Rows that differed between a snapshot of the source and a later one of the target: a change that was under way, or a
// real difference? Reads them again by key until each is known. docs/live-compare.md has the proof.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "live_compare/applied_wait.h"
#include "live_compare/live_options.h"
#include "live_compare/live_table.h"
#include "row_compare/row_examiner.h"
#include "row_compare/row_reader.h"

namespace airlift {

class KeyRecheck {
 public:
  KeyRecheck(const CompareOptions& options, const LiveOptions& live, AppliedWait& wait, LiveTable& table);

  // Reads the table's suspects until each is known to be equal or different, or will not hold still for longer than is
  // allowed. Decides the verdict. Throws ReplicationStandsStill.
  void Run();

 private:
  using Version = std::optional<RowVersion>;
  struct Suspect {
    std::string key;
    Version source;
    Version target;
    bool was_read = false;  // in an earlier round
    bool is_known = false;
  };
  using Suspects = std::vector<Suspect>;

  void Examine(Suspects& suspects);
  // One round; they are the steps of it.
  void ReadSource(Suspects& suspects);
  void ReadTarget(Suspects& suspects);
  void Pin(Suspects& suspects);
  bool PinSome(std::vector<Suspect*> some, bool waits);
  void JudgePinned(const std::vector<Suspect*>& locked);

  std::vector<Version> Read(Connection& connection, const Suspects& suspects);
  void Differs(Suspect& suspect, const Version& source, const Version& target);
  void Conclude();
  size_t ChunkSize() const;

  const LiveOptions& live_;
  AppliedWait& wait_;
  LiveTable& table_;
  Connection source_;
  Connection target_;
  RowExaminer examiner_;
  std::string writers_left_;  // behind the last read of the target; "" for none
  std::string pin_refusal_;   // why no row can be locked
  std::string unproved_why_;
};

}  // namespace airlift
