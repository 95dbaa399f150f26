// The rows of one description from one side, in the order of their objects.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pg/connection.h"
#include "pg/copy_binary.h"

namespace airlift {

// Names of the properties: the columns of `query` but for `object` and `parent`.
std::vector<std::string> PropertyNames(Connection& connection, const std::string& query);

// The COPY statement that streams them in that order, as text, sorted by object in UTF-8 bytewise.
std::string DescriptionCopyStatement(const std::string& query, const std::vector<std::string>& properties);

class DescriptionStream {
 public:
  DescriptionStream(Connection& connection, const std::string& copy_statement);
  // Where rows are left, the COPY is cancelled and the connection's transaction rolled back.
  ~DescriptionStream();
  DescriptionStream(const DescriptionStream&) = delete;
  DescriptionStream& operator=(const DescriptionStream&) = delete;

  bool AtEnd() const { return at_end_; }
  // Of the current row; valid until Advance().
  std::string_view object() const { return *fields_[0]; }
  std::optional<std::string_view> parent() const { return fields_[1]; }
  std::optional<std::string_view> property(size_t i) const { return fields_[i + 2]; }
  void Advance();

 private:
  Connection& connection_;
  CopyBinaryParser parser_;
  CopyFields fields_;
  bool at_end_ = false;
};

}  // namespace airlift
