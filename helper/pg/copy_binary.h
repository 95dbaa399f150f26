// The tuples of COPY ... TO STDOUT (FORMAT binary).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace airlift {

// nullopt is NULL.
using CopyFields = std::vector<std::optional<std::string_view>>;

class CopyBinaryParser {
 public:
  // Parses one CopyData message: a tuple, the first behind the file's header. False for the file's trailer. The fields
  // point into `copy_data`. Throws Error when the message is no tuple.
  bool Parse(std::string_view copy_data, CopyFields* fields);

 private:
  bool header_seen_ = false;
};

}  // namespace airlift
