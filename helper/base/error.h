// What may go wrong, as one exception type: a primary message in PostgreSQL's style (lower case, no full stop), and
// optional DETAIL and HINT (whole sentences).
#pragma once

#include <stdexcept>
#include <string>

namespace airlift {

class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& message, std::string detail = {}, std::string hint = {})
      : std::runtime_error(message), detail_(std::move(detail)), hint_(std::move(hint)) {}

  const std::string& detail() const { return detail_; }
  const std::string& hint() const { return hint_; }

  // "message\nDETAIL:  ...\nHINT:  ..." with the parts that exist, fit for a terminal (base/terminal.h).
  std::string Report() const;

 private:
  std::string detail_;
  std::string hint_;
};

// Thrown where work notices that the user asked to stop (see base/stop.h).
class Stopped : public Error {
 public:
  Stopped() : Error("stopped at the user's request", {}, "Run the same command again to go on from here.") {}
};

}  // namespace airlift
