// Tables that were rewritten while they were compared: where the snapshots of both sides show none of their rows any
// more, they are equal, and nothing was compared.
#pragma once

#include <cstdint>
#include <memory>
#include <set>

#include "pg/connection.h"
#include "row_compare/compared_table.h"

namespace airlift {

inline constexpr const char* kRewrittenMeanwhile = "it was rewritten while it was compared";

class HiddenRows {
 public:
  // `snapshots`: a connection in a transaction under that side's snapshot, when the rows have been read.
  HiddenRows(const ConnInfo& source, const ConnInfo& target, Connection& source_snapshot, Connection& target_snapshot)
      : sides_{SideOf(source, source_snapshot), SideOf(target, target_snapshot)} {}
  // A side has rows of which its snapshot shows none.
  bool Has(const ComparedTable& table) { return Has(sides_[0], table.source) || Has(sides_[1], table.target); }

 private:
  struct OneSide {
    ConnInfo info;
    Connection* snapshot;
    std::set<uint32_t> rewritten;
    std::unique_ptr<Connection> now;
  };
  static OneSide SideOf(const ConnInfo& info, Connection& snapshot);
  static bool Has(OneSide& side, const Relation& relation);

  OneSide sides_[2];
};

}  // namespace airlift
