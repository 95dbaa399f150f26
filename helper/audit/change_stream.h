// What a slot decodes, read through the replication protocol and never confirmed: whoever reads it next gets the same
// again. The server streams it, so neither side keeps more than a message, whatever the size of a transaction.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pg/connection.h"

namespace airlift {

class ChangeStream {
 public:
  // Throws SqlError, for example where the slot is in use or has lost WAL.
  ChangeStream(const ConnInfo& source, const std::string& slot, const std::vector<std::string>& publications);

  // Gives every message up to `lsn` to `message`, in the order of commits. Transactions that commit after `lsn` may be
  // among them. `lsn` is a position that the source's WAL has passed already.
  void ReadUntil(const std::string& lsn, const std::function<void(std::string_view message)>& message);

 private:
  void Answer();
  bool Take(std::string_view data, const std::function<void(std::string_view)>& message);

  Connection connection_;
  uint64_t seen_ = 0;  // everything up to there has been decoded
};

// "16/B374D848" as a number. Throws Error.
uint64_t ParseLsn(const std::string& text);

// A record in the source's WAL, behind everything that has committed before; its position.
std::string MarkWal(Connection& source);

}  // namespace airlift
