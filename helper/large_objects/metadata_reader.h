// The metadata of all large objects of a database in the order of their OIDs, read page by page.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pg/connection.h"

namespace airlift {

// A privilege that one role gave another. The owner is written as "" on either side: its name is the owner property.
struct LargeObjectGrant {
  std::string grantor;
  std::optional<std::string> grantee;  // nullopt is PUBLIC
  std::string privilege;               // "SELECT" or "UPDATE"
  bool with_grant_option = false;

  friend auto operator<=>(const LargeObjectGrant&, const LargeObjectGrant&) = default;
};

struct LargeObjectMetadata {
  uint32_t oid = 0;
  std::string owner;
  std::vector<LargeObjectGrant> grants;  // in the ACL's order; the default privileges where there is no ACL
  std::optional<std::string> comment;
};

class LargeObjectMetadataReader {
 public:
  explicit LargeObjectMetadataReader(Connection& connection) : connection_(connection) {}

  // The next object, or nullptr after the last; valid until the next call of Advance().
  const LargeObjectMetadata* Current();
  void Advance() { ++position_; }

 private:
  void ReadPage();

  Connection& connection_;
  std::vector<LargeObjectMetadata> page_;
  size_t position_ = 0;
  uint32_t last_oid_ = 0;
  bool at_end_ = false;
};

}  // namespace airlift
