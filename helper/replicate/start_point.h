// Where a replication without a load of ours begins, as --start-point names it.
#pragma once

#include <functional>
#include <string>

#include "pg/connection.h"

namespace airlift {

struct StartPoint {
  std::string slot;
  std::string lsn;  // changes of transactions that commit after it are replicated
};

// `text` is slot:NAME, or an LSN that one free slot of pgoutput in this database covers: that slot is advanced to it.
// Throws Error for any other text, and for a slot that cannot be used.
StartPoint FindStartPoint(Connection& source, const std::string& text,
                          const std::function<void(const std::string& line)>& note);

}  // namespace airlift
