// Statements about large objects, gathered and run in batches; refusals counted by kind and reason.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/verdict.h"
#include "pg/connection.h"

namespace airlift {

class PropertyApplier {
 public:
  explicit PropertyApplier(Connection& target) : target_(target) {}

  void Add(const char* kind, uint32_t oid, std::string sql);
  void Refuse(const char* kind, uint32_t oid, const std::string& reason, bool expected = false);
  // What was added since the last call, at the latest.
  void Run();
  // One entry for all objects with the same kind and reason.
  std::vector<LeftOut> LeftOuts() const;

 private:
  struct Origin {
    const char* kind;
    uint32_t oid;
  };
  struct Refused {
    int64_t count = 0;
    uint32_t first_oid = 0;
    bool expected = false;
  };

  Connection& target_;
  std::vector<std::string> statements_;
  std::vector<Origin> origins_;
  std::map<std::pair<std::string, std::string>, Refused> refused_;
};

}  // namespace airlift
