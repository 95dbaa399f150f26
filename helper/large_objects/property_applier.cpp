#include "large_objects/property_applier.h"

#include <fmt/format.h>

#include "pg/batch.h"

namespace airlift {

namespace {

constexpr size_t kStatementsBuffered = 5000;

}  // namespace

void PropertyApplier::Add(const char* kind, uint32_t oid, std::string sql) {
  statements_.push_back(std::move(sql));
  origins_.push_back({kind, oid});
  if (statements_.size() >= kStatementsBuffered) Run();
}

void PropertyApplier::Refuse(const char* kind, uint32_t oid, const std::string& reason, bool expected) {
  Refused& refused = refused_[{kind, reason}];
  refused.expected = expected;
  if (refused.count++ == 0) refused.first_oid = oid;
}

void PropertyApplier::Run() {
  RunEach(target_, statements_, [this](size_t index, const std::string& reason) {
    Refuse(origins_[index].kind, origins_[index].oid, reason);
  });
  statements_.clear();
  origins_.clear();
}

std::vector<LeftOut> PropertyApplier::LeftOuts() const {
  std::vector<LeftOut> left_out;
  for (const auto& [key, refused] : refused_) {
    left_out.push_back({key.first,
                        refused.count == 1
                            ? fmt::format("large object {}", refused.first_oid)
                            : fmt::format("{} large objects, the first {}", refused.count, refused.first_oid),
                        key.second, refused.expected});
  }
  return left_out;
}

}  // namespace airlift
